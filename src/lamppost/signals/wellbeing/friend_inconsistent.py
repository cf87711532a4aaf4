"""Inconsistent information about a friend."""

from __future__ import annotations

from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.care import Care
from lamppost.signals.conduct import Sight
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="friend_inconsistent",
    number=154,
    version=1,
    title="Inconsistent information about a friend",
    kind="red_flag",
    speaker="target",
    stage="trust",
    status="experimental",
    harm="The friend may be somebody else.",
    what=(
        "A contact of the child whose ages, name, school or town do not agree with what "
        "it said before."
    ),
    because="has a friend whose facts do not agree",
    bits=Bits(0.5, 1.5, 3.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Friends who joke about their age, change names or move",
        "Siblings who share an account",
    ],
    blind_spots=[
        "A friend who lies consistently",
    ],
    reviewer_guide="Tell the child how to check who a friend is; do not accuse the friend.",
    since="0.2.0",
)


def look(care: Care) -> Sight | None:
    """A contact whose stated ages or profile do not agree."""
    value = 0.0
    events = []
    for friend in care.friends:
        other, tie = friend.state, friend.tie
        if not tie.got or not tie.sent:
            continue
        odd = 0.0
        told = other.told.bit_count()
        if told > 1:
            odd += 0.8 * (told - 1)
        if told and other.adult:
            odd += 1.5
        if len(other.ages) > 1 and max(other.ages) - min(other.ages) > 1:
            odd += 1.0
        for name in ("name", "school", "town"):
            odd += 0.6 * max(0, len(other.profile.get(name, ())) - 1)
        if odd >= 1:
            value = max(value, odd)
            events.append(tie.event)
    if value <= 0:
        return None
    found = tuple(name for name in events if name)[:4]
    return Sight(value, f"{len(events)} friends give ages or names that do not agree", found)
