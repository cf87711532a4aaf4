"""PAN12 (Sexual Predator Identification, CLEF 2012): the XML of licence holders.

What: `<conversations><conversation id="…"><message line="1"><author>…</author><time>23:51</time>
<text>…</text></message>…`, any number of files in a folder or zip. Conversation ids, line
numbers, author ids and text are kept exactly.

How to obtain it: under licence from PAN (pan.webis.de); Lamppost ships none of it and its tests
use invented chats in the same shape.

What is lost: nothing of the messages. The corpus has no dates: each conversation starts on a
stand-in day, 1 January 2012, and goes on to the next day whenever the clock falls back. Only
differences of time inside a conversation mean anything. Who is an offender is in separate files
that are not read.

Traps: author ids are digests, so there are no names; a conversation may have one author or more
than two (then its surface is `group`).

Safety: the file is parsed as a stream; a document type or entity declaration ("billion laughs")
is refused before anything is expanded.

Source: the corpus description of PAN at CLEF 2012; `reference/standards.md` section 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Final
from xml.parsers import expat

import msgspec

from lamppost.core.errors import ExportError
from lamppost.events.vocabulary import Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    DELETED_ACCOUNT,
    Roster,
    decode_head,
    encoding_of,
    identifier,
    text_chunks,
)
from lamppost.importers.source import Entry, Source

FIRST_DAY: Final = (2012, 1, 1)
"""The stand-in day on which every conversation starts."""

_HEAD = re.compile(
    r"^\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--.*?-->\s*)*<conversations[\s>].*?(?:<conversation[\s>]|$)",
    re.DOTALL,
)
_ROOT = re.compile(r"<conversations[\s/>]")
_DECLARED = re.compile(rb"^[^<]*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2}))?$")
_WAIT: Final = 10_000
"""Messages of one conversation looked at before deciding whether it is a group."""
_MAX_TEXT: Final = 16 * 1024**2
_MAX_DEPTH: Final = 64
_SINGLE_BYTE: Final = frozenset(
    {"iso-8859-1", "latin-1", "latin1", "windows-1252", "cp1252", "us-ascii", "ascii"}
)


class _Row(msgspec.Struct, gc=False):
    line: str
    author: str
    time: str
    text: str
    row: int


class Pan12:
    """Reads PAN12 conversation files."""

    name = "pan12"
    title = "PAN12 corpus (XML)"

    def sniff(self, source: Source) -> int:
        """By the root element, `<conversations>`."""
        return 95 if _files(source) else 0

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Conversations in file order."""
        entries = _files(source)
        if not entries:
            raise ExportError(
                "holds no PAN12 conversations", where=source.label, hint="check the --format"
            )
        roster = Roster()
        used: dict[str, int] = {}
        for entry in entries:
            yield from _File(source, entry, options.time_zone, log, roster, used).read()


def _files(source: Source) -> list[Entry]:
    entries = source.entries() if source.kind == "file" else source.entries(".xml")
    found = []
    for entry in entries:
        head = source.head(entry)
        if b"<" in head[:64] or b"\x00" in head[:64]:
            text = decode_head(head).lstrip("\ufeff")
            if text.lstrip().startswith("<") and _ROOT.search(text):
                found.append(entry)
    return found


class _UnsafeError(Exception):
    """The document may not be read further."""


