"""What an importer is: a name, a sniff, and a streaming read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from lamppost.events.vocabulary import Event
from lamppost.importers.source import Source


@dataclass(slots=True)
class ImportOptions:
    """What the person said about the export.

    `time_zone` applies to formats whose times carry none (default UTC, and the summary says so).
    `columns` maps event fields to column names for CSV and NDJSON tables, such as
    `{"text": "body", "sender_id": "author"}`. `date_order` forces `dmy`, `mdy` or `ymd`.
    """

    time_zone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    columns: dict[str, str] = field(default_factory=dict)
    date_order: str | None = None
    owner: str | None = None


@dataclass(slots=True)
class ImportLog:
    """What happened while reading: counts, notes for the report, and what was set aside.

    `quarantined` holds (place, reason) without text; `on_bad` also receives the raw record
    so that the caller can write the quarantine file. `notes` are sentences for people, such as
    "One-sided: this package holds only the owner's own messages".
    """

    on_bad: Callable[[str, str, bytes], None] = lambda place, reason, raw: None
    on_progress: Callable[[int], None] = lambda bytes_read: None
    notes: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0

    def bad(self, place: str, reason: str, raw: bytes = b"") -> None:
        """Set one record aside. `place` as in `line 12, field sent_at`; no text in `reason`."""
        self.quarantined += 1
        self.on_bad(place, reason, raw)

    def skip(self, reason: str, count: int = 1) -> None:
        """Count something that is no message, such as a system line or a sticker pack notice."""
        self.skipped[reason] = self.skipped.get(reason, 0) + count

    def note(self, sentence: str) -> None:
        """Add a sentence for people, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


@runtime_checkable
class Importer(Protocol):
    """One source format.

    `sniff` looks at names and the first bytes only and returns how sure it is, 0 (not mine) to
    100 (certainly mine). `read` streams events in file order in bounded memory. It never raises
    for one bad record (that goes to `log.bad`), and raises `ExportError` when the export as a
    whole is damaged, encrypted or unsafe.
    """

    @property
    def name(self) -> str:
        """Word for `--format`, such as `whatsapp`."""
        ...

    @property
    def title(self) -> str:
        """Name for people, such as `WhatsApp chat export`."""
        ...

    def sniff(self, source: Source) -> int:
        """How sure this importer is that `source` is its own, 0 to 100."""
        ...

    def read(self, source: Source, options: ImportOptions, log: ImportLog) -> Iterator[Event]:
        """Stream the events of `source`."""
        ...
