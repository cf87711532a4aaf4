"""Ages that people give of themselves, and what follows from them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lamppost.events.vocabulary import Message
from lamppost.history.memory import State
from lamppost.pipeline import SOME_CHILD, Engine, scores, step
from lamppost.wiring import build_engine


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine()


def say(number: int, sender: str, text: str) -> Message:
    return Message(
        id=str(number), conversation_id="c", sender_id=sender,
        recipient_ids=["b" if sender == "a" else "a"],
        sent_at=datetime(2026, 3, 1, 17, number, tzinfo=UTC), text=text,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("im 13", 13),
        ("i'm only twelve", 12),
        ("im in yr 8 lol", SOME_CHILD),
        ("im 13 percent done", -1),
        ("hello there", -1),
    ],
)
def test_stated_age(engine: Engine, text: str, age: int) -> None:
    state, _ = step(engine, State(), [say(1, "b", text)])
    assert state.person("b").stated_age == age


def test_the_youngest_counts(engine: Engine) -> None:
    state, _ = step(engine, State(), [say(1, "b", "im 15"), say(2, "b", "ok im 13")])
    assert state.person("b").stated_age == 13


def test_an_age_given_later_judges_what_was_said_before(engine: Engine) -> None:
    lines = ["don't tell your mum about us", "you're so mature for your age"]
    before = [say(number, "a", text) for number, text in enumerate(lines, 1)]
    state, _ = step(engine, State(), before)
    state, _ = step(engine, state, [say(9, "b", "im 13")])
    score = next(item for item in scores(engine, state) if item.actor_id == "a")
    assert any(row.detector == "context.child" for row in score.contributions)
    assert score.level == "concern"
    assert score.first_concern is not None


def test_level_and_first_message_agree(engine: Engine) -> None:
    lines = ["are your parents asleep?", "don't tell anyone about this", "send me a pic of you"]
    events = [say(number, "a", text) for number, text in enumerate(lines, 1)]
    state, _ = step(engine, State(), events)
    score = next(item for item in scores(engine, state) if item.actor_id == "a")
    assert score.level in ("concern", "high")
    assert score.first_concern is not None
