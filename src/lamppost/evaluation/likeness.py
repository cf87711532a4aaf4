"""Measure what likeness to exemplars is worth, for `signals/likeness.toml`.

Ordinary side: a sample of messages of an openly licensed corpus; thresholds stand where one in
`RATES` of them is as alike. Harmful side: leave-one-out over the project's own exemplars, which
are plain lines of its authors and no sample of real conversations; so bits are capped.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from lamppost.signals.calibration import wilson
from lamppost.signals.card import Card
from lamppost.signals.meaning import (
    MEASURED,
    NEAREST,
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
FOUND: Final = 0.1
"""A likeness at which fewer of the tactic's own exemplars find each other is not used."""
SAMPLE: Final = 40_000
"""Ordinary messages that are measured."""


def sample(texts: Iterable[str], size: int = SAMPLE, seed: int = 2) -> list[str]:
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
    plain = static.encode(list(texts))
    anchors = static.encode([line for _, line in lines])
    return Measured(
        source=source,
        date=date,
        messages=len(texts),
        gate=round(float(np.quantile(likeness(plain, anchors, 1), 1 - GATE)), 4),
        deep=_table(deep.encode(list(texts)), deep, lines, tactics),
        static=_table(plain, static, lines, tactics),
    )


def _table(
    ordinary: NDArray[np.float32],
    encoder: Encoder,
    lines: Sequence[tuple[str, str]],
    tactics: dict[str, Card],
) -> dict[str, list[Bin]]:
    vectors = encoder.encode([line for _, line in lines])
    names = np.array([tactic for tactic, _ in lines])
    table = {}
    for tactic, card in tactics.items():
        anchors = vectors[names == tactic]
        if len(anchors) < 4:
            continue
        alike = likeness(ordinary, anchors)
        others = anchors @ anchors.T
        np.fill_diagonal(others, -1.0)
        found = np.sort(others, axis=1)[:, -NEAREST:].mean(axis=1)
        bins: list[Bin] = []
        for rate in RATES:
            threshold = math.ceil(float(np.quantile(alike, 1 - 1 / rate)) * 1e4) / 1e4
            count = int((alike >= threshold).sum())
            share = float((found >= threshold).mean())
            if share < FOUND:
                continue
            upper = wilson(count, len(alike))[1]
            per_relationship = 1 - (1 - upper) ** MESSAGES
            bits = math.log2(card.harmful_rate.value * share / per_relationship)
            bits = math.floor(min(bits, CAP, card.bits.plain - 0.1) * 100) / 100
            if bits > 0 and (not bins or bits > bins[-1].bits):
                bins.append(Bin(threshold, bits, count, round(share, 2)))
        if bins:
            table[tactic] = bins
    return table


def write(measured: Measured, path: Path = MEASURED) -> None:
    """Write the file that the second channel reads."""
    head = b"# Written by `lamppost calibrate`; do not edit by hand.\n"
    path.write_bytes(head + msgspec.toml.encode(measured))
