"""Judge account scores on communities: where seeded offenders rank before their third child.

Events are folded in order through the spine; at the moment at which an offender reaches its third
child all accounts are scored as they stand, and nothing later is known. The offender is ranked
among the accounts that do not say they are minors; equal scores count against it.

When it fails: the communities are our own. A high share shows that the detectors see what the
simulator does, not how often they would see a real offender.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from lamppost.core.times import to_ms
from lamppost.evaluation.community.run import Member, Offender, simulate
from lamppost.events.vocabulary import Account, Event, Message, moment_of
from lamppost.history.accounts import Book
from lamppost.history.memory import State
from lamppost.pipeline import Engine, RelationshipScore, scores, step
from lamppost.risk.accounts import (
    AccountScore,
    Bond,
    Rates,
    StoredRates,
    measure,
    norms_of,
    score_accounts,
    sights,
)
from lamppost.risk.children import flag_grades
from lamppost.signals.care import care
from lamppost.signals.conduct import GRADES, conduct

HARD_KINDS = ("coach", "teacher", "parent", "clan_leader")
"""Ordinary people who must never stand at `high`."""


class Rank(msgspec.Struct, frozen=True, kw_only=True):
    """Where one seeded offender stood when it reached its third child.

    `rank` is a share of the accounts that do not say they are minors: 0.01 is the first 1 %.
    `hours` is the time since its first contact with a child, `level` its level then.
    """

    seed: int
    account_id: str
    kind: str
    rank: float
    bits: float
    level: str
    hours: float
    by: list[str]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A community judged: ranks, and how many of each ordinary kind stand at each level."""

    seed: int
    accounts: int
    ranks: list[Rank]
    unreached: int
    levels: dict[str, dict[str, int]]


def without_text(event: Event) -> Event:
    """The event as an encrypted platform sees it: no text, no labels."""
    if isinstance(event, Message):
        return msgspec.structs.replace(event, text="", labels=[])
    return event


def bonds_of(rows: Iterable[RelationshipScore]) -> dict[str, list[Bond]]:
    """What accounts' relationships say, by account."""
    found: dict[str, list[Bond]] = {}
    for row in rows:
        if row.bits > 0:
            events = list(dict.fromkeys(e for item in row.contributions for e in item.events))
            found.setdefault(row.actor_id, []).append(
                Bond(row.conversation_id, row.target_id, row.bits, row.level, events)
            )
    return found


def judge(engine: Engine, seed: int, accounts: int, days: int, *, text: bool = True) -> Judged:
    """Simulate one community, fold it, and rank its offenders as they reach the third child."""
    truth, members = _truth(seed, accounts, days)
    due = sorted(
        (to_ms(row.third_child_at), row) for row in truth.values() if row.third_child_at is not None
    )
    kinds = {member.account_id: member.kind for member in members}
    state = State(book=Book())
    ranks: list[Rank] = []
    for state, at in _folded(engine, seed, accounts, days, [at for at, _ in due], text=text):
        if at is None:
            break
        table = _scores(engine, state)
        ranks.extend(_rank(seed, row, state, table) for moment, row in due if moment == at)
    levels: dict[str, Counter[str]] = {}
    for found in _scores(engine, state).values():
        kind = kinds[found.account_id]
        if not kind.startswith("offender"):
            levels.setdefault(kind, Counter())[found.level.word] += 1
    return Judged(
        seed=seed,
        accounts=len(members),
        ranks=ranks,
        unreached=len(truth) - len(ranks),
        levels={kind: dict(table) for kind, table in sorted(levels.items())},
    )


