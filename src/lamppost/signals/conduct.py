"""What a behaviour detector looks at: one account, its contacts with children, what is usual.

Everything is derived from the state when it is read, so that what is learned later (an age, a
family, a shared room) counts for what was seen before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from lamppost.history.accounts import (
    ASKED,
    CAME,
    FAR,
    I_TOOK,
    NEAR,
    NEVER,
    PLAY,
    TOOK,
    WROTE_REQUEST,
    AccountState,
    Book,
    Tie,
    number,
)
from lamppost.history.sketches import count
from lamppost.signals.card import ConductCard

STEP: Final = 0.5
"""Width of a grade, in units of a detector's value."""
GRADES: Final = 24
CLASSES: Final = ("adult", "unknown", "minor")


class Norms(msgspec.Struct, frozen=True):
    """What is usual on a platform: shares between 0 and 1, measured on everybody.

    `child_share`: of those whom adults turn to, how many are children. `lessons`: on how many
    of a minor's weekdays there was use during lessons. `deleting`: deleted messages of all.
    """

    child_share: float = 0.2
    lessons: float = 0.3
    deleting: float = 0.01


@dataclass(frozen=True, slots=True)
class Sight:
    """What a detector saw: how much (0 or more, in its own unit), a sentence, event ids."""

    value: float
    because: str
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A tie to a child and how far that child was a stranger: 1 is a stranger sought out.

    `turned` says that the account turned to the child, and not the child to it.
    """

    tie: Tie
    other: AccountState
    strange: float
    turned: bool
    took: bool
    kin: bool
    begun_here: bool


@dataclass(slots=True)
class Conduct:
    """One account as its detectors see it."""

    state: AccountState
    book: Book
    norms: Norms
    kind: str
    children: list[Contact] = field(default_factory=list)
    asked: float = 0.0
    asked_children: float = 0.0
    strangers: list[Contact] = field(default_factory=list)
    """Children who were strangers to some degree."""
    sought: list[Contact] = field(default_factory=list)
    """Those of them whom the account turned to."""


def kind_of(state: AccountState) -> str:
    """Class of an account: it is compared with accounts of the same class."""
    return "minor" if state.minor else "adult" if state.adult else "unknown"


def conduct(book: Book, state: AccountState, norms: Norms) -> Conduct:
    """The view of one account."""
    made = Conduct(state, book, norms, kind_of(state))
    made.asked = count(state.approached)
    made.asked_children = count(state.approached_children)
    for tie in state.ties:
        other = book.by_number(tie.other)
        if other is not None and other.minor:
            item = _contact(book, state, tie, other)
            made.children.append(item)
            if item.strange > 0:
                made.strangers.append(item)
                if item.turned:
                    made.sought.append(item)
    return made


def is_kin(one: AccountState, other: AccountState) -> bool:
    """Whether two are family by what is known: a guardian, a shared device or payment."""
    return (
        (bool(one.wards) and number(other.id) in one.wards)
        or (bool(other.wards) and number(one.id) in other.wards)
        or (one.device != 0 and one.device == other.device)
        or (one.payment != 0 and one.payment == other.payment)
    )


def _contact(book: Book, state: AccountState, tie: Tie, other: AccountState) -> Contact:
    flags = tie.flags
    kin = is_kin(state, other)
    asked = bool(flags & (ASKED | WROTE_REQUEST))
    came = bool(flags & CAME) or (bool(flags & I_TOOK) and not asked)
    took = bool(flags & TOOK) or tie.got > 0 or (bool(flags & I_TOOK) and asked)
    begun_here = asked or came
    turned = (asked and not flags & CAME) or (not begun_here and tie.out < tie.came)
    if kin or flags & NEAR:
        strange = 0.0
    else:
        if not begun_here or not turned:
            strange = 0.25
        else:
            strange = 1.0 if flags & FAR else 0.6 if flags & PLAY else 0.8
        if _together(book, state, other):
            strange = 0.0 if not begun_here else strange * 0.5
    return Contact(tie, other, strange, turned and tie.out + asked != NEVER, took, kin, begun_here)


def _together(book: Book, one: AccountState, other: AccountState) -> bool:
    """Whether two share a room that is neither open to all nor their own private one."""
    for key in one.rooms:
        if key in other.rooms:
            space = book.spaces.get(key)
            if space is not None and not space.public and not space.private:
                return True
    return False


def events_of(contacts: Iterable[Contact], most: int = 4) -> tuple[str, ...]:
    """Ids of the events with which some contacts began."""
    found = [item.tie.event for item in sorted(contacts, key=lambda item: item.tie.begun)]
    return tuple(dict.fromkeys(name for name in found if name))[:most]


def grade(value: float) -> int:
    """Grade of a value: the steps in which rates are measured."""
    return max(0, min(GRADES - 1, int(value / STEP)))


@dataclass(frozen=True, slots=True)
class Detector:
    """A behaviour: its card and the function that looks."""

    card: ConductCard
    look: Callable[[Conduct], Sight | None]
