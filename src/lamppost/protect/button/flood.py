"""What becomes of a report: into a case, to a person who finds out more, or held in a flood.

A report *stands* when the platform vouches for who sent it and the reported account has written
to them. Such a report always goes into the case. All others can be made up by anybody in any
number, so they count towards a flood: after `about` of them in a day the next ones about that
account are held: kept, listed, answered, but they raise nothing. The first one held gives one
notice. After `cases` new cases in an hour from such reports, about whomever, the same.

Nothing is ever thrown away here, and nothing is done to an account: one account has one case,
which a person decides.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from lamppost.core.times import DAY, HOUR
from lamppost.protect.button.report import ChildReport


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many reports that do not stand raise anything. Spans in milliseconds."""

    about: int = 10
    about_span: int = DAY
    cases: int = 30
    cases_span: int = HOUR


LIMITS: Final = Limits()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when a report is placed.

    `about` counts reports on the same account within the span that do not stand, `cases` cases
    that such reports opened; `contact` says that the account wrote in the conversation, or to
    the reporter; `open` that it has an open case.
    """

    about: int
    cases: int
    contact: bool
    open: bool


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where a report goes; `notice` names the flood it belongs to, `None` when to none."""

    state: Literal["case", "waiting", "held"]
    level: Literal["concern", "urgent"] = "concern"
    notice: str | None = None


def place(report: ChildReport, seen: Seen, limits: Limits = LIMITS) -> Placement:
    """Where a report goes."""
    level: Literal["concern", "urgent"] = "urgent" if report.danger else "concern"
    if not report.about:
        return Placement(state="waiting", level=level)
    if report.vouched and seen.contact:
        return Placement(state="case", level=level)
    if seen.about >= limits.about:
        return Placement(state="held", level=level, notice=report.about)
    if report.crowded:
        return Placement(state="held", level=level)
    if not seen.open and seen.cases >= limits.cases:
        return Placement(state="held", level=level, notice="")
    return Placement(state="case", level=level)
