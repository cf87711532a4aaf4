"""Evasion: deleting after a child's answer, coming back after a block."""

from __future__ import annotations

import math
from typing import Final

from lamppost.history.accounts import BACK
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="evasion",
    number=110,
    version=1,
    title="Evasion: deletions and returns",
    kind="behaviour",
    speaker="actor",
    stage="maintenance",
    status="experimental",
    harm="Removing traces and returning after a block shows intent.",
    what=(
        "Messages to a child deleted after the child answered, more than is this person's "
        "habit, and contact from a device whose other account the child blocked."
    ),
    because="deletes after answers, or returns after a block",
    bits=Bits(0.5, 3.0, 6.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Tidy or anxious people who delete everywhere",
        "Typos",
        "Friends who quarrel, block and make up on a new account",
    ],
    blind_spots=[
        "Disappearing messages",
        "A return from another device",
    ],
    reviewer_guide="Look for what was deleted on the child's side, where it may still be.",
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Deletions in talks with strange children above the habit, and returns after a block."""
    state = conduct.state
    gone = [item for item in conduct.strangers if item.tie.deleted and item.tie.got]
    deleted = sum(item.tie.deleted for item in gone)
    sent = sum(item.tie.sent for item in conduct.strangers)
    elsewhere = max(0, state.deleted - deleted) / max(20, state.sent - sent)
    usual = max(conduct.norms.deleting, elsewhere)
    value = 0.0
    said = []
    expected = 0.3 + usual * sent
    if deleted > expected:
        value += deleted * math.log2(deleted / expected) * 0.8
        said.append(f"deleted {deleted} messages after a child's answers")
    back = [item for item in conduct.children if item.tie.flags & BACK]
    if back:
        value += 2.5 + len(back)
        said.append(f"same device as an account that {len(back)} of these children blocked")
    if value <= 0:
        return None
    return Sight(min(8.0, value), "; ".join(said), events_of([*back, *gone]))
