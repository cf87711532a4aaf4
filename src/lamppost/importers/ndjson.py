"""Lamppost's own events: NDJSON, one object a line, `type` first.

What: any file of events as `lamppost import` writes them, or a folder or zip of such files
(`.ndjson`, `.jsonl`, `.json`, `.txt`). Every kind of event is read, not only messages.

What is lost: nothing; fields that the vocabulary does not know are ignored. A bad line is set
aside with its number and field, such as `line 12, field sent_at`, and the rest goes on.

Traps: only UTF-8 lines stream as they are; UTF-16 is decoded first and the log says so. Ids are
taken as they stand, so two files with the same ids describe the same messages.

Source: `lamppost.events`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

from lamppost.core.errors import ExportError
from lamppost.events import ndjson
from lamppost.events.vocabulary import EVENT_TYPES, Event
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.common import decode_head, encoding_of, text_lines
from lamppost.importers.source import Entry, Source

_TYPES: Final = "|".join(str(cls.__struct_config__.tag) for cls in EVENT_TYPES)
_FIRST = re.compile(rf'^\{{.*?"type"\s*:\s*"(?:{_TYPES})"', re.DOTALL)
_STARTS = re.compile(rf'^\{{\s*"type"\s*:\s*"(?:{_TYPES})"')
_SUFFIXES: Final = (".ndjson", ".jsonl", ".json", ".txt", ".log")


class Ndjson:
    """Reads Lamppost's own events."""

    name = "ndjson"
    title = "Lamppost events (NDJSON)"

    def sniff(self, source: Source) -> int:
        """By the first line that is not empty: a JSON object with a known `type`."""
        best = 0
        for entry in _files(source)[:16]:
            best = max(best, _sure(source, entry))
        return best

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Events in the order of the lines; bad lines go to `log.bad`."""
        del options
        entries = _files(source)
        if len(entries) > 1:
            entries = [entry for entry in entries if _sure(source, entry)]
        if not entries:
            raise ExportError("holds no event file", where=source.label, hint="see --format")
        for entry in entries:
            prefix = f"{entry.path} " if source.kind != "file" else ""
            yield from ndjson.read(
                _lines(source, entry, log),
                lambda bad, prefix=prefix: log.bad(  # type: ignore[misc]
                    f"{prefix}{bad.place}", bad.reason, bad.raw
                ),
            )


def _files(source: Source) -> list[Entry]:
    if source.kind == "file":
        return source.entries()
    return [entry for entry in source.entries() if entry.path.lower().endswith(_SUFFIXES)]


def _sure(source: Source, entry: Entry) -> int:
    text = decode_head(source.head(entry, 65536)).lstrip("\ufeff \t\r\n")
    line, newline, _ = text.partition("\n")
    if not line.startswith("{"):
        return 0
    if isinstance(ndjson.decode_line(line.encode("utf-8", "replace")), EVENT_TYPES):
        return 98
    if _STARTS.match(line) and ('"id"' in line or not newline):
        return 90
    return 40 if _FIRST.match(line) and '"id"' in line and line.rstrip().endswith("}") else 0


def _lines(source: Source, entry: Entry, log: ImportLog) -> Iterator[bytes]:
    if encoding_of(source.head(entry)) not in {"utf-8", "utf-8-sig"}:
        for text in text_lines(source, entry, log):
            yield text.encode("utf-8", "replace")
        return
    with source.open(entry) as file:
        while line := file.readline(ndjson.MAX_LINE + 2):
            yield line
            if len(line) > ndjson.MAX_LINE and not line.endswith(b"\n"):
                _drop(file)


def _drop(file: IO[bytes]) -> None:
    """Move to the end of a line that is too long, so that it counts as one."""
    while (rest := file.readline(1 << 20)) and not rest.endswith(b"\n"):
        pass


IMPORTER = Ndjson()
