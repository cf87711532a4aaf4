"""How well people agree, and how often detectors are right. Pure arithmetic."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from lamppost.cases.case import Reading, Sample

Z: Final = 1.959964
"""Standard normal quantile of a 95 % interval."""


class Share(msgspec.Struct, frozen=True):
    """`hits` of `count`, with Wilson's 95 % interval; `value` is `None` when `count` is 0."""

    hits: int
    count: int
    value: float | None
    low: float
    high: float


class Agreement(msgspec.Struct, frozen=True):
    """Agreement of two readings of the same cases.

    `kappa` is Cohen's: 1 is full agreement, 0 what chance gives. It is `None` when there is
    nothing to compare or only one answer was ever given; `low` and `high` are its 95 % interval.
    """

    count: int
    same: int
    kappa: float | None
    low: float | None = None
    high: float | None = None


class DetectorPrecision(msgspec.Struct, frozen=True):
    """How often a detector's signal was harmful where somebody was sure; `unsure` are apart."""

    detector: str
    language: str
    precision: Share
    unsure: int


class ReaderAgreement(msgspec.Struct, frozen=True):
    """How one person's blind readings agree with the first answers."""

    person: str
    kind: str
    agreement: Agreement


def share(hits: int, count: int) -> Share:
    """A share with Wilson's interval."""
    if count <= 0:
        return Share(0, 0, None, 0.0, 1.0)
    part = hits / count
    square = Z * Z
    middle = (part + square / (2 * count)) / (1 + square / count)
    half = (
        Z / (1 + square / count)
        * math.sqrt(part * (1 - part) / count + square / (4 * count * count))
    )  # fmt: skip
    return Share(hits, count, part, max(0.0, middle - half), min(1.0, middle + half))


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Cohen's kappa of pairs of answers, with its large-sample interval."""
    count = len(pairs)
    same = sum(first == second for first, second in pairs)
    if not count:
        return Agreement(0, 0, None)
    seen = same / count
    firsts = Counter(first for first, _ in pairs)
    seconds = Counter(second for _, second in pairs)
    chance = sum(firsts[word] * seconds[word] for word in firsts) / count**2
    if chance >= 1.0:
        return Agreement(count, same, None)
    kappa = (seen - chance) / (1 - chance)
    error = math.sqrt(max(0.0, _variance(pairs, seen, chance)) / count)
    return Agreement(count, same, kappa, max(-1.0, kappa - Z * error), min(1.0, kappa + Z * error))


def _variance(pairs: Sequence[tuple[str, str]], seen: float, chance: float) -> float:
    """Variance of kappa times the number of pairs (Fleiss, Cohen and Everitt, 1969)."""
    count = len(pairs)
    cells = Counter(pairs)
    firsts = Counter(first for first, _ in pairs)
    seconds = Counter(second for _, second in pairs)
    words = set(firsts) | set(seconds)
    diagonal = sum(
        cells[word, word] / count
        * ((1 - chance) - (firsts[word] + seconds[word]) / count * (1 - seen)) ** 2
        for word in words
    )  # fmt: skip
    others = (1 - seen) ** 2 * sum(
        number / count * (seconds[first] / count + firsts[second] / count) ** 2
        for (first, second), number in cells.items()
        if first != second
    )
    last = (seen * chance - 2 * chance + seen) ** 2
    return (diagonal + others - last) / (1 - chance) ** 4


def precision(counts: Mapping[tuple[str, str], Mapping[str, int]]) -> list[DetectorPrecision]:
    """Precision from how many cases gave each label, by detector and language; most first."""
    made = [
        DetectorPrecision(
            detector, language,
            share(seen.get("harmful", 0), seen.get("harmful", 0) + seen.get("ordinary", 0)),
            seen.get("unsure", 0),
        )
        for (detector, language), seen in counts.items()
    ]  # fmt: skip
    return sorted(made, key=lambda row: (-row.precision.count, row.detector, row.language))


def agreements(read: Iterable[tuple[Sample, Reading]]) -> list[ReaderAgreement]:
    """Agreement of each person with the first answers, samples and golden cases apart."""
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for sample, reading in read:
        for person in (reading.by, "*"):
            pairs.setdefault((person, sample.kind), []).append(
                (sample.judgement, reading.judgement)
            )
    return [
        ReaderAgreement(person, kind, cohen_kappa(found))
        for (person, kind), found in sorted(pairs.items())
    ]
