"""How worrying an account is: what it does, and what its relationships with children say, in bits.

Each behaviour is weighed by how rare it is among accounts of the same class: bits are log2 of the
harmful rate on its card over the ordinary rate of the same grade or more. The ordinary rate is
measured on the accounts at hand, which hold so few harmful ones that they hardly move it, joined
with stored rates of simulated ordinary accounts (`signals/behaviour/rates.toml`) where there are
few. Behaviours are not independent, so each further one counts less. Text counts fully where a
child was a stranger and less where people knew each other before.

When it fails: on a platform where harm is common, common harm looks ordinary. Levels of single
relationships do not depend on this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from lamppost.core.levels import Level
from lamppost.history.accounts import AccountState, Book, number
from lamppost.risk.score import Contribution, Skipped
from lamppost.signals import behaviour
from lamppost.signals.conduct import (
    CLASSES,
    GRADES,
    Conduct,
    Detector,
    Norms,
    conduct,
    grade,
)
from lamppost.signals.discovery import behaviours

SHARES: Final = (1.0, 0.8, 0.6, 0.45, 0.35, 0.25)
"""What the strongest behaviour, the next, and so on count; all after the last as the last."""
TEXT_SHARES: Final = (1.0, 0.5, 0.25)
PRIOR: Final = 1000.0
"""How many accounts of a class the stored rates weigh as."""
ROLES: Final = frozenset(
    {"teacher", "coach", "parent", "moderator", "counsellor", "youth_worker", "clan_leader"}
)


@dataclass(frozen=True, slots=True)
class AccountWeights:
    """Placeholders, set on simulated communities (docs/behaviour.md).

    `watch`, `concern`, `high` are bits at which levels begin; `role` and `peer` the shares that a
    verified role and a child's account take away; `known` what text counts where people knew each
    other before; `cap` the most bits of one behaviour.
    """

    watch: float = 9.0
    concern: float = 14.0
    high: float = 22.0
    role: float = 0.4
    peer: float = 0.15
    known: float = 0.4
    cap: float = 7.0


_DAY: Final = 24 * 60
WEIGHTS: Final = AccountWeights()


class StoredRates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rates of simulated ordinary accounts: by class, how many there were, and per detector how
    many reached each grade or more (grade 1 first)."""

    source: str
    accounts: dict[str, int]
    reached: dict[str, dict[str, list[int]]]


@dataclass(slots=True)
class Rates:
    """Ordinary rates in force: norms, accounts by class, reached grades by class and detector."""

    norms: Norms
    stored: StoredRates
    accounts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    reached: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def count(self, kind: str, grades: Mapping[str, int]) -> None:
        """Count one account of a class with its grades."""
        self.accounts[kind] += 1
        self.add(kind, grades)

    def add(self, kind: str, grades: Mapping[str, int]) -> None:
        """Add grades of an account that has been counted."""
        table = self.reached.setdefault(kind, {})
        for name, value in grades.items():
            row = table.setdefault(name, [0] * GRADES)
            for step in range(1, value + 1):
                row[step] += 1

    def share(self, kind: str, name: str, value: int) -> float:
        """Share of ordinary accounts of a class that reach a grade; never 0."""
        stored_kind = kind if self.stored.accounts.get(kind, 0) > 200 else "adult"
        total = self.stored.accounts.get(stored_kind, 0)
        row = self.stored.reached.get(stored_kind, {}).get(name, [])
        seen = row[value - 1] if value <= len(row) else 0
        prior = (seen + 0.5) / (total + 1)
        live = self.reached.get(kind, {}).get(name)
        here = live[value] if live is not None else 0
        return (here + PRIOR * prior) / (self.accounts.get(kind, 0) + PRIOR)


@cache
def stored_rates() -> StoredRates:
    """The rates that come with Lamppost."""
    path = Path(behaviour.__file__).parent / "rates.toml"
    return msgspec.toml.decode(path.read_bytes(), type=StoredRates)


class Bond(msgspec.Struct, frozen=True):
    """What a relationship of the account says in text: to whom, bits, level, reasons."""

    conversation_id: str
    target_id: str
    bits: float
    level: str
    events: list[str] = []


class AccountScore(msgspec.Struct, frozen=True, kw_only=True):
    """An account with its exact reasons."""

    account_id: str
    bits: float
    level: Level
    contributions: list[Contribution]
    skipped: list[Skipped]


def norms_of(book: Book) -> Norms:
    """What is usual among the accounts of a book; a prior of some tens stands behind it."""
    from lamppost.history.sketches import count

    asked, children = 40.0, 8.0
    days, lessons = 100, 25
    sent, deleted = 1000, 10
    for state in book.accounts.values():
        sent += state.sent
        deleted += state.deleted
        if state.minor:
            days += state.weekdays.bit_count()
            lessons += state.lessons.bit_count()
        elif state.approached:
            asked += count(state.approached)
            children += count(state.approached_children)
    return Norms(
        child_share=min(0.9, max(0.02, children / asked)),
        lessons=lessons / days,
        deleting=deleted / sent,
    )


def measure(book: Book) -> Rates:
    """Ordinary rates as they are among the accounts of a book."""
    rates = Rates(norms_of(book), stored_rates())
    for state in book.accounts.values():
        view = conduct(book, state, rates.norms)
        rates.count(view.kind, {name: step for name, step, _ in sights(view)})
    return rates


