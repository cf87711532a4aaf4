"""Explicit content in the child's talks."""

from __future__ import annotations

from typing import Final

from lamppost.history.accounts import EXPLICIT
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.care import Care
from lamppost.signals.conduct import Sight
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="explicit_shared",
    number=156,
    version=1,
    title="Explicit content shared",
    kind="red_flag",
    speaker="target",
    stage="exploitation",
    status="experimental",
    harm="It can be used against the child, today or in years.",
    what=(
        "Messages that the platform labelled as sexual, or that phrases show as such, in "
        "the child's talks, whoever wrote them."
    ),
    because="explicit messages are in the child's talks",
    bits=Bits(0.5, 1.5, 3.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Couples of the same age",
        "Sex education, jokes, wrong labels",
    ],
    blind_spots=[
        "Pictures without a label",
    ],
    reviewer_guide=(
        "The child has done nothing wrong. Offer removal services; do not look at more than needed."
    ),
    since="0.2.0",
)


def look(care: Care) -> Sight | None:
    """Talks in which the platform labelled a message, or sexual talk was seen."""
    found = [friend for friend in care.friends if friend.tie.flags & EXPLICIT]
    if not found:
        return None
    adult = any(friend.adult for friend in found)
    value = 1.0 + len(found) + 1.5 * adult
    events = tuple(friend.tie.event for friend in found if friend.tie.event)[:4]
    return Sight(value, f"explicit messages in talks with {len(found)} people", events)
