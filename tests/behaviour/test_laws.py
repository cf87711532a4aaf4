"""The laws of the spine for accounts: split, order, repetition, bounds, monotony, exact sums."""

from __future__ import annotations

import itertools
import random
from functools import cache

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.events.vocabulary import Event
from lamppost.history.accounts import Book, follow, pack, unpack
from lamppost.history.memory import State, load, save
from lamppost.history.sketches import add, count
from lamppost.pipeline import Engine, step
from lamppost.risk.accounts import Bond, score_account
from lamppost.wiring import build_engine

from .build import (
    alone,
    book,
    children,
    contact,
    deleted,
    gift,
    meet,
    person,
    profile,
    rates,
    report,
    says,
    session,
    talk,
)


@cache
def engine() -> Engine:
    return build_engine()


PEOPLE = ["x", "y", "c0", "c1", "c2"]
BASE: list[Event] = [person("x", 35), person("y", None), *children(3)]


@st.composite
def acts(draw: st.DrawFn, most: int = 25) -> list[Event]:
    """What five people do, in order of time."""
    events: list[Event] = []
    for number in range(draw(st.integers(0, most))):
        who, other = draw(st.permutations(PEOPLE))[:2]
        day = 1 + number / 7
        match draw(st.integers(0, 6)):
            case 0:
                action = draw(st.sampled_from(["requested", "accepted", "declined", "blocked"]))
                events.append(contact(who, other, action, day))
            case 1:
                events.extend(talk(who, other, day, 3))
            case 2:
                events.append(gift(who, other, day))
            case 3:
                events.append(profile(who, "name", draw(st.sampled_from("abc")), day))
            case 4:
                events.append(report(who, other, day))
            case 5:
                events.append(says(who, other, day, "a message that is asked for", request=True))
            case _:
                events.append(session(who, day))
    return events


def lines(made: Book) -> list[bytes]:
    known = rates(made)
    return sorted(
        msgspec.json.encode(score_account(made, state, known)) for state in made.accounts.values()
    )


@settings(max_examples=25, deadline=None)
@given(acts(), st.data())
def test_split_invariant_and_resumed_from_bytes(events: list[Event], data: st.DataObject) -> None:
    whole = [*BASE, *events]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    one, _ = step(engine(), State(book=Book()), whole)
    two = State(book=Book())
    for a, b in itertools.pairwise([0, *cuts, len(whole)]):
        two, _ = step(engine(), load(save(two)), whole[a:b])
    assert save(one) == save(two)


@settings(max_examples=250, deadline=None)
@given(acts(), st.randoms())
def test_order_and_repetition_change_nothing(events: list[Event], rng: random.Random) -> None:
    mixed = events + rng.sample(events, len(events) // 2)
    rng.shuffle(mixed)
    devices = [session(who, 0) for who in PEOPLE]
    straight, shaken = book([*BASE, *devices, *events]), book([*BASE, *devices, *mixed])
    assert lines(straight) == lines(shaken)


HARM = [
    lambda n: [contact("x", f"c{n}", "requested", 20)],
    lambda n: meet("x", f"c{n}", 20),
    lambda n: [contact(f"c{n}", "x", "blocked", 20)],
    lambda n: [contact(f"c{n}", "x", "declined", 20)],
    lambda n: [report(f"c{n}", "x", 20)],
    lambda n: [gift("x", f"c{n}", 20)],
    lambda n: alone("x", f"c{n}", 20),
    lambda n: [profile("x", "name", "another", 20)],
]


@settings(max_examples=80, deadline=None)
@given(acts(), st.sampled_from(HARM), st.integers(0, 2))
def test_monotone(events, act, number) -> None:  # type: ignore[no-untyped-def]
    """A further harmful act never lowers an account, the rates being the same."""
    start = [*BASE, *meet("x", f"c{number}", 0.5), *events, session("c0", 20.5)]
    before, after = book(start), book([*start, *act(number)])
    known = rates(before)
    low = score_account(before, before.accounts["x"], known)
    high = score_account(after, after.accounts["x"], known)
    assert high.bits >= low.bits - 0.05
    assert high.level >= low.level


@settings(max_examples=40, deadline=None)
@given(acts(), st.lists(st.floats(0, 15), max_size=4))
def test_contributions_sum_to_the_total(events: list[Event], bits: list[float]) -> None:
    made = book([*BASE, *events])
    bonds = [Bond("c", f"c{n % 3}", value, "watch") for n, value in enumerate(bits)]
    for state in made.accounts.values():
        score = score_account(made, state, rates(made), bonds)
        assert round(sum(item.bits for item in score.contributions), 2) == score.bits


def test_bounded_however_many_children_are_met() -> None:
    """The state of the busiest account stays below 2 KiB, event ids as long as a UUID."""
    events: list[Event] = [person("x", 35, roles=["coach"]), *children(400)]
    for n in range(400):
        other = f"c{n}"
        events += [session("x", n / 20, f"tablet {n}"), *meet("x", other, n / 20)]
        events += talk("x", other, n / 20, 4)
        events += [*alone("x", other, n / 20), gift("x", other, n / 20)]
        events += [contact(other, "x", "blocked", n / 20 + 1), report(other, "x", n / 20)]
        for field in ("name", "town", "school", "picture", "bio", f"f{n}"):
            events.append(profile("x", field, f"v{n}", n / 20))
        line = says("x", other, n / 20, f"hello number {n} how are things over there", request=True)
        events += [line, deleted(line, 30)]
    made = book(events)
    state = made.accounts["x"]
    assert len(pack(state)) <= 2048
    assert unpack(pack(state)) == state
    assert max(len(pack(one)) for one in made.accounts.values()) <= 2048


def test_a_busy_child_is_bounded_too() -> None:
    made = Book()
    for event in [*children(40), *(e for day in range(60) for n in range(1, 40)
                                   for e in talk("c0", f"c{n}", day + n / 100, 2)),
                  *(session("c0", day, hours=3) for day in range(60))]:  # fmt: skip
        follow(made, event)
    assert len(pack(made.accounts["c0"])) <= 2048


@given(st.sets(st.integers(0, 2**63 - 1), max_size=300), st.randoms())
def test_counts_of_different_others(keys: set[int], rng: random.Random) -> None:
    sketch = b""
    order = [*keys, *keys]
    rng.shuffle(order)
    for key in order:
        sketch = add(sketch, key)
    assert abs(count(sketch) - len(keys)) <= max(2.5, 0.6 * len(keys))