def sights(view: Conduct) -> list[tuple[str, int, tuple[Detector, str, tuple[str, ...]]]]:
    """What every detector saw in an account, from grade 1 up."""
    found = []
    for detector in behaviours():
        sight = detector.look(view)
        if sight is not None:
            step = grade(sight.value)
            if step > 0:
                found.append((detector.card.id, step, (detector, sight.because, sight.events)))
    return found


def score_account(
    book: Book,
    state: AccountState,
    rates: Rates,
    bonds: Sequence[Bond] = (),
    weights: AccountWeights = WEIGHTS,
) -> AccountScore:
    """Add up what is known of one account; the contributions sum to the total exactly."""
    view = conduct(book, state, rates.norms)
    last = max((item.tie.last for item in view.children), default=book.now)
    idle = max(0, book.now - last)
    rows: list[Contribution] = []
    weighed = []
    for name, step, (detector, because, events) in sights(view):
        card = detector.card
        share = rates.share(view.kind, name, step)
        bits = min(weights.cap, card.bits.strong, math.log2(card.harmful_rate.value / share))
        bits *= 0.5 ** (idle / (card.half_life_days.value * _DAY))
        if bits > 0:
            weighed.append((bits, card, because, events))
    weighed.sort(key=lambda item: (-item[0], item[1].number))
    total = 0.0
    for place, (bits, card, because, events) in enumerate(weighed):
        part = bits * SHARES[min(place, len(SHARES) - 1)]
        total += part
        rows.append(Contribution(card.detector, card.version, part, because, list(events)))
    text, said = _text(view, bonds, weights)
    rows.extend(text)
    total += sum(row.bits for row in text)
    if total > 0 and ROLES & set(state.roles):
        role = ", ".join(sorted(ROLES & set(state.roles)))
        because = f"the platform verified a role: {role}"
        rows.append(Contribution("context.role", 1, -weights.role * total, because))
    elif total > 0 and view.kind == "minor":
        because = "the account says it is a child's: most contacts among children are ordinary"
        rows.append(Contribution("context.peers", 1, -weights.peer * total, because))
    rows = [
        msgspec.structs.replace(row, bits=round(row.bits, 2))
        for row in rows
        if abs(row.bits) >= 0.005
    ]
    bits = round(sum(row.bits for row in rows), 2)
    return AccountScore(
        account_id=state.id,
        bits=bits,
        level=_level(bits, said, weights),
        contributions=rows,
        skipped=_skipped(view),
    )


def _level(bits: float, said: Level, weights: AccountWeights) -> Level:
    """Level of an account: never lower than what a relationship with a strange child says.

    What an account does is at most a `concern` unless what it wrote to one strange child is a
    `concern` by itself: invitations to many, as a clan leader sends, do not add up to `high`.
    """
    if bits < weights.watch:
        own = Level.NONE
    elif bits < weights.concern:
        own = Level.WATCH
    elif bits >= weights.high and said >= Level.CONCERN:
        own = Level.HIGH
    else:
        own = Level.CONCERN
    return max(own, said)


def _text(
    view: Conduct, bonds: Sequence[Bond], weights: AccountWeights
) -> tuple[list[Contribution], Level]:
    """What relationships with children say, of one child the strongest; the highest level of
    those with children who were strangers."""
    contacts = {item.tie.other: item for item in view.children}
    best: dict[str, tuple[float, Bond, str]] = {}
    said = Level.NONE
    for bond in bonds:
        if bond.bits <= 0:
            continue
        other = view.book.accounts.get(bond.target_id)
        if other is not None and other.adult:
            continue
        contact = contacts.get(number(bond.target_id))
        share, how = 1.0, "a child"
        if contact is not None and contact.kin:
            continue
        if view.book.contacts and (contact is None or not contact.begun_here):
            share, how = weights.known, "somebody known from before"
        elif contact is not None and contact.strange == 0:
            share, how = weights.known, "somebody known from elsewhere"
        if share == 1.0:
            said = max(said, Level.parse(bond.level))
        part = bond.bits * share
        held = best.get(bond.target_id)
        if held is None or part > held[0]:
            best[bond.target_id] = (part, bond, how)
    ranked = sorted(best.values(), key=lambda item: (-item[0], item[1].target_id))
    rows = []
    for (part, bond, how), share in zip(ranked, TEXT_SHARES, strict=False):
        because = f"what is written to {how} stands at {bond.bits:g} bits"
        rows.append(Contribution("relationship", 1, part * share, because, bond.events[:6]))
    return rows, said


def _skipped(view: Conduct) -> list[Skipped]:
    found = []
    state = view.state
    if not view.book.contacts:
        found.append(Skipped("behaviour", "the events hold no steps of contact"))
    if view.kind == "unknown":
        found.append(Skipped("behaviour.age_told", "the account gives no age"))
    if not state.device and not state.payment:
        found.append(Skipped("behaviour.ring", "no device or payment is known"))
    if not state.profile:
        found.append(Skipped("behaviour.persona", "no profile events"))
    return found


def score_accounts(
    book: Book, bonds: Mapping[str, Sequence[Bond]], rates: Rates | None = None
) -> Iterable[AccountScore]:
    """Every account of a book, in order of first mention."""
    measured = measure(book) if rates is None else rates
    for name, state in book.accounts.items():
        yield score_account(book, state, measured, bonds.get(name, ()))
