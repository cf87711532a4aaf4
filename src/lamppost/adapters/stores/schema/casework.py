"""Cases and what lies in them, and the search through what people wrote.

`search_docs` has an index that each kind of database makes in its own way (see the migration):
FTS5 on SQLite, a GIN index on PostgreSQL.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from lamppost.adapters.stores.schema.base import Number, metadata
from lamppost.adapters.stores.schema.cases import audit
from lamppost.adapters.stores.schema.log import relationships

_OPEN = text("status <> 'closed'")

cases: Final = Table(
    "cases",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("account", String(256), nullable=False),
    Column("status", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("bits", Float, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("looked_at", BigInteger, nullable=True),
    Column("decided_at", BigInteger, nullable=True),
    Column("closed_at", BigInteger, nullable=True),
    Column("due_at", BigInteger, nullable=False),
    Column("rank", BigInteger, nullable=True),
    Column("assigned_to", String(64), nullable=True),
    Column("claimed_by", String(64), nullable=True),
    Column("claimed_until", BigInteger, nullable=False),
    Column("children", Integer, nullable=False),
    Column("youngest", Integer, nullable=False),
    Column("conversations", Integer, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("detectors", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reopened", Integer, nullable=False),
    Index("cases_one_open", "account", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("cases_account", "account"),
    Index("cases_queue", "status", "level", "due_at"),
    Index("cases_closed", "closed_at"),
    Index("cases_opened", "opened_at"),
)
"""One row per case; the partial index keeps at most one open case per account."""

case_findings: Final = Table(
    "case_findings",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("conversation", String(256), nullable=False),
    Column("actor", String(256), nullable=False),
    Column("target", String(256), nullable=False),
    Column("level", Integer, nullable=False),
    Column("bits", Float, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("case_findings_case", "case_id"),
    Index("case_findings_target", "target"),
)

case_pieces: Final = Table(
    "case_pieces",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("conversation", String(256), primary_key=True),
    Column("event", String(256), primary_key=True),
    Column("edit", BigInteger, primary_key=True),
    Column("sender", String(256), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("labels", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("item", String(64), nullable=False),
    Index("case_pieces_sender", "sender"),
)
"""Messages around findings, without words; `item` names the sealed words, or is empty."""

case_notes: Final = Table(
    "case_notes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Index("case_notes_case", "case_id"),
)

case_decisions: Final = Table(
    "case_decisions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("acts", Text, nullable=False),
    Column("judgement", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reviewed_by", String(64), nullable=True),
    Column("reviewed_at", BigInteger, nullable=True),
    Column("review_reason", Text, nullable=False),
    Index("case_decisions_case", "case_id"),
)

case_labels: Final = Table(
    "case_labels",
    metadata,
    Column("decision_id", String(64), primary_key=True),
    Column("finding_id", String(64), primary_key=True),
    Column("detector", String(128), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(16), nullable=False),
    Column("bits", Float, nullable=False),
    Column("label", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("counts", Boolean, nullable=False),
    Index("case_labels_case", "case_id"),
    Index("case_labels_figures", "counts", "detector", "language", "label", "case_id"),
)
"""What decisions say of signals; the figures read the index alone."""

case_clocks: Final = Table(
    "case_clocks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("stopped_at", BigInteger, nullable=True),
    Index("case_clocks_case", "case_id"),
    Index("case_clocks_running", "stopped_at", "due_at"),
)

case_appeals: Final = Table(
    "case_appeals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("decision_id", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("recorded_by", String(64), nullable=False),
    Column("words", Text, nullable=False),
    Column("result", String(16), nullable=False),
    Column("answered_by", String(64), nullable=True),
    Column("answered_at", BigInteger, nullable=True),
    Column("answer", Text, nullable=False),
    Index("case_appeals_case", "case_id"),
)

case_links: Final = Table(
    "case_links",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("other", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
)

case_history: Final = Table(
    "case_history",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("act", String(64), nullable=False),
    Column("details", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    Index("case_history_case", "case_id"),
    Index("case_history_row", "row"),
)
"""Acts, written with what they did; `row` is their place in the audit chain: 0 not there yet,
below 0 somebody writes it since that moment."""

case_samples: Final = Table(
    "case_samples",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", String(64), nullable=False),
    Column("decision_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("judgement", String(16), nullable=False),
    Column("acts", Text, nullable=False),
    Column("first_by", String(64), nullable=False),
    Index("case_samples_case", "case_id"),
)

case_readings: Final = Table(
    "case_readings",
    metadata,
    Column("sample_id", String(64), primary_key=True),
    Column("by", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("judgement", String(16), nullable=False),
    Column("acts", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

case_tokens: Final = Table(
    "case_tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("who", String(64), nullable=False),
    Column("act", String(64), nullable=False),
    Column("case_id", String(64), nullable=False),
    Column("result", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("case_tokens_at", "at"),
)
"""Requests that were done, so that a form sent twice acts once."""

search_docs: Final = Table(
    "search_docs",
    metadata,
    Column("number", Number, primary_key=True),
    Column("id", String(400), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("ref", String(256), nullable=False),
    Column("case_id", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index("search_docs_case", "case_id"),
)

Index("audit_act_at", audit.c.act, audit.c.at)
Index("relationships_level", relationships.c.level)

UNCOMPARED: Final = ("search_index", "search_docs_words")
"""What each kind of database has in its own form: not part of the comparison with migrations."""


def compared(item: object, name: str | None, *_: object) -> bool:
    """Whether Alembic compares an object of the database with these tables."""
    return not (name or "").startswith(UNCOMPARED)
