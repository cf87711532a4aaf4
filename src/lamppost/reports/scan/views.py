"""Scores seen by account and by child: a line each, gathered from their relationships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from lamppost.core.levels import Level
from lamppost.history.memory import EVERYONE, State
from lamppost.pipeline import RelationshipScore
from lamppost.risk.score import Contribution, age_range, is_adult, is_child


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account as its worst relationship shows it.

    `bits`, `contributions` and `conversation_id` are of that relationship; `relationships` and
    `concerning` count all, and those at `concern` or higher.
    """

    account_id: str
    bits: float
    level: str
    relationships: int
    concerning: int
    conversation_id: str
    target_id: str
    contributions: list[Contribution]


class ChildSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Something a child said that asks for care; never a sign of guilt."""

    detector: str
    because: str
    conversation_id: str
    event: str


class ChildView(msgspec.Struct, frozen=True, kw_only=True):
    """A child, or someone of unknown age who is aimed at: how they need protecting.

    `level` is the highest of the relationships aimed at them. `care` is true when they asked
    for help or spoke of self-harm, whatever the level.
    """

    child_id: str
    level: str
    bits: float
    age_known: bool
    care: bool
    aimed_at_by: list[str]
    signals: list[ChildSignal]


SignalNames = dict[int, tuple[str, str, bool]]
"""Child signals by detector number: full id, sentence, whether it asks for care at once."""


def account_views(rows: Iterable[RelationshipScore]) -> Iterator[AccountView]:
    """Accounts in order of first mention."""
    groups: dict[str, list[RelationshipScore]] = {}
    for row in rows:
        groups.setdefault(row.actor_id, []).append(row)
    for account, items in groups.items():
        worst = max(items, key=lambda row: (Level.parse(row.level), row.bits))
        yield AccountView(
            account_id=account,
            bits=worst.bits,
            level=worst.level,
            relationships=len(items),
            concerning=sum(Level.parse(row.level) >= Level.CONCERN for row in items),
            conversation_id=worst.conversation_id,
            target_id=worst.target_id,
            contributions=worst.contributions,
        )


def child_views(
    rows: Iterable[RelationshipScore], state: State, names: SignalNames
) -> Iterator[ChildView]:
    """Children, and people of unknown age aimed at from `watch` on, in order of first mention."""
    groups: dict[str, list[RelationshipScore]] = {}
    for row in rows:
        if row.target_id != EVERYONE:
            groups.setdefault(row.target_id, []).append(row)
    for child, items in groups.items():
        person = state.people.get(child)
        worst = max(items, key=lambda row: (Level.parse(row.level), row.bits))
        level = Level.parse(worst.level)
        if is_adult(person) and not is_child(person):
            continue
        if not is_child(person) and level < Level.WATCH:
            continue
        signals: dict[tuple[str, str], ChildSignal] = {}
        care = False
        for row in items:
            found = state.relationships[f"{row.conversation_id}\x1f{row.actor_id}\x1f{child}"]
            for item in found.sightings:
                name = names.get(item.detector)
                if name is None:
                    continue
                detector, because, imminent = name
                care = care or imminent
                signals.setdefault(
                    (detector, item.event),
                    ChildSignal(
                        detector=detector,
                        because=because,
                        conversation_id=row.conversation_id,
                        event=item.event,
                    ),
                )
        yield ChildView(
            child_id=child,
            level=worst.level,
            bits=worst.bits,
            age_known=age_range(person) is not None,
            care=care,
            aimed_at_by=[row.actor_id for row in items if Level.parse(row.level) >= Level.WATCH],
            signals=list(signals.values()),
        )
