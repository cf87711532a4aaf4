"""Red flags: seen where a child changes, silent where it does not, and never against the child."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lamppost.events.vocabulary import Event
from lamppost.history.accounts import Book, follow
from lamppost.risk.accounts import score_account
from lamppost.risk.children import exposure, flag_grades, priority, red_flags
from lamppost.signals.care import care
from lamppost.signals.discovery import red_flag_detectors

from .build import (
    alone,
    book,
    contact,
    deleted,
    gift,
    meet,
    person,
    profile,
    rates,
    says,
    session,
    talk,
)

FRIENDS = ["f1", "f2", "f3", "f4"]
PEOPLE: list[Event] = [person("kid", 12), person("x", 30), *(person(f, 12) for f in FRIENDS)]


def days(count: int, turns: Callable[[int], int], hour: int = 17) -> list[Event]:
    """Every day a talk with each friend."""
    return [
        event
        for day in range(count)
        for place, friend in enumerate(FRIENDS)
        for event in talk("kid", friend, day + hour / 24 + place / 100, turns(day))
    ]


def steady(count: int = 24) -> list[Event]:
    return [*PEOPLE, *days(count, lambda day: 4)]


def removing(amount: int) -> list[Event]:
    events = steady()
    for n in range(amount):
        line = says("kid", "f1", 22 + n / 100)
        events += [line, deleted(line, 22.5 + n / 100)]
    return events


def marked() -> list[Event]:
    events = [*steady(), *meet("x", "kid", 20), *talk("x", "kid", 21)]
    return [*events, says("x", "kid", 22, "(message withheld)", labels=["sexual"])]


FIRES: dict[str, list[Event]] = {
    "sudden_change": [*PEOPLE, *days(24, lambda day: 4 if day < 17 else 30)],
    "odd_hours": [
        *steady(), *(e for d in (19, 20, 21, 22) for e in talk("kid", "f1", d + 0.05, 20)),
    ],
    "unexplained_gifts": [*steady(), *meet("x", "kid", 20), gift("x", "kid", 21, 5000)],
    "friend_inconsistent": [
        *steady(), *meet("x", "kid", 20), *talk("x", "kid", 21),
        *(profile("x", "name", n, 21) for n in ("ann", "bea", "cleo")),
    ],
    "withdrawal": [
        *PEOPLE, *days(16, lambda day: 4), *meet("x", "kid", 15),
        *(e for d in range(17, 24) for e in talk("x", "kid", d + 0.7, 30)),
    ],
    "explicit_shared": marked(),
    "new_secrecy": removing(9),
}  # fmt: skip
QUIET: dict[str, list[Event]] = dict.fromkeys(FIRES, steady())
QUIET["unexplained_gifts"] = [
    *steady(), person("gran", 70, guardian_of=["kid"]), gift("gran", "kid", 21, 5000),
]  # fmt: skip
QUIET["new_secrecy"] = removing(0)


def seen(events: list[Event]) -> set[str]:
    made = Book()
    for event in events:
        explicit = bool(getattr(event, "labels", []))
        follow(made, event, explicit=explicit)
    return {flag.card.id for flag, _, _, _ in flag_grades(care(made, made.accounts["kid"]))}


def test_every_red_flag_of_the_design_is_there() -> None:
    assert {flag.card.id for flag in red_flag_detectors()} == set(FIRES)


@pytest.mark.parametrize("name", sorted(FIRES))
def test_it_is_seen(name: str) -> None:
    assert name in seen(FIRES[name])


@pytest.mark.parametrize("name", sorted(QUIET))
def test_a_steady_child_shows_none(name: str) -> None:
    assert name not in seen(QUIET[name])


def test_a_holiday_is_no_odd_hour() -> None:
    """Writing in lessons counts on school days only; most children online then is a holiday."""
    late = [e for d in (21, 22, 23) for e in talk("kid", "f1", d + 11 / 24, 20)]
    mates = [person(f"m{n}", 12) for n in range(25)]
    away = [session(f"m{n}", d + 18 / 24) for n in range(25) for d in range(21, 24)]
    here = [session(f"m{n}", d + 11 / 24) for n in range(25) for d in range(21, 24)]
    assert "odd_hours" in seen([*steady(), *mates, *away, *late])
    assert "odd_hours" not in seen([*steady(), *mates, *here, *late])


@pytest.mark.parametrize("name", sorted(FIRES))
def test_a_red_flag_never_counts_against_the_child(name: str) -> None:
    made = book(FIRES[name])
    score = score_account(made, made.accounts["kid"], rates(made))
    assert not any(item.detector.startswith("red_flag.") for item in score.contributions)
    assert score.level == 0


def test_exposure_says_what_a_stranger_finds_open() -> None:
    closed = book(steady())
    assert exposure(closed, closed.accounts["kid"]).points == 0
    open_ = book([
        *steady(), profile("kid", "visibility", "public", 0), person("y", 40),
        *meet("x", "kid", 20), *meet("y", "kid", 20), *alone("x", "kid", 21),
    ])  # fmt: skip
    found = exposure(open_, open_.accounts["kid"])
    assert found.points == 4
    assert (found.public_profile, found.unknown_adults, found.private_with_strangers) == (
        True,
        2,
        1,
    )
    refused = book(
        [*steady(), contact("x", "kid", "requested", 20), contact("kid", "x", "declined", 21)]
    )
    assert exposure(refused, refused.accounts["kid"]).share_taken == 0


def test_priority_rises_with_flags_exposure_and_a_call_for_help() -> None:
    made = book(FIRES["withdrawal"])
    kid = made.accounts["kid"]
    flags = red_flags(made, kid, rates(made))
    exposed = exposure(made, kid)
    assert flags
    calm = priority(3.0, [], None, care=False)
    assert (
        calm < priority(3.0, flags, exposed, care=False) < priority(3.0, flags, exposed, care=True)
    )
