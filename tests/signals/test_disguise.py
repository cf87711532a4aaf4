"""Disguised text, phrases over several lines, languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.signals.disguise import Undisguiser, words_of
from lamppost.signals.languages import Estimate, Languages
from lamppost.signals.normalise import normalise
from lamppost.signals.reader import Reader
from lamppost.signals.reading import TOGETHER, Line, Memory
from lamppost.wiring import build_engine

PLAIN = "dont tell your mom about us"
WORDS = frozenset(PLAIN.split()) | {"keep", "will", "still", "cool"}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return build_engine().reader


def keys(reader: Reader, text: str) -> set[str]:
    return {reader.library.reasons[hit.reason].card.id for hit in reader.read_all([text])}


@pytest.mark.parametrize(
    "text",
    [
        "d0nt t3ll y0ur m0m 4b0ut us",
        "D0N'T T3LL Y0UR M0M",
        "d o n t  t e l l  y o u r  m o m",
        "d o n t t e l l y o u r m o m",
        "d.o.n.t t.e.l.l y.o.u.r m.o.m",
        "do.nt te_ll yo*ur mo-m",
        "doooont telllll yoooour mooom",
        "dоn't tеll yоur mоm",
        "do\u200bn't te\u200bll yo\u00adur mom",
        "ｄｏｎｔ ｔｅｌｌ ｙｏｕｒ ｍｏｍ",
    ],
)
def test_disguise_is_undone_and_quoted(reader: Reader, text: str) -> None:
    assert "secrecy" in keys(reader, text)
    hit = next(
        hit
        for hit in reader.read_all([text])
        if reader.library.reasons[hit.reason].card.id == "secrecy"
    )
    spans = reader.spans(text, reader.library.reasons[hit.reason])
    assert any(start == 0 and end >= len(text) * 2 // 3 for start, end in spans)


@pytest.mark.parametrize(
    "text",
    [
        "see you at 8 in b2, bring 3x5 cards",
        "a b c d e f g",
        "привет как дела, что делаешь",
        "今日は学校の後で会いましょう",
        "مرحبا كيف حالك اليوم",
        "version 1.2.3 of foo_bar-baz is out",
        "I got a B+ and a C in s.c.i.",
    ],
)
def test_innocent_text_is_unharmed(reader: Reader, text: str) -> None:
    assert keys(reader, text) == keys(build_engine(off={"disguise"}).reader, text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=4))
def test_views_map_back_into_the_text(texts: list[str]) -> None:
    for view in Undisguiser(WORDS).views(normalise(texts)):
        assert len(view.text) == len(view.origin)
        assert list(view.origin) == sorted(view.origin)
        assert all(0 <= place < len(texts[view.message]) for place in view.origin)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["0", "3", " ", "."]), st.integers(0, 2**16))
def test_known_words_come_back(mark: str, picks: int) -> None:
    if mark in "03":
        letter = {"0": "o", "3": "e"}[mark]
        text = "".join(
            mark if char == letter and picks >> place & 1 else char
            for place, char in enumerate(PLAIN)
        )
    else:
        text = "   ".join(mark.join(word) if len(word) > 3 else word for word in PLAIN.split())
    views = Undisguiser(WORDS).views(normalise([text]))
    read = views[0].text.decode() if views else text
    assert " ".join(read.split()) == PLAIN


def test_words_of_expressions() -> None:
    assert words_of([r"\bdont\b[^a-z0-9\x80\n]{1,4}\bmoms?\b"]) == {"dont", "moms", "mom"}


def lines(*texts: str, sender: str = "a", apart: int = 10_000) -> list[Line]:
    return [Line("c", sender, index * apart, text) for index, text in enumerate(texts)]


def test_a_phrase_over_two_lines_is_found(reader: Reader) -> None:
    def found(batches: list[list[Line]]) -> list[set[str]]:
        memory = Memory()
        return [
            {reader.library.reasons[index].card.id for index in seen} & {"secrecy"}
            for batch in batches
            for seen in reader.in_order(memory, batch)
        ]

    split = lines("please dont tell", "your mom")
    assert found([split]) == [set(), {"secrecy"}]
    assert found([split[:1], split[1:]]) == found([split])
    assert found([lines("dont", "tell", "your", "mom")])[-1] == {"secrecy"}
    late = lines("please dont tell", "your mom", apart=TOGETHER + 1)
    assert found([late]) == [set(), set()]
    other = [split[0], Line("c", "b", 5_000, "ok"), split[1]]
    assert found([other])[-1] == set()


def test_languages_are_estimated_by_sender_and_revised() -> None:
    languages = Languages(["en", "es", "de", "hi-Latn"])
    sender = Estimate()
    assert languages.read_in(sender, "hola") == {"en"}
    for text in ("donde vives y con quien estas", "que haces esta noche", "te quiero mucho"):
        chosen = languages.read_in(sender, text)
    assert chosen == {"en", "es"}
    assert sender.language == "es"
    for _ in range(60):
        chosen = languages.read_in(sender, "wo wohnst du denn so und was machst du heute")
    assert "de" in chosen
    assert sender.language == "de"
    for text in ("kya kar rahi ho abhi", "ghar pe koi hai kya", "mujhe batao na yaar"):
        chosen = languages.read_in(Estimate(), text)
        assert "hi-Latn" in chosen


def test_nothing_of_a_message_is_saved() -> None:
    from datetime import UTC, datetime

    from lamppost.events.vocabulary import Message
    from lamppost.history.memory import State, save
    from lamppost.pipeline import step

    message = Message(
        id="m", conversation_id="c", sender_id="a", recipient_ids=["b"],
        sent_at=datetime(2026, 3, 1, tzinfo=UTC), text="a lighthouse keeper",
    )  # fmt: skip
    state, _ = step(build_engine(), State(), [message])
    assert b"lighthouse" not in save(state)
