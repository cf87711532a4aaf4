"""Helpers of the importer tests: read an export, collect what came of it."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from lamppost.events.vocabulary import Account, Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.detect import detect, importers
from lamppost.importers.source import Source

FIXTURES = Path(__file__).parents[1] / "fixtures" / "exports"


@dataclass
class Reading:
    """All that an import gave."""

    events: list[Event] = field(default_factory=list)
    bad: list[tuple[str, str, bytes]] = field(default_factory=list)
    log: ImportLog = field(default_factory=ImportLog)

    @property
    def messages(self) -> list[Message]:
        return [event for event in self.events if isinstance(event, Message)]

    @property
    def accounts(self) -> dict[str, str | None]:
        return {event.id: event.display_name for event in self.events if isinstance(event, Account)}

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    @property
    def places(self) -> list[str]:
        return [place for place, _, _ in self.bad]


def read(path: Path, name: str | None = None, options: ImportOptions | None = None) -> Reading:
    """Detect (or take `name`), read everything, check what must hold for every import."""
    reading = Reading()
    reading.log.on_bad = lambda place, reason, raw: reading.bad.append((place, reason, raw))
    with Source(path) as source:
        importer = detect(source, name)
        if name is None:
            others = {
                key: item.sniff(source) for key, item in importers().items() if item is not importer
            }
            assert all(score < importer.sniff(source) for score in others.values()), others
        for event in importer.read(source, options or ImportOptions(), reading.log):
            reading.events.append(event)
    check(reading)
    return reading


def check(reading: Reading) -> None:
    """Laws of every import: valid events, accounts before use, unique message ids."""
    known: set[str] = set()
    ids: set[str] = set()
    for event in reading.events:
        line = msgspec.json.encode(event)
        assert msgspec.json.decode(line, type=Event) == event
        if isinstance(event, Account):
            known.add(event.id)
        elif isinstance(event, Message):
            assert event.sender_id in known
            assert known.issuperset(event.recipient_ids)
            assert event.sender_id not in event.recipient_ids
            assert event.id not in ids
            ids.add(event.id)
    assert reading.log.quarantined == len(reading.bad)
    words = {text for text in reading.texts if len(text) > 12}
    for place, reason, _ in reading.bad:
        assert not any(word in place or word in reason for word in words)


def read_bytes(
    data: bytes, file: str, name: str | None = None, options: ImportOptions | None = None
) -> Reading:
    """Read one file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_bytes(data)
        return read(path, name, options)


def read_tree(files: dict[str, bytes], name: str | None = None, *, as_zip: bool = False) -> Reading:
    """Read a folder, or a zip, with these files."""
    with tempfile.TemporaryDirectory() as folder:
        if as_zip:
            path = Path(folder) / "export.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for file, data in files.items():
                    archive.writestr(file, data)
        else:
            path = Path(folder) / "export"
            for file, data in files.items():
                target = path / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        return read(path, name)


def zipped(folder: Path, target: Path) -> Path:
    """A zip of a folder, paths inside it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    return target
