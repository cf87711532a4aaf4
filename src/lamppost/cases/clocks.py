"""Deadlines: how soon a person has to look, confirm, report, answer.

Urgent cases come before all others; the rest are in the order in which they fall due. So a case
that waits comes forward by itself, and none waits for ever. A known child of 12 or younger
halves the time.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lamppost.core.levels import Level
from lamppost.core.times import DAY, HOUR

YOUNG: Final = 12
"""Years up to which a child halves the time to decide."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How long things may take, in milliseconds. `claim`: how long a case is locked for a person.

    Placeholders for an operator to set: no law gives them. A duty to report without delay is
    met by `report` only when the operator's law says so.
    """

    urgent: int = HOUR
    high: int = DAY
    concern: int = 3 * DAY
    watch: int = 14 * DAY
    confirm: int = DAY
    confirm_urgent: int = 4 * HOUR
    report: int = DAY
    appeal: int = 14 * DAY
    claim: int = HOUR // 2


TERMS: Final = Terms()


def decide_by(terms: Terms, level: int, youngest: int, since: int) -> int:
    """When a case that is at `level` since a moment (ms) has to be decided (ms)."""
    if level >= Level.URGENT:
        return since + terms.urgent
    span = {Level.HIGH: terms.high, Level.CONCERN: terms.concern}.get(Level(level), terms.watch)
    return since + (span // 2 if 0 <= youngest <= YOUNG else span)


def confirm_by(terms: Terms, level: int, since: int) -> int:
    """When a proposed decision has to be confirmed or returned."""
    return since + (terms.confirm_urgent if level >= Level.URGENT else terms.confirm)
