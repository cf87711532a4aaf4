"""TikTok: direct messages from "Download your data".

What: `user_data.json` or `user_data_tiktok.json` (inside the zip or folder, or on its own):
`Direct Messages` or `Direct Message`, then `Chat History` or `Direct Messages`, then
`ChatHistory`: `{"Chat History with NAME:": [{"Date", "From", "Content"}]}`; any other list of
such records under the two, such as group chats, is read as well. Also the text variant,
`Direct Messages.txt`: `>>> Chat History with NAME::`, then `2026-03-01 12:00:00 UTC name: text`.

How to obtain it: TikTok, Settings and privacy, Account, Download your data, format JSON.

What is lost: pictures, videos and stickers (only a link or a placeholder is in the export),
edits, deletions, ids of accounts. People are user names, which can change.

Traps: times are UTC without saying so; newest messages may come first; the owner appears only as
a sender or in the profile; in the text variant a user name cannot be told from text that looks
like one, and a message may hold line breaks. Key names moved between versions.

Source: `reference/standards.md` section 7; public parsers of both variants (2023 to 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from lamppost.core.errors import ExportError
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import (
    CLOSE,
    DELETED_ACCOUNT,
    OPEN,
    Roster,
    decode_head,
    from_unix,
    identifier,
    outline,
    quiet,
    raw_of,
    text_lines,
    walk_json,
    whole,
)
from lamppost.importers.shelf import Shelf
from lamppost.importers.source import Entry, Source

NAMES: Final = ("user_data_tiktok.json", "user_data.json")
_ROOTS: Final = ("Direct Messages", "Direct Message")
_WITH = re.compile(r"^(?:Group )?Chat History [Ww]ith\s+(?P<name>.*?)\s*:*\s*$", re.DOTALL)
_HEADER = re.compile(r"^>>> ?(?:Group )?Chat History [Ww]ith (?P<name>.*?) *:* *$")
_LINE = re.compile(
    r"^(?P<at>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?: UTC)? "
    r"(?P<who>[^:]{1,256}):(?: (?P<text>.*))?$",
    re.DOTALL,
)
_DESCEND: Final = frozenset({"", "*", "*.*", "*.*.*", "*.*.*.*"})
"""Down to the lists: `Direct Messages`, `Chat History`, `ChatHistory`, conversation."""
_LISTS: Final = ("*.*.*", "*.*.*.*")
_PROFILES: Final = ("Profile", "Profile And Settings")
_SECTIONS: Final = frozenset(
    {
        "Activity",
        "Your Activity",
        "App Settings",
        "Ads and data",
        "Tiktok Shopping",
        "TikTok Shop",
        "Tiktok Live",
        "Direct Messages",
        "Direct Message",
        "Comment",
        "Profile",
        "Profile And Settings",
    }
)


class _Row(msgspec.Struct, array_like=True, gc=False):
    ms: int
    sender: str
    text: str


class TikTok:
    """Reads TikTok's download, JSON or text."""

    name = "tiktok"
    title = "TikTok data download"

    def sniff(self, source: Source) -> int:
        """By the name of the JSON file and its sections, or by the header of a text block."""
        for entry in _json(source):
            keys = outline(source.head(entry, 65536))
            if any(_is_chat(key) for key in keys):
                return 95
            if entry.name.lower() in NAMES:
                return 85 if keys & _SECTIONS else 30
        return 90 if _texts(source) else 0

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Conversations in file order, each oldest first."""
        entries = _json(source)
        texts = _texts(source)
        if not entries and not texts:
            raise ExportError(
                "holds no user_data_tiktok.json and no Direct Messages.txt",
                where=source.label,
                hint="ask TikTok for the data again, format JSON",
            )
        writer = _Writer(source, entries, options)
        for entry in entries:
            yield from _read_json(source, entry, writer, log)
        for entry in texts if not entries else []:
            yield from _read_text(source, entry, writer, log)


def _is_chat(path: str) -> bool:
    root, _, rest = path.partition(".")
    return root in _ROOTS and rest.endswith(("ChatHistory", ".item.From"))


def _json(source: Source) -> list[Entry]:
    named = [entry for entry in source.entries(".json") if entry.name.lower() in NAMES]
    if named:
        return named
    entries = source.entries(".json")
    if len(entries) != 1:
        return []
    keys = outline(source.head(entries[0], 65536))
    return entries if any(_is_chat(key) for key in keys) else []


def _texts(source: Source) -> list[Entry]:
    return [
        entry
        for entry in source.entries(".txt")
        if any(
            _HEADER.match(line.rstrip("\r"))
            for line in decode_head(source.head(entry)).lstrip("\ufeff").split("\n")[:40]
        )
    ]


class _Writer:
    """Turns the rows of a conversation into events; knows the owner once somebody said so."""

    def __init__(self, source: Source, entries: list[Entry], options: ImportOptions) -> None:
        self._source = source
        self._entries = entries
        self._owner = identifier(options.owner)
        self._asked = False
        self._roster = Roster()
        self._numbers: dict[str, int] = {}

    def owner(self) -> str | None:
        """The owner: as told, as seen in an earlier chat, or from the profile (read once)."""
        if self._owner is None and not self._asked:
            self._asked = True
            for entry in self._entries:
                root = ""
                with quiet(self._source):
                    for path, key, value in walk_json(self._source, entry, _DESCEND, ImportLog()):
                        if path == "*":
                            root = str(key) if value is OPEN else ""
                        elif root in _PROFILES and path == "*.*.*.*" and key == "userName":
                            self._owner = identifier(value) or self._owner
        return self._owner

    def write(self, key: str, shelf: Shelf[_Row]) -> Iterator[Event]:
        """Accounts, then messages, oldest first."""
        match = _WITH.match(key)
        partner = identifier(match["name"] if match else key) or DELETED_ACCOUNT
        senders: dict[str, None] = {}
        for row in shelf:
            senders.setdefault(row.sender)
        group = key.startswith("Group") or len(senders) > 2
        members = list(senders)
        if not group:
            others = [person for person in members if person != partner]
            if others and self._owner is None:
                self._owner = others[0]
            if len(members) < 2 and partner not in members:
                members.append(partner)
            if len(members) < 2:
                owner = self.owner()
                if owner is not None and owner not in members:
                    members.append(owner)
        for person in members:
            account = self._roster.meet(person, person)
            if account is not None:
                yield account
        for row in shelf:
            self._numbers[partner] = number = self._numbers.get(partner, 0) + 1
            moment = from_unix(row.ms, 1000)
            assert moment is not None
            yield Message(
                id=identifier(f"{partner}:{number}") or str(number),
                conversation_id=partner,
                sender_id=row.sender,
                recipient_ids=[] if group else [item for item in members if item != row.sender],
                sent_at=moment,
                text=row.text,
                surface="group" if group else "direct",
            )


def _read_json(source: Source, entry: Entry, writer: _Writer, log: ImportLog) -> Iterator[Event]:
    root = ""
    key = ""
    shelf: Shelf[_Row] = Shelf(_Row)
    for path, name, value in walk_json(source, entry, _DESCEND, log):
        if path == "*":
            root = str(name) if value is OPEN else ""
            if root == "" and name in _ROOTS and value is not CLOSE and value is not None:
                log.bad(f"{entry.path}, field {name}", "is not an object", raw_of(value))
        elif root not in _ROOTS:
            continue
        elif path in _LISTS and value is OPEN:
            key, shelf = str(name), Shelf(_Row)
        elif path in _LISTS and value is CLOSE:
            if len(shelf):
                yield from writer.write(key, shelf)
            shelf = Shelf(_Row)
        elif path.endswith(".item") and path[:-5] in _LISTS:
            row = _row(value, f"{entry.path}, conversation record {name + 1}", log)
            if row is not None:
                shelf.add(row.ms, row)
        elif value is not None and value is not OPEN and value is not CLOSE:
            log.bad(f"{entry.path}, field {root}", "is not a TikTok chat history", raw_of(value))
    if len(shelf):  # the file broke off inside a conversation
        yield from writer.write(key, shelf)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        text = value.strip().removesuffix("UTC").strip()
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _row(record: Any, place: str, log: ImportLog) -> _Row | None:
    if not isinstance(record, dict):
        log.bad(place, "is not an object", raw_of(record))
        return None
    moment = _moment(record.get("Date"))
    if moment is None:
        log.bad(f"{place}, field Date", "is no time", raw_of(record))
        return None
    text = record.get("Content")
    if text is not None and not isinstance(text, str):
        log.bad(f"{place}, field Content", "is not text", raw_of(record))
        return None
    return _Row(
        ms=to_ms(moment),
        sender=identifier(record.get("From")) or DELETED_ACCOUNT,
        text=whole(text) if text else "",
    )


def _read_text(source: Source, entry: Entry, writer: _Writer, log: ImportLog) -> Iterator[Event]:
    key = ""
    shelf: Shelf[_Row] = Shelf(_Row)
    row: _Row | None = None
    blanks = 0
    for number, raw in enumerate(text_lines(source, entry, log), 1):
        header = _HEADER.match(raw)
        line = _LINE.match(raw)
        moment = _moment(line["at"]) if line else None
        if header or moment:
            if row is not None:
                shelf.add(row.ms, row)
                row = None
            blanks = 0
        if header:
            if len(shelf):
                yield from writer.write(key, shelf)
            key, shelf = f"Chat History with {header['name']}:", Shelf(_Row)
        elif line and moment:
            if not key:
                log.bad(f"{entry.path} line {number}", "stands before any chat", raw.encode())
                continue
            sender = identifier(line["who"]) or DELETED_ACCOUNT
            row = _Row(ms=to_ms(moment), sender=sender, text=line["text"] or "")
        elif not raw.strip():
            blanks += 1
        elif row is not None:
            row.text += "\n" * (blanks + 1) + raw
            blanks = 0
        elif key:
            log.bad(f"{entry.path} line {number}", "is not a message", raw.encode())
        else:
            log.skip("lines before the first chat")
    if row is not None:
        shelf.add(row.ms, row)
    if len(shelf):
        yield from writer.write(key, shelf)


IMPORTER = TikTok()
