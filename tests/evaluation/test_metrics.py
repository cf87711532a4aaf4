"""The figures of the protocol, against values worked out by hand and laws that must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.evaluation import metrics

SCORES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=12)


@given(SCORES, SCORES)
def test_roc_auc_is_the_share_of_pairs_in_order(above: list[float], below: list[float]) -> None:
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in above for b in below]
    assert metrics.roc_auc(above, below) == pytest.approx(sum(pairs) / len(pairs))


def test_average_precision_by_hand() -> None:
    # ranks: hit, miss, hit, rest: 1/1 for the first half of recall, 2/3 for the second
    assert metrics.average_precision([4.0, 2.0], [3.0, 0.0]) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert metrics.average_precision([0.0], [0.0, 0.0, 0.0]) == pytest.approx(0.25)


def test_precision_at_a_base_rate() -> None:
    # the trap of the literature: 2.3 % false alarms is 4 % precision at 1 in 1,000
    assert metrics.at_prevalence(0.96, 0.02284, 0.001) == pytest.approx(0.0404, abs=0.0005)
    assert metrics.at_prevalence(0.0, 0.0, 0.001) is None


def test_latency_halves_at_message_ninety() -> None:
    assert metrics.speed([1]) == 1.0
    assert metrics.speed([90]) == pytest.approx(0.5)
    assert metrics.f_latency([90, 90], harmful=2, false=0) == pytest.approx(0.5)
    assert metrics.f_latency([], harmful=2, false=5) == 0.0
    assert metrics.f_latency([1], harmful=0, false=0) is None


def test_erde_by_hand() -> None:
    # one hit at the deadline costs a half, one miss 1, one false alarm the prevalence of 2 in 4
    expected = (0.5 + 1 + 0.5) / 4
    assert metrics.erde([5], harmful=2, ordinary=2, false=1, deadline=5) == pytest.approx(expected)
    assert metrics.erde([4000], harmful=1, ordinary=1, false=0, deadline=5) == pytest.approx(0.5)


def test_reliability_of_exact_bits() -> None:
    # 8 times as many harmful as ordinary ones at 3 bits is what 3 bits say
    bits = [3.0] * 9 + [-1.0] * 9
    harmful = [True] * 8 + [False] + [True] + [False] * 8
    rows = metrics.reliability(bits, harmful, 0.01, (-100, 0, 100))
    predicted, observed, hits, count = rows[1]
    assert (hits, count) == (8, 9)
    assert predicted == pytest.approx(observed)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.7, 3.0), st.integers(0, 10_000))
def test_the_tail_of_a_known_law_is_found(slope: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    peaks = np.maximum(0, rng.exponential(1 / (slope * math.log(2)), 20_000))
    fitted = metrics.tail(peaks, 200)
    assert fitted is not None
    # P(peak >= T) = 2^(-slope T): 10 of 100,000 is log2(10,000) / slope bits
    assert fitted.bits(10) == pytest.approx(math.log2(10_000) / slope, rel=0.3)
    assert fitted.bits(1) > fitted.bits(10) > fitted.bits(100)


def test_intervals_of_budgets_hold_the_value_and_shrink_with_data() -> None:
    rng = np.random.default_rng(3)
    few, many = rng.exponential(1, 2_000), rng.exponential(1, 60_000)
    wide, tight = metrics.budget_bits(few, 10), metrics.budget_bits(many, 10)
    for item in (wide, tight):
        assert item.value is not None
        assert item.low is not None
        assert item.high is not None
        assert item.low < item.value < item.high
    assert metrics.budget_bits([0.0] * 100, 10).value is None
