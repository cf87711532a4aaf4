"""Every behaviour is seen where it is, and not in the ordinary thing that looks most like it."""

from __future__ import annotations

import msgspec
import pytest

from lamppost.events.vocabulary import Account, Contact, Event
from lamppost.history.accounts import Book, follow
from lamppost.history.sketches import alike, signature
from lamppost.signals.card import ConductCard
from lamppost.signals.conduct import conduct
from lamppost.signals.discovery import behaviours, conduct_cards

from .build import (
    START,
    alone,
    at,
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
    room,
    says,
    scored,
    session,
    talk,
)

ADULT = person("x", 35)
SCRIPT = "hi there i like your profile do you want to talk with me about games"


def many(origin: str = "search") -> list[Event]:
    return [
        *children(8), ADULT,
        *(event for n in range(8) for event in meet("x", f"c{n}", n / 10, origin)),
    ]  # fmt: skip


def lobby(child: int, adult: int) -> list[Event]:
    return [
        *children(child), *(person(f"a{n}", 30) for n in range(adult)), ADULT,
        *(room(f"c{n}", "lobby", "joined", 0.1) for n in range(child)),
        *(room(f"a{n}", "lobby", "joined", 0.1) for n in range(adult)),
        room("x", "lobby", "joined", 0.2),
        *(contact("x", f"c{n}", "requested", 0.3 + n / 10, "game") for n in range(2)),
    ]  # fmt: skip


def removed(talks: int, deleting: int) -> list[Event]:
    events: list[Event] = [*children(1), ADULT, *meet("x", "c0", 0)]
    for n in range(talks):
        line = says("x", "c0", 1 + n / 10)
        events += [line, says("c0", "x", 1.01 + n / 10)]
        if n < deleting:
            events.append(deleted(line, 1.02 + n / 10))
    return events


def shared(second_age: int) -> list[Event]:
    return [
        *children(4), ADULT, person("y", second_age),
        session("x", 0, "tablet"), session("y", 0, "tablet"),
        *(event for n in range(3) for who in "xy" for event in meet(who, f"c{n}", 0.1 + n)),
    ]  # fmt: skip


def back(device: str) -> list[Event]:
    return [
        *children(1), ADULT, person("y", 30),
        session("y", 0, "tablet"), contact("y", "c0", "requested", 0.1),
        contact("c0", "y", "blocked", 0.2),
        session("x", 1, device), contact("x", "c0", "requested", 1.1),
    ]  # fmt: skip


def scripts(texts: list[str]) -> list[Event]:
    return [
        *children(5), ADULT,
        *(says("x", f"c{n}", n, text, request=True) for n, text in enumerate(texts)),
    ]  # fmt: skip


def lessons(age: int, hour: int) -> list[Event]:
    return [
        *children(3), person("x", age), *meet("x", "c0", 0.6), *talk("x", "c0", 0.7),
        *(session("x", day + hour / 24) for day in range(5)),
    ]  # fmt: skip


def told(*ages: int) -> Book:
    made = Book()
    for event in [*children(3), ADULT, *meet("x", "c0", 0), *meet("x", "c1", 0)]:
        follow(made, event)
    for n, age in enumerate(ages):
        follow(made, says("x", f"c{n}", 1), told=age)
    return made


FIRES: dict[str, list[Event]] = {
    "contact_with_many": many(),
    "refused": [
        *children(6), ADULT,
        *(contact("x", f"c{n}", "requested", n) for n in range(6)),
        *(contact(f"c{n}", "x", "declined", n + 0.1) for n in range(3)),
        contact("c3", "x", "blocked", 4), report("c4", "x", 5),
    ],
    "age_told": lessons(13, 11),
    "persona": [
        *children(1), ADULT, *meet("x", "c0", 0),
        *(profile("x", "name", name, n) for n, name in enumerate(("ann", "bea", "cleo"))),
        profile("x", "school", "s1", 0), profile("x", "school", "s2", 1),
    ],
    "throwaway": [
        *children(4), person("x", 30, created_at=at(-0.1)),
        *(event for n in range(4) for event in meet("x", f"c{n}", n / 10)),
    ],
    "ring": shared(34),
    "same_script": scripts([SCRIPT, SCRIPT, f"{SCRIPT} today", SCRIPT]),
    "private_steering": [
        *children(2), ADULT,
        *meet("x", "c0", 0), *alone("x", "c0", 1), *meet("x", "c1", 0), *alone("x", "c1", 2),
    ],
    "child_spaces": lobby(9, 1),
    "evasion": removed(8, 6),
    "gifts_to_children": [*children(1), ADULT, *meet("x", "c0", 0), gift("x", "c0", 1, 3000)],
    "close_contact": [
        *children(1), ADULT, *meet("x", "c0", 0),
        *(event for day in range(1, 8) for event in talk("x", "c0", day + 0.95, 20)),
    ],
}  # fmt: skip

