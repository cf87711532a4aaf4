"""Refused, ignored, reported or blocked by children."""

from __future__ import annotations

import math
from typing import Final

from lamppost.history.accounts import BLOCKED, DECLINED, REFUSED, REPORTED
from lamppost.history.sketches import count
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="refused",
    number=102,
    version=1,
    title="Refused, ignored and blocked by children",
    kind="behaviour",
    speaker="actor",
    stage="contact",
    status="experimental",
    harm="Children's refusals are the earliest warning there is.",
    what="Children who decline, ignore, block or report the account after it turned to them.",
    because="refused, ignored, blocked or reported by children",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Clumsy or pushy players looking for a team",
        "Advertisers and sellers, refused by everybody",
        "Quarrels among schoolmates; coordinated false reports",
    ],
    blind_spots=[
        "Platforms that do not report declined requests",
        "Children who do not dare to refuse",
    ],
    reviewer_guide=(
        "Look at whether the children who refused know each other, and whether adults "
        "refuse as often."
    ),
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Weigh what came back from children who were strangers."""
    total = 0.0
    shown = []
    for item in conduct.sought:
        flags = item.tie.flags
        if flags & REFUSED:
            weight = 1.0 * bool(flags & DECLINED) + 2.0 * bool(flags & (BLOCKED | REPORTED))
            shown.append(item)
        elif not item.took and item.begun_here and conduct.book.now - item.tie.last > _PATIENCE:
            weight = 0.4
        else:
            continue
        total += weight * (0.4 + 0.6 * item.strange)
    beyond = count(conduct.state.refused_by_children) - len(shown)
    total += max(0.0, beyond)
    if total <= 0:
        return None
    text = f"declined, blocked or reported by {max(len(shown), len(shown) + beyond):.0f} children"
    return Sight(1.6 * math.log2(1 + total), text, events_of(shown))


_PATIENCE: Final = 24 * 60
