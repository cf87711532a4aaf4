"""The normaliser: exact map, linear, harmless to every script."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.signals.normalise import normalise

TEXTS = st.lists(st.text(max_size=60), max_size=8)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_one_message_in_one_message_out(texts: list[str]) -> None:
    result = normalise(texts)
    assert len(result.messages()) == len(result.starts) == len(texts)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_map_is_exact(texts: list[str]) -> None:
    """Every byte comes from a character that alone becomes that byte."""
    result = normalise(texts)
    for index, (text, message) in enumerate(zip(texts, result.messages(), strict=True)):
        last = -1
        for place in range(len(message)):
            start, end = result.span(index, place, place + 1)
            assert end == start + 1
            assert last < start < len(text)
            last = start
            alone, here = normalise([text[start]]).buffer, message[place : place + 1]
            # a look-alike of a plain letter stays foreign among letters of its own script
            assert alone == here or (here == b"\x80" and ord(text[start]) >= 0x80)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_messages_do_not_touch_each_other(first: list[str], second: list[str]) -> None:
    together = normalise([*first, *second]).messages()
    assert together == normalise(first).messages() + normalise(second).messages()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("DON’T tell", b"dont tell"),
        ("don't", b"dont"),
        ("sooooo gooood", b"so god"),
        ("café à la carte", b"cafe a la carte"),
        ("ｆｕｌｌ width", b"full width"),
        ("ze\u200bro wi\u00addth", b"zero width"),
        ("line\nbreak\ttab", b"line break tab"),
        ("¿qué?", b"?que?"),
        ("привет", b"\x80" * 6),
        ("привет hello как дела", b"\x80p\x80bet hello kak \x80e\x80a"),
        ("tеll nоbоdy", b"tell nobody"),
        ("ᴛᴇʟʟ 🅽🅾🅱🅾🅳🆈 ok", b"tell nobody ok"),
        ("a\u0301b", b"ab"),
        ("🤫", b"\xe2"),
        ("1000", b"1000"),
    ],
)
def test_examples(text: str, plain: bytes) -> None:
    assert normalise([text]).buffer == plain


def test_is_linear() -> None:
    def cost(size: int) -> float:
        text = "aB’é🤫 ooo\n" * size
        best = 9.0
        for _ in range(3):
            started = time.process_time()
            normalise([text])
            best = min(best, time.process_time() - started)
        return best

    cost(1000)
    assert cost(80_000) < 40 * max(cost(8_000), 0.002)


def test_nothing_gives_nothing() -> None:
    assert normalise([]).messages() == []
    assert normalise([""]).messages() == [b""]
