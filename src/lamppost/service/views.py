"""What the API answers: relationships, accounts and children as `lamppost score` writes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from lamppost.client.answers import Found
from lamppost.core.levels import Level
from lamppost.history.accounts import Book
from lamppost.history.memory import State
from lamppost.history.ports import FoundRow, Ledger, RelationshipRow
from lamppost.pipeline import Engine, Finding, RelationshipScore, score
from lamppost.reports.scan.views import (
    AccountView,
    ChildView,
    SignalNames,
    account_views,
    bonds,
    child_views,
    followed_view,
)
from lamppost.risk.accounts import Rates, score_account
from lamppost.risk.score import Skipped
from lamppost.service.folding import (
    Rules,
    conversation_from,
    person_from,
    relationship_from,
    relationship_id,
)
from lamppost.service.following import Following

MOST: Final = 500
"""Most items of one page."""
_OF_ONE: Final = 10_000
_finding: Final = msgspec.json.Decoder(Finding)


class Scores(msgspec.Struct, frozen=True):
    """A page of relationships. `next` asks for the following page as `?after=`."""

    items: list[RelationshipScore]
    next: str | None


class Accounts(msgspec.Struct, frozen=True):
    """A page of accounts."""

    items: list[AccountView]
    next: str | None


class Children(msgspec.Struct, frozen=True):
    """A page of children."""

    items: list[ChildView]
    next: str | None


class Findings(msgspec.Struct, frozen=True):
    """A page of findings, in the order of finding."""

    items: list[Found]
    next: str | None


class Views:
    """Reads from the store only, so that it may be used from any thread and any process."""

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        rules: Callable[[], Rules],
        following: Following | None = None,
    ) -> None:
        self._following = following
        self._engine = engine
        self._ledger = ledger
        self._rules = rules
        self._signals: SignalNames = {
            number: (card.detector, card.because, card.imminent)
            for number, card in engine.library.cards.items()
            if card.kind == "child_signal"
        }

    def relationship(self, identifier: str) -> RelationshipScore | None:
        """One relationship."""
        row = self._ledger.relationship(identifier)
        return None if row is None else self._score([row])[0][0]

    def relationships(
        self,
        conversation: str | None,
        account: str | None,
        level: Level,
        after: str | None,
        limit: int,
    ) -> Scores:
        """Relationships of a conversation or an account (either side), or all."""
        rows = self._ledger.relationships(
            conversation=conversation, account=account, level=level, after=after or "",
            limit=limit + 1,
        )  # fmt: skip
        more = rows[limit - 1].id if len(rows) > limit else None
        return Scores(self._score(rows[:limit])[0], more)

    def account(self, identifier: str) -> AccountView | None:
        """One account, as it treats others."""
        found = self._accounts([identifier], None)
        return found[0] if found else None

    def accounts(
        self, conversation: str | None, account: str | None, after: str | None, limit: int
    ) -> Accounts:
        """Accounts by id, as they treat others; of a conversation only there."""
        if account is not None:
            return Accounts(self._accounts([account], conversation), None)
        names = self._ledger.sides(
            "actor", conversation=conversation, after=after or "", limit=limit + 1
        )
        more = names[limit - 1] if len(names) > limit else None
        return Accounts(self._accounts(names[:limit], conversation), more)

    def child(self, identifier: str) -> ChildView | None:
        """One child, or someone of unknown age who is aimed at."""
        found = self._children([identifier], None)
        return found[0] if found else None

    def children(
        self, conversation: str | None, account: str | None, after: str | None, limit: int
    ) -> Children:
        """Children by id. A page may be short or empty while there are more."""
        if account is not None:
            return Children(self._children([account], conversation), None)
        names = self._ledger.sides(
            "target", conversation=conversation, after=after or "", limit=limit + 1
        )
        more = names[limit - 1] if len(names) > limit else None
        return Children(self._children(names[:limit], conversation), more)

    def findings(
        self,
        conversation: str | None,
        account: str | None,
        level: Level,
        after: int,
        limit: int,
    ) -> Findings:
        """Findings in the order they were made, after a number."""
        rows = self._ledger.found(
            after, limit + 1, conversation=conversation, account=account, level=level
        )
        more = str(rows[limit - 1].number) if len(rows) > limit else None
        return Findings([_found(row) for row in rows[:limit]], more)

    def finding(self, identifier: str) -> Found | None:
        """One finding."""
        row = self._ledger.finding(identifier)
        return None if row is None else _found(row)

    def _accounts(self, names: Sequence[str], conversation: str | None) -> list[AccountView]:
        if not names:
            return []
        rows = self._ledger.relationships(actors=names, conversation=conversation, limit=_OF_ONE)
        scores, _ = self._score(rows)
        groups: dict[str, list[RelationshipScore]] = {name: [] for name in names}
        for row in scores:
            groups[row.actor_id].append(row)
        views: list[AccountView] = []
        for name, own in groups.items():
            found = None
            with self._known(conversation) as known:
                state = known[0].accounts.get(name) if known is not None else None
                if known is not None and state is not None:
                    found = score_account(known[0], state, known[1], bonds(own))
            views += account_views(own) if found is None else [followed_view(found, own)]
        return sorted(views, key=lambda view: view.account_id)

    def _children(self, names: Sequence[str], conversation: str | None) -> list[ChildView]:
        if not names:
            return []
        rows = self._ledger.relationships(targets=names, conversation=conversation, limit=_OF_ONE)
        scores, state = self._score(rows)
        for name, data in self._ledger.people(names).items():
            state.people[name] = person_from(data)
        groups: dict[str, list[RelationshipScore]] = {name: [] for name in names}
        for row in scores:
            groups[row.target_id].append(row)
        views: list[ChildView] = []
        for name, own in groups.items():
            with self._known(conversation) as known:
                state.book, rates = known if known is not None else (None, None)
                views += child_views(own, state, self._signals, rates=rates, only=[name])
        return sorted(views, key=lambda view: view.child_id)

    def _known(
        self, conversation: str | None
    ) -> contextlib.AbstractContextManager[tuple[Book, Rates] | None]:
        """What accounts do, held for one of them at a time so that the gate need not wait.

        Of one conversation alone nothing is: behaviour is not kept by conversation.
        """
        if conversation is not None or self._following is None:
            return contextlib.nullcontext()
        return self._following.followed()

    def _score(self, rows: Sequence[RelationshipRow]) -> tuple[list[RelationshipScore], State]:
        """Scores of rows under the live policy, and the state they were made from."""
        engine = replace(self._engine, thresholds=self._rules().policy.thresholds)
        state = State()
        names = sorted({name for row in rows for name in (row.actor, row.target)})
        for name, data in self._ledger.people(names).items():
            state.people[name] = person_from(data)
        talks = sorted({row.conversation for row in rows})
        unread: dict[str, int] = {}
        for talk in self._ledger.conversations(talks):
            kept = conversation_from(talk.state)
            state.conversations[talk.id] = kept.conversation
            unread[talk.id] = kept.unread
        made = []
        for row in rows:
            item = relationship_from(row.state)
            state.relationships["\x1f".join(item.key)] = item
            result = score(engine, state, item)
            if unread.get(row.conversation):
                reason = f"{unread[row.conversation]} messages were not read: no legal basis"
                result = msgspec.structs.replace(
                    result, skipped=[*result.skipped, Skipped("text", reason)]
                )
            made.append(result)
        return made, state


def _found(row: FoundRow) -> Found:
    return Found(
        number=row.number,
        found_at=row.found_at,
        policy=row.policy,
        relationship_id=relationship_id(row.conversation, row.actor, row.target),
        finding=_finding.decode(row.body),
    )
