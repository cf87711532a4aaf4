"""Contact with many children who were strangers, above what is usual on the platform."""

from __future__ import annotations

import math
from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="contact_with_many",
    number=101,
    version=1,
    title="Contact with many children",
    kind="behaviour",
    speaker="actor",
    stage="contact",
    status="experimental",
    harm="Offenders write to many children to find one who answers.",
    what=(
        "Turning to children who were strangers, more of them, and a larger share of all "
        "contacts, than is usual."
    ),
    because="turns to many children who were strangers",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Coaches, teachers and youth workers taking on a new group",
        "Clan leaders and game organisers who recruit among strangers",
        "Sellers of game items, whose buyers are children",
    ],
    blind_spots=[
        "An offender who waits to be found by children",
        "Contact that began on another platform",
    ],
    reviewer_guide=(
        "Ask what these children have in common: a team and a class know each other, "
        "strangers sought out do not."
    ),
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """How surprising the number and share of children among those turned to is."""
    sought = [item for item in conduct.sought if item.begun_here]
    if not sought:
        return None
    strange = sum(item.strange for item in sought) / len(sought)
    many = max(conduct.asked_children, float(len(sought)))
    asked = max(conduct.asked, many)
    usual = conduct.norms.child_share if conduct.kind != "minor" else 0.8
    share = (many + 0.5) / (asked + 1)
    surprise = 0.0
    if share > usual:
        surprise = many * math.log2(share / usual)
        if asked > many:
            surprise += (asked - many) * math.log2((1 - share) / (1 - usual))
    value = 1.4 * math.log2(1 + strange * (0.5 * many + max(0.0, surprise)))
    text = f"turned to about {many:.0f} children who were strangers, of {asked:.0f} people in all"
    return Sight(value, text, events_of(sought))
