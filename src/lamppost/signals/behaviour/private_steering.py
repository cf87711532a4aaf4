"""Steering children into private spaces."""

from __future__ import annotations

from typing import Final

from lamppost.history.accounts import SPACE_MADE
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="private_steering",
    number=108,
    version=1,
    title="Steering children into private spaces",
    kind="behaviour",
    speaker="actor",
    stage="isolation",
    status="experimental",
    harm="What happens in a private room has no witness.",
    what="Opening small private rooms for children who were strangers a short time before.",
    because="takes children who were strangers into private rooms",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Voice rooms of a team",
        "Tutors and youth workers who talk to one child at a time",
        "Friends who plan a surprise",
    ],
    blind_spots=[
        "Moves to another platform, seen only in what is said",
        "Platforms without room events",
    ],
    reviewer_guide="Who asked for the room, and was anybody else meant to know?",
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Small private rooms that the account made for children who were strangers."""
    taken = [item for item in conduct.strangers if item.tie.private and item.tie.flags & SPACE_MADE]
    if not taken:
        return None
    value = sum((1.8 if item.tie.private > 1 else 0.8) * (0.4 + item.strange) for item in taken)
    alone = sum(item.tie.private > 1 for item in taken)
    text = f"made private rooms with {len(taken)} children who were strangers, {alone} alone"
    return Sight(value, text, events_of(taken))
