"""Seams of the cases: where audit rows, sealed items, keys and holds are kept.

Stores keep bytes and order; what is encrypted, hashed or allowed is decided by their callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec


class AuditRow(msgspec.Struct, frozen=True):
    """One link of the audit chain; `details` is JSON text, `at` milliseconds UTC."""

    seq: int
    at: int
    actor: str
    act: str
    subject: str
    details: str
    prev_hash: str
    hash: str


class VaultKey(msgspec.Struct, frozen=True):
    """A data key, wrapped by a master key; a destroyed one has no wrapped bytes left."""

    id: str
    wrapped: bytes | None
    state: str
    created_at: int
    destroyed_at: int | None = None


class VaultItem(msgspec.Struct, frozen=True):
    """A sealed piece of evidence of a case, about one subject."""

    id: str
    case_id: str
    subject_id: str
    key_id: str
    nonce: bytes
    ciphertext: bytes
    created_at: int


class LegalHold(msgspec.Struct, frozen=True):
    """While not released, nothing of the subject may be erased."""

    id: str
    subject_id: str
    reason: str
    placed_by: str
    placed_at: int
    released_by: str | None = None
    released_at: int | None = None


class AuditStore(Protocol):
    """An append-only list of rows."""

    def append(self, make: Callable[[AuditRow | None], AuditRow]) -> AuditRow:
        """Add the row that `make` gives for the last row (`None`: the first), all under one lock.

        Two writers can never link to the same row. Raises `StoreError`.
        """
        ...

    def rows(self, after: int = 0, limit: int | None = None) -> Iterator[AuditRow]:
        """Rows with `seq` above `after`, in order."""
        ...

    def last(self) -> AuditRow | None:
        """The newest row."""
        ...


class VaultStore(Protocol):
    """Sealed items and the keys that open them."""

    def add_items(self, items: Sequence[VaultItem]) -> None:
        """Keep sealed items; an id that is there already is left as it is."""
        ...

    def item(self, identifier: str) -> VaultItem | None:
        """One item."""
        ...

    def items(self, *, case: str | None = None, subject: str | None = None) -> list[VaultItem]:
        """Items of a case, of a subject, or of both; oldest first."""
        ...

    def replace_item(self, item: VaultItem) -> None:
        """Put an item sealed anew in the place of the old one (rotation of keys)."""
        ...

    def delete_items(self, identifiers: Sequence[str]) -> int:
        """Remove items; returns how many."""
        ...

    def put_key(self, key: VaultKey) -> None:
        """Add a key, or put it in the place of the one with its id."""
        ...

    def key(self, identifier: str) -> VaultKey | None:
        """One key."""
        ...

    def keys(self) -> list[VaultKey]:
        """Every key, destroyed ones too; oldest first."""
        ...


class HoldStore(Protocol):
    """Legal holds."""

    def place(self, hold: LegalHold) -> None:
        """Keep a new hold."""
        ...

    def release(self, identifier: str, *, by: str, at: int) -> bool:
        """Release a hold; returns whether there was one in force."""
        ...

    def holds(self, subject: str | None = None) -> list[LegalHold]:
        """Holds of a subject, or all; released ones too; oldest first."""
        ...


class SealedText(msgspec.Struct, frozen=True):
    """Bytes of a text that only the holder of key `key_id` can open."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class TextSealer(Protocol):
    """Seals text before any store sees it; safe to call from several threads.

    `subject` is the account whose words they are: its key closes them, and when that account is
    erased the key goes, in backups too. `about` names what the text belongs to (conversation,
    event, stamp) and is bound to it: opening with another name fails. `SealedText.key_id` must
    be kept beside the bytes: erasure finds by it what else has to be sealed anew.
    """

    def seal(self, subject: str, about: str, text: str) -> SealedText:
        """Encrypt."""
        ...

    def open(self, subject: str, about: str, sealed: SealedText) -> str:
        """Decrypt; raises `StoreError` when the key is gone or the bytes were changed."""
        ...
