"""Whom to call and where to report, by country; each row with source and date.

`data/<CC>.toml` holds a country's rows, `data/default.toml` those for everywhere. A purpose
without a row is *missing* and is said to be missing; a number is never guessed. A row whose
date is older than `stale_after_days` is *old* and is said to be old, but still shown.
"""

from __future__ import annotations

from lamppost.protect.support.directory import (
    PURPOSES,
    ContactRow,
    Support,
    SupportRow,
    countries,
    country_code,
    support_for,
)

__all__ = [
    "PURPOSES",
    "ContactRow",
    "Support",
    "SupportRow",
    "countries",
    "country_code",
    "support_for",
]
