"""The vault: words that are evidence, sealed, opened only by a named person for a named case.

Every piece is closed with AES-256-GCM under a data key of its **subject** (the account whose
words they are) and bound to its own id, case and subject, so that bytes moved to another row do
not open. Data keys are stored wrapped (see `keys`). A piece is opened only with the name of a
person, the case it belongs to and a reason, and the audit row about it is durable before the
words are returned: when the row cannot be written, nothing is opened.

Fails with `PolicyError` when the opening is refused (which is written down too) and `StoreError`
when bytes were changed or a key is gone. Messages never hold words.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lamppost.cases.audit import Journal
from lamppost.cases.keys import (
    MasterKeys,
    ShredSecrets,
    bucket_of,
    bucket_of_key,
    derive,
    pseudonym,
)
from lamppost.cases.ports import SealedText, VaultItem, VaultKey, VaultStore
from lamppost.core.errors import PolicyError, StoreError, UsageError

NONCE: Final = 12
"""Bytes of a nonce. Random: one data key closes far fewer than 2^32 pieces."""
MIN_REASON: Final = 5
MAX_REASON: Final = 500
_LISTED: Final = 100
"""Most pieces of an opening that its audit row names one by one."""
_CIPHERS: Final = 4096
"""Ciphers of accounts kept at hand by the sealer."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it was when a finding was made. `repr` shows no words."""

    conversation_id: str
    event_id: str
    subject_id: str
    sent_at: datetime
    text: str
    edit: int = 0

    def __repr__(self) -> str:
        return f"Evidence(conversation_id={self.conversation_id!r}, event_id={self.event_id!r})"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A piece that a person has opened."""

    item: str
    evidence: Evidence


class _Wrapped(msgspec.Struct, array_like=True, frozen=True):
    """A data key as stored: which shred secret closed it first, then the master key."""

    shred: str
    sealed: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_wrapped: Final = msgspec.msgpack.Decoder(_Wrapped).decode
_evidence: Final = msgspec.msgpack.Decoder(Evidence).decode


def _bound(*parts: object) -> bytes:
    return msgspec.json.encode(parts)


def item_id(case: str, piece: Evidence) -> str:
    """Id of a piece: the same message of the same case is kept once."""
    name = _bound(case, piece.conversation_id, piece.event_id, piece.edit)
    return hashlib.sha256(b"lamppost.vault.item\0" + name).hexdigest()[:40]


class Keyring:
    """Data keys by subject: made, wrapped, opened, rotated, destroyed."""

    def __init__(
        self,
        store: VaultStore,
        masters: MasterKeys,
        shreds: ShredSecrets,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._masters = masters
        self._shreds = shreds
        self._clock = clock
        self._turn = threading.RLock()

    def active(self, subject: str) -> tuple[str, bytes]:
        """Id and bytes of the subject's data key in use; made when there is none."""
        with self._turn:
            known = self.of(subject)
            if known and known[-1].state == "active":
                return known[-1].id, self.open(known[-1])
            return self.begin(subject)

    def begin(self, subject: str) -> tuple[str, bytes]:
        """Begin a new data key for a subject."""
        with self._turn:
            identifier = f"{pseudonym(subject)}.{len(self.of(subject)) + 1}"
            plain = secrets.token_bytes(32)
            self._put(identifier, plain, self._clock())
        return identifier, plain

    def of(self, subject: str) -> list[VaultKey]:
        """Every key that a subject ever had, oldest first, destroyed ones too."""
        found: list[VaultKey] = []
        while (key := self._store.key(f"{pseudonym(subject)}.{len(found) + 1}")) is not None:
            found.append(key)
        return found

    def in_bucket(self, bucket: int | None) -> list[VaultKey]:
        """Keys that are not destroyed, of one bucket or all."""
        return [
            key
            for key in self._store.keys()  # noqa: SIM118
            if key.state != "destroyed" and bucket in (None, bucket_of_key(key.id))
        ]

    def open(self, key: VaultKey) -> bytes:
        """Bytes of a data key. Raises `StoreError` when it was destroyed or changed."""
        if key.wrapped is None or key.state == "destroyed":
            raise StoreError("its key was destroyed: what it closed is erased for good")
        context = _bound("lamppost.vault.key.v1", key.id)
        try:
            kept = _wrapped(self._masters.unwrap(key.wrapped, context))
            inner = derive(self._shreds.secret(kept.shred), "wrap", key.id)
            return AESGCM(inner).decrypt(kept.sealed[:NONCE], kept.sealed[NONCE:], context)
        except (InvalidTag, ValueError, msgspec.DecodeError):
            raise StoreError("a data key was changed or belongs to another subject") from None

    def destroy(self, key: VaultKey) -> None:
        """Take the wrapped bytes away; the row stays and says when."""
        gone = msgspec.structs.replace(
            key, wrapped=None, state="destroyed", destroyed_at=self._clock()
        )
        self._store.put_key(gone)

    def rewrap(self, key: VaultKey) -> None:
        """Wrap the same data key with the master key and the shred secret in use."""
        self._put(key.id, self.open(key), key.created_at)

    def rotate_master(self, journal: Journal, *, actor: str) -> MasterRotation:
        """Begin a new master key, wrap everything with it, destroy the old ones.

        Can be repeated when it was interrupted.
        """
        with self._turn:
            new = self._masters.rotate()
            keys = self.in_bucket(None)
            for key in keys:
                self.rewrap(key)
            self._shreds.rewrap()
            retired = self._masters.retire()
        journal.record(
            actor=actor, act="key.rotate", subject="master",
            details={"key": new, "rewrapped": len(keys), "destroyed": retired},
        )  # fmt: skip
        return MasterRotation(new, len(keys), retired)

    def _put(self, identifier: str, plain: bytes, created_at: int) -> None:
        context = _bound("lamppost.vault.key.v1", identifier)
        shred = self._shreds.current(bucket_of_key(identifier))
        nonce = secrets.token_bytes(NONCE)
        inner = derive(self._shreds.secret(shred), "wrap", identifier)
        kept = _Wrapped(shred, nonce + AESGCM(inner).encrypt(nonce, plain, context))
        self._store.put_key(
            VaultKey(
                id=identifier,
                wrapped=self._masters.wrap(_encode(kept), context),
                state="active",
                created_at=created_at,
            )
        )


