"""The figures of the protocol, each from scores and labels alone.

Source of the protocol: `docs/evaluation.md`. Shares carry Wilson intervals, everything else a
bootstrap over conversations. A thing that cannot be computed is `None`, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from lamppost.signals.calibration import wilson

P_SPEED: Final = math.log(3) / 89
"""F-latency: half the penalty at message 90 (Sadeque et al. 2018, as scaled for grooming)."""
Scores = Sequence[float] | NDArray[np.float64]


class Share(msgspec.Struct, frozen=True):
    """A share with its Wilson 95 % interval."""

    count: int
    of: int
    share: float | None
    low: float
    high: float


class Estimate(msgspec.Struct, frozen=True):
    """A figure with a 95 % interval; `None` where it cannot be computed."""

    value: float | None
    low: float | None = None
    high: float | None = None


def share(count: int, of: int) -> Share:
    """A share; the interval is (0, 1) when there is nothing."""
    low, high = wilson(count, of)
    return Share(count, of, count / of if of else None, low, high)


def roc_auc(positive: Scores, negative: Scores) -> float | None:
    """Chance that a harmful one ranks above an ordinary one; ties count half."""
    if not len(positive) or not len(negative):
        return None
    above, below = np.asarray(positive, float), np.sort(np.asarray(negative, float))
    less = np.searchsorted(below, above, "left")
    same = np.searchsorted(below, above, "right") - less
    return float((less.sum() + 0.5 * same.sum()) / (len(above) * len(below)))


def precision_recall(positive: Scores, negative: Scores) -> list[tuple[float, float, float]]:
    """(threshold, precision, recall) at every distinct score above the lowest, highest first."""
    return list(zip(*(column.tolist() for column in _curve(positive, negative)), strict=True))


def _curve(
    positive: Scores, negative: Scores
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    scores = np.concatenate([np.asarray(positive, float), np.asarray(negative, float)])
    labels = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    last = np.flatnonzero(np.diff(np.append(scores, -np.inf)))
    last = last[scores[last] > scores.min(initial=np.inf)]
    hits = np.cumsum(labels)[last]
    return scores[last], hits / (last + 1), hits / max(1, len(positive))


def average_precision(positive: Scores, negative: Scores) -> float | None:
    """Area under precision-recall as a sum of steps; the lowest score ranks last, all at once."""
    if not len(positive) or not len(negative):
        return None
    _, precision, recall = _curve(positive, negative)
    area = float((precision * np.diff(recall, prepend=0.0)).sum())
    missed = 1 - (float(recall[-1]) if len(recall) else 0.0)
    return area + missed * len(positive) / (len(positive) + len(negative))


def at_prevalence(recall: float, alarm_rate: float, prevalence: float) -> float | None:
    """Precision when a share `prevalence` of relationships is harmful."""
    hits, false = recall * prevalence, alarm_rate * (1 - prevalence)
    return hits / (hits + false) if hits + false > 0 else None


def speed(latencies: Sequence[int]) -> float | None:
    """1 minus the median penalty of true positives, by the message they were found at."""
    if not latencies:
        return None
    penalties = [-1 + 2 / (1 + math.exp(-P_SPEED * (k - 1))) for k in latencies]
    return 1 - float(np.median(penalties))


def f_latency(latencies: Sequence[int], harmful: int, false: int) -> float | None:
    """F1 times `speed`; 0 when nothing is found."""
    if not harmful:
        return None
    if not latencies:
        return 0.0
    hits = len(latencies)
    f1 = 2 * hits / (2 * hits + false + harmful - hits)
    return f1 * (speed(latencies) or 0.0)


def erde(
    latencies: Sequence[int], harmful: int, ordinary: int, false: int, deadline: int
) -> float | None:
    """Early risk detection error at `deadline` messages, in 0 to 1; lower is better.

    A false alarm costs the prevalence of the collection, a miss 1, a hit at message k
    1 - 1 / (1 + e^(k - deadline)).
    """
    total = harmful + ordinary
    if not total:
        return None
    late = sum(1 - 1 / (1 + math.exp(min(500, k - deadline))) for k in latencies)
    return (false * harmful / total + harmful - len(latencies) + late) / total


def reliability(
    bits: Sequence[float], harmful: Sequence[bool], prevalence: float, edges: Sequence[float]
) -> list[tuple[float, float, int, int]]:
    """By band of bits: predicted probability at `prevalence`, observed share, harmful, all.

    Bits are log2 of a likelihood ratio, so the probability is prior odds times 2^bits. The
    observed share is re-weighted from the mix of the collection to `prevalence`.
    """
    values, labels = np.asarray(bits, float), np.asarray(harmful, bool)
    positives, negatives = labels.sum(), (~labels).sum()
    rows = []
    for low, high in pairwise(edges):
        inside = (values >= low) & (values < high)
        count = int(inside.sum())
        if not count:
            continue
        odds = prevalence / (1 - prevalence) * 2.0 ** float(values[inside].mean())
        hits = int((inside & labels).sum())
        weight = hits / positives * prevalence if positives else 0.0
        rest = (count - hits) / negatives * (1 - prevalence) if negatives else 0.0
        observed = weight / (weight + rest) if weight + rest > 0 else 0.0
        rows.append((odds / (1 + odds), float(observed), hits, count))
    return rows


def bootstrap(
    positive: Scores,
    negative: Scores,
    figure: Callable[[Scores, Scores], float | None],
    *,
    rounds: int = 200,
    seed: int = 1,
) -> Estimate:
    """A figure of two samples with its percentile interval; both are resampled apart."""
    value = figure(positive, negative)
    if value is None:
        return Estimate(None)
    rng = np.random.default_rng(seed)
    above = np.asarray(positive, float)
    below = np.asarray(negative, float)
    values = []
    for _ in range(rounds):
        found = figure(
            above[rng.integers(0, len(above), len(above))],
            below[rng.integers(0, len(below), len(below))],
        )
        if found is not None:
            values.append(found)
    low, high = np.percentile(values, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


class Tail(msgspec.Struct, frozen=True):
    """The upper tail of ordinary totals: beyond `start` bits they thin out by a power of 2.

    Of a share `rate` beyond `start`, 2^(-slope (T - start)) reach T: peaks over a threshold with
    an exponential excess. `slope` 1 is what Ville's inequality bounds; larger is thinner.
    """

    start: float
    rate: float
    slope: float
    total: int
    beyond: int

    def bits(self, budget: float) -> float:
        """Bits that `budget` of 100,000 ordinary relationships ever reach."""
        return self.start + max(0.0, math.log2(self.rate * 100_000 / budget)) / self.slope


def tail(peaks: Scores, beyond: int = 60) -> Tail | None:
    """Fit the tail on the `beyond` largest totals; `None` with fewer than 20 above 0."""
    values: NDArray[np.float64] = np.sort(np.asarray(peaks, float))
    positive = int((values > 0).sum())
    count = min(beyond, positive // 2)
    if count < 10:
        return None
    start = float(values[-count - 1])
    excess = values[-count:] - start
    mean = float(excess.mean())
    if mean <= 0:
        return None
    slope = 1 / (mean * math.log(2))
    return Tail(start, count / len(values), slope, len(values), count)


def budget_bits(
    peaks: Sequence[float], budget: float, *, rounds: int = 300, seed: int = 1
) -> Estimate:
    """Threshold for `budget` false alarms per 100,000 with a bootstrap interval, in bits."""
    fitted = tail(peaks)
    if fitted is None:
        return Estimate(None)
    rng = np.random.default_rng(seed)
    values = np.asarray(peaks, float)
    found = []
    for _ in range(rounds):
        again = tail(values[rng.integers(0, len(values), len(values))])
        if again is not None:
            found.append(again.bits(budget))
    low, high = np.percentile(found, [2.5, 97.5])
    return Estimate(fitted.bits(budget), float(low), float(high))
