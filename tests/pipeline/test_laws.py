"""The five laws of the spine, as property tests (design, section 2)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lamppost.config import Options
from lamppost.evaluation.scenarios import load_scenarios
from lamppost.events.vocabulary import Account, Event, Message
from lamppost.history.memory import KEPT, PER_DETECTOR, Relationship, Sighting, State, load, save
from lamppost.pipeline import Engine, scores, step
from lamppost.risk.score import assess
from lamppost.wiring import build_engine

SCENARIOS = Path(__file__).parent.parent / "scenarios" / "en"
START = datetime(2026, 3, 1, tzinfo=UTC)


@cache
def engine() -> Engine:
    return build_engine()


@cache
def line_by_line() -> Engine:
    """Reads every message by itself.

    Lines joined, languages and the second channel depend on what was read before, unsaved.
    """
    return build_engine(Options(languages=["en"]), off={"split", "meaning"})


@cache
def lines() -> tuple[str, ...]:
    found = [
        event.text
        for kind in ("fires", "quiet")
        for scenario in load_scenarios(SCENARIOS / kind)
        for event in scenario.events()
        if isinstance(event, Message)
    ]
    return tuple(found)


@st.composite
def conversations(draw: st.DrawFn) -> list[Event]:
    """Events of up to three conversations among four people, in time order."""
    people = ["ann", "ben", "cat", "dan"]
    events: list[Event] = [
        Account(id=who, age=draw(st.one_of(st.none(), st.integers(9, 60)))) for who in people
    ]
    for number in range(draw(st.integers(1, 40))):
        sender = draw(st.sampled_from(people))
        named = draw(st.booleans())
        events.append(
            Message(
                id=f"m{number}",
                conversation_id=draw(st.sampled_from(["c1", "c2", "c3"])),
                sender_id=sender,
                recipient_ids=[draw(st.sampled_from([p for p in people if p != sender]))]
                if named
                else [],
                sent_at=START + timedelta(minutes=number * draw(st.integers(1, 3))),
                text=draw(st.sampled_from(lines())),
                labels=draw(st.sampled_from([[], [], [], ["sexual"]])),
            )
        )
    return sorted(events, key=lambda e: getattr(e, "sent_at", START - timedelta(days=1)))


def run(batches: list[list[Event]], by: Callable[[], Engine] = engine) -> tuple[State, list[bytes]]:
    state = State()
    found: list[bytes] = []
    for batch in batches:
        state, findings = step(by(), state, batch)
        found.extend(msgspec.json.encode(finding) for finding in findings)
    return state, found


def view(state: State) -> list[bytes]:
    return [msgspec.json.encode(item) for item in scores(engine(), state)]


@settings(max_examples=60, deadline=None)
@given(conversations(), st.data())
def test_split_invariant(events: list[Event], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=6)))
    borders = [0, *cuts, len(events)]
    batches = [events[a:b] for a, b in itertools.pairwise(borders)]
    whole, cut = run([events]), run(batches)
    assert save(whole[0]) == save(cut[0])
    assert whole[1] == cut[1]


@settings(max_examples=30, deadline=None)
@given(conversations(), st.integers(0, 40))
def test_replayable_also_across_a_saved_state(events: list[Event], cut: int) -> None:
    state, findings = run([events])
    again, same = run([events])
    assert save(state) == save(again)
    assert findings == same
    state, findings = run([events], line_by_line)
    half, first = run([events[:cut]], line_by_line)
    resumed, second = step(line_by_line(), load(save(half)), events[cut:])
    assert view(resumed) == view(state)
    assert first + [msgspec.json.encode(item) for item in second] == findings


@settings(max_examples=60, deadline=None)
@given(conversations(), st.randoms())
def test_order_tolerant_within_the_watermark(events: list[Event], rng: random.Random) -> None:
    accounts = [event for event in events if isinstance(event, Account)]
    messages = [event for event in events if isinstance(event, Message) and event.recipient_ids]
    shuffled = messages + rng.sample(messages, len(messages) // 2)
    rng.shuffle(shuffled)
    state, _ = run([[*accounts, *messages]], line_by_line)
    mixed, _ = run([[*accounts, *shuffled]], line_by_line)
    assert mixed.counters.duplicates == len(shuffled) - len(messages)

    def essence(state: State) -> dict[str, tuple[int, int, list[tuple[int, str]]]]:
        return {
            key: (
                item.messages,
                item.last_at,
                sorted((seen.detector, seen.event) for seen in item.sightings),
            )
            for key, item in state.relationships.items()
        }

    assert essence(mixed) == essence(state)


def test_late_events_are_counted_not_dropped() -> None:
    def message(number: int, day: int) -> Message:
        return Message(
            id=str(number), conversation_id="c", sender_id="a", recipient_ids=["b"],
            sent_at=START + timedelta(days=day), text="hello",
        )  # fmt: skip

    state, _ = run([[message(1, 0), message(2, 30), message(3, 1)]])
    assert state.counters.late == 1
    assert state.counters.messages == 3


SIGHTINGS = st.builds(
    Sighting,
    detector=st.sampled_from(sorted(engine().library.cards)),
    reason=st.just(0),
    bits=st.floats(0.1, 6).map(lambda bits: round(bits, 2)),
    at=st.integers(0, 10**9),
    message=st.integers(1, 400),
    event=st.integers(0, 500).map(str),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SIGHTINGS, max_size=80), st.randoms())
def test_bounded_and_independent_of_arrival(seen: list[Sighting], rng: random.Random) -> None:
    one, two = Relationship("c", "a", "b"), Relationship("c", "a", "b")
    unique = list({(item.detector, item.event): item for item in seen}.values())
    for item in unique:
        one.note(item)
    rng.shuffle(unique)
    for item in unique:
        two.note(item)
    assert one.sightings == two.sightings
    assert len(one.sightings) <= KEPT
    assert len(msgspec.msgpack.encode(one)) <= 1024


def _harmful(item: Sighting) -> bool:
    return engine().library.cards[item.detector].kind != "protective"


@settings(max_examples=200, deadline=None)
@given(st.lists(SIGHTINGS, max_size=12), SIGHTINGS.filter(_harmful))
def test_monotone(seen: list[Sighting], extra: Sighting) -> None:
    """A further harmful sighting never lowers the risk.

    While none has to be forgotten: beyond `PER_DETECTOR` sightings of one detector the weakest
    is dropped, which may thin a span out (docs/decisions, bounded state).
    """
    assume(sum(item.detector == extra.detector for item in seen) < PER_DETECTOR)
    cards = engine().library.cards
    signed = [
        item if _harmful(item) else msgspec.structs.replace(item, bits=-item.bits)
        for item in seen
        if (item.detector, item.event) != (extra.detector, extra.event)
    ]
    item = Relationship("c", "a", "b", last_at=10**9)
    for sighting in signed:
        item.note(sighting)
    before = assess(item, cards, engine().because, None, None)
    item.note(extra)
    after = assess(item, cards, engine().because, None, None)
    assert after.bits >= before.bits - 0.05
    assert after.level >= before.level


def test_contributions_sum_to_the_total() -> None:
    for kind in ("fires", "quiet"):
        for scenario in load_scenarios(SCENARIOS / kind):
            state, _ = run([scenario.events()])
            for item in scores(engine(), state):
                assert round(sum(row.bits for row in item.contributions), 2) == item.bits


def test_expiry_forgets_relationships() -> None:
    state, _ = run([next(iter(load_scenarios(SCENARIOS / "fires"))).events()])
    assert state.relationships
    assert state.expire(state.newest + 1) > 0
    assert not state.relationships
    assert not state.conversations
