"""The phrase language, and that both engines agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.adapters.patterns.hyperscan_engine import HyperscanEngine
from lamppost.adapters.patterns.re2_engine import Re2Engine
from lamppost.core.errors import PackError
from lamppost.evaluation.scenarios import load_scenarios
from lamppost.events.vocabulary import Message
from lamppost.signals.library import TACTICS, load_library
from lamppost.signals.normalise import normalise
from lamppost.signals.phrases import compile_pattern
from lamppost.signals.reader import Reader

SLOTS = {"guardian": ["mum", "mom~", "step dad"], "dont": ["dont", "do not"]}
SCENARIOS = Path(__file__).parent.parent / "scenarios"


def matches(pattern: str, text: str) -> bool:
    expression = compile_pattern(pattern, SLOTS).expression.encode("latin-1")
    return re.search(expression, normalise([text]).buffer) is not None


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("tell mum", "Tell, mum!", "tell my mum"),
        ("tell * mum", "tell your lovely old mum", "tell a b c d mum"),
        ("tell *1 mum", "tell my mum", "tell my old mum"),
        ("{dont} tell", "DON'T tell", "dont you tell"),
        ("{guardian} knows", "your step-dad knows", "dad knows"),
        ("{guardian} knows", "mommy knows", "mo knows"),
        ("(a|b c)? go", "b c go", "ago"),
        ("secrets?", "a secret", "secretly"),
        ("home alone ?", "home alone tonight?", "home alone."),
        ("^ 13 $", "13", "13 people"),
        ("<hush>", "ok🤫", "ok"),
        ("in # mins?", "in 20 min", "in many mins"),
        ("im 1[0-7]", "im 13", "im 18"),
        ("see you", "see\nyou", "see yourself"),
        ("für große?", "FÜR große", "für die große"),
        ("für große?", "fuer grosse", "fuerst gros"),
        ("für große?", "fur gros", "f gross"),
    ],
)
def test_language(pattern: str, yes: str, no: str) -> None:
    assert matches(pattern, yes)
    assert not matches(pattern, no)


@pytest.mark.parametrize("pattern", ["{nobody}", "(a|b", "a)", "a|b", "a {b", "(a)?", ""])
def test_bad_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(PackError):
        compile_pattern(pattern, SLOTS)


def corpus() -> list[str]:
    texts = [
        event.text
        for folder in sorted(SCENARIOS.glob("*/*"))
        for scenario in load_scenarios(folder)
        for event in scenario.events()
        if isinstance(event, Message)
    ]
    for path in TACTICS.glob("*/*.txt"):
        texts.extend(path.read_text("utf-8").splitlines())
    return texts


@pytest.fixture(scope="module")
def readers() -> tuple[Reader, Reader]:
    library = load_library()
    return Reader(library, HyperscanEngine), Reader(library, Re2Engine)


def test_engines_agree_on_every_line(readers: tuple[Reader, Reader]) -> None:
    texts = corpus()
    assert len(texts) > 2000
    first, second = (reader.read_all(texts) for reader in readers)
    assert first == second
    assert first


def test_prefilter_loses_nothing(readers: tuple[Reader, Reader]) -> None:
    """Looking for atoms first finds what trying every pattern finds."""
    library = readers[0].library
    sought = {number for reason in library.reasons for number in reason.patterns}
    patterns = [library.patterns[number] for number in sorted(sought)]
    texts = corpus()
    texts = texts[:: max(7, len(texts) // 300)]
    messages = normalise(texts).messages()
    possible = set(HyperscanEngine(patterns).candidates(messages))
    for number, pattern in enumerate(patterns):
        search = re.compile(pattern.expression.encode("latin-1")).search
        for index, message in enumerate(messages):
            if search(message):
                assert (index, number) in possible, pattern.expression


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_engines_agree_on_anything(readers: tuple[Reader, Reader], texts: list[str]) -> None:
    assert readers[0].read_all(texts) == readers[1].read_all(texts)


def test_spans_quote_the_original(readers: tuple[Reader, Reader]) -> None:
    reader = readers[0]
    text = "ok but “DON’T tell your mum” ok?"
    hits = reader.read_all([text])
    quotes = {
        text[a:b] for hit in hits for a, b in reader.spans(text, reader.library.reasons[hit.reason])
    }
    assert any("DON’T tell your mum" in quote for quote in quotes)
    assert all(quote in text for quote in quotes)
