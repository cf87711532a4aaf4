"""Does a total of T bits stay as rare as Ville's inequality says, whenever it is read?

Ordinary relationships are drawn from the measured rates and go through the assessment that
serves, message by message; what is kept is the highest total each ever had. If bits are honest,
at most one in 2^T reaches T.

When it fails: patterns are drawn apart from each other, as they seldom are in life; and the
engine counts the densest stretch, so very long relationships have many chances. The bound is for
relationships about as long as those the rates were measured on; `docs/evaluation.md` shows where
it ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamppost.history.memory import Relationship, Sighting
from lamppost.pipeline import Engine
from lamppost.risk.score import assess
from lamppost.signals.calibration import RateFile


def simulated(
    engine: Engine, table: RateFile, *, count: int, mean: float, seed: int
) -> NDArray[np.float64]:
    """Highest totals (bits) of `count` ordinary relationships of geometric length around `mean`.

    Each message shows each pattern of the actor with its ordinary rate (posterior mean), whatever
    came before it.
    """
    library = engine.library
    rng = np.random.default_rng(seed)
    reasons = [
        (index, reason)
        for index, reason in enumerate(library.reasons)
        if reason.language == table.language and reason.bits > 0
        if reason.card.speaker == "actor" and reason.key in table.patterns
    ]
    seen = np.asarray([table.seen.get(reason.key, 0) for _, reason in reasons], float)
    rates = (seen + 0.5) / (table.relationships + 1) * table.relationships / table.messages
    total = rates.sum()
    peaks = np.zeros(count)
    for number in range(count):
        length = int(rng.geometric(1 / mean))
        at = np.flatnonzero(rng.random(length) < 1 - np.exp(-total))
        item = Relationship("c", "a", "b")
        for message, place in zip(
            at.tolist(), rng.choice(len(reasons), len(at), p=rates / total), strict=True
        ):
            index, reason = reasons[place]
            item.messages = item.last_at = message + 1
            item.note(
                Sighting(
                    reason.card.number, index, reason.bits, message + 1, message + 1, str(message)
                )
            )
            found = assess(
                item, library.cards, engine.because, None, None, weights=engine.weights,
                thresholds=engine.thresholds,
            )  # fmt: skip
            peaks[number] = max(peaks[number], found.bits)
    return peaks
