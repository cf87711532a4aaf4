"""Scores seen by account and by child: a line each, gathered from their relationships."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from lamppost.core.levels import Level
from lamppost.history.accounts import Book
from lamppost.history.memory import EVERYONE, State
from lamppost.pipeline import RelationshipScore
from lamppost.risk.accounts import (
    AccountScore,
    Bond,
    Rates,
    norms_of,
    score_accounts,
    stored_rates,
)
from lamppost.risk.children import (
    Exposure,
    count_flags,
    exposure,
    priority,
    red_flags,
    skipped_of,
)
from lamppost.risk.score import Contribution, Skipped, age_range, is_adult, is_child


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account: what it does and what its relationships say.

    `conversation_id` and `target_id` name its worst relationship, empty when it has none;
    `relationships` and `concerning` count all, and those at `concern` or higher. Where accounts
    are not followed, `bits`, `level` and `contributions` are those of the worst relationship.
    """

    account_id: str
    bits: float
    level: str
    relationships: int
    concerning: int
    conversation_id: str
    target_id: str
    contributions: list[Contribution]
    skipped: list[Skipped] = []


class ChildSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Something a child said that asks for care; never a sign of guilt."""

    detector: str
    because: str
    conversation_id: str
    event: str


class ChildView(msgspec.Struct, frozen=True, kw_only=True):
    """A child, or someone of unknown age who is aimed at: how they need protecting.

    `level` is the highest of the relationships aimed at them. `care` is true when they asked
    for help or spoke of self-harm, whatever the level. `red_flags` and `exposure` raise
    `priority` (bits) and say who gets guidance first; they are never held against the child.
    """

    child_id: str
    level: str
    bits: float
    age_known: bool
    care: bool
    aimed_at_by: list[str]
    signals: list[ChildSignal]
    red_flags: list[Contribution] = []
    exposure: Exposure | None = None
    priority: float = 0.0
    skipped: list[Skipped] = []


SignalNames = dict[int, tuple[str, str, bool]]
"""Child signals by detector number: full id, sentence, whether it asks for care at once."""


def account_views(
    rows: Iterable[RelationshipScore], book: Book | None = None
) -> Iterator[AccountView]:
    """Accounts in order of first mention; with a `book`, all that are followed in it."""
    groups: dict[str, list[RelationshipScore]] = {}
    for row in rows:
        groups.setdefault(row.actor_id, []).append(row)
    if book is None:
        for account, items in groups.items():
            worst = max(items, key=lambda row: (Level.parse(row.level), row.bits))
            yield _account_view(account, items, worst.bits, worst.level, worst.contributions, [])
        return
    said = {account: bonds(items) for account, items in groups.items()}
    for score in score_accounts(book, said):
        yield followed_view(score, groups.get(score.account_id, []))


def bonds(rows: Iterable[RelationshipScore]) -> list[Bond]:
    """What the relationships of one account say, for its score."""
    return [
        Bond(
            row.conversation_id,
            row.target_id,
            row.bits,
            row.level,
            list(dict.fromkeys(event for item in row.contributions for event in item.events)),
        )
        for row in rows
    ]


def followed_view(score: AccountScore, rows: list[RelationshipScore]) -> AccountView:
    """The line of an account whose behaviour is followed; `rows` are its relationships."""
    return _account_view(
        score.account_id, rows, score.bits, score.level.word, score.contributions, score.skipped
    )


def _account_view(
    account: str,
    items: list[RelationshipScore],
    bits: float,
    level: str,
    contributions: list[Contribution],
    skipped: list[Skipped],
) -> AccountView:
    worst = max(items, key=lambda row: (Level.parse(row.level), row.bits), default=None)
    return AccountView(
        account_id=account,
        bits=bits,
        level=level,
        relationships=len(items),
        concerning=sum(Level.parse(row.level) >= Level.CONCERN for row in items),
        conversation_id=worst.conversation_id if worst else "",
        target_id=worst.target_id if worst else "",
        contributions=contributions,
        skipped=skipped,
    )


def child_views(
    rows: Iterable[RelationshipScore],
    state: State,
    names: SignalNames,
    *,
    rates: Rates | None = None,
    only: Collection[str] | None = None,
) -> Iterator[ChildView]:
    """Children, and people of unknown age aimed at from `watch` on, in order of first mention.

    Children are looked at for red flags where `state` follows accounts; then every child is
    there, or every one of `only`. `rates` are what is usual among the accounts, measured if not
    given.
    """
    book = state.book
    if book is not None and rates is None:
        rates = Rates(norms_of(book), stored_rates())
        count_flags(book, rates)
    groups: dict[str, list[RelationshipScore]] = {}
    for row in rows:
        if row.target_id != EVERYONE:
            groups.setdefault(row.target_id, []).append(row)
    if book is not None:
        for known in book.accounts if only is None else only:
            followed = book.accounts.get(known)
            if followed is not None and followed.minor:
                groups.setdefault(known, [])
    for child, items in groups.items():
        person = state.people.get(child)
        worst = max(items, key=lambda row: (Level.parse(row.level), row.bits), default=None)
        level = Level.parse(worst.level) if worst else Level.NONE
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
        found_flags: list[Contribution] = []
        exposed, skipped = None, []
        account = book.accounts.get(child) if book is not None else None
        if book is not None and rates is not None and account is not None and account.minor:
            found_flags = red_flags(book, account, rates)
            exposed = exposure(book, account)
            skipped = skipped_of(account)
        bits = worst.bits if worst else 0.0
        yield ChildView(
            child_id=child,
            level=level.word,
            bits=bits,
            age_known=age_range(person) is not None,
            care=care,
            aimed_at_by=[row.actor_id for row in items if Level.parse(row.level) >= Level.WATCH],
            signals=list(signals.values()),
            red_flags=found_flags,
            exposure=exposed,
            priority=priority(bits, found_flags, exposed, care=care),
            skipped=skipped,
        )
