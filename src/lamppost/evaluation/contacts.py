"""What the contact gate would have prevented and refused: first contacts replayed against it.

A community is lived once; its first contacts (a request, or a first direct message) are then
replayed in order of time. Each is put to the gate as the graph stands at that moment, and what
the gate refuses does not enter the graph, so that a refused contact is no common friend later.
`hold` counts as refused on both sides: as prevented for offenders, as a cost for everybody else.

When it fails: people do not change their ways. An offender who is refused does not try another
door, and a child who is refused does not ask in another way, so both figures are first-order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from lamppost.core.times import from_ms, to_ms
from lamppost.evaluation.community import simulate
from lamppost.evaluation.community.run import Community
from lamppost.events.vocabulary import (
    Account,
    Contact,
    Event,
    Message,
    Room,
    Session,
    UserReport,
)
from lamppost.history.graph import ContactGraph
from lamppost.protect.gate import Asked, Contacts, Gate

KINDS: Final = {
    "peers": "children among themselves",
    "family": "family, an adult and a child",
    "role": "coach, teacher, tutor, mentor or helper, and a child of theirs",
    "clan": "clan leader and a child of the clan",
    "near_age": "15 to 17 and 18 to 20, friends of about the same age",
    "adults": "adults among themselves",
    "wrong_age": "children among themselves, where an account shows an adult's age or none",
    "other": "any other adult and a child",
}
"""Kinds of ordinary friendship, by who people really are."""


def standing(community: Community) -> list[Event]:
    """What a platform knows on the first day: its friend lists and rooms, as events.

    A platform sends the same when it begins. Only before the community's events have run.
    """
    world = community.world
    at = from_ms(world.start)
    made: list[Event] = []
    for who in world.people:
        for other in who.friends:
            if who.index < other:
                name = f"k-standing-{who.index}-{other}"
                friend = world.people[other]
                made.append(
                    Contact(id=name, actor_id=who.id, target_id=friend.id, action="accepted", at=at)
                )
    for place in world.rooms:
        members = [world.people[index].id for index in place.members]
        if place.owner >= 0:
            owner = world.people[place.owner].id
            made.append(
                Room(id=f"o-{place.id}", room_id=place.id, actor_id=owner, action="created",
                     member_ids=members, at=at)
            )  # fmt: skip
        else:
            made += [
                Room(id=f"o-{place.id}-{number}", room_id=place.id, actor_id=member,
                     action="joined", at=at)
                for number, member in enumerate(members)
            ]  # fmt: skip
        if place.surface == "public" and members:
            made.append(
                Message(id=f"m-{place.id}", conversation_id=place.id, sender_id=members[0],
                        surface="public", sent_at=at)
            )  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class Lived:
    """A community that was lived, reduced to what first contacts need.

    A friendship is ordinary when the community made it, or an adult teaches, trains or leads the
    child, and both wrote or one took the other's request. `ordinary` maps the new ones to their
    kind, `old` those that stood on the first day; `passing` are answers to strangers that came to
    nothing, such as a sale. `seeded` maps each offender to the children it tried to reach.
    """

    seed: int
    begin: list[Event]
    events: list[Event]
    ordinary: dict[frozenset[str], str]
    old: dict[frozenset[str], str]
    passing: dict[frozenset[str], str]
    seeded: dict[str, set[str]]
    kinds: dict[str, str]
    reached: dict[str, set[str]]


def live(accounts: int, days: int, seed: int) -> Lived:
    """Live a community and keep what first contacts need."""
    community = simulate(accounts, days, seed)
    world = community.world
    people = {who.id: who for who in world.people}
    shown = {who.id: who.shown for who in world.people}
    agents = {agent.who.id for agent in community.agents}
    begin = standing(community)
    friends = {
        frozenset((event.actor_id, event.target_id))
        for event in begin
        if isinstance(event, Contact)
    }
    kept: list[Event] = []
    devices: set[tuple[str, str]] = set()
    wrote: set[tuple[str, str]] = set()
    old: dict[frozenset[str], str] = {}
    new: dict[frozenset[str], str] = {}
    seeded: dict[str, set[str]] = {name: set() for name in agents}
    asked: dict[frozenset[str], str] = {}

    def kind(pair: frozenset[str]) -> str:
        one, two = sorted((people[name] for name in pair), key=lambda who: who.age)
        if two.age < 18:
            ages = [shown[one.id], shown[two.id]]
            wrong = any(age is None or age >= 18 for age in ages)
            return "wrong_age" if wrong else "peers"
        if one.age >= 18:
            return "adults"
        if one.family >= 0 and one.family == two.family:
            return "family"
        if one.index in two.kids:
            return "clan" if two.kind == "clan_leader" else "role"
        if one.age >= 15 and two.age <= 20:
            return "near_age"
        return "other"

    def step(actor: str, target: str) -> None:
        if actor in agents and people[target].age < 18:
            seeded[actor].add(target)
        asked.setdefault(frozenset((actor, target)), actor)

    def known(pair: frozenset[str]) -> None:
        if len(pair) < 2 or not agents.isdisjoint(pair):
            return
        (old if pair in friends else new).setdefault(
            pair, kind(pair)
        )  # those of strangers are set apart below

    for event in community.events():
        if isinstance(event, Account | Room | UserReport):
            kept.append(event)
        elif isinstance(event, Session):
            if event.device and (event.account_id, event.device) not in devices:
                devices.add((event.account_id, event.device))
                kept.append(event)
        elif isinstance(event, Contact):
            if event.action == "suggested":
                continue
            kept.append(event)
            if event.action == "requested":
                step(event.actor_id, event.target_id)
            elif event.action == "accepted":
                known(frozenset((event.actor_id, event.target_id)))
        elif isinstance(event, Message) and len(event.recipient_ids) == 1:
            one, two = event.sender_id, event.recipient_ids[0]
            if (
                one == two
                or event.surface != "direct"
                or (one, two) in wrote
                or event.deleted_at is not None
            ):
                continue
            wrote.add((one, two))
            pair = frozenset((one, two))
            kept.append(event)
            if pair not in friends:
                step(one, two)
            if pair in friends or (two, one) in wrote:
                known(pair)
    truth = community.truth
    passing: dict[frozenset[str], str] = {}
    for pair in list(new):
        first, second = (people[name] for name in pair)
        led = first.index in second.kids or second.index in first.kids
        if second.index not in first.known and not led:
            passing[pair] = new.pop(pair)
    return Lived(
        seed, begin, kept, new, old, passing, seeded,
        {item.account_id: item.kind for item in truth},
        {item.account_id: set(item.children) for item in truth},
    )  # fmt: skip


class Tally(msgspec.Struct):
    """Counts: how many there were, and how many of them the gate stopped (or held)."""

    all: int = 0
    stopped: int = 0

    def add(self, stopped: bool) -> None:
        """Count one."""
        self.all += 1
        self.stopped += stopped

    def merge(self, other: Tally) -> None:
        """Add what was counted elsewhere."""
        self.all += other.all
        self.stopped += other.stopped

    @property
    def share(self) -> float:
        """Share that was stopped; 0 of none."""
        return self.stopped / self.all if self.all else 0.0


@dataclass(slots=True)
class Outcome:
    """What became of a replay. `seeded` counts pairs of an offender and a child.

    `reached`: those of them in which the child took the contact. `passing`: answers to strangers
    that came to nothing. `ordinary`: friendships in use, those that stood before and those made;
    `new` the latter alone, `near` those of them between friends of friends, `kinds` and
    `new_kinds` by kind. `limited`: ordinary friendships that began with limits.
    """

    seeded: Tally = field(default_factory=Tally)
    reached: Tally = field(default_factory=Tally)
    offenders: dict[str, Tally] = field(default_factory=dict)
    ordinary: Tally = field(default_factory=Tally)
    passing: Tally = field(default_factory=Tally)
    new: Tally = field(default_factory=Tally)
    near: Tally = field(default_factory=Tally)
    near_peers: Tally = field(default_factory=Tally)
    kinds: dict[str, Tally] = field(default_factory=dict)
    new_kinds: dict[str, Tally] = field(default_factory=dict)
    limited: Tally = field(default_factory=Tally)
    rules: Counter[str] = field(default_factory=Counter)
    ordinary_rules: Counter[str] = field(default_factory=Counter)

    def merge(self, other: Outcome) -> None:
        """Add what another community gave."""
        for name in ("seeded", "reached", "ordinary", "passing", "new", "near", "near_peers",
                     "limited"):  # fmt: skip
            getattr(self, name).merge(getattr(other, name))
        for name in ("offenders", "kinds", "new_kinds"):
            mine: dict[str, Tally] = getattr(self, name)
            for key, tally in getattr(other, name).items():
                mine.setdefault(key, Tally()).merge(tally)
        self.rules.update(other.rules)
        self.ordinary_rules.update(other.ordinary_rules)


def replay(lived: Lived, contacts: Contacts) -> Outcome:
    """Put every first contact of a community to a gate with these rules."""
    graph = ContactGraph()
    gate = Gate(graph, contacts)
    passed: set[frozenset[str]] = set()
    refused: dict[frozenset[str], str] = {}
    tied: set[frozenset[str]] = set()
    limited: set[frozenset[str]] = set()
    for event in _accounts_first(lived):
        graph.apply(event)
    for event in lived.events:
        asked = _question(event)
        if asked is None:
            if isinstance(event, Contact):
                pair = frozenset((event.actor_id, event.target_id))
                if pair in refused and pair not in passed:
                    continue
            graph.apply(event)
            continue
        pair = frozenset((asked.actor_id, asked.target_id))
        if pair in refused and pair not in passed and not _anew(event):
            continue  # it follows from a contact that was refused
        if pair not in passed:
            at = to_ms(event.at if isinstance(event, Contact) else event.sent_at)  # type: ignore[union-attr]
            answer = gate.check(asked, at)
            if graph.ties(asked.actor_id, asked.target_id).mutual:
                tied.add(pair)
            if answer.outcome in ("hold", "deny"):
                worst = max(answer.reasons, key=lambda reason: _WORST[reason.outcome])
                refused[pair] = worst.rule
                continue
            passed.add(pair)
            if answer.outcome == "limit":
                limited.add(pair)
        graph.apply(event)
    return _counted(lived, passed, refused, tied, limited)


_WORST: Final = {"allow": 0, "limit": 1, "hold": 2, "deny": 3}


def _accounts_first(lived: Lived) -> Iterator[Event]:
    """Accounts of the first day, so that ages are known, then friends and rooms."""
    for event in lived.events:
        if not isinstance(event, Account):
            break
        yield event
    yield from lived.begin


def _anew(event: Event) -> bool:
    """Whether an event begins a contact by itself, rather than going on with one."""
    return isinstance(event, Contact) or (isinstance(event, Message) and event.request)


def _question(event: Event) -> Asked | None:
    if isinstance(event, Contact) and event.action == "requested":
        return Asked(
            actor_id=event.actor_id, target_id=event.target_id, purpose="request",
            origin=event.origin,
        )  # fmt: skip
    if isinstance(event, Message) and event.surface == "direct":
        return Asked(actor_id=event.sender_id, target_id=event.recipient_ids[0], purpose="message")
    return None


def _counted(
    lived: Lived,
    passed: set[frozenset[str]],
    refused: Mapping[frozenset[str], str],
    tied: set[frozenset[str]],
    limited: set[frozenset[str]],
) -> Outcome:
    outcome = Outcome()
    for offender, children in lived.seeded.items():
        kind = outcome.offenders.setdefault(lived.kinds[offender], Tally())
        for child in children:
            pair = frozenset((offender, child))
            stopped = pair in refused and pair not in passed
            outcome.seeded.add(stopped)
            kind.add(stopped)
            if child in lived.reached[offender]:
                outcome.reached.add(stopped)
            outcome.rules[refused[pair] if stopped else "passed"] += 1
    for pair in lived.passing:
        outcome.passing.add(pair in refused and pair not in passed)
    for pairs, fresh in ((lived.old, False), (lived.ordinary, True)):
        for pair, kind_of in pairs.items():
            stopped = pair in refused and pair not in passed
            outcome.ordinary.add(stopped)
            outcome.kinds.setdefault(kind_of, Tally()).add(stopped)
            outcome.limited.add(pair in limited)
            if stopped:
                outcome.ordinary_rules[f"{kind_of}: {refused[pair]}"] += 1
            if fresh:
                outcome.new.add(stopped)
                outcome.new_kinds.setdefault(kind_of, Tally()).add(stopped)
                if pair in tied:
                    outcome.near.add(stopped)
                    if kind_of in ("peers", "near_age"):
                        outcome.near_peers.add(stopped)
    return outcome
