"""A sudden change of behaviour, against the child's own baseline."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from lamppost.history.children import Day
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.care import Care
from lamppost.signals.conduct import Sight
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="sudden_change",
    number=151,
    version=1,
    title="Sudden change of behaviour",
    kind="red_flag",
    speaker="target",
    stage="maintenance",
    status="experimental",
    harm="A child under pressure may fall silent or be drawn in, at once.",
    what=(
        "Activity or number of partners that changes abruptly against the child's own weeks before."
    ),
    because="behaves differently than before",
    bits=Bits(0.5, 1.5, 3.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Exams, holidays, illness, moving house",
        "A new game, a new phone, a first love",
        "A ban on screen time",
    ],
    blind_spots=[
        "Slow changes",
        "Children seen for less than ten days",
    ],
    reviewer_guide="Ask how the child is. Do not ask what it did wrong.",
    since="0.2.0",
)


def look(care: Care) -> Sight | None:
    """Best single change point of the last two weeks in activity and in the number of partners."""
    if len(care.days) < _FEWEST:
        return None
    first = care.days[0].day
    by_day = {day.day: day for day in care.days}
    span = range(first, care.today + 1)
    best, said = 0.0, ""
    for name, count in _SERIES.items():
        series = [math.sqrt(count(by_day[n])) if n in by_day else 0.0 for n in span]
        for cut in range(max(7, len(series) - 14), len(series) - 2):
            before, after = series[:cut], series[cut:]
            middle = sum(before) / len(before)
            spread = math.sqrt(sum((x - middle) ** 2 for x in before) / len(before))
            mean = sum(after) / len(after)
            scale = max(0.6, spread) * math.sqrt(1 / len(before) + 1 / len(after))
            change = abs(mean - middle) / scale
            if change > best:
                word = "more" if mean > middle else "less"
                best, said = change, f"{name} {word} than before, since {len(after)} days"
    if best < 2.0:
        return None
    return Sight((best - 2.0) * 0.8, said)


_FEWEST: Final = 10
_SERIES: Final[dict[str, Callable[[Day], int]]] = {
    "writes": lambda day: day.wrote,
    "has contact with people": lambda day: 2 * day.partners.bit_count(),
}
