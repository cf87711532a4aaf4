"""Who to call, for an audience in a country: rows of the support directory, nothing else."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from lamppost.protect.guidance.pack import Audience
from lamppost.protect.support import ContactRow, support_for

FOR: Final[dict[Audience, tuple[str, ...]]] = {
    "child": ("emergency", "child_helpline"),
    "teen": ("emergency", "child_helpline", "material_report"),
    "guardian": ("emergency", "exploitation_report", "material_report", "child_helpline"),
    "educator": ("emergency", "exploitation_report", "material_report", "child_helpline"),
    "moderator": ("emergency", "exploitation_report", "material_report"),
}
"""Purposes of the directory that an audience is shown, in this order."""


class WhoToCall(msgspec.Struct, frozen=True):
    """Rows to show and what to say of them: none known, or checked too long ago."""

    rows: list[ContactRow]
    warnings: list[str]


def who_to_call(audience: Audience, country: str | None, *, today: date) -> WhoToCall:
    """Whom this audience can call in `country` (ISO 3166 alpha-2, or None when not known).

    Raises `UsageError` when the code is not a country.
    """
    support = support_for(country, today=today)
    rows = [row for purpose in FOR[audience] for row in support.rows if row.purpose == purpose]
    return WhoToCall(rows, support.warnings)
