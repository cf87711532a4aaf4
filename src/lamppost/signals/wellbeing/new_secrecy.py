"""New secrecy: deletions, private rooms with strangers."""

from __future__ import annotations

import math
from typing import Final

from lamppost.history.accounts import CAME, I_TOOK
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.care import Care
from lamppost.signals.conduct import Sight
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="new_secrecy",
    number=157,
    version=1,
    title="New secrecy",
    kind="red_flag",
    speaker="target",
    stage="maintenance",
    status="experimental",
    harm="Secrets asked for by others isolate a child.",
    what=(
        "Messages the child deletes more than it used to, and private rooms with people "
        "it met on the platform."
    ),
    because="hides more than before",
    bits=Bits(0.5, 1.5, 3.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Growing up: privacy is ordinary and good",
        "Surprises, crushes, typos",
    ],
    blind_spots=[
        "Second accounts, hidden apps",
    ],
    reviewer_guide="Respect the child's privacy; ask whether somebody asked for the secret.",
    since="0.2.0",
)


def look(care: Care) -> Sight | None:
    """Deletions above the child's own habit, and private rooms made by people new to it."""
    recent, before = care.recent, care.before
    hidden = sum(day.hidden for day in recent)
    usual = 0.3 + sum(day.hidden for day in before) / max(7, len(before)) * len(recent)
    value = 0.0
    said = []
    if hidden > usual:
        value += 1.0 * math.log2(hidden / usual)
        said.append(f"deleted {hidden} messages in a week")
    rooms = [f for f in care.friends if f.tie.private and f.tie.flags & (CAME | I_TOOK)]
    if rooms:
        value += sum(1.2 if friend.adult else 0.4 for friend in rooms)
        said.append(f"in private rooms with {len(rooms)} people met here")
    if value <= 0:
        return None
    events = tuple(friend.tie.event for friend in rooms if friend.tie.event)[:4]
    return Sight(value, "; ".join(said), events)
