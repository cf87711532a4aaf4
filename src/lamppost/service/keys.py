"""API keys: made, checked, rotated, revoked.

A key reads `lp_<id>_<secret>`. The store has a keyed hash of it (HMAC-SHA-256 under a secret
that is not in the database), so a stolen database opens nothing. Checks take the same time
whether the id exists or not. A revoked key stops at once in this process, and within `FRESH`
seconds in others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterable
from typing import Final

from lamppost.core.access import SCOPES, ApiKey
from lamppost.core.errors import KeyRefusedError, ScopeError, UsageError
from lamppost.core.times import SECOND
from lamppost.service.ports import KeyStore

FRESH: Final = 5.0
"""Seconds for which a key that was looked up is taken as it was."""
_NOBODY: Final = b"\x00" * 32


class Keys:
    """The keys of a service. `pepper` is the secret of the keyed hash."""

    def __init__(self, store: KeyStore, pepper: bytes) -> None:
        self._store = store
        self._pepper = pepper
        self._known: dict[str, tuple[float, ApiKey | None]] = {}
        self._lock = threading.Lock()

    def make(
        self, name: str, scopes: Iterable[str], *, expires_at: int | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its full text, which is shown this once. Raises `UsageError`."""
        wanted = frozenset(scopes)
        unknown = sorted(wanted - SCOPES.keys())
        if unknown or not wanted:
            raise UsageError(
                f"scope {unknown[0]!r} is not known" if unknown else "a key needs a scope",
                where="scopes",
                hint=f"use some of {', '.join(SCOPES)}",
            )
        if not 1 <= len(name) <= 64:
            raise UsageError("a name has 1 to 64 characters", where="name")
        identifier = secrets.token_hex(6)
        text = f"lp_{identifier}_{_word(secrets.token_bytes(32))}"
        key = ApiKey(identifier, name, wanted, self._digest(text), _now(), expires_at)
        self._store.add(key)
        self.forget()
        return key, text

    def check(self, header: str | None) -> ApiKey:
        """The key of an `Authorization` header. Raises `KeyRefusedError`."""
        word, _, text = (header or "").partition(" ")
        text = text.strip()
        if word.lower() != "bearer" or not text:
            raise KeyRefusedError(
                "no API key was given", hint="send the header Authorization: Bearer lp_…"
            )
        parts = text.split("_", 2)
        key = self._look(parts[1]) if len(parts) == 3 and len(parts[1]) <= 32 else None
        good = hmac.compare_digest(self._digest(text), key.digest if key else _NOBODY)
        if key is None or not good or not key.valid(_now()):
            raise KeyRefusedError("this API key is not known, or has ended")
        return key

    def rotate(self, identifier: str, *, overlap: int) -> tuple[ApiKey, str]:
        """A new key with the name and scopes of an old one, which ends after `overlap` seconds."""
        old = self._store.key(identifier)
        if old is None or not old.valid(_now()):
            raise UsageError("there is no such key in use", where="id")
        made = self.make(old.name, old.scopes)
        ends = _now() + overlap * SECOND
        if old.expires_at is not None:
            ends = min(ends, old.expires_at)
        self._store.end(identifier, revoked_at=None, expires_at=ends)
        self.forget()
        return made

    def revoke(self, identifier: str) -> bool:
        """End a key at once; returns whether there was one in use."""
        ended = self._store.end(identifier, revoked_at=_now(), expires_at=None)
        self.forget()
        return ended

    def all(self) -> list[ApiKey]:
        """Every key, ended ones too."""
        return self._store.all()

    def forget(self) -> None:
        """Look keys up afresh."""
        with self._lock:
            self._known.clear()

    def _look(self, identifier: str) -> ApiKey | None:
        now = time.monotonic()
        known = self._known.get(identifier)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        key = self._store.key(identifier)
        with self._lock:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[identifier] = (now, key)
        return key

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._pepper, text.encode("utf-8", "replace"), hashlib.sha256).digest()


def need(key: ApiKey, scope: str) -> None:
    """Raise `ScopeError` unless the key holds `scope`."""
    if not key.allows(scope):
        raise ScopeError(f"this needs the scope {scope}", hint="ask for a key that holds it")


def _word(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _now() -> int:
    return time.time_ns() // 1_000_000
