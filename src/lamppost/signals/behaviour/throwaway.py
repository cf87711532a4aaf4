"""A fake or throwaway profile that turns to children."""

from __future__ import annotations

from typing import Final

from lamppost.history.sketches import count
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="throwaway",
    number=105,
    version=1,
    title="Fake or throwaway profile",
    kind="behaviour",
    speaker="actor",
    stage="contact",
    status="experimental",
    harm="Accounts made for one purpose and abandoned when reported.",
    what=(
        "An account that turns to children who were strangers when it is days old, with a "
        "bare profile and hardly any adult contacts."
    ),
    because="a new, bare account turns to children",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Everybody is new once: newcomers who look for playmates",
        "Second accounts of shy people",
        "A parent who joins to look after a child",
    ],
    blind_spots=[
        "Aged or bought accounts",
        "Offenders with full lives on the platform",
    ],
    reviewer_guide="Newness alone says nothing; look at what it was used for first.",
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """How new, bare and alone the account was when it first turned to a child."""
    sought = [item for item in conduct.sought if item.begun_here]
    if not sought:
        return None
    state = conduct.state
    first = min(item.tie.begun for item in sought)
    value = 0.0
    said = []
    if state.made:
        age = max(0, first - state.made) / (24 * 60)
        value += 2.0 if age < 3 else 1.5 if age < 10 else 0.7 if age < 21 else 0.0
        if age < 21:
            said.append(f"{age:.0f} days old at its first contact with a child")
    fields = sum(name != "visibility" for name in state.profile)
    if fields <= 1:
        value += 0.7
        said.append("hardly any profile")
    others = count(state.met)
    if others < 3 and len(sought) >= 2:
        value += 1.5 if others < 1 else 0.7
        said.append("hardly any contact with adults")
    if not said:
        return None
    value *= 0.5 + 0.5 * max(item.strange for item in sought)
    return Sight(value, ", ".join(said), events_of(sought))
