"""Retention, legal hold, and erasure that erases.

An erasure removes an account's rows, destroys the keys of its words, moves what belongs to others
away from the destroyed secret, and has the database give its free pages back. Copies of the
database made earlier still hold the closed words, and nothing that could open them. A legal hold
wins over both erasure and retention, and says so.

An erasure that was interrupted is done again from the start; every step may be repeated. The
receipt says what went, how much, when and for whom, names its row of the audit chain and is
signed. Before the keys go, the words themselves are looked for, byte by byte, in every file
named; the receipt says how much was read and whether anything was found.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from lamppost.cases.audit import Journal
from lamppost.cases.keys import ShredSecrets, Signer, bucket_of, good_signature
from lamppost.cases.ports import HoldStore, LegalHold, SealedText, TextSealer, VaultStore
from lamppost.cases.vault import Keyring, Vault
from lamppost.core.errors import PolicyError, StoreError, UsageError
from lamppost.core.times import DAY

_SHORTEST: Final = 12
"""Words shorter than this many bytes turn up by chance and are not looked for."""
_MOST_NEEDLES: Final = 500
_T = TypeVar("_T")
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class SealedRow(msgspec.Struct, frozen=True):
    """A text sealed at the door, with its place."""

    conversation: str
    event: str
    stamp: int
    sender: str
    sealed: SealedText


class Records(Protocol):
    """Port: everything kept of accounts besides the vault."""

    def erase(self, account: str) -> dict[str, int]:
        """Remove an account; returns how many rows of each kind."""
        ...

    def expire(self, *, state_before: int, log_before: int, sealed_before: int) -> dict[str, int]:
        """Remove what is older (ms) but for accounts under a hold; how many of each kind."""
        ...


class SealedTexts(Protocol):
    """Port: texts sealed at the door."""

    def of(self, sender: str) -> Iterator[SealedRow]:
        """Texts of an account."""
        ...

    def under(self, key_id: str) -> Iterator[SealedRow]:
        """Texts closed with a secret."""
        ...

    def replace(self, row: SealedRow) -> None:
        """Put a text sealed anew in the place of the old one."""
        ...


class Disk(Protocol):
    """Port: what lies below the tables."""

    def compact(self) -> None:
        """Give back free pages and logs, so that no removed row is left in a file."""
        ...

    def search(self, needles: Sequence[bytes]) -> Searched:
        """Look for words in every file of the deployment."""
        ...


class Searched(msgspec.Struct, frozen=True):
    """What a search through files found: files read, bytes read, files with a hit."""

    files: int
    bytes: int
    hits: list[str] = []


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Proof of an erasure. `row` and `row_hash` are its row in the audit chain."""

    subject: str
    person: str
    reason: str
    at: int
    removed: dict[str, int]
    keys_destroyed: list[str]
    secrets_destroyed: list[str]
    sealed_anew: int
    searched_for: int
    searched: Searched
    row: int
    row_hash: str
    public_key: str
    signature: str = ""

    @property
    def message(self) -> bytes:
        """What is signed."""
        bare = msgspec.structs.replace(self, signature="")
        return b"lamppost.erasure.receipt.v1\0" + _encode(bare)


def receipt_is_good(receipt: Receipt, public_key: bytes | None = None) -> bool:
    """Whether the signature is good; give the key you trust, not the one on the receipt."""
    key = public_key if public_key is not None else bytes.fromhex(receipt.public_key)
    return good_signature(key, bytes.fromhex(receipt.signature), receipt.message)


def about(conversation: str, event: str, stamp: int) -> str:
    """What a text sealed at the door is bound to: conversation, event and its edit."""
    return f"{conversation}\x1f{event}\x1f{stamp}"


class Paused(Protocol):
    """Runs something while nobody holds rows in memory, and returns its result."""

    def __call__(self, what: Callable[[], _T], /) -> _T:
        """Run it."""
        ...


