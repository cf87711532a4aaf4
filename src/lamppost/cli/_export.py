"""Exports given on the command line, as one stream of events that can be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lamppost.cli._files import STDIN
from lamppost.core.errors import LineError, UsageError
from lamppost.events.vocabulary import Event
from lamppost.importers.base import Importer, ImportLog, ImportOptions
from lamppost.importers.detect import detect
from lamppost.importers.source import Source


@dataclass(slots=True)
class Exports:
    """Exports with their importers. `read` may be called more than once."""

    sources: list[Source]
    importers: list[Importer]
    options: ImportOptions
    on_bad: Callable[[str, str, bytes], None]
    strict: bool = False
    logs: list[ImportLog] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all exports together."""
        return sum(source.size for source in self.sources)

    def read(self, on_progress: Callable[[int], None]) -> Iterator[Event]:
        """Stream every event; the logs start afresh. Bad records are told in the first run only."""
        first = not self.logs
        logs = []
        for source, importer in zip(self.sources, self.importers, strict=True):
            log = ImportLog()
            if first:
                log.on_bad = self._bad(source.label if len(self.sources) > 1 else "")
            logs.append(log)
            self.logs = logs
            source.on_progress = on_progress
            yield from importer.read(source, self.options, log)

    def _bad(self, label: str) -> Callable[[str, str, bytes], None]:
        def on_bad(place: str, reason: str, raw: bytes) -> None:
            where = f"{label}: {place}" if label else place
            if self.strict:
                raise LineError(reason, where=where, hint="mend it, or leave out --strict")
            self.on_bad(where, reason, raw)

        return on_bad

    def close(self) -> None:
        """Close archives."""
        for source in self.sources:
            source.close()


def open_exports(
    paths: Sequence[Path],
    form: str | None,
    options: ImportOptions,
    on_bad: Callable[[str, str, bytes], None],
    strict: bool = False,
) -> Exports:
    """Open and recognise every path; raises `ExportError` or `UsageError`."""
    sources: list[Source] = []
    importers: list[Importer] = []
    for path in paths:
        if str(path) == STDIN:
            raise UsageError(
                "an export is recognised by its name and read twice, so it cannot come from stdin",
                hint="give a path, or pipe events into `lamppost score -`",
            )
        source = Source(path)
        sources.append(source)
        importers.append(detect(source, form))
    return Exports(sources, importers, options, on_bad, strict)
