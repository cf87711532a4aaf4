"""Seams of the history: the log of accepted events, the state folded from it, what was found.

The log is the truth. State rows are written behind it, together with how far it has been folded,
so that after a kill the fold goes on from there and finds the same things under the same ids.
States and bodies are bytes; only their owner knows what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

EVERYWHERE = -1
"""Partition of events that every partition folds."""


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to keep. `key` names it, `stamp` (ms) its edit, 0 for the first version."""

    key: bytes
    stamp: int
    partition: int
    kind: str
    conversation: str
    at: int
    body: bytes


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Place of an event in the log (0: it was there already) and the stamp known before, or -1."""

    seq: int
    known: int


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event of the log."""

    seq: int
    known: int
    kind: str
    conversation: str
    at: int
    body: bytes


class Rejected(msgspec.Struct, frozen=True):
    """A line that could not be read: where, why, how long, and the SHA-256 of it."""

    key_name: str
    line: int
    field: str
    reason: str
    size: int
    digest: str


class Sealed(msgspec.Struct, frozen=True):
    """A message's text, sealed before any store saw it."""

    conversation: str
    event: str
    stamp: int
    sender: str
    key_id: str
    nonce: bytes
    ciphertext: bytes


class Progress(msgspec.Struct, frozen=True):
    """How far a partition has been folded, with which detector data, and its counters."""

    seq: int
    newest: int
    library: str
    counters: bytes


class ConversationRow(msgspec.Struct, frozen=True, gc=False):
    """State of a conversation, and the place of the last event folded into it."""

    id: str
    partition: int
    seq: int
    last_at: int
    state: bytes


class RelationshipRow(msgspec.Struct, frozen=True, gc=False):
    """State of a relationship with what it is looked up by."""

    id: str
    partition: int
    conversation: str
    actor: str
    target: str
    level: int
    last_at: int
    state: bytes


class FoundRow(msgspec.Struct, frozen=True):
    """Something found. `number` counts up in the order of finding (0: not kept yet)."""

    id: str
    conversation: str
    actor: str
    target: str
    level: int
    at: int
    policy: str
    body: bytes
    found_at: int = 0
    number: int = 0


class ShadowRow(msgspec.Struct, frozen=True):
    """What a policy in shadow would have found."""

    policy: str
    id: str
    conversation: str
    actor: str
    target: str
    level: int
    bits: float
    at: int


class Delivery(msgspec.Struct, frozen=True):
    """A webhook message on its way; `state` is `pending`, `delivered` or `dead`."""

    id: str
    webhook: str
    event: str
    body: bytes
    state: str
    attempts: int
    next_at: int
    created_at: int
    last_error: str = ""


class Checkpoint(msgspec.Struct):
    """What changed in some conversations of a partition, whole.

    Each conversation comes with its relationships and findings, so that its `seq` is true of
    all of them. `progress.seq` is where folding begins again: all before it is written.
    """

    partition: int
    progress: Progress
    now: int
    conversations: list[ConversationRow] = []
    relationships: list[RelationshipRow] = []
    gone: list[str] = []
    people: list[tuple[str, bytes]] = []
    found: list[FoundRow] = []
    shadow: list[ShadowRow] = []


