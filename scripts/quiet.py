"""How often ordinary chat alarms: the chit-chat corpus and every quiet scenario.

Run by `make quiet`. Prints conversations at `concern` or higher with a Wilson 95 % interval and
fails when the chit-chat corpus has more than two or any quiet scenario has one. The corpus is
student chat from 2018: a floor, not an estimate for a children's platform.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

from lamppost.core.levels import Level
from lamppost.evaluation.corpora import chitchat
from lamppost.evaluation.scenarios import load_scenarios
from lamppost.events.vocabulary import Event
from lamppost.history.memory import State
from lamppost.pipeline import Engine, fold
from lamppost.signals.calibration import wilson
from lamppost.wiring import build_engine

ROOT = Path(__file__).parent.parent


def alarms(engine: Engine, events: Iterable[Event]) -> tuple[int, int, set[str]]:
    """Conversations, messages, and ids of the conversations that ever reached `concern`."""
    state = State()
    for state, _ in fold(engine, events):
        pass
    raised = {
        item.conversation
        for item in state.relationships.values()
        if item.first_concern or item.level >= Level.CONCERN
    }
    return len(state.conversations), state.counters.messages, raised


def report(name: str, conversations: int, messages: int, raised: set[str], seconds: float) -> None:
    """Print one line, then the ids of what alarmed."""
    low, high = wilson(len(raised), conversations)
    print(
        f"{name}: {len(raised)} of {conversations} conversations ({messages} messages) at concern "
        f"or higher, 95 % interval {low * 1e5:.1f} to {high * 1e5:.1f} per 100,000; {seconds:.1f} s"
    )
    for conversation in sorted(raised):
        print(f"  {conversation}")


if __name__ == "__main__":
    engine = build_engine()
    started = time.perf_counter()
    counts = alarms(engine, chitchat())
    report("chit-chat", *counts, time.perf_counter() - started)
    failed = len(counts[2]) > 2
    for folder in (ROOT / "tests/scenarios/en/quiet", ROOT / "tests/heldout/en/quiet"):
        started = time.perf_counter()
        events = (event for item in load_scenarios(folder) for event in item.events())
        counts = alarms(engine, events)
        name = "/".join(folder.parts[-3:])
        report(name, *counts, time.perf_counter() - started)
        failed = failed or bool(counts[2])
    sys.exit(1 if failed else 0)
