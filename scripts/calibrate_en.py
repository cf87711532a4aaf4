"""Measure English patterns on ordinary chat and on the hard ordinary set; write the rate file.

Corpus: chit-chat (package `chitchat-dataset`, MIT). Hard set: `tests/scenarios/en/quiet` and the
`quiet.en.txt` lines. The held-out set in `tests/heldout` is never read here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lamppost.evaluation.calibrate import count, write_rates
from lamppost.evaluation.corpora import chitchat
from lamppost.evaluation.scenarios import load_scenarios
from lamppost.events.vocabulary import Event, Message
from lamppost.signals.library import TACTICS
from lamppost.wiring import build_engine

ROOT = Path(__file__).parent.parent


def hard_events() -> Iterator[Event]:
    """Quiet scenarios and quiet lines, each line a conversation of its own."""
    for scenario in load_scenarios(ROOT / "tests/scenarios/en/quiet"):
        yield from scenario.events()
    for path in sorted(TACTICS.glob("*/quiet.en.txt")):
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            if line and not line.startswith("#"):
                name = f"{path.parent.name}:{number}"
                yield Message(
                    id=name, conversation_id=name, sender_id="a", text=line,
                    sent_at=datetime(2026, 3, 2, tzinfo=UTC),
                )  # fmt: skip


if __name__ == "__main__":
    reader = build_engine().reader
    path = write_rates(
        reader, "en", count(reader, chitchat()), count(reader, hard_events()),
        source="BYU chit-chat 0.9.0 (MIT), 2018 student chat",
        hard_source="tests/scenarios/en/quiet and quiet.en.txt lines, synthetic",
        date=datetime.now(UTC).date().isoformat(),
    )  # fmt: skip
    print(path.name, file=sys.stderr)
