"""The same script sent to many children."""

from __future__ import annotations

from typing import Final

from lamppost.history.sketches import alike
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="same_script",
    number=107,
    version=2,
    title="The same script sent to many",
    kind="behaviour",
    speaker="actor",
    stage="contact",
    status="experimental",
    harm="A script is how many children are tried at once.",
    what="First messages of some length to different children that are nearly the same.",
    because="sends the same first message to several children",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Clan invitations, welcome messages of helpers, adverts",
        "A coach who tells each child the same time",
        "A child who invites a class to a party",
    ],
    blind_spots=[
        "Scripts that are rewritten for each child",
        "Services that keep no text: there is nothing to compare",
    ],
    reviewer_guide=(
        "Read the script: an invitation to a team is not an invitation to a private chat."
    ),
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Largest group of first messages to children that read alike (MinHash)."""
    sought = {item.tie.other: item for item in conduct.children if not item.kin}
    openings = [entry for entry in conduct.state.openings if entry[0] in sought]
    best: list[int] = []
    for one in openings:
        group = [two[0] for two in openings if alike(one[2:], two[2:]) >= _ALIKE]
        if len(group) > len(best):
            best = group
    if len(best) < 2:
        return None
    text = f"the first message to {len(best)} children reads the same"
    return Sight(1.3 * (len(best) - 1), text, events_of(sought[key] for key in best))


_ALIKE: Final = 0.7
