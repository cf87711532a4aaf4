"""The second channel: likeness to exemplars, measured, in a cascade."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from lamppost.evaluation.likeness import FOUND, RATES, measure
from lamppost.signals.meaning import exemplars, load_measured
from lamppost.signals.reader import Reader
from lamppost.signals.reading import Line, Memory
from lamppost.wiring import build_engine


@cache
def reader(*off: str) -> Reader:
    return build_engine(off=off).reader


def tactics(text: str, language: str = "en") -> set[str]:
    made = reader()
    return {
        made.library.reasons[hit.reason].card.id
        for hit in made.meant([text], [frozenset({language})])
    }


def test_every_likeness_was_measured_and_weighs_more_the_rarer_it_is() -> None:
    measured = load_measured()
    assert measured is not None
    assert measured.source
    assert len(measured.deep) >= 10
    for table in (measured.deep, measured.static):
        for bins in table.values():
            assert [item.bits for item in bins] == sorted(item.bits for item in bins)
            assert [item.likeness for item in bins] == sorted(item.likeness for item in bins)
            assert all(0 < item.bits <= 2.8 and item.ordinary < 100 for item in bins)


@pytest.mark.parametrize("depth", ["deep", "static"])
def test_reasons_of_the_channel_are_in_the_library(depth: str) -> None:
    keys = {reason.key for reason in reader().library.reasons if reason.channel == "meaning"}
    assert any(f"/meaning-{depth}-" in key for key in keys)
    assert not any(reason.channel == "meaning" for reason in reader("meaning").library.reasons)


def test_exemplars_are_recognised_in_other_languages() -> None:
    """A line that stands nowhere in the data is found through its meaning."""
    lines = {line for _, line in exemplars()}
    for text, language in (
        ("your family does not care about you the way i do", "en"),
        ("tu familia no te quiere como yo", "es"),
        ("deine familie versteht dich nicht so wie ich", "de"),
    ):
        assert text not in lines
        assert "isolation" in tactics(text, language), text
    for text in ("the train leaves at nine from platform two", "did you finish the maths homework"):
        assert tactics(text) == set()


class Letters:
    """An encoder that counts letters: enough to measure with."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array(
            [
                [text.count(letter) + 0.01 for letter in "abcdefghijklmnopqrstuvwxyz"]
                for text in texts
            ]
        )
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True), np.float32)

    encode_kept = encode


def test_thresholds_stand_at_the_stated_ordinary_rates() -> None:
    rng = random.Random(3)
    ordinary = [
        " ".join("".join(rng.choices("abcdefghijkl", k=5)) for _ in range(6)) for _ in range(9_000)
    ]
    made = measure(
        ordinary, list(reader().library.cards.values()), static=Letters(), deep=Letters(),
        source="made up", date="2026-01-01",
    )  # fmt: skip
    assert made.static == made.deep
    assert made.deep
    for bins in made.deep.values():
        assert all(item.ordinary <= 9_000 / min(RATES) for item in bins)
        assert all(item.found >= FOUND for item in bins)


def test_only_conversations_with_other_evidence_are_looked_at() -> None:
    made = reader()
    text = "Please don't let your parents find out about us"
    calls: list[int] = []

    class Counting:
        def read(self, texts, languages=None):  # type: ignore[no-untyped-def]
            return made.read(texts, languages)

        def meant(self, texts, languages=None):  # type: ignore[no-untyped-def]
            calls.append(len(texts))
            return []

    from lamppost.signals.reading import Reading

    memory = Memory()
    reading = Reading(made.library, Counting())
    reading.read(memory, [Line("quiet", "a", 0, "the train leaves at nine today")])
    assert sum(calls) == 0
    reading.read(memory, [Line("loud", "a", 0, "dont tell your mom"), Line("loud", "b", 1, text)])
    assert sum(calls) == 2
    assert Reading(made.library, Counting(), share=0.0)


def test_both_channels_count_once() -> None:
    made = reader()
    seen = made.in_order(Memory(), [Line("c", "a", 0, "dont tell your mom about us, ever")])[0]
    cards = [made.library.reasons[index].card.id for index in seen]
    assert cards.count("secrecy") == 1


def test_encoders_leave_the_log_as_it_is() -> None:
    """Importing wordllama would turn on the log of every library, on standard error."""
    done = subprocess.run(
        [
            sys.executable, "-c",
            "import logging, lamppost.adapters.encoders as e;"
            "e.WordLlamaEncoder().encode(['a b c']);"
            "print(logging.getLogger().level, len(logging.getLogger().handlers))",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["30", "0"]
    assert done.stderr == ""
