"""Steps of filings: numbers of an authority and codes, no text."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, String, Table

from lamppost.adapters.stores.schema.base import metadata

filing_steps: Final = Table(
    "filing_steps",
    metadata,
    Column("filing", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("act", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("part", Integer, nullable=False),
    Column("remote", String(64), nullable=False),
    Column("file", String(64), nullable=False),
    Column("code", Integer, nullable=False),
    Column("request", String(200), nullable=False),
)