def calibrate(engine: Engine, seeds: Sequence[int], accounts: int, days: int) -> StoredRates:
    """Measure how often ordinary accounts reach each grade of each behaviour."""
    totals = {"adult": 0, "unknown": 0, "minor": 0}
    reached: dict[str, dict[str, list[int]]] = {}
    for seed in seeds:
        truth, _ = _truth(seed, accounts, days)
        last = State(book=Book())
        for last, _ in _folded(engine, seed, accounts, days, [], text=True):
            pass
        assert last.book is not None
        norms = norms_of(last.book)
        for name, state in last.book.accounts.items():
            if name in truth:
                continue
            view = conduct(last.book, state, norms)
            totals[view.kind] += 1
            table = reached.setdefault(view.kind, {})
            grades = [(detector, value) for detector, value, _ in sights(view)]
            if state.minor:
                seen = flag_grades(care(last.book, state))
                grades += [(flag.card.id, value) for flag, value, _, _ in seen]
            for detector, value in grades:
                row = table.setdefault(detector, [0] * (GRADES - 1))
                for place in range(value):
                    row[place] += 1
    source = (
        f"{sum(totals.values()):,} simulated ordinary accounts: {len(seeds)} communities of "
        f"{accounts:,} for {days} days (scripts/community.py --calibrate)"
    )
    return StoredRates(source, totals, reached)


def write_rates(rates: StoredRates, path: Path) -> None:
    """Write stored rates as TOML."""
    lines = [
        "# Written by `scripts/community.py --calibrate`; do not edit by hand.",
        f'source = "{rates.source}"',
        "\n[accounts]",
        *(f"{kind} = {number}" for kind, number in rates.accounts.items()),
    ]
    for kind, table in sorted(rates.reached.items()):
        lines.append(f"\n[reached.{kind}]")
        for name, row in sorted(table.items()):
            while row and row[-1] == 0:
                row = row[:-1]
            lines.append(f"{name} = {row}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _truth(seed: int, accounts: int, days: int) -> tuple[dict[str, Offender], list[Member]]:
    """Ground truth needs the whole run, so the community is run once for it."""
    community = simulate(accounts, days, seed)
    for _ in community.events():
        pass
    return {row.account_id: row for row in community.truth}, community.members


def _folded(
    engine: Engine, seed: int, accounts: int, days: int, stops: Sequence[int], *, text: bool
) -> Iterator[tuple[State, int | None]]:
    """States at each stop (ms), events up to and including it folded; last the end."""
    state = State(book=Book())
    pending: list[Event] = []
    waiting = list(dict.fromkeys(stops))
    for event in simulate(accounts, days, seed).events():
        at = _happened(event)
        while waiting and at is not None and at > waiting[0]:
            state, _ = step(engine, state, pending)
            pending = []
            yield state, waiting.pop(0)
        pending.append(event if text else without_text(event))
        if len(pending) >= 8192:
            state, _ = step(engine, state, pending)
            pending = []
    state, _ = step(engine, state, pending)
    for at in waiting:
        yield state, at
    yield state, None


def _happened(event: Event) -> int | None:
    if isinstance(event, Account):
        return None
    if isinstance(event, Message) and event.deleted_at is not None:
        return to_ms(event.deleted_at)
    moment = moment_of(event)
    return None if moment is None else to_ms(moment)


def _scores(engine: Engine, state: State) -> dict[str, AccountScore]:
    assert state.book is not None
    rates: Rates = measure(state.book)
    found = score_accounts(state.book, bonds_of(scores(engine, state)), rates)
    return {item.account_id: item for item in found}


def _rank(seed: int, row: Offender, state: State, table: dict[str, AccountScore]) -> Rank:
    assert state.book is not None
    assert row.third_child_at is not None
    mine = table[row.account_id]
    others = [
        item.bits
        for name, item in table.items()
        if name != row.account_id and not state.book.accounts[name].minor
    ]
    above = sum(bits >= mine.bits for bits in others)
    begun = row.first_contact_at or row.third_child_at
    return Rank(
        seed=seed,
        account_id=row.account_id,
        kind=row.kind,
        rank=(above + 1) / (len(others) + 1),
        bits=mine.bits,
        level=mine.level.word,
        hours=round((row.third_child_at - begun).total_seconds() / 3600, 1),
        by=[item.detector for item in mine.contributions if item.bits >= 1],
    )