class Ledger(Protocol):
    """The log and what is folded from it. Every method raises `StoreError` when the store fails."""

    def accept(
        self,
        events: Sequence[NewEvent],
        rejected: Sequence[Rejected],
        sealed: Sequence[Sealed],
        now: int,
        change: Checkpoint | None = None,
        outbox: Callable[[Sequence[FoundRow]], Sequence[Delivery]] = lambda rows: (),
        renewed: Callable[[Sequence[Sealed]], Sequence[Sealed]] = lambda rows: rows,
    ) -> tuple[list[Receipt], list[FoundRow]]:
        """Keep what is new, all or nothing; when this returns, it is durable.

        Numbers in the log have no gaps and come in the order of commits, whoever writes. A
        `change` is written in the same transaction, as `checkpoint` does. `renewed` is asked for
        the sealed texts once no erasure can come in between.
        """
        ...

    def events(
        self,
        after: int = 0,
        limit: int = 1000,
        *,
        partition: int | None = None,
        conversation: str | None = None,
        kinds: Sequence[str] = (),
    ) -> list[StoredEvent]:
        """Events after a place in the log, in order; of a partition with those of all.

        `kinds` keeps some kinds of event alone.
        """
        ...

    def newest(self) -> int:
        """Place of the newest event."""
        ...

    def progress(self, partition: int) -> Progress | None:
        """How far a partition has been folded."""
        ...

    def reset(self, partition: int) -> None:
        """Forget the state of a partition, to fold it again; the log and findings stay."""
        ...

    def conversations(self, ids: Sequence[str]) -> list[ConversationRow]:
        """States of conversations."""
        ...

    def relationships_in(self, conversations: Sequence[str]) -> list[RelationshipRow]:
        """Every relationship of some conversations."""
        ...

    def people(self, ids: Sequence[str], *, partition: int | None = None) -> dict[str, bytes]:
        """States of people; without `partition`, whichever is found."""
        ...

    def checkpoint(
        self, change: Checkpoint, outbox: Callable[[Sequence[FoundRow]], Sequence[Delivery]]
    ) -> list[FoundRow]:
        """Write a change, all or nothing; returns the findings that were new.

        `outbox` is asked for the messages about them, which are kept in the same transaction.
        """
        ...

    def relationship(self, identifier: str) -> RelationshipRow | None:
        """One relationship."""
        ...

    def relationships(
        self,
        *,
        conversation: str | None = None,
        account: str | None = None,
        actors: Sequence[str] = (),
        targets: Sequence[str] = (),
        level: int = 0,
        after: str = "",
        limit: int = 100,
    ) -> list[RelationshipRow]:
        """Relationships by id above `after`; `account` is either side of it."""
        ...

    def sides(
        self,
        side: str,
        *,
        conversation: str | None = None,
        account: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[str]:
        """Distinct accounts on a side (`actor` or `target`), in order, above `after`."""
        ...

    def found(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        conversation: str | None = None,
        account: str | None = None,
        level: int = 0,
    ) -> list[FoundRow]:
        """Findings after a number, in the order of finding."""
        ...

    def finding(self, identifier: str) -> FoundRow | None:
        """One finding."""
        ...

    def shadow(self, policy: str, after: str = "", limit: int = 100) -> list[ShadowRow]:
        """What a policy in shadow found, by id above `after`."""
        ...

    def rejected(self, after: int = 0, limit: int = 100) -> list[tuple[int, int, Rejected]]:
        """Number, time of receipt and reason of lines set aside."""
        ...

    def counts(self) -> dict[str, int]:
        """Rows of the log, findings, lines set aside, messages waiting or dead."""
        ...

    def sealed(self, conversation: str) -> Iterator[Sealed]:
        """Sealed texts of a conversation."""
        ...

    def expire(self, *, state_before: int, log_before: int, sealed_before: int) -> dict[str, int]:
        """Forget what is older (ms): states and findings, log and lines, sealed texts; counts."""
        ...

    def erase(self, account: str) -> dict[str, int]:
        """Remove an account: its state, its events, what was found, its sealed texts; counts."""
        ...

    def check(self, size: int = 1) -> None:
        """Raise `StoreError` unless the store can be read, and `size` bytes be written to it."""
        ...


class Outbox(Protocol):
    """Messages on their way to webhooks."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Keep new messages."""
        ...

    def claim(self, now: int, lease: int, limit: int) -> list[Delivery]:
        """Take messages that are due; no one else gets them for `lease` ms."""
        ...

    def settle(self, delivery: Delivery) -> None:
        """Write the outcome of an attempt."""
        ...

    def list(self, state: str, after: str = "", limit: int = 100) -> list[Delivery]:
        """Messages in a state, by id above `after`."""
        ...

    def revive(self, identifier: str, now: int) -> bool:
        """Send a dead message again; returns whether there was one."""
        ...
