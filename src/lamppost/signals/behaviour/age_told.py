"""Age misstated, or told differently."""

from __future__ import annotations

import math
from typing import Final

from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="age_told",
    number=103,
    version=1,
    title="Age misstated or told differently",
    kind="behaviour",
    speaker="actor",
    stage="trust",
    status="experimental",
    harm="Posing as a peer removes a child's caution.",
    what=(
        "Ages told in chat that contradict each other or the account, changed declared "
        "ages, and declared schoolchildren who keep the hours of adults."
    ),
    because="the ages given do not agree",
    bits=Bits(0.5, 2.5, 5.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Children who gave an adult age to be let in and later correct it",
        "Role play, jokes, birthdays",
        "Home schooling, illness, holidays and phones in class",
    ],
    blind_spots=[
        "A consistent lie",
        "Ages told in pictures or voice",
    ],
    reviewer_guide=(
        "An age corrected once is common. Look for different ages told to different children."
    ),
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Compare declared ages, ages told in chat, and the hours a schoolchild keeps."""
    state = conduct.state
    told = [age for age in range(state.told.bit_length()) if state.told >> age & 1]
    value = 0.0
    said = []
    if len(told) > 1:
        value += 1.0 + 0.7 * (len(told) - 1)
        said.append(f"told {len(told)} different ages in chat")
    if told and state.low >= 18:
        value += 2.5
        said.append(f"said to be {min(told)}, the account says {state.low}")
    elif told and state.minor and any(abs(age - state.high) > 1 for age in told):
        value += 1.0
        said.append("told another age than the account says")
    if len(state.ages) > 1:
        span = max(state.ages) - min(state.ages)
        crossing = min(state.ages) < 18 <= max(state.ages)
        value += 0.5 + 0.5 * min(span, 3) + 1.5 * crossing
        said.append(f"the account gave {len(state.ages)} different ages")
    if state.minor:
        days = state.weekdays.bit_count()
        lessons = state.lessons.bit_count()
        usual = min(0.9, max(0.05, conduct.norms.lessons))
        if days >= 3 and lessons / days > usual:
            share = min(0.98, lessons / days)
            surprise = lessons * math.log2(share / usual)
            if days > lessons:
                surprise += (days - lessons) * math.log2((1 - share) / (1 - usual))
            value += min(4.0, 0.6 * surprise)
            if surprise > 1:
                said.append(f"says to be of school age, is online in lessons on {lessons} days")
    if value <= 0:
        return None
    reached = conduct.strangers
    if not reached:
        value *= 0.5
    return Sight(value, "; ".join(said) or "ages do not agree", events_of(reached))
