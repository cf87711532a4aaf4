"""Excessive time and odd hours, in the child's zone and school calendar."""

from __future__ import annotations

import math
from typing import Final

from lamppost.history.children import Day
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.care import Care
from lamppost.signals.conduct import Sight
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="odd_hours",
    number=152,
    version=1,
    title="Excessive time and odd hours",
    kind="red_flag",
    speaker="target",
    stage="dependency",
    status="experimental",
    harm="Contact at night is contact without witnesses, and costs sleep.",
    what=(
        "Writing at night, being online in lessons on school days, and very long days, "
        "more than this child does otherwise. A weekday on which most children of the "
        "zone are online in lessons counts as a holiday."
    ),
    because="is online at night, in lessons or very long",
    bits=Bits(0.5, 1.5, 3.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Holidays of one school only, illness, home schooling",
        "A new game or a championship at night",
        "A wrong time zone on the account",
    ],
    blind_spots=[
        "Offline evenings with another app",
    ],
    reviewer_guide="Ask about sleep first.",
    since="0.2.0",
)


def look(care: Care) -> Sight | None:
    """Messages at night, use in lessons on school days, and long days, against the weeks before."""
    recent, before = care.recent, care.before
    if not recent:
        return None
    zone = care.state.zone

    def odd(days: list[Day]) -> float:
        total = 0.0
        for day in days:
            total += day.late
            if care.book.school_day(zone, day.day):
                total += 0.5 * day.lessons
            total += max(0, day.minutes - _LONG) / 60
        return total / max(1, len(days))

    now, usual = odd(recent), odd(before) if len(before) >= 5 else 1.0
    if now <= max(1.0, usual):
        return None
    value = 1.2 * math.log2(now / max(1.0, usual)) + 0.3 * math.log2(1 + now)
    return Sight(
        value, f"{now:.1f} messages or hours a day at night, in lessons or beyond six hours"
    )


_LONG: Final = 6 * 60
