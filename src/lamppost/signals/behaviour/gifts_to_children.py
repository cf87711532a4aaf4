"""Gifts to children who were strangers."""

from __future__ import annotations

import math
from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="gifts_to_children",
    number=111,
    version=1,
    title="Gifts to children who were strangers",
    kind="behaviour",
    speaker="actor",
    stage="dependency",
    status="experimental",
    harm="A gift makes a debt and a secret.",
    what="Gifts or payments through the platform to children who were strangers.",
    because="gives to children who were strangers",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Clan starter kits and giveaways of streamers",
        "Trades, where something comes back",
        "Uncles and aunts whose family is not registered",
    ],
    blind_spots=[
        "Gifts outside the platform",
        "Currencies: values are compared as if they were one",
    ],
    reviewer_guide="Ask what was expected in return.",
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Gifts to children, by how far each was a stranger."""
    given = [item for item in conduct.strangers if item.tie.given]
    if not given:
        return None
    value = sum((0.3 + item.strange) * math.log2(1 + item.tie.given / 150) for item in given)
    text = f"gave to {len(given)} children who were strangers"
    return Sight(min(8.0, 0.9 * value), text, events_of(given))
