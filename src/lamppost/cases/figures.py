"""Figures of the dashboard: counts and times, without names of accounts or people."""

from __future__ import annotations

import msgspec

from lamppost.cases.quality import DetectorPrecision


class Spread(msgspec.Struct, frozen=True):
    """How long something took: how often, median and 90th percentile in ms, `None` if never."""

    count: int
    median: int | None
    p90: int | None


class Budget(msgspec.Struct, frozen=True):
    """How many relationships alarm, of 100,000; `allowed` is the budget, `None` if there is none.

    `ordinary` are alarms of the level that somebody judged ordinary, of 100,000.
    """

    level: str
    alarms: int
    relationships: int
    per_100_000: float
    allowed: float | None
    ordinary: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures since a moment; `open_*` are of now."""

    since: int
    now: int
    open_by_level: dict[str, int]
    in_review: int
    overdue: int
    unclaimed: int
    appeals: int
    opened: int
    closed: int
    outcomes: dict[str, int]
    to_first_look: Spread
    to_decision: Spread
    to_report: Spread
    precision: list[DetectorPrecision]
    alarms: dict[str, int]
    ordinary_alarms: dict[str, int]
    relationships: int
