"""Unexplained gifts or money."""

from __future__ import annotations

import math
from typing import Final

from lamppost.history.accounts import NEAR
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.care import Care
from lamppost.signals.conduct import Sight
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="unexplained_gifts",
    number=153,
    version=1,
    title="Unexplained gifts or money",
    kind="red_flag",
    speaker="target",
    stage="dependency",
    status="experimental",
    harm="Gifts bind a child and are held against it later.",
    what="Gifts or payments through the platform from people who are no family by what is known.",
    because="receives gifts from people who are no family",
    bits=Bits(0.5, 1.5, 3.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Birthdays and holidays; relatives who are not registered",
        "Prizes, giveaways and trades in games",
    ],
    blind_spots=[
        "Gifts that do not pass through the platform",
    ],
    reviewer_guide="Nobody should have to give a gift back to be believed.",
    since="0.2.0",
)


def look(care: Care) -> Sight | None:
    """Gifts from people who are no family, above all adults and those met a short time ago."""
    value = 0.0
    given = []
    for friend in care.friends:
        tie = friend.tie
        if not tie.received or tie.flags & NEAR:
            continue
        weight = 1.0 if friend.adult else 0.4
        value += weight * math.log2(1 + tie.received / 200)
        given.append(tie)
    if not given:
        return None
    events = tuple(tie.event for tie in given if tie.event)[:4]
    return Sight(value, f"received gifts from {len(given)} people who are no family", events)