class _File:
    """One XML file, read in pieces; expat calls the handlers, `read` gives out what is ready."""

    def __init__(
        self,
        source: Source,
        entry: Entry,
        time_zone: tzinfo,
        log: ImportLog,
        roster: Roster,
        used: dict[str, int],
    ) -> None:
        self._source = source
        self._entry = entry
        self._zone = time_zone
        self._log = log
        self._roster = roster
        self._used = used
        self._path: list[str] = []
        self._texts: dict[str, list[str]] = {}
        self._size = 0
        self._line = ""
        self._ready: list[Event] = []
        self._rows: list[_Row] = []
        self._conversation = ""
        self._settled: bool | None = None
        self._members: list[str] = []
        self._last = -1
        self._day = 0
        self._count = 0
        self._seen: set[str] = set()
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        self._parser = parser

    def read(self) -> Iterator[Event]:
        """Feed the parser piece by piece and give out events as conversations complete."""
        where = (
            self._source.label
            if self._source.kind == "file"
            else f"{self._source.label}: {self._entry.path}"
        )
        try:
            for piece in self._pieces():
                self._parser.Parse(piece, False)
                yield from self._take()
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            yield from self._take()
            yield from self._settle()
            reason = expat.ErrorString(error.code)
            log_place = f"{self._entry.path} line {error.lineno}"
            self._log.bad(log_place, f"is not valid XML: {reason}")
            self._log.note(
                f"{self._entry.path} is damaged or truncated at line {error.lineno}; "
                "everything before that was read."
            )
        except _UnsafeError as stop:
            yield from self._take()
            raise ExportError(
                str(stop), where=where, hint="PAN12 files have none; ask for the original"
            ) from None
        yield from self._take()

    def _pieces(self) -> Iterator[bytes | str]:
        head = self._source.head(self._entry, 1024)
        declared = _DECLARED.match(head)
        name = declared[1].decode("ascii").lower() if declared else "utf-8"
        if name in _SINGLE_BYTE and encoding_of(head) == "utf-8":
            with self._source.open(self._entry) as file:
                while data := file.read(1 << 18):
                    yield data
            return
        yield from text_chunks(self._source, self._entry, self._log)

    def _take(self) -> Iterator[Event]:
        ready, self._ready = self._ready, []
        yield from ready

    def _refuse(self, *_: object) -> None:
        raise _UnsafeError("declares a document type or entities, which is unsafe")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        depth = len(self._path)
        if depth > _MAX_DEPTH:
            raise _UnsafeError("is nested too deeply")
        if depth == 2 and tag == "conversation":
            self._open(attributes.get("id"))
        elif depth == 3 and tag == "message":
            self._line = attributes.get("line", "")
            self._texts, self._size = {}, 0
        elif depth == 4 and self._path[2] == "message":
            self._texts.setdefault(tag, [])

    def _data(self, data: str) -> None:
        if len(self._path) >= 4 and self._path[2] == "message":
            self._size += len(data)
            if self._size <= _MAX_TEXT:
                self._texts[self._path[3]].append(data)

    def _end(self, tag: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if depth == 3 and tag == "message":
            self._message()
        elif depth == 3:
            self._log.skip("PAN12 elements that are no messages")
        elif depth == 2 and tag == "conversation":
            self._ready.extend(self._settle())

    def _open(self, name: str | None) -> None:
        conversation = identifier(name) or f"{self._entry.name}#{len(self._used) + 1}"
        times = self._used.get(conversation, 0) + 1
        self._used[conversation] = times
        if times > 1:
            conversation = identifier(f"{conversation}#{times}") or conversation
        self._conversation = conversation
        self._rows, self._members, self._settled = [], [], None
        self._last, self._day, self._count = -1, 0, 0
        self._seen = set()

    def _message(self) -> None:
        if len(self._path) != 2 or not self._conversation:
            return
        place = f"{self._entry.path} line {self._parser.CurrentLineNumber}"
        if self._size > _MAX_TEXT:
            self._log.bad(place, "a message is longer than 16 MiB")
            return
        fields = {key: "".join(parts) for key, parts in self._texts.items()}
        row = _Row(
            line=self._line,
            author=identifier(fields.get("author", "").strip()) or DELETED_ACCOUNT,
            time=fields.get("time", "").strip(),
            text=fields.get("text", ""),
            row=self._parser.CurrentLineNumber,
        )
        if "author" not in fields and "text" not in fields:
            self._log.bad(place, "a message has neither author nor text", row.time.encode())
            return
        if _clock(row.time) is None:
            self._log.bad(f"{place}, field time", "is no time of day", row.text.encode())
            return
        if row.author not in self._members and len(self._members) < 3:
            self._members.append(row.author)
        if self._settled is None:
            self._rows.append(row)
            if len(self._rows) >= _WAIT:
                self._ready.extend(self._settle())
        else:
            self._ready.extend(self._write(row, self._settled))

    def _settle(self) -> Iterator[Event]:
        """Decide between direct and group, and give out the messages that waited."""
        group = len(self._members) > 2
        rows, self._rows = self._rows, []
        if self._settled is None and rows:
            self._settled = group
        for row in rows:
            yield from self._write(row, group)

    def _write(self, row: _Row, group: bool) -> Iterator[Event]:
        self._log.note(
            "PAN12 has no dates: each conversation starts on a stand-in day, 1 January 2012."
        )
        for person in [row.author] if group else [row.author, *self._members]:
            account = self._roster.meet(person)
            if account is not None:
                yield account
        clock = _clock(row.time)
        assert clock is not None
        if clock < self._last:
            self._day += 1
        self._last = clock
        self._count += 1
        line = row.line.strip() or str(self._count)
        if line in self._seen:
            line = f"{line}#{self._count}"
        self._seen.add(line)
        moment = datetime(*FIRST_DAY, tzinfo=self._zone) + timedelta(days=self._day, seconds=clock)
        yield Message(
            id=identifier(f"{self._conversation}:{line}") or line,
            conversation_id=self._conversation,
            sender_id=row.author,
            recipient_ids=[]
            if group
            else [person for person in self._members if person != row.author],
            sent_at=moment,
            text=row.text,
            surface="group" if group else "direct",
        )


def _clock(text: str) -> int | None:
    """Seconds since midnight of `HH:MM` or `HH:MM:SS`."""
    match = _CLOCK.match(text)
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return hours * 3600 + minutes * 60 + seconds


IMPORTER = Pan12()
