"""Every table. Times are milliseconds UTC; no column holds private text in clear.

A change here needs a migration; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData()

_Number = BigInteger().with_variant(Integer, "sqlite")
"""A number that SQLite counts up by itself when it is a primary key."""

events: Final = Table(
    "events",
    metadata,
    Column("seq", _Number, primary_key=True),
    Column("key", LargeBinary(16), nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("known", BigInteger, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("conversation", String(256), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("key", "stamp", name="events_once"),
    Index("events_conversation", "conversation"),
)
"""What was accepted, without text. `key` names the event, `stamp` its edit (0: the first);
`known` is the stamp that was there before, -1 for none. `partition` -1 goes to every partition."""

people: Final = Table(
    "people",
    metadata,
    Column("partition", Integer, primary_key=True),
    Column("id", String(256), primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

conversations: Final = Table(
    "conversations",
    metadata,
    Column("id", String(256), primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("conversations_last_at", "last_at"),
)
"""State of a conversation and the place of the last event folded into it and its relationships."""

relationships: Final = Table(
    "relationships",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("conversation", String(256), nullable=False),
    Column("actor", String(256), nullable=False),
    Column("target", String(256), nullable=False),
    Column("level", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("relationships_conversation", "conversation"),
    Index("relationships_actor", "actor"),
    Index("relationships_target", "target"),
)

progress: Final = Table(
    "progress",
    metadata,
    Column("partition", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("newest", BigInteger, nullable=False),
    Column("library", String(64), nullable=False),
    Column("counters", LargeBinary, nullable=False),
)
"""How far each partition has been scored, and with which detector data."""

findings: Final = Table(
    "findings",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("conversation", String(256), nullable=False),
    Column("actor", String(256), nullable=False),
    Column("target", String(256), nullable=False),
    Column("level", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("found_at", BigInteger, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("findings_conversation", "conversation"),
    Index("findings_actor", "actor"),
    Index("findings_target", "target"),
)

shadow_findings: Final = Table(
    "shadow_findings",
    metadata,
    Column("policy", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("conversation", String(256), nullable=False),
    Column("actor", String(256), nullable=False),
    Column("target", String(256), nullable=False),
    Column("level", Integer, nullable=False),
    Column("bits", Float, nullable=False),
    Column("at", BigInteger, nullable=False),
)

quarantine: Final = Table(
    "quarantine",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("key_name", String(64), nullable=False),
    Column("line", Integer, nullable=False),
    Column("field", String(256), nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""Lines that could not be read: where and why, and a digest. Never the line itself."""

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=True),
    Column("revoked_at", BigInteger, nullable=True),
)

policies: Final = Table(
    "policies",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("deployed_at", BigInteger, nullable=True),
    Column("deployed_by", String(64), nullable=True),
    Column("backtest", Text, nullable=True),
)

webhooks: Final = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger, nullable=True),
)

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("webhook", String(32), nullable=False),
    Column("event", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_error", Text, nullable=False),
    Index("deliveries_due", "state", "next_at"),
)

settings: Final = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""What belongs to this database: partitions, and counters that must survive."""

# --- cases: the vault and the audit chain -----------------------------------------------------

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
