"""Invented accounts and what they do, in short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Account, Contact, Event, Message, Room, Session, UserReport
from lamppost.history.graph import ContactGraph
from lamppost.protect.gate import Answer, Asked, Contacts, Gate

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = to_ms(START) + 3_600_000
_number = count()


def account(name: str, age: int | None = None, **more: Any) -> Account:
    return Account(id=name, age=age, **more)


def contact(
    actor: str, target: str, action: str, origin: str | None = None, day: float = 0
) -> Contact:
    return Contact(id=f"k{next(_number)}", actor_id=actor, target_id=target, action=action,  # type: ignore[arg-type]
                   origin=origin, at=START + timedelta(days=day))  # type: ignore[arg-type]  # fmt: skip


def befriend(asker: str, other: str, origin: str | None = None, day: float = 0) -> list[Event]:
    return [contact(asker, other, "requested", origin, day),
            contact(other, asker, "accepted", origin, day)]  # fmt: skip


def room(name: str, maker: str, *members: str) -> Room:
    return Room(id=f"o{next(_number)}", room_id=name, actor_id=maker, action="created",
                member_ids=list(members), at=START)  # fmt: skip


def write(sender: str, other: str, day: float = 0, surface: str = "direct") -> Message:
    return Message(id=f"m{next(_number)}", conversation_id=f"c-{sender}-{other}",
                   sender_id=sender, recipient_ids=[other], surface=surface,  # type: ignore[arg-type]
                   sent_at=START + timedelta(days=day))  # fmt: skip


def session(name: str, device: str) -> Session:
    return Session(id=f"s{next(_number)}", account_id=name, started_at=START, device=device)


def report(reporter: str, target: str) -> UserReport:
    return UserReport(id=f"p{next(_number)}", reporter_id=reporter, target_id=target, at=START)


PEOPLE: list[Event] = [
    account("adult", 34), account("child", 11), account("teen", 16), account("teen2", 17),
    account("young", 19), account("kid", 11), account("nobody"),
    account("parent", 40, roles=["parent"], guardian_of=["child"]),
    account("coach", 30, roles=["coach"]),
]  # fmt: skip


def graph_of(*events: Event | list[Event]) -> ContactGraph:
    graph = ContactGraph()
    for event in (*PEOPLE, *events):
        graph.fold(event if isinstance(event, list) else [event])
    return graph


def ask(
    graph: ContactGraph, actor: str, target: str, purpose: str = "message",
    contacts: Contacts | None = None, now: int = NOW, **facts: Any,
) -> Answer:  # fmt: skip
    asked = Asked(actor_id=actor, target_id=target, purpose=purpose, **facts)  # type: ignore[arg-type]
    return Gate(graph, contacts).check(asked, now)
