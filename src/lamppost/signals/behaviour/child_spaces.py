"""Entering spaces where children are."""

from __future__ import annotations

from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="child_spaces",
    number=109,
    version=1,
    title="Entering child-heavy spaces",
    kind="behaviour",
    speaker="actor",
    stage="contact",
    status="experimental",
    harm="Where children are is where offenders look.",
    what=(
        "An adult joining rooms in which most members are children, and turning to "
        "children met there."
    ),
    because="enters rooms that are mostly children",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Parents who look at what their child plays",
        "Adults who like a game that children like too",
        "Moderators",
    ],
    blind_spots=[
        "Rooms whose members are not reported",
        "Offenders whose account says they are children",
    ],
    reviewer_guide="Being there is no offence. Look at what followed.",
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Rooms full of children that an adult entered, and contacts that came of them."""
    if conduct.kind == "minor":
        return None
    state, book = conduct.state, conduct.book
    entered = 0
    met: set[int] = set()
    for key in state.entered:
        space = book.spaces.get(key)
        if space is None or space.private or len(space.members) < 6:
            continue
        children = [who for who, minor in space.members.items() if minor]
        if len(children) / len(space.members) < _HEAVY:
            continue
        entered += 1
        met.update(children)
    if not entered:
        return None
    after = [item for item in conduct.sought if item.tie.other in met]
    text = f"entered {entered} rooms that are mostly children"
    if after:
        text += f" and turned to {len(after)} of them"
    return Sight(0.8 * entered + 1.0 * len(after), text, events_of(after))


_HEAVY: Final = 0.7
