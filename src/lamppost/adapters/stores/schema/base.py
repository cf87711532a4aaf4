"""What the tables of every topic share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData

metadata: Final = MetaData()

Number: Final = BigInteger().with_variant(Integer, "sqlite")
"""A number that SQLite counts up by itself when it is a primary key."""
