"""Channels and terms of context can be switched off, each alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lamppost.core.errors import UsageError
from lamppost.events.vocabulary import Account, Message
from lamppost.history.memory import State
from lamppost.pipeline import RelationshipScore, scores, step
from lamppost.risk.score import DEFAULT_WEIGHTS, TERMS
from lamppost.wiring import build_engine

LINES = [
    ("are your parents asleep?", []),
    ("don't tell anyone about this", []),
    ("(withheld)", ["sexual"]),
    ("can you send me a pic of you", []),
]


def judged(*off: str) -> RelationshipScore:
    engine = build_engine(off=off)
    events = [
        Message(
            id=str(number), conversation_id="c", sender_id="a", recipient_ids=["b"],
            sent_at=datetime(2026, 3, 1, 17, number, tzinfo=UTC), text=text, labels=labels,
        )
        for number, (text, labels) in enumerate(LINES)
    ]  # fmt: skip
    people = [Account(id="a", age=40), Account(id="b", age=12)]
    state, _ = step(engine, State(), [*people, *events])
    return next(item for item in scores(engine, state) if item.actor_id == "a")


def test_a_channel_alone() -> None:
    everything = {row.detector for row in judged().contributions}
    assert {"tactic.secrecy", "tactic.sexual_talk", "context.age_gap"} <= everything
    without = {row.detector for row in judged("labels").contributions}
    assert "tactic.sexual_talk" not in without
    assert "tactic.secrecy" in without
    only_labels = [row.detector for row in judged("phrases", "meaning", "word_list").contributions]
    assert [name for name in only_labels if name.startswith("tactic.")] == ["tactic.sexual_talk"]


def test_a_term_alone() -> None:
    rows = {row.detector for row in judged("age_gap").contributions}
    assert "context.age_gap" not in rows
    assert "context.stages" in rows
    assert judged("age_gap").bits < judged().bits < judged("spread").bits


def test_every_term_is_a_weight_and_unknown_names_are_refused() -> None:
    for term, name in TERMS.items():
        value = getattr(DEFAULT_WEIGHTS.without([term]), name)
        assert not any(value.values()) if hasattr(value, "values") else value == 0
    with pytest.raises(UsageError, match="wishes"):
        build_engine(off=["wishes"])
