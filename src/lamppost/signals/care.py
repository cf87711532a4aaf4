"""What a red flag looks at: one child's diary and contacts, compared with the child itself.

A red flag raises protection and the priority of a case. It is never held against the child.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lamppost.history.accounts import AccountState, Book, Tie
from lamppost.history.children import Day
from lamppost.signals.card import ConductCard
from lamppost.signals.conduct import Sight, is_kin

RECENT = 7
"""Days that are compared with those before."""


@dataclass(frozen=True, slots=True)
class Friend:
    """Somebody in contact with the child who is no family by what is known."""

    tie: Tie
    state: AccountState

    @property
    def adult(self) -> bool:
        """Whether the account says it is an adult's, or says nothing."""
        return not self.state.minor


@dataclass(frozen=True, slots=True)
class Care:
    """One child as red flags see it; `today` counts days from 1970."""

    state: AccountState
    book: Book
    days: list[Day]
    friends: list[Friend]
    today: int

    @property
    def recent(self) -> list[Day]:
        """The last `RECENT` days with anything in them."""
        return [day for day in self.days if day.day > self.today - RECENT]

    @property
    def before(self) -> list[Day]:
        """The days before those."""
        return [day for day in self.days if day.day <= self.today - RECENT]


def care(book: Book, state: AccountState) -> Care:
    """The view of one child."""
    friends = []
    for tie in state.ties:
        other = book.by_number(tie.other)
        if other is not None and not is_kin(state, other):
            friends.append(Friend(tie, other))
    days = [] if state.diary is None else state.diary.days
    return Care(state, book, days, friends, book.now // (24 * 60))


@dataclass(frozen=True, slots=True)
class Flag:
    """A red flag: its card and the function that looks."""

    card: ConductCard
    look: Callable[[Care], Sight | None]
