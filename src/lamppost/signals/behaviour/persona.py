"""A person that does not hold together: name, school, town, pictures."""

from __future__ import annotations

from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="persona",
    number=104,
    version=1,
    title="Inconsistent persona",
    kind="behaviour",
    speaker="actor",
    stage="trust",
    status="experimental",
    harm="Several invented people behind one account, each for another child.",
    what="Name, school, town or pictures of a profile that change more than people change them.",
    because="the profile does not hold together",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Teenagers who try out names and pictures",
        "People who move, marry or change gender",
        "Players who follow a fashion of names",
    ],
    blind_spots=[
        "Pictures that are altered each time have other digests",
        "Platforms without profile events",
    ],
    reviewer_guide=(
        "Ask whether one person could be all of these. Never hold a changed name against "
        "anyone by itself."
    ),
    since="0.2.0",
)


_WEIGHTS: Final = {"name": 1.0, "school": 1.5, "town": 1.5, "picture": 0.5}


def look(conduct: Conduct) -> Sight | None:
    """Count different values of what rarely changes."""
    fields = []
    value = 0.0
    for name, digests in sorted(conduct.state.profile.items()):
        more = len(digests) - 1
        if more > 0 and name != "visibility":
            value += more * _WEIGHTS.get(name, 0.3)
            fields.append(f"{len(digests)} × {name}")
    if value <= 0:
        return None
    reached = conduct.sought
    if not reached:
        value *= 0.5
    return Sight(value, f"the profile changed: {', '.join(fields)}", events_of(reached))
