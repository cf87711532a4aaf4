"""Seams of the cases: where audit rows, sealed items, keys, holds, cases and staff are kept.

Stores keep bytes and order; what is encrypted, hashed or allowed is decided by their callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from lamppost.cases.case import (
    Appeal,
    Case,
    CaseFile,
    Change,
    Clock,
    History,
    Hit,
    Label,
    Piece,
    QueueFilter,
    QueuePage,
    Reading,
    Sample,
    Token,
)
from lamppost.cases.exposure import Reveal
from lamppost.cases.figures import Figures
from lamppost.cases.staff import Staff, StaffSession


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


class ErasureRow(msgspec.Struct, frozen=True):
    """An erasure that was asked for; `state` is waiting, done or refused, `receipt` JSON."""

    id: str
    account: str
    person: str
    reason: str
    state: str
    asked_at: int
    ended_at: int | None = None
    detail: str = ""
    receipt: str | None = None


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

    def older(self, before: int) -> list[tuple[str, str]]:
        """Id and subject of items made before a moment (ms)."""
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


class ErasureStore(Protocol):
    """Erasures that were asked for."""

    def ask(self, row: ErasureRow) -> ErasureRow:
        """Keep a request; one for the same account that still waits is given back instead."""
        ...

    def settle(self, row: ErasureRow) -> None:
        """Write what became of a request."""
        ...

    def erasure(self, identifier: str) -> ErasureRow | None:
        """One request."""
        ...

    def list(self, *, state: str = "", after: str = "", limit: int = 100) -> list[ErasureRow]:
        """Requests by id above `after`; of one state, or all."""
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

    def in_use(self, key_id: str) -> bool:
        """Whether texts are still sealed with a key; if not, an erasure may destroy it soon."""
        ...

    def open(self, subject: str, about: str, sealed: SealedText) -> str:
        """Decrypt; raises `StoreError` when the key is gone or the bytes were changed."""
        ...


class CaseStore(Protocol):
    """Cases. Every method raises `StoreError` when the store fails; then nothing was written."""

    def absorb(
        self,
        finding_id: str,
        account: str,
        make: Callable[[CaseFile | None, list[Case], int], Change | None],
    ) -> str | None:
        """Add a finding once, one finding at a time; returns the id of the case it is in.

        `make` gets the open case of the account, its closed ones, and the next number; `None`
        from it adds nothing. It is not asked for a finding that is in a case already.
        """
        ...

    def change(
        self, case_id: str, make: Callable[[CaseFile], Change], token: Token | None = None
    ) -> str:
        """Change one case while nobody else can; returns the result of the change.

        A token that was used before for the same act gives the result of that time and changes
        nothing. Raises `ConflictError` when it was used for something else, `UsageError` when
        there is no such case.
        """
        ...

    def case(self, case_id: str) -> Case | None:
        """One case."""
        ...

    def file(self, case_id: str) -> CaseFile | None:
        """One case with all that lies in it."""
        ...

    def open_of(self, account: str) -> Case | None:
        """The open case of an account."""
        ...

    def queue(self, wanted: QueueFilter, now: int) -> QueuePage:
        """Cases in the order to be worked: by hand, urgent, soonest due."""
        ...

    def touching(self, account: str) -> list[Case]:
        """Cases in which an account is on either side, newest first."""
        ...

    def take_unpublished(self, now: int, limit: int = 100) -> list[History]:
        """Acts not yet in the audit chain, oldest first; nobody else gets them for a minute."""
        ...

    def published(self, act_id: str, row: int) -> None:
        """An act is in the audit chain, at `row`."""
        ...

    def running(self, kind: str | None = None, limit: int = 200) -> list[Clock]:
        """Clocks that run, soonest due first."""
        ...

    def appeals(self, *, answered: bool = False, limit: int = 200) -> list[Appeal]:
        """Appeals, oldest first."""
        ...

    def samples(self, not_by: str, now: int, limit: int = 50) -> list[Sample]:
        """Samples that a person has neither decided nor read."""
        ...

    def sample(self, sample_id: str) -> Sample | None:
        """One sample."""
        ...

    def read_samples(self) -> list[tuple[Sample, Reading]]:
        """Every reading with its sample."""
        ...

    def labels(self) -> Iterator[Label]:
        """Labels that count, in the order they were given."""
        ...

    def search(
        self, words: Sequence[str], kinds: Sequence[str], *, offset: int = 0, limit: int = 50
    ) -> tuple[list[Hit], int]:
        """What holds every word (the last one may go on), newest first, and how many there are."""
        ...

    def put_pieces(self, pieces: Sequence[Piece]) -> None:
        """Keep what is known of messages around a finding; a sealed one is never lost again."""
        ...

    def place(self, name: str) -> int:
        """How far a reader of findings has come."""
        ...

    def advance(self, name: str, number: int) -> None:
        """A reader of findings has come so far; never goes back."""
        ...

    def figures(self, since: int, now: int) -> Figures:
        """Figures of the dashboard."""
        ...

    def reveals(self, since: int, until: int, person: str | None = None) -> list[Reveal]:
        """Openings of the vault, from the audit chain, oldest first."""
        ...

    def erase(self, account: str) -> dict[str, int]:
        """Remove an account from cases, notes, decisions and the search; counts."""
        ...


class StaffStore(Protocol):
    """Accounts of staff and their sessions."""

    def add(self, staff: Staff) -> None:
        """Keep a new account. Raises `UsageError` when the e-mail address is taken."""
        ...

    def staff(self, identifier: str) -> Staff | None:
        """One account."""
        ...

    def by_email(self, email: str) -> Staff | None:
        """The account of an address, in any case of letters."""
        ...

    def by_oidc(self, subject: str) -> Staff | None:
        """The account of an OIDC subject (`issuer|sub`)."""
        ...

    def by_invite(self, invite_hash: str) -> Staff | None:
        """The account that a one-time sign-in belongs to."""
        ...

    def all(self) -> list[Staff]:
        """Every account, by name."""
        ...

    def change(self, identifier: str, make: Callable[[Staff], Staff]) -> Staff:
        """Change an account while nobody else can. Raises `UsageError` without one."""
        ...

    def put_session(self, session: StaffSession) -> None:
        """Keep a session, or put it in the place of the one with its id."""
        ...

    def session(self, id_hash: str) -> StaffSession | None:
        """One session."""
        ...

    def end_session(self, id_hash: str) -> None:
        """Remove a session."""
        ...

    def end_sessions(self, staff_id: str, *, but: str = "") -> int:
        """Remove the sessions of a person, but for one; returns how many."""
        ...

    def expire_sessions(self, now: int) -> int:
        """Remove sessions that have ended."""
        ...
