"""Helpers of the importer tests: read a path, and text that tries to break things."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from lamppost.events.vocabulary import Account, Event, Message
from lamppost.importers import detect
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.source import Source

FIXTURES = Path(__file__).parent.parent / "fixtures" / "exports"

NASTY = [
    "",
    " ",
    "hello",
    'a "quoted" word, and; more\tcells|here',
    "line one\nline two\r\nline three\n\n",
    "👩‍👩‍👧‍👦 🇨🇭 ✨",
    "שלום עליכם \u202egnp.kcits\u202c",
    "مرحبا",
    "\u200e\u200b\ufeff marks",
    "\x00\x01\x07\x1b control \x7f\x85",
    "</text><text>&amp; &#65; <![CDATA[x]]>",
    "é à ü ß",
    "ﷺ ﷽ z̷̛͠",
    '{"type":"message"}',
    "x" * 50_000,
]
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.text(max_size=20, alphabet=st.sampled_from("\",;\t|\n\r \\'<>&é🎈a")),
)
names = st.sampled_from(["Ana", "Bo", "Zoë Ω", "小明", 'Q "Q"', "emoji 🌻", "O'Neil, Jr."])


@dataclass
class Result:
    """What reading gave."""

    events: list[Event] = field(default_factory=list)
    log: ImportLog = field(default_factory=ImportLog)
    bad: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        return [event for event in self.events if isinstance(event, Message)]

    @property
    def accounts(self) -> list[Account]:
        return [event for event in self.events if isinstance(event, Account)]


def read(path: Path, form: str | None = None, **options: object) -> Result:
    """Read an export as the command line does."""
    result = Result()
    result.log.on_bad = lambda place, reason, raw: result.bad.append((place, reason, raw))
    with Source(path) as source:
        importer = detect.detect(source, form)
        for event in importer.read(source, ImportOptions(**options), result.log):  # type: ignore[arg-type]
            result.events.append(event)
    return result


def winner(path: Path) -> str:
    """Name of the importer that is surest."""
    with Source(path) as source:
        return detect.detect(source).name


def zipped(path: Path, files: dict[str, bytes | str]) -> Path:
    """A zip with these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def cases() -> list[tuple[str, Path]]:
    """(importer name, path) of every fixture; a case is a file, folder or zip in its folder."""
    return [
        (folder.name, path)
        for folder in sorted(FIXTURES.iterdir())
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.name not in {"README.md", "files"} and not path.name.startswith(".")
    ]
