"""Seams of the service: where keys, webhooks and policies are kept, and who may fold."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from lamppost.core.access import ApiKey, PolicyRow, Webhook


class KeyStore(Protocol):
    """API keys."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        ...

    def key(self, identifier: str) -> ApiKey | None:
        """One key."""
        ...

    def all(self) -> list[ApiKey]:
        """Every key, oldest first."""
        ...

    def end(self, identifier: str, *, revoked_at: int | None, expires_at: int | None) -> bool:
        """Revoke a key, or let it expire; returns whether there was one in use."""
        ...


class WebhookStore(Protocol):
    """Webhooks."""

    def add(self, webhook: Webhook) -> None:
        """Keep a new webhook."""
        ...

    def all(self) -> list[Webhook]:
        """Webhooks in use, oldest first."""
        ...

    def disable(self, identifier: str, now: int) -> bool:
        """Stop using a webhook; returns whether there was one in use."""
        ...


class PolicyStore(Protocol):
    """Versions of the policy."""

    def add(self, digest: str, body: str, by: str, now: int) -> PolicyRow:
        """Keep a new version as a draft; the same text as the newest one is not kept twice."""
        ...

    def policy(self, version: int) -> PolicyRow | None:
        """One version."""
        ...

    def all(self) -> list[PolicyRow]:
        """Every version, oldest first."""
        ...

    def in_state(self, state: str) -> PolicyRow | None:
        """The version that is live, or in shadow."""
        ...

    def move(self, version: int, state: str, *, by: str, now: int) -> None:
        """Give a version a state; whichever held `live` or `shadow` before loses it."""
        ...

    def tested(self, version: int, result: str) -> None:
        """Keep the result of a backtest."""
        ...


class SettingStore(Protocol):
    """What belongs to one database."""

    def get(self, name: str) -> bytes | None:
        """A value."""
        ...

    def put(self, name: str, value: bytes) -> None:
        """Set a value."""
        ...

    def put_once(self, name: str, value: bytes) -> bytes:
        """Set a value unless there is one; returns the one in force."""
        ...


class Leases(Protocol):
    """Who folds which partition: at most one process each, until it ends."""

    def take(self, partition: int) -> bool:
        """Try to get a partition; returns whether it is ours."""
        ...

    def held(self) -> bool:
        """Whether what was taken is still ours."""
        ...

    def folding(self) -> AbstractContextManager[int]:
        """While this is held nobody is erased; gives how often somebody was."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Journal(Protocol):
    """Writes down what people and keys do."""

    def record(
        self, *, actor: str, act: str, subject: str, details: Mapping[str, Any] | None = None
    ) -> object:
        """Write one act; durable when this returns."""
        ...
