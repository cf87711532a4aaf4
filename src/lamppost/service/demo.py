"""A demonstration: a service over a synthetic community, with a queue worth looking at.

Everybody and everything in it is invented (`evaluation/community`). Texts are kept, sealed, so
that a reviewer has something to read; three invented colleagues have left work behind them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from lamppost.cases.case import Case, QueueFilter
from lamppost.cases.desk import CaseDesk
from lamppost.cases.rights import ROLES, Who
from lamppost.cases.staff import Staff
from lamppost.core.errors import EngineError, UsageError
from lamppost.core.times import DAY, HOUR
from lamppost.evaluation.community import simulate
from lamppost.events.vocabulary import Event
from lamppost.service.runtime import Service, Settings
from lamppost.wiring import now_ms

ACCOUNTS: Final = 450
DAYS: Final = 21
SEED: Final = 3
_MARK: Final = "demo.json"
_CHUNK: Final = 2_000
_YOU: Final = "demo-you"
POLICY: Final = """\
# The policy of the demonstration: everybody in it is invented, so every text may be kept.
name = "demo"

[[lawful]]
surfaces = ["public", "group", "direct"]
countries = ["*"]
basis = "synthetic data: nobody's words"

[retention]
text = "all"
text_hours = 8760
"""
_STAFF: Final = (
    (_YOU, "You (demo)", frozenset(ROLES)),
    ("demo-ana", "Ana Reviewer (demo)", frozenset({"reviewer"})),
    ("demo-ben", "Ben Reviewer (demo)", frozenset({"reviewer"})),
    ("demo-dana", "Dana Lead (demo)", frozenset({"lead"})),
)


class Demo(msgspec.Struct, frozen=True):
    """What was built: ids of its cases, and how many events they come from."""

    cases: list[str]
    events: int
    accounts: int
    synthetic: bool = True


_TIMES: Final = (
    "at", "created_at", "sent_at", "edited_at", "deleted_at", "started_at", "ended_at"
)  # fmt: skip


@dataclass(frozen=True)
class Invitation:
    """A one-time sign-in as `who`; `word` is shown this once."""

    who: Staff
    word: str


def open_service(settings: Settings) -> Service:
    """A service with its cases over a folder of its own."""
    return Service(settings)


def build(data: Path, *, accounts: int = ACCOUNTS, days: int = DAYS, seed: int = SEED) -> Demo:
    """Build the store of the demonstration in `data`, or say what is in the one there.

    Raises `UsageError` for a folder that holds something else.
    """
    mark = data / _MARK
    if mark.is_file():
        return msgspec.json.decode(mark.read_bytes(), type=Demo)
    if data.exists() and any(data.iterdir()):
        raise UsageError(
            "is not empty and holds no demonstration", where=str(data), hint="name a new folder"
        )
    service = open_service(Settings(data=str(data), most_waiting=10 * _CHUNK))
    try:
        service.start()
        version = service.policies.add(POLICY, by="demo")
        tested = service.policies.backtest(version.version)
        service.policies.deploy(version.version, seen=tested.seen, by="demo")
        count = 0
        community = simulate(accounts, days, seed)
        ahead = now_ms() - HOUR - (community.world.start + days * DAY)
        for part in _parts(_moved(event, ahead) for event in community.events()):
            service.intake.submit(part, []).result()
            count += len(part)
        service.settle()
        service.open_cases()
        for identifier, name, roles in _STAFF:
            service.cases.staff.add(
                Staff(
                    id=identifier, name=name, email=f"{identifier}@example.org", roles=roles,
                    created_at=now_ms(),
                )
            )  # fmt: skip
        _work(service.desk)
        every = service.cases.store.queue(QueueFilter(limit=500), now_ms()).items
        every += service.cases.store.queue(QueueFilter(limit=500, closed=True), now_ms()).items
        demo = Demo([case.id for case in every], count, len(community.world.people))
    finally:
        service.stop()
    if not demo.cases:
        raise EngineError("the synthetic community gave no case", hint="try another --seed")
    mark.write_bytes(msgspec.json.encode(demo))
    return demo


def invite(service: Service) -> Invitation:
    """A one-time sign-in for whoever looks at the demonstration, good for a day."""
    word = secrets.token_urlsafe(24)
    digest = hashlib.sha256(word.encode()).hexdigest()
    you = service.cases.staff.change(
        _YOU,
        lambda staff: msgspec.structs.replace(
            staff, invite_hash=digest, invite_expires_at=now_ms() + DAY
        ),
    )
    service.stores.settings.put("sign_in", b"")  # there is somebody already
    return Invitation(you, word)


def _moved(event: Event, ahead: int) -> Event:
    """The event `ahead` milliseconds later, so that the demonstration happened just now."""
    later = timedelta(milliseconds=ahead)
    changes: dict[str, Any] = {
        name: getattr(event, name) + later
        for name in _TIMES
        if getattr(event, name, None) is not None
    }
    return msgspec.structs.replace(event, **changes)


def _parts(events: Iterator[Event]) -> Iterable[list[Event]]:
    while part := list(islice(events, _CHUNK)):
        yield part


def _work(desk: CaseDesk) -> None:
    """What colleagues have done before you came: so every page has something to show."""
    ana, ben, dana = (_who(name) for name, _, _ in _STAFF[1:])
    todo = list(desk.store.queue(QueueFilter(limit=500), now_ms()).items)
    todo.sort(key=lambda case: (case.level, case.findings, case.number))
    urgent = [case for case in todo if case.imminent][:1]
    others = [case for case in todo if case not in urgent]
    if urgent:
        case = urgent.pop()
        desk.note(ana, case.id, "The child asked for help. I told the safeguarding lead by phone.")
        _decide(
            desk, ana, case, ["suspend", "report", "refer_support"], "harmful",
            "An adult asks a child to keep secrets and to meet alone; the child asked for help.",
        )  # fmt: skip
    for who, acts, judgement, reason in (
        (ana, ["no_action"], "ordinary", "Two pupils talk about a school trip; nobody is alone."),
        (ben, ["no_action"], "ordinary", "A cousin asks for a lift; the parents know of it."),
        (ben, ["warn", "refer_support"], "harmful", "Asks several children for pictures."),
        (ana, ["watch"], "unsure", "Too little to tell; look again when there is more."),
        (dana, ["limit_contact"], "harmful", "Moves children to another app and asks for secrecy."),
    ):
        if len(others) > 5:
            case = others.pop(0)
            _decide(desk, who, case, acts, judgement, reason)
            if who is dana:
                desk.record_appeal(ben, case.id, "The account holder says it was a joke.")
            elif acts == ["warn", "refer_support"]:
                desk.make_golden(dana, case.id)
    if others:
        desk.open(ben, others[0].id)
        desk.claim(ben, others[0].id)
        desk.note(ben, others[0].id, "Reading this now; asks again and again who is at home.")
    if len(others) > 1:
        desk.assign(dana, [others[-1].id], _YOU)


def _decide(
    desk: CaseDesk, who: Who, case: Case, acts: list[str], judgement: str, reason: str
) -> None:
    version = desk.open(who, case.id).case.version
    desk.decide(who, case.id, version=version, acts=acts, judgement=judgement, reason=reason)


def _who(identifier: str) -> Who:
    name, roles = next((name, roles) for found, name, roles in _STAFF if found == identifier)
    return Who(identifier, name, roles, now_ms())
