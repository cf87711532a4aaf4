"""Whole scenarios: what must be found, and what must stay quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamppost.core.levels import Level
from lamppost.evaluation.scenarios import Scenario, load_scenarios
from lamppost.history.memory import State
from lamppost.pipeline import Engine, step
from lamppost.signals.library import TACTICS
from lamppost.wiring import build_engine

TESTS = Path(__file__).parent.parent
LANGUAGES = sorted(path.name for path in (TESTS / "scenarios").iterdir())
FIRES = [
    item for name in LANGUAGES for item in load_scenarios(TESTS / "scenarios" / name / "fires")
]
QUIET = [
    item for name in LANGUAGES for item in load_scenarios(TESTS / "scenarios" / name / "quiet")
]
HELD_OUT = list(load_scenarios(TESTS / "heldout/en/quiet"))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine()


def levels(engine: Engine, scenario: Scenario, *, ages: bool) -> dict[tuple[str, str], int]:
    state, _ = step(engine, State(), scenario.events(ages=ages))
    return {
        (item.actor, item.target): max(item.level, Level.CONCERN if item.first_concern else 0)
        for item in state.relationships.values()
    }


def test_every_language_with_phrases_has_conversations(engine: Engine) -> None:
    assert list(engine.reader.library.languages) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough(language: str) -> None:
    assert sum(item.language == language for item in FIRES) >= 15
    assert sum(item.language == language for item in QUIET) >= 25


def lines_id(path: Path) -> str:
    return f"{path.parent.name}-{path.suffixes[0][1:]}"


@pytest.mark.parametrize("ages", [True, False])
@pytest.mark.parametrize("scenario", FIRES, ids=lambda item: item.id)
def test_grooming_is_found_and_the_right_person_named(
    engine: Engine, scenario: Scenario, ages: bool
) -> None:
    found = levels(engine, scenario, ages=ages)
    assert found[(scenario.other, scenario.child)] >= Level.CONCERN
    assert found.get((scenario.child, scenario.other), 0) < Level.CONCERN


@pytest.mark.parametrize("ages", [True, False])
@pytest.mark.parametrize("scenario", QUIET, ids=lambda item: item.id)
def test_ordinary_talk_does_not_alarm(engine: Engine, scenario: Scenario, ages: bool) -> None:
    assert max(levels(engine, scenario, ages=ages).values()) < Level.CONCERN


def test_held_out_ordinary_talk_alarms_at_most_once_in_fifty(engine: Engine) -> None:
    raised = [
        item.id
        for item in HELD_OUT
        if max(levels(engine, item, ages=True).values()) >= Level.CONCERN
    ]
    assert len(raised) * 50 <= len(HELD_OUT)


@pytest.mark.parametrize("path", sorted(TACTICS.glob("*/fires.*.txt")), ids=lines_id)
def test_most_fires_lines_are_seen_by_their_detector(engine: Engine, path: Path) -> None:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert len(lines) >= 8
    reasons = engine.reader.library.reasons
    seen = {
        hit.message
        for hit in engine.reader.read(lines)
        if reasons[hit.reason].card.id == path.parent.name
    }
    # child-side lines are deliberately oblique; a floor guards against regressions
    floor = 0.3 if len(lines) > 20 else 0.5
    assert len(seen) >= floor * len(lines), f"{len(seen)} of {len(lines)}"


@pytest.mark.parametrize("path", sorted(TACTICS.glob("*/quiet.*.txt")), ids=lines_id)
def test_no_quiet_line_alarms_alone(engine: Engine, path: Path) -> None:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert len(lines) >= 8
    reasons = engine.reader.library.reasons
    for hit in engine.reader.read(lines):
        assert reasons[hit.reason].bits < engine.thresholds.concern
