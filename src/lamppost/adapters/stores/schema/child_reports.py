"""What was sent with the report button, without words, and notices of floods."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from lamppost.adapters.stores.schema.base import metadata

child_reports: Final = Table(
    "child_reports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("safe", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("country", String(2), nullable=False),
    Column("about", String(256), nullable=False),
    Column("conversation", String(256), nullable=False),
    Column("reporter", String(256), nullable=False),
    Column("vouched", Boolean, nullable=False),
    Column("crowded", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("contact", Boolean, nullable=False),
    Column("case_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Index("child_reports_state", "state", "at"),
    Index("child_reports_about", "about", "at"),
    Index("child_reports_case", "case_id"),
)
"""`code` is the SHA-256 of the code that the child has; words lie in the vault alone."""

report_floods: Final = Table(
    "report_floods",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("about", String(256), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("danger", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=True),
    Column("closed_by", String(64), nullable=False),
    Index("report_floods_about", "about", "closed_at"),
)
