"""Reads over the API reach the audit chain, gathered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lamppost.core.errors import StoreError
from lamppost.service.viewlog import PATHS, ViewLog


def test_reads_of_a_key_share_a_row():
    rows: list[tuple[str, str, str, Mapping[str, Any]]] = []
    log = ViewLog(lambda *row: rows.append(row))
    for number in range(PATHS + 50):
        log.saw("key a", "risk", f"/v1/accounts/{number}", search=False)
    log.saw("key a", "risk", "/v1/accounts", search=True)
    log.saw("key b", "risk", "/v1/accounts/1", search=False)
    assert log.flush() == 3
    assert [row[:3] for row in rows] == [
        ("key a", "view", "risk"), ("key a", "search", "risk"), ("key b", "view", "risk"),
    ]  # fmt: skip
    assert rows[0][3]["count"] == PATHS + 50
    assert len(rows[0][3]["paths"]) == PATHS
    assert log.flush() == 0


def test_reads_that_cannot_be_written_are_kept():
    rows: list[Mapping[str, Any]] = []

    def fail(*row: object) -> None:
        raise StoreError("the disk is full")

    log = ViewLog(fail)
    log.saw("key a", "risk", "/v1/accounts/1", search=False)
    with pytest.raises(StoreError):
        log.flush()
    log.saw("key a", "risk", "/v1/accounts/2", search=False)
    log._write = lambda actor, act, subject, details: rows.append(details)
    assert log.flush() == 1
    assert rows == [{"count": 2, "paths": ["/v1/accounts/1", "/v1/accounts/2"]}]
