"""Count how often each pattern stands in ordinary talk, and write the rate files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lamppost.events.vocabulary import Event, Message
from lamppost.signals.calibration import RATES, RateFile
from lamppost.signals.reader import Reader

BATCH = 8192


class Counts(msgspec.Struct):
    """Relationships and messages read, and in how many relationships each pattern stood."""

    relationships: int = 0
    messages: int = 0
    seen: dict[str, int] = {}


def count(reader: Reader, events: Iterable[Event]) -> Counts:
    """Read ordinary `events`; a relationship is a sender within a conversation."""
    reasons = reader.library.reasons
    pairs: set[tuple[str, str]] = set()
    seen: dict[str, set[tuple[str, str]]] = {}
    total = 0
    batch: list[Message] = []

    def flush() -> None:
        for hit in reader.read_all([message.text for message in batch]):
            message = batch[hit.message]
            seen.setdefault(reasons[hit.reason].key, set()).add(
                (message.conversation_id, message.sender_id)
            )
        batch.clear()

    for event in events:
        if not isinstance(event, Message):
            continue
        pairs.add((event.conversation_id, event.sender_id))
        total += 1
        batch.append(event)
        if len(batch) >= BATCH:
            flush()
    flush()
    counts = {key: len(where) for key, where in sorted(seen.items())}
    return Counts(len(pairs), total, counts)


def write_rates(
    reader: Reader,
    language: str,
    corpus: Counts,
    hard: Counts,
    *,
    source: str,
    hard_source: str,
    date: str,
    folder: Path = RATES,
) -> Path:
    """Write `rates/<language>.toml`; `date` is ISO 8601. Returns the path."""
    keys = {reason.key for reason in reader.library.reasons if reason.language == language}
    table = RateFile(
        language=language,
        source=source,
        hard_source=hard_source,
        date=date,
        relationships=corpus.relationships,
        messages=corpus.messages,
        hard_relationships=hard.relationships,
        seen={key: number for key, number in corpus.seen.items() if key in keys},
        hard_seen={key: number for key, number in hard.seen.items() if key in keys},
        patterns=sorted(keys),
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{language}.toml"
    lines = ["# Written by `make calibrate`; do not edit by hand.\n"]
    words = ("language", "source", "hard_source", "date")
    lines.extend(f"{name} = {_text(getattr(table, name))}\n" for name in words)
    numbers = ("relationships", "messages", "hard_relationships")
    lines.extend(f"{name} = {getattr(table, name)}\n" for name in numbers)
    lines.append("patterns = [\n")
    lines.extend(f"  {_text(key)},\n" for key in table.patterns)
    lines.append("]\n")
    for name in ("seen", "hard_seen"):
        lines.append(f"\n[{name}]\n")
        lines.extend(f"{_text(key)} = {number}\n" for key, number in getattr(table, name).items())
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
