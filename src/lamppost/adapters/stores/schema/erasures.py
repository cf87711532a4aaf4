"""Erasures that were asked for, and their receipts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from lamppost.adapters.stores.schema.base import metadata

erasures: Final = Table(
    "erasures",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(256), nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
    Column("detail", Text, nullable=False),
    Column("receipt", Text, nullable=True),
    Index("erasures_state", "state"),
)
"""`state` is waiting, done or refused. The id of the account stays: the receipt is of it."""
