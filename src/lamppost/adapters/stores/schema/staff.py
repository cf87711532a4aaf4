"""Accounts of the people who review, and their sessions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from lamppost.adapters.stores.schema.base import metadata

staff: Final = Table(
    "staff",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("email", String(254), nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("language", String(16), nullable=False),
    Column("password_hash", Text, nullable=True),
    Column("totp_secret_sealed", LargeBinary, nullable=True),
    Column("totp_last", BigInteger, nullable=False),
    Column("oidc_subject", String(512), nullable=True, unique=True),
    Column("invite_hash", String(64), nullable=True, unique=True),
    Column("invite_expires_at", BigInteger, nullable=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("disabled_at", BigInteger, nullable=True),
)

staff_sessions: Final = Table(
    "staff_sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("staff_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("reauthenticated_at", BigInteger, nullable=False),
    Column("csrf_secret", String(128), nullable=False),
    Index("staff_sessions_staff", "staff_id"),
    Index("staff_sessions_ends", "expires_at"),
)
