"""The vault, the audit chain, legal holds, and text sealed on its way in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from lamppost.adapters.stores.schema.base import metadata

audit: Final = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

vault_keys: Final = Table(
    "vault_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=True),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("destroyed_at", BigInteger, nullable=True),
)

vault_items: Final = Table(
    "vault_items",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("subject_id", String(256), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("vault_items_case", "case_id"),
    Index("vault_items_subject", "subject_id"),
    Index("vault_items_key", "key_id"),
)

legal_holds: Final = Table(
    "legal_holds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("subject_id", String(256), nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", BigInteger, nullable=False),
    Column("released_by", Text, nullable=True),
    Column("released_at", BigInteger, nullable=True),
    Index("legal_holds_subject", "subject_id"),
)

sealed_texts: Final = Table(
    "sealed_texts",
    metadata,
    Column("conversation", String(256), primary_key=True),
    Column("event", String(256), primary_key=True),
    Column("stamp", BigInteger, primary_key=True),
    Column("sender", String(256), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("received", BigInteger, nullable=False),
    Index("sealed_texts_received", "received"),
    Index("sealed_texts_sender", "sender"),
)
"""Text of messages that may become evidence, sealed before it is stored, for a bounded time."""
