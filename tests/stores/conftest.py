"""Databases: SQLite in a file, and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.wiring import Stores, open_stores


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lamppost.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def stores(url: str) -> Iterator[Stores]:
    """Every store of one database."""
    opened = open_stores(url)
    yield opened
    opened.close()
