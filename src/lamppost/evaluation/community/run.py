"""Run the community day by day: events in order of time, and apart from them who was seeded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from lamppost.core.times import from_ms
from lamppost.evaluation.community.life import Life
from lamppost.evaluation.community.offenders import Agent, act, seed_offenders
from lamppost.evaluation.community.world import DAY, HOUR, World, build
from lamppost.events.vocabulary import Event


class Offender(msgspec.Struct, frozen=True, kw_only=True):
    """Ground truth of one seeded account.

    A child is reached when it takes the contact or answers; `children` are in that order.
    `third_child_at` is null when the days end before.
    """

    account_id: str
    kind: str
    third_child_at: datetime | None
    first_contact_at: datetime | None
    children: list[str]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Ground truth of anybody: what kind of person is behind an account, and how old."""

    account_id: str
    kind: str
    age: int


@dataclass(slots=True)
class Community:
    """A community and its ground truth; `truth` and `members` hold once `events` has run out."""

    world: World
    agents: list[Agent]
    days: int

    def events(self) -> Iterator[Event]:
        """Every event in order of time. Runs once."""
        world = self.world
        life = Life(world)
        rng = world.rng
        order = list(world.people)
        rng.shuffle(order)
        for who in order:
            if who.born < 0:
                age = int(rng.expovariate(1 / 300) * DAY) + HOUR
                life.arrive(who, world.start, world.start - age)
        for day in range(self.days):
            life.day = day
            begin = world.start + day * DAY
            for who in order:
                if who.born == day:
                    at = begin + int(rng.random() * DAY * 0.3)
                    life.arrive(who, at, at)
            life.live()
            for agent in self.agents:
                act(life, agent)
            life.sessions()
            # what people east of Greenwich do today has partly happened yesterday by UTC
            yield from life.take(begin + DAY - 14 * HOUR)
        yield from life.take(world.start + self.days * DAY)

    @property
    def truth(self) -> list[Offender]:
        """The seeded offenders."""
        people = self.world.people
        end = self.world.start + self.days * DAY
        found = []
        for agent in self.agents:
            reached = sorted(item for item in agent.reached if item[0] < end)
            found.append(
                Offender(
                    account_id=agent.who.id,
                    kind=agent.kind,
                    third_child_at=from_ms(reached[2][0]) if len(reached) > 2 else None,
                    first_contact_at=None if agent.first_at is None else from_ms(agent.first_at),
                    children=[people[index].id for _, index in reached],
                )
            )
        return sorted(found, key=lambda item: item.account_id)

    @property
    def members(self) -> list[Member]:
        """Everybody, offenders too, in order of account id."""
        found = [Member(account_id=who.id, kind=who.kind, age=who.age) for who in self.world.people]
        return sorted(found, key=lambda item: item.account_id)


def simulate(accounts: int, days: int, seed: int) -> Community:
    """A community of about `accounts` people for `days`; equal arguments give equal events."""
    world = build(accounts, days, seed)
    return Community(world, seed_offenders(world, days), days)
