"""Accounts of the people who review, and their sessions. Secrets are hashes or sealed bytes."""

from __future__ import annotations

import msgspec

from lamppost.cases.rights import Who


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """A person's account. `password_hash` is argon2; `totp_secret_sealed` opens with the secret.

    `totp_last` is the last time step used, so that a code works once. `invite_hash` is the
    SHA-256 of a one-time sign-in.
    """

    id: str
    name: str
    email: str
    roles: frozenset[str]
    created_at: int
    language: str = "en"
    password_hash: str | None = None
    totp_secret_sealed: bytes | None = None
    totp_last: int = 0
    oidc_subject: str | None = None
    invite_hash: str | None = None
    invite_expires_at: int | None = None
    failures: int = 0
    locked_until: int = 0
    disabled_at: int | None = None

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Staff(id={self.id!r}, roles={sorted(self.roles)})"

    def who(self, reauthenticated_at: int = 0) -> Who:
        """As an act names them."""
        return Who(self.id, self.name, self.roles, reauthenticated_at)


class StaffSession(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser. `id_hash` is the SHA-256 (hex) of what its cookie holds."""

    id_hash: str
    staff_id: str
    created_at: int
    last_seen_at: int
    expires_at: int
    reauthenticated_at: int
    csrf_secret: str

    def __repr__(self) -> str:
        """Without secrets."""
        return f"StaffSession(staff_id={self.staff_id!r}, expires_at={self.expires_at})"
