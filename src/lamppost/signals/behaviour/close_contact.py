"""Sustained one-to-one contact with a child who was a stranger."""

from __future__ import annotations

import math
from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="close_contact",
    number=112,
    version=1,
    title="Sustained private contact with a child met here",
    kind="behaviour",
    speaker="actor",
    stage="trust",
    status="experimental",
    harm="Grooming takes time alone with a child.",
    what=(
        "Private talk over days between an account and children who were strangers to it, "
        "also at night."
    ),
    because="talks alone, over days, with children met here",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Players of one team",
        "Peer mentors and tutors found through search",
        "Young adults and older teenagers who became friends",
    ],
    blind_spots=[
        "Contact that began elsewhere or before the period looked at",
    ],
    reviewer_guide="Read it together with what is said, if that may be read.",
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """How long, how mutual and how late the closest talks with strange children are."""
    close = []
    for item in conduct.strangers:
        tie = item.tie
        if not tie.got or not tie.sent or not item.begun_here:
            continue
        depth = math.log2(1 + tie.days.bit_count()) + math.log2(1 + min(tie.sent, tie.got)) / 4
        late = tie.night / (tie.sent + tie.got)
        close.append((item.strange * (depth + late), item))
    if not close:
        return None
    close.sort(key=lambda pair: (-pair[0], pair[1].tie.other))
    value = sum(part * share for (part, _), share in zip(close, (1.0, 0.7, 0.5), strict=False))
    days = max(item.tie.days.bit_count() for _, item in close)
    text = f"talks alone with {len(close)} children met here, over up to {days} days"
    return Sight(value, text, events_of(item for _, item in close[:3]))
