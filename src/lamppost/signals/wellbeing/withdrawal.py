"""Withdrawal from others while one contact grows."""

from __future__ import annotations

import math
from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.care import Care
from lamppost.signals.conduct import Sight
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="withdrawal",
    number=155,
    version=1,
    title="Withdrawal from others while one contact grows",
    kind="red_flag",
    speaker="target",
    stage="isolation",
    status="experimental",
    harm="Isolation is a step of grooming and a harm of its own.",
    what="Fewer partners than before while somebody new takes most of the talk.",
    because="turns away from others while one new contact grows",
    bits=Bits(0.5, 1.5, 3.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "A first love, a new best friend",
        "Exams, illness, moving; friends who are away",
        "A quarrel in class",
    ],
    blind_spots=[
        "Friends the child meets without the platform",
    ],
    reviewer_guide="Ask after the old friends.",
    since="0.2.0",
)


def look(care: Care) -> Sight | None:
    """One new contact takes most of the talk while the number of partners falls."""
    recent, before = care.recent, care.before
    if len(before) < 5 or len(recent) < 3:
        return None
    usual = sum(day.partners.bit_count() for day in before) / len(before)
    now = sum(day.partners.bit_count() for day in recent) / len(recent)
    total = sum(day.wrote + day.heard for day in recent)
    new = [
        friend.tie
        for friend in care.friends
        if care.today - friend.tie.begun // _DAY <= 21 and friend.tie.got and friend.tie.sent
    ]
    top = max(new, key=lambda tie: (tie.sent + tie.got, tie.other), default=None)
    if top is None or usual <= now or total == 0:
        return None
    share = min(1.0, (top.sent + top.got) / total)
    if share < 0.4:
        return None
    value = 2.0 * math.log2(usual / max(0.3, now)) * share + share
    events = (top.event,) if top.event else ()
    return Sight(value, f"one new contact has {share:.0%} of the talk, others become fewer", events)


_DAY: Final = 24 * 60
