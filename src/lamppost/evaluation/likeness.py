"""Measure what likeness to exemplars is worth, for `signals/likeness.toml`.

Ordinary side: a sample of messages of an openly licensed corpus; thresholds stand where one in
`RATES` of them is as alike. Harmful side: leave-one-out over the project's own exemplars, which
are plain lines of its authors and no sample of real conversations; so bits are capped.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lamppost.signals.calibration import wilson
from lamppost.signals.card import Card
from lamppost.signals.meaning import (
    WORDS,
    Bin,
    Encoder,
    Measured,
    exemplars,
    likeness,
)

RATES: Final = (1_500, 8_000)
"""Thresholds stand where one ordinary message in so many is as alike."""
GATE: Final = 0.03
"""Share of ordinary messages that the static encoder lets through to the deeper one."""
MESSAGES: Final = 18
"""Messages of an ordinary relationship, to turn a rate per message into one per relationship."""
CAP: Final = 2.8
"""Most bits of one likeness: the harmful side is not measured on real conversations. It also stays
below a plain phrase of its tactic, so that likeness alone makes nothing urgent."""
FOUND: Final = 0.3
"""A likeness at which fewer of the tactic's own exemplars find each other is not used."""
SAME: Final = 0.9
"""An exemplar this alike is taken for a translation of the same line and left out."""


def sample(texts: Sequence[str], size: int, seed: int = 2) -> list[str]:
    """`size` messages of the length that the channel looks at."""
    fit = [text for text in texts if WORDS[0] <= text.count(" ") + 1 <= WORDS[1]]
    return random.Random(seed).sample(fit, min(size, len(fit)))  # noqa: S311


def measure(
    texts: Sequence[str],
    cards: Sequence[Card],
    *,
    static: Encoder,
    deep: Encoder,
    source: str,
    date: str,
) -> Measured:
    """Thresholds and bits of both encoders, from ordinary `texts` and the exemplars of `cards`."""
    tactics = {card.id: card for card in cards if card.kind == "tactic"}
    lines = [item for item in exemplars() if item[0] in tactics]
    english = [item for item in lines if item[1] == "en"]
    plain = static.encode(list(texts))
    anchors = static.encode([line for _, _, line in english])
    gate = float(np.quantile(likeness(plain, anchors, 1), 1 - GATE))
    return Measured(
        source=source,
        date=date,
        messages=len(texts),
        gate=round(gate, 4),
        deep=_table(deep.encode(list(texts)), deep, lines, tactics),
        static=_table(plain, static, english, tactics),
    )


def _table(
    ordinary: NDArray[np.float32],
    encoder: Encoder,
    lines: Sequence[tuple[str, str, str]],
    tactics: dict[str, Card],
) -> dict[str, list[Bin]]:
    vectors = encoder.encode([line for _, _, line in lines])
    names = np.array([tactic for tactic, _, _ in lines])
    table = {}
    for tactic, card in tactics.items():
        anchors = vectors[names == tactic]
        if len(anchors) < 4:
            continue
        alike = likeness(ordinary, anchors)
        others = anchors @ anchors.T
        others[others > SAME] = -1.0
        found = np.sort(others, axis=1)[:, -2:].mean(axis=1)
        bins: list[Bin] = []
        for rate in RATES:
            threshold = float(np.quantile(alike, 1 - 1 / rate))
            threshold = math.ceil(threshold * 1e4) / 1e4
            count = int((alike >= threshold).sum())
            share = float((found >= threshold).mean())
            upper = wilson(count, len(alike))[1]
            per_relationship = 1 - (1 - upper) ** MESSAGES
            if share < FOUND:
                continue
            bits = math.log2(card.harmful_rate.value * share / per_relationship)
            bits = math.floor(min(bits, CAP, card.bits.plain - 0.1) * 100) / 100
            if bits > 0 and (not bins or bits > bins[-1].bits):
                bins.append(Bin(threshold, bits, count, round(share, 2)))
        if bins:
            table[tactic] = bins
    return table
