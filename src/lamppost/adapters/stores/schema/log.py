"""The log of events, the states folded from it, and what was found."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from lamppost.adapters.stores.schema.base import Number, metadata

events: Final = Table(
    "events",
    metadata,
    Column("seq", Number, primary_key=True),
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
    Column("number", Number, primary_key=True),
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
    Column("id", Number, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("key_name", String(64), nullable=False),
    Column("line", Integer, nullable=False),
    Column("field", String(256), nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""Lines that could not be read: where and why, and a digest. Never the line itself."""
