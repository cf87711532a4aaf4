"""Seams for keys: what wraps data keys, what is destroyed at erasure, what signs checkpoints.

A database and its backups hold data keys only in wrapped form. The wrapping needs two things
that are never in the database: a **master key** (a file, or a key service) and a **shred
secret**. Every account falls into one of `BUCKETS` buckets by hash, each with its own secret.
To erase an account its bucket gets a new secret, what belongs to others in the bucket is moved
over, and the old secret is destroyed: what the account had is then unreadable in every copy of
the database that was ever made, while all else in those copies stays readable.
"""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BUCKETS: Final = 1024
"""More buckets: less to move at an erasure. Fixed: accounts would change buckets."""


def pseudonym(subject: str) -> str:
    """A stand-in for an account in ids of keys: 40 hex digits, the same every time."""
    return hashlib.sha256(b"lamppost.subject\0" + subject.encode()).hexdigest()[:40]


def bucket_of(subject: str) -> int:
    """Bucket of an account."""
    return bucket_of_key(pseudonym(subject))


def bucket_of_key(identifier: str) -> int:
    """Bucket of a data key, whose id begins with the pseudonym of its subject."""
    return int(identifier[:8], 16) % BUCKETS


def derive(secret: bytes, purpose: str, name: str) -> bytes:
    """A 256-bit key for one purpose and name, from a secret (HKDF-SHA-256)."""
    info = f"lamppost.{purpose}.v1\0{name}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


def good_signature(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature is good."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class MasterKeys(Protocol):
    """Wraps data keys. The key itself never leaves."""

    @property
    def current(self) -> str:
        """Id of the master key in use."""
        ...

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Wrap a data key with the current master key, bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap; raises `StoreError` when the master key is gone or the bytes were changed."""
        ...

    def wrapped_by(self, wrapped: bytes) -> str:
        """Id of the master key that wrapped these bytes."""
        ...

    def rotate(self) -> str:
        """Begin a new master key; the old one still unwraps. Returns the new id."""
        ...

    def retire(self) -> list[str]:
        """Destroy every master key but the current one; returns their ids."""
        ...


class ShredSecrets(Protocol):
    """Secrets by bucket, kept away from the database; destroying one cannot be undone."""

    def current(self, bucket: int) -> str:
        """Id of the bucket's secret in use."""
        ...

    def in_use(self, identifier: str) -> bool:
        """Whether it is the current one of its bucket."""
        ...

    def secret(self, identifier: str) -> bytes:
        """The secret; raises `StoreError` when it was destroyed."""
        ...

    def renew(self, bucket: int) -> str:
        """Begin a new secret for a bucket, durably; the old one still opens. Returns its id."""
        ...

    def old(self, bucket: int) -> list[str]:
        """Secrets of a bucket that are not the current one and not destroyed."""
        ...

    def rewrap(self) -> int:
        """Wrap every secret with the master key in use; returns how many changed."""
        ...

    def destroy(self, identifier: str) -> None:
        """Overwrite a secret, durably; one that is gone already is no error."""
        ...


class Signer(Protocol):
    """Signs checkpoints (Ed25519)."""

    @property
    def public(self) -> bytes:
        """Public key, 32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Signature, 64 bytes."""
        ...
