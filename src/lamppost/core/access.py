"""Who may do what over the API: scopes, and keys without their secrets."""

from __future__ import annotations

from typing import Final

import msgspec

SCOPES: Final[dict[str, str]] = {
    "events:write": "send events",
    "events:read": "read lines set aside and their counts",
    "risk:read": "read relationships, accounts and children with their reasons",
    "findings:read": "read findings",
    "contacts:check": "ask the contact gate",
    "network:read": "read what surrounds an account: friends, children reached, rings",
    "policy:read": "read policies, backtests and what a shadow policy found",
    "policy:write": "add a policy, put it in shadow, backtest it",
    "policy:deploy": "make a policy the live one",
    "reports:vouch": "make tickets that say who uses the report button, and about whom",
    "webhooks:admin": "add and remove webhooks, read and revive dead messages",
    "keys:admin": "make, rotate and revoke API keys",
    "holds:write": "place, list and release legal holds",
    "erasure:write": "erase an account, and get the receipt",
    "admin": "everything but deploying a policy, legal holds and erasure",
}
"""Scope to what it allows. What cannot be undone is a right of its own."""

NOT_ADMIN: Final = frozenset({"policy:deploy", "holds:write", "erasure:write"})
"""Scopes that `admin` does not hold."""


class ApiKey(msgspec.Struct, frozen=True):
    """A key: never its secret, only a keyed hash of it. Times in milliseconds UTC."""

    id: str
    name: str
    scopes: frozenset[str]
    digest: bytes
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    def allows(self, scope: str) -> bool:
        """Whether the key holds a scope."""
        return scope in self.scopes or ("admin" in self.scopes and scope not in NOT_ADMIN)

    def valid(self, now: int) -> bool:
        """Whether it may be used at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def __repr__(self) -> str:
        """Without the digest."""
        return f"ApiKey(id={self.id!r}, name={self.name!r}, scopes={sorted(self.scopes)})"


class Webhook(msgspec.Struct, frozen=True):
    """Where findings are sent. `secret` is sealed."""

    id: str
    url: str
    events: tuple[str, ...]
    secret: bytes
    created_at: int
    disabled_at: int | None = None

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Webhook(id={self.id!r}, url={self.url!r}, events={self.events})"


class PolicyRow(msgspec.Struct, frozen=True):
    """A version of the policy as it was written; `state` is draft, shadow, live or retired."""

    version: int
    digest: str
    state: str
    body: str
    created_at: int
    created_by: str
    deployed_at: int | None = None
    deployed_by: str | None = None
    backtest: str | None = None
