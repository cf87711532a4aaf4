"""Short ways to say what happens, for tests of behaviour: everybody is invented."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from lamppost.evaluation.community.world import digest
from lamppost.events.vocabulary import (
    Account,
    Contact,
    Event,
    Gift,
    Message,
    Profile,
    Room,
    Session,
    UserReport,
)
from lamppost.history.accounts import Book, follow
from lamppost.risk.accounts import AccountScore, Rates, norms_of, score_account, stored_rates

START = datetime(2026, 3, 2, tzinfo=UTC)
_ids = count()


def at(days: float = 0.0) -> datetime:
    """A moment so many days after the start."""
    return START + timedelta(days=days)


def fresh() -> str:
    """A new event id as long as a UUID."""
    return f"{next(_ids):036d}"


def person(name: str, age: int | None, **more: Any) -> Account:
    """An account two years old."""
    more.setdefault("created_at", at(-700))
    return Account(id=name, age=age, time_zone="UTC", **more)


def contact(actor: str, target: str, action: str, days: float, origin: str = "search") -> Contact:
    """One step of contact."""
    return Contact(
        id=fresh(), actor_id=actor, target_id=target, action=action,  # type: ignore[arg-type]
        origin=origin, at=at(days),  # type: ignore[arg-type]
    )  # fmt: skip


def meet(actor: str, target: str, days: float, origin: str = "search") -> list[Event]:
    """Asked and taken."""
    return [
        contact(actor, target, "requested", days, origin),
        contact(target, actor, "accepted", days + 0.01, origin),
    ]


def says(sender: str, to: str, days: float, text: str = "see you later at the park", **more: Any
         ) -> Message:  # fmt: skip
    """A direct message."""
    more.setdefault("id", fresh())
    return Message(
        conversation_id="-".join(sorted((sender, to))), sender_id=sender, recipient_ids=[to],
        sent_at=at(days), text=text, **more,
    )  # fmt: skip


def talk(one: str, two: str, days: float, turns: int = 6) -> list[Event]:
    """A talk of two in turns."""
    return [
        says(*((one, two) if turn % 2 == 0 else (two, one)), days + turn / 500,
             f"line {turn} of a talk")
        for turn in range(turns)
    ]  # fmt: skip


def room(actor: str, name: str, action: str, days: float, *members: str) -> Room:
    """One step of a room."""
    return Room(
        id=fresh(), room_id=name, actor_id=actor, action=action,  # type: ignore[arg-type]
        member_ids=list(members), at=at(days),
    )  # fmt: skip


def alone(owner: str, guest: str, days: float) -> list[Event]:
    """A private room of two."""
    name = f"r-{owner}-{guest}"
    return [room(owner, name, "created", days, guest), room(owner, name, "made_private", days)]


def gift(sender: str, to: str, days: float, value: int = 1000) -> Gift:
    """A gift, in cents."""
    return Gift(id=fresh(), sender_id=sender, recipient_id=to, value_minor=value, at=at(days))


def session(who: str, days: float, device: str = "", hours: float = 0.5) -> Session:
    """A session."""
    return Session(
        id=fresh(), account_id=who, started_at=at(days), ended_at=at(days + hours / 24),
        device=device or f"d-{who}",
    )  # fmt: skip


def profile(who: str, field: str, value: str, days: float) -> Profile:
    """A field of a profile."""
    return Profile(id=fresh(), account_id=who, field=field, value_digest=digest(value), at=at(days))


def report(who: str, target: str, days: float) -> UserReport:
    """A user's report."""
    return UserReport(id=fresh(), reporter_id=who, target_id=target, at=at(days))


def deleted(message: Message, days: float) -> Message:
    """The same message, deleted."""
    return Message(
        id=message.id, conversation_id=message.conversation_id, sender_id=message.sender_id,
        recipient_ids=message.recipient_ids, sent_at=message.sent_at, deleted_at=at(days),
    )  # fmt: skip


def children(number: int, age: int = 12) -> list[Event]:
    """Accounts `c0`, `c1`, …"""
    return [person(f"c{index}", age) for index in range(number)]


def book(events: Iterable[Event]) -> Book:
    """A book that has followed events."""
    made = Book()
    for event in events:
        follow(made, event)
    return made


def rates(made: Book) -> Rates:
    """The rates that come with Lamppost, alone."""
    return Rates(norms_of(made), stored_rates())


def scored(events: Iterable[Event], who: str) -> AccountScore:
    """Score of one account after events."""
    made = book(events)
    return score_account(made, made.accounts[who], rates(made))


def found(events: Iterable[Event], who: str) -> set[str]:
    """Detectors that contribute to an account."""
    return {item.detector for item in scored(events, who).contributions}