class MasterRotation(msgspec.Struct, frozen=True):
    """What a rotation of the master key did."""

    current: str
    keys: int
    retired: list[str]


class Vault:
    """Keeps evidence of cases. `allowed` says whether a person may open a case at all."""

    def __init__(
        self,
        store: VaultStore,
        keyring: Keyring,
        journal: Journal,
        clock: Callable[[], int],
        allowed: Callable[[str, str], bool] = lambda person, case: True,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._journal = journal
        self._clock = clock
        self._allowed = allowed

    def snapshot(self, *, case: str, actor: str, pieces: Iterable[Evidence]) -> list[str]:
        """Seal messages into a case and write that down; returns their ids in order.

        A message that the case holds already is left as it is.
        """
        _named("case", case)
        keys: dict[str, tuple[str, bytes]] = {}
        known = {item.id for item in self._store.items(case=case)}
        wanted = [(item_id(case, piece), piece) for piece in pieces]
        made = [self._seal(case, piece, keys) for name, piece in wanted if name not in known]
        if made:
            self._store.add_items(made)
            self._journal.record(
                actor=actor, act="vault.snapshot", subject=case, details={"items": len(made)}
            )
        return [name for name, _ in wanted]

    def items(self, case: str) -> list[VaultItem]:
        """What a case holds, still sealed."""
        return self._store.items(case=case)

    def open(
        self,
        *,
        person: str,
        case: str,
        reason: str,
        items: Sequence[str] | None = None,
        note: Mapping[str, int] | None = None,
    ) -> list[Opened]:
        """Open a case's pieces, or those named, in the order they were sent.

        `note` goes into the audit row: how many of the pieces are explicit.
        Raises `PolicyError` without a person, a case, a reason, or the right to open it.
        """
        self._may(person, case, reason)
        found = self._found(person, case, items)
        self._journal.record(
            actor=person,
            act="vault.open",
            subject=case,
            details={
                "reason": reason.strip(),
                **_listed([item.id for item in found]),
                **(note or {}),
            },
        )
        keys: dict[str, bytes] = {}
        opened = [Opened(item=item.id, evidence=self._unseal(item, keys)) for item in found]
        return sorted(opened, key=lambda piece: (piece.evidence.sent_at, piece.evidence.event_id))

    def rotate(self, *, actor: str, subject: str) -> int:
        """Give a subject a new data key and seal everything anew; returns how many pieces.

        The old key is destroyed. Can be repeated when it was interrupted.
        """
        items = self._store.items(subject=subject)
        if not items:
            return 0
        new, _ = self._keyring.begin(subject)
        for item in items:
            piece = self._unseal(item)
            self._store.replace_item(self._close(item.case_id, piece, item.id, item.created_at))
        for key in self._keyring.of(subject):
            if key.id != new and key.state != "destroyed":
                self._keyring.destroy(key)
        self._journal.record(
            actor=actor, act="vault.rotate", subject=subject,
            details={"items": len(items), "key": new},
        )  # fmt: skip
        return len(items)

    def words_of(self, subject: str) -> list[str]:
        """Words of a subject, for an erasure to look for; never shown to anybody.

        A piece that does not open is passed over: it is about to go.
        """
        words = []
        for item in self._store.items(subject=subject):
            try:
                words.append(self._unseal(item).text)
            except StoreError:
                continue
        return words

    def _may(self, person: str, case: str, reason: str) -> None:
        wrong = ""
        if not person.strip():
            wrong = "nobody is named"
        elif not case.strip():
            wrong = "no case is named"
        elif not MIN_REASON <= len(reason.strip()) <= MAX_REASON:
            wrong = f"a reason of {MIN_REASON} to {MAX_REASON} characters is needed"
        elif not self._allowed(person, case):
            wrong = "this person may not open this case"
        if wrong:
            self._refuse(person, case, wrong)

    def _refuse(self, person: str, case: str, why: str) -> None:
        self._journal.record(
            actor=person.strip() or "nobody", act="vault.refuse", subject=case.strip() or "no case",
            details={"why": why},
        )  # fmt: skip
        raise PolicyError(why, where="vault", hint="the attempt was written down")

    def _found(self, person: str, case: str, items: Sequence[str] | None) -> list[VaultItem]:
        if items is None:
            found = self._store.items(case=case)
        else:
            found = [item for name in items if (item := self._store.item(name)) is not None]
            if len(found) != len(items) or any(item.case_id != case for item in found):
                self._refuse(person, case, "a piece does not belong to this case")
        return found

    def _seal(
        self, case: str, piece: Evidence, keys: dict[str, tuple[str, bytes]] | None = None
    ) -> VaultItem:
        return self._close(case, piece, item_id(case, piece), self._clock(), keys)

    def _close(
        self,
        case: str,
        piece: Evidence,
        identifier: str,
        created_at: int,
        keys: dict[str, tuple[str, bytes]] | None = None,
    ) -> VaultItem:
        keys = {} if keys is None else keys
        subject = _named("subject", piece.subject_id)
        if subject not in keys:
            keys[subject] = self._keyring.active(subject)
        key_id, key = keys[subject]
        nonce = secrets.token_bytes(NONCE)
        bound = _item_bound(identifier, case, piece.subject_id, key_id, created_at)
        return VaultItem(
            id=identifier,
            case_id=case,
            subject_id=piece.subject_id,
            key_id=key_id,
            nonce=nonce,
            ciphertext=AESGCM(key).encrypt(nonce, _encode(piece), bound),
            created_at=created_at,
        )

    def _unseal(self, item: VaultItem, keys: dict[str, bytes] | None = None) -> Evidence:
        keys = {} if keys is None else keys
        if item.key_id not in keys:
            keys[item.key_id] = self._keyring_key(item)
        key = keys[item.key_id]
        bound = _item_bound(
            item.id, item.case_id, item.subject_id, item.key_id, item.created_at
        )  # fmt: skip
        try:
            return _evidence(AESGCM(key).decrypt(item.nonce, item.ciphertext, bound))
        except (InvalidTag, ValueError, msgspec.DecodeError):
            raise StoreError(
                "a sealed piece was changed, or moved from another case or subject",
                where=f"vault item {item.id}",
            ) from None

    def _keyring_key(self, item: VaultItem) -> bytes:
        key = self._store.key(item.key_id)
        if key is None:
            raise StoreError(
                "its key is not there",
                where=f"vault item {item.id}",
                hint="restore the database",
            )
        return self._keyring.open(key)


def _listed(items: Sequence[str]) -> dict[str, object]:
    """What was opened, for the audit row: each id, or for many their number and digest."""
    if len(items) <= _LISTED:
        return {"items": list(items)}
    named = hashlib.sha256("\n".join(sorted(items)).encode()).hexdigest()
    return {"items": len(items), "digest": named}


def _item_bound(identifier: str, case: str, subject: str, key: str, created_at: int) -> bytes:
    return _bound("lamppost.vault.item.v1", identifier, case, subject, key, created_at)


def _named(what: str, text: str) -> str:
    if not text.strip():
        raise UsageError("must not be empty", where=what)
    return text


class Sealer:
    """`TextSealer`: closes every message at the door, under a key of its sender.

    The key is derived from the sender's shred secret, so nothing is stored per sender and
    erasing one account makes its words unreadable in every copy. `key_id` is the secret's id.
    """

    def __init__(self, shreds: ShredSecrets) -> None:
        self._shreds = shreds
        self._cipher = functools.lru_cache(maxsize=_CIPHERS)(self._derived)

    def seal(self, subject: str, about: str, text: str) -> SealedText:
        """Encrypt."""
        key_id = self._shreds.current(bucket_of(subject))
        nonce = secrets.token_bytes(NONCE)
        sealed = self._cipher(key_id, subject).encrypt(
            nonce, text.encode("utf-8", "surrogatepass"), about.encode()
        )
        return SealedText(key_id, nonce, sealed)

    def in_use(self, key_id: str) -> bool:
        """Whether it is a secret that texts are sealed with now."""
        return self._shreds.in_use(key_id)

    def open(self, subject: str, about: str, sealed: SealedText) -> str:
        """Decrypt; raises `StoreError` when the key is gone or the bytes were changed."""
        self._shreds.secret(sealed.key_id)  # a cipher kept at hand must not outlive its secret
        try:
            plain = self._cipher(sealed.key_id, subject).decrypt(
                sealed.nonce, sealed.ciphertext, about.encode()
            )
        except (InvalidTag, ValueError):
            raise StoreError("a sealed text was changed, or belongs elsewhere") from None
        return plain.decode("utf-8", "surrogatepass")

    def _derived(self, key_id: str, subject: str) -> AESGCM:
        return AESGCM(derive(self._shreds.secret(key_id), "text", subject))
