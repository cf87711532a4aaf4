"""What somebody has written of a decision and not sent: kept sealed until it is sent.

So a browser that closes, a session that ends or a case that changes loses no words. A draft is
one person's, of one case; nobody else reads it.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

import msgspec

from lamppost.core.errors import StoreError


class Draft(msgspec.Struct, frozen=True):
    """A decision that was not sent. `at` in milliseconds UTC."""

    at: int
    acts: list[str] = []
    judgement: str = ""
    reason: str = ""
    labels: dict[str, str] = {}

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.acts or self.judgement or self.reason or self.labels)


class _Settings(Protocol):
    def get(self, name: str) -> bytes | None: ...

    def put(self, name: str, value: bytes) -> None: ...


class _Safe(Protocol):
    def seal(self, about: str, plain: bytes) -> bytes: ...

    def open(self, about: str, sealed: bytes) -> bytes: ...


class Drafts:
    """Drafts of everybody."""

    def __init__(self, settings: _Settings, safe: _Safe) -> None:
        self._settings = settings
        self._safe = safe

    def keep(self, person: str, case: str, draft: Draft) -> None:
        """Keep a draft in the place of the one before."""
        name = _name(person, case)
        self._settings.put(name, self._safe.seal(name, msgspec.json.encode(draft)))

    def get(self, person: str, case: str) -> Draft | None:
        """The draft of a person and case, if there is one."""
        name = _name(person, case)
        sealed = self._settings.get(name)
        if not sealed:
            return None
        try:
            return msgspec.json.decode(self._safe.open(name, sealed), type=Draft)
        except (StoreError, msgspec.DecodeError):
            return None

    def drop(self, person: str, case: str) -> None:
        """Forget a draft."""
        name = _name(person, case)
        if self._settings.get(name):
            self._settings.put(name, b"")


def _name(person: str, case: str) -> str:
    return f"draft.{hashlib.sha256(f'{person}/{case}'.encode()).hexdigest()[:48]}"