class Holds:
    """Legal holds: placed and released by a named person, both written down."""

    def __init__(
        self,
        store: HoldStore,
        journal: Journal,
        clock: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._new_id = new_id

    def place(self, *, person: str, subject: str, reason: str) -> LegalHold:
        """Place a hold on an account."""
        for name, text in (("person", person), ("subject", subject), ("reason", reason)):
            if not text.strip():
                raise UsageError("must not be empty", where=name)
        hold = LegalHold(self._new_id(), subject, reason.strip(), person, self._clock())
        self._store.place(hold)
        self._journal.record(
            actor=person, act="hold.place", subject=subject,
            details={"hold": hold.id, "reason": hold.reason},
        )  # fmt: skip
        return hold

    def release(self, *, person: str, hold: str) -> None:
        """Release a hold. Raises `UsageError` when there is none in force."""
        found = next((item for item in self.in_force() if item.id == hold), None)
        if found is None or not self._store.release(hold, by=person, at=self._clock()):
            raise UsageError(f"no hold {hold!r} is in force", where="hold")
        self._journal.record(
            actor=person, act="hold.release", subject=found.subject_id, details={"hold": hold}
        )

    def in_force(self, subject: str | None = None) -> list[LegalHold]:
        """Holds not released, of an account or all."""
        return [hold for hold in self._store.holds(subject) if hold.released_at is None]


class Eraser:
    """Erases accounts and lets old things go."""

    def __init__(
        self,
        *,
        records: Records,
        texts: SealedTexts,
        sealer: TextSealer,
        store: VaultStore,
        vault: Vault,
        keyring: Keyring,
        shreds: ShredSecrets,
        holds: Holds,
        disk: Disk,
        journal: Journal,
        signer: Signer,
        clock: Callable[[], int],
    ) -> None:
        self.paused: Paused = lambda what: what()
        """Runs something while nobody holds rows in memory; a running service sets its own."""
        self._records = records
        self._texts = texts
        self._sealer = sealer
        self._store = store
        self._vault = vault
        self._keyring = keyring
        self._shreds = shreds
        self._holds = holds
        self._disk = disk
        self._journal = journal
        self._signer = signer
        self._clock = clock

    def erase(self, *, person: str, subject: str, reason: str) -> Receipt:
        """Erase an account. Raises `PolicyError` while a legal hold is in force."""
        for name, text in (("person", person), ("subject", subject), ("reason", reason)):
            if not text.strip():
                raise UsageError("must not be empty", where=name)
        self.not_held(person, subject)
        self._journal.record(
            actor=person, act="erasure.begin", subject=subject, details={"reason": reason.strip()}
        )
        bucket = bucket_of(subject)
        self._shreds.renew(bucket)
        old = self._shreds.old(bucket)
        needles = self._words(subject)
        removed = dict(self.paused(lambda: self._records.erase(subject)))
        items = self._store.items(subject=subject)  # all there will be: its texts are gone
        removed["vault_items"] = self._store.delete_items([item.id for item in items])
        destroyed = [key for key in self._keyring.of(subject) if key.state != "destroyed"]
        for key in destroyed:
            self._keyring.destroy(key)
        anew = self._move_others(bucket, old)
        for secret in old:
            self._shreds.destroy(secret)
        self.paused(self._disk.compact)
        searched = self._disk.search(needles)
        row = self._journal.record(
            actor=person,
            act="erasure.done",
            subject=subject,
            details={
                "removed": removed, "keys": [key.id for key in destroyed], "secrets": old,
                "hits": len(searched.hits),
            },
        )  # fmt: skip
        receipt = Receipt(
            subject=subject,
            person=person,
            reason=reason.strip(),
            at=row.at,
            removed=removed,
            keys_destroyed=[key.id for key in destroyed],
            secrets_destroyed=old,
            sealed_anew=anew,
            searched_for=len(needles),
            searched=searched,
            row=row.seq,
            row_hash=row.hash,
            public_key=self._signer.public.hex(),
        )
        signature = self._signer.sign(receipt.message).hex()
        return msgspec.structs.replace(receipt, signature=signature)

    def expire(
        self, *, person: str, state_before: int, log_before: int, sealed_before: int,
        vault_before: int,
    ) -> dict[str, int]:  # fmt: skip
        """Let go of what is older (ms), but for accounts under a legal hold; returns counts.

        `held` counts accounts that were spared.
        """
        held = sorted({hold.subject_id for hold in self._holds.in_force()})
        gone = dict(
            self.paused(
                lambda: self._records.expire(
                    state_before=state_before, log_before=log_before, sealed_before=sealed_before
                )
            )
        )
        doomed = [
            identifier
            for identifier, subject in self._store.older(vault_before)
            if subject not in held
        ]
        gone["vault_items"] = self._store.delete_items(doomed)
        gone["held"] = len(held)
        if any(count for name, count in gone.items() if name != "held"):
            self._journal.record(
                actor=person, act="retention", subject="everything", details={"removed": gone}
            )
        return gone

    def not_held(self, person: str, subject: str) -> None:
        """Raise `PolicyError`, written down, while a legal hold on an account is in force."""
        holds = self._holds.in_force(subject)
        if not holds:
            return
        first = holds[0]
        self._journal.record(
            actor=person, act="erasure.refuse", subject=subject,
            details={"holds": [hold.id for hold in holds]},
        )  # fmt: skip
        raise PolicyError(
            f"a legal hold wins over erasure: hold {first.id}, placed by {first.placed_by}",
            where=f"account {subject}",
            hint="release the hold first, if you have the right to",
        )

    def _words(self, subject: str) -> list[bytes]:
        """The account's words as bytes, to look for: the machine alone sees them."""
        found: set[bytes] = set()
        for row in self._texts.of(subject):
            place = about(row.conversation, row.event, row.stamp)
            with contextlib.suppress(StoreError):  # what does not open is about to go
                text = self._sealer.open(subject, place, row.sealed)
                found.add(text.encode("utf-8", "surrogatepass"))
        for piece in self._vault.words_of(subject):
            found.add(piece.encode("utf-8", "surrogatepass"))
        long = [text for text in found if len(text) >= _SHORTEST]
        return sorted(long, key=len, reverse=True)[:_MOST_NEEDLES]

    def _move_others(self, bucket: int, old: Sequence[str]) -> int:
        for key in self._keyring.in_bucket(bucket):
            self._keyring.rewrap(key)
        count = 0
        for secret in old:
            for row in self._texts.under(secret):
                place = about(row.conversation, row.event, row.stamp)
                text = self._sealer.open(row.sender, place, row.sealed)
                sealed = self._sealer.seal(row.sender, place, text)
                self._texts.replace(msgspec.structs.replace(row, sealed=sealed))
                count += 1
        return count


def days_before(now: int, days: int) -> int:
    """The moment (ms) that lies so many days before."""
    if days < 1:
        raise UsageError(f"{days} days are too few", where="retention")
    return now - days * DAY


def needles_found(searched: Searched) -> None:
    """Raises `StoreError` when erased words were found in a file."""
    if searched.hits:
        raise StoreError(
            f"erased words are still in {len(searched.hits)} files",
            where=", ".join(searched.hits[:3]),
            hint="remove those files; they are not Lamppost's own tables",
        )