QUIET: dict[str, list[Event]] = {
    "contact_with_many": many("offline"),
    "refused": [
        *children(6), ADULT,
        *(event for n in range(6) for event in meet("x", f"c{n}", n)),
    ],
    "age_told": lessons(13, 16),
    "persona": [
        *children(1), ADULT, *meet("x", "c0", 0), profile("x", "name", "ann", 0),
        profile("x", "name", "ann", 3), profile("x", "picture", "p", 1),
    ],
    "throwaway": [
        *children(1), person("x", 30), *meet("x", "c0", 0), profile("x", "name", "ann", 0),
        profile("x", "town", "t", 0),
    ],
    "ring": [*shared(34), person("kid", 9), session("kid", 0, "tablet")],
    "same_script": scripts(["see you at training", SCRIPT, "who brings the ball on monday"]),
    "private_steering": [
        *children(1), person("x", 41, guardian_of=["c0"]), *alone("x", "c0", 1),
    ],
    "child_spaces": lobby(4, 9),
    "evasion": removed(40, 0),
    "gifts_to_children": [
        *children(1), person("x", 60), *meet("x", "c0", 0, "offline"), gift("x", "c0", 1, 3000),
    ],
    "close_contact": [
        *children(1), person("x", 41, guardian_of=["c0"]),
        *(event for day in range(1, 8) for event in talk("x", "c0", day + 0.95, 20)),
    ],
}  # fmt: skip


def seen(made: Book, who: str) -> set[str]:
    view = conduct(made, made.accounts[who], rates(made).norms)
    return {item.card.id for item in behaviours() if item.look(view) is not None}


def test_every_behaviour_of_the_design_is_there() -> None:
    assert {item.card.id for item in behaviours()} == set(FIRES) == set(QUIET)
    assert len({card.number for card in conduct_cards()}) == len(conduct_cards())


@pytest.mark.parametrize("name", sorted(FIRES))
def test_it_is_seen(name: str) -> None:
    made = book(FIRES[name])
    assert name in seen(made, "x")


@pytest.mark.parametrize("name", sorted(QUIET))
def test_what_looks_like_it_is_not(name: str) -> None:
    assert name not in seen(book(QUIET[name]), "x")


def test_different_ages_told_to_different_children() -> None:
    assert "age_told" in seen(told(13, 15), "x")
    assert "age_told" not in seen(told(), "x")


def test_a_return_after_a_block_is_seen_by_its_device() -> None:
    assert "behaviour.evasion" in {i.detector for i in scored(back("tablet"), "x").contributions}
    assert "behaviour.evasion" not in {i.detector for i in scored(back("own"), "x").contributions}


def test_a_verified_role_and_a_family_weigh_less() -> None:
    plain = scored(many(), "x")
    coach = scored([*many(), Account(id="x", roles=["coach"])], "x")
    assert 0 < coach.bits < plain.bits
    family = [*many(), Account(id="x", guardian_of=[f"c{n}" for n in range(8)])]
    assert scored(family, "x").bits == 0


def test_a_child_is_judged_among_children() -> None:
    events = [e for e in many("game") if not (isinstance(e, Account) and e.id == "x")]
    assert scored([person("x", 12), *events], "x").bits < scored(many("game"), "x").bits


def test_either_reading_of_accepted_is_understood() -> None:
    asked = contact("x", "c0", "requested", 0)
    one = [*children(1), ADULT, asked, contact("c0", "x", "accepted", 0.1)]
    two = [*children(1), ADULT, asked, contact("x", "c0", "accepted", 0.1)]
    for events in (one, two):
        made = book(events)
        (item,) = conduct(made, made.accounts["x"], rates(made).norms).children
        assert item.took
        assert item.turned


def test_a_forgotten_account_leaves_no_name_behind() -> None:
    book = Book()
    for event in (
        Account(id="gone-adult", age=30), Account(id="kid", age=11),
        Contact(id="k1", actor_id="gone-adult", target_id="kid", action="requested",
                origin="search", at=START),
    ):  # fmt: skip
        follow(book, event)
    assert b"gone-adult" in msgspec.msgpack.encode(book)
    book.forget("gone-adult")
    assert b"gone-adult" not in msgspec.msgpack.encode(book)
    assert "kid" in book.accounts


def test_texts_that_read_alike() -> None:
    assert alike(signature(SCRIPT), signature(SCRIPT.upper() + "!")) == 1
    assert alike(signature(SCRIPT), signature("we lost three to one in hockey on monday")) < 0.3


@pytest.mark.parametrize("card", conduct_cards(), ids=lambda card: card.id)
def test_cards_hold_what_they_must(card: ConductCard) -> None:
    import msgspec

    again = msgspec.convert(msgspec.to_builtins(card), ConductCard)
    assert again == card
    assert card.detector.startswith(("behaviour.", "red_flag."))
    assert 0 < card.bits.weak <= card.bits.plain <= card.bits.strong
