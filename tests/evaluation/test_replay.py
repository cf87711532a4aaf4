"""A replay streams: nothing looks ahead, and what it keeps is what the engine said."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from lamppost.evaluation.corpora import Corpus, Truth, bundled, read
from lamppost.evaluation.replay import Outcome, Replay, accounts, conversations, replayed
from lamppost.evaluation.transforms import DISGUISES, Disguise, disguised
from lamppost.events.vocabulary import Message
from lamppost.history.memory import State
from lamppost.pipeline import Engine, scores, step
from lamppost.wiring import build_engine


@cache
def engine() -> Engine:
    return build_engine()


@cache
def fires() -> Corpus:
    return next(item for item in bundled() if item.name == "scenarios/en/fires")


def run(count: int | None = None) -> Replay:
    events, truth = read(fires())
    kept = list(events)
    return replayed(engine(), fires(), kept if count is None else kept[:count], truth)


def by_key(made: Replay) -> dict[tuple[str, str, str], Outcome]:
    return {(item.conversation, item.actor, item.target): item for item in made.outcomes}


def test_it_is_the_serving_code() -> None:
    """Levels, final totals and first messages are those of a plain fold."""
    events, _ = read(fires())
    state, _ = step(engine(), State(), list(events))
    made = by_key(run())
    for row in scores(engine(), state):
        outcome = made[row.conversation_id, row.actor_id, row.target_id]
        assert outcome.first(engine().thresholds.concern) == row.first_concern
        assert outcome.peak >= row.bits - 0.01
        assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(outcome.steps))


def test_nothing_looks_ahead() -> None:
    """What is known after a part of the events is the same when more follow."""
    whole = by_key(run())
    for cut in (60, 150, 260):
        for key, outcome in by_key(run(cut)).items():
            assert whole[key].steps[: len(outcome.steps)] == outcome.steps


def test_explicit_messages_are_told_apart() -> None:
    by_name = {item.conversation: item for item in run().harmful}
    item = by_name["en-fires-a01"]  # the picture is asked for in the tenth message
    assert item.explicit == 10
    first = item.first(engine().thresholds.concern)
    assert first is not None
    assert first < 10


def test_accounts_and_conversations() -> None:
    rows = run().outcomes
    assert sum(harmful for _, harmful in accounts(rows)) == len(run().harmful)
    raised, of = conversations(rows, 1.0)
    assert (raised, of) == (0, 0)  # every conversation holds a harmful relationship


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda item: item.name)
def test_disguises_change_what_they_say_and_nothing_else(disguise: Disguise) -> None:
    def apply() -> list[Message]:
        events, _ = disguised(disguise)(*read(fires()))
        return [event for event in events if isinstance(event, Message)]

    before = [event for event in read(fires())[0] if isinstance(event, Message)]
    after = apply()
    assert after == apply()
    assert after != before
    assert {item.conversation_id for item in after} == {item.conversation_id for item in before}
    assert {item.sender_id for item in after} == {item.sender_id for item in before}
    for conversation in {item.conversation_id for item in after}:
        times = [
            item.deleted_at or item.edited_at or item.sent_at
            for item in after
            if item.conversation_id == conversation
        ]
        assert times == sorted(times)
    assert sum(
        len(item.labels) for item in after if not item.deleted_at and not item.edited_at
    ) == (sum(len(item.labels) for item in before))


def test_a_disguise_that_fails_would_show(tmp_path: Path) -> None:
    """Text replaced by nonsense is not found: the table can tell the difference."""
    nonsense = Disguise(
        "nonsense", "", lambda messages, rng: [_mute(message) for message in messages]
    )
    events, truth = disguised(nonsense)(*read(fires()))
    made = replayed(engine(), fires(), list(events), truth)
    assert max(item.peak for item in made.harmful if item.explicit == 0) < 1


def _mute(message: Message) -> Message:
    return Message(
        id=message.id, conversation_id=message.conversation_id, sender_id=message.sender_id,
        recipient_ids=message.recipient_ids, sent_at=message.sent_at, text="blah blah",
    )  # fmt: skip


def test_a_truth_of_whole_conversations_names_one_relationship() -> None:
    events, _ = read(fires())
    truth = Truth(rows={("en-fires-a01", "", ""): "harmful"}, rest=None)
    made = replayed(engine(), fires(), list(events), truth)
    assert [(item.conversation, item.actor) for item in made.outcomes] == [
        ("en-fires-a01", "en-fires-a01/marlow")
    ]
