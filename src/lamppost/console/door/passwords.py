"""Passwords, kept as argon2id hashes."""

from __future__ import annotations

import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lamppost.core.errors import UsageError

SHORTEST: Final = 12
LONGEST: Final = 256
_hasher: Final = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)
_NOBODY: Final = _hasher.hash("nobody has this password")
"""Checked when there is no such person, so that the time taken does not tell."""


def hashed(password: str, login: str = "") -> str:
    """Hash of a new password. Raises `UsageError` for one that is too short or easily guessed."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < SHORTEST:
        raise UsageError(f"is shorter than {SHORTEST} characters", where="password")
    if len(plain) > LONGEST:
        raise UsageError(f"is longer than {LONGEST} characters", where="password")
    if len(set(plain)) < 5 or (login and login.casefold() in plain.casefold()):
        raise UsageError("is easily guessed", where="password", hint="take several unrelated words")
    return _hasher.hash(plain)


def right(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept; takes the same time when nothing is kept."""
    plain = unicodedata.normalize("NFKC", password[:LONGEST])
    try:
        return _hasher.verify(kept or _NOBODY, plain) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def weak(kept: str) -> bool:
    """Whether a hash was made with settings that are no longer used."""
    return _hasher.check_needs_rehash(kept)
