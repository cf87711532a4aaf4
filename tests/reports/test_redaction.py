"""Redaction: measured recall, hostile cases, consistency, little over-redaction."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.reports.redaction import Redactor

from .redaction_cases import HOSTILE, Case, cases

PEOPLE = {"id-77-mia": "Mia", "id-78-jay": "Jay K"}
FLOOR = {"name": 0.9, "full name": 0.97, "town": 0.95}
"""Least share replaced, by kind; 0.99 for the others. Presidio's patterns alone, on the same set:
phone .87, email .86, link .78, handle .06, everything else 0."""


def redact(text: str) -> str:
    return Redactor(PEOPLE, country="GB").redact(text)[0]


def holds(text: str, private: str) -> bool:
    return private.casefold() in text.casefold()


def test_recall_by_kind(capsys: pytest.CaptureFixture[str]) -> None:
    hit: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for case in cases():
        total[case.kind] += 1
        hit[case.kind] += not any(holds(redact(case.text), item) for item in case.private)
    figures = {kind: hit[kind] / total[kind] for kind in total}
    with capsys.disabled():
        shown = ", ".join(f"{kind} {share:.3f}" for kind, share in figures.items())
        print(f"\nredaction recall on {sum(total.values()):,} generated messages: {shown}")  # noqa: T201
    for kind, share in figures.items():
        assert share >= FLOOR.get(kind, 0.99), kind


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.kind)
def test_hostile_text(case: Case) -> None:
    out = redact(case.text)
    assert not [item for item in case.private if holds(out, item)], out


def test_little_of_ordinary_chat_is_replaced() -> None:
    words = replaced = 0
    for path in sorted(Path("tests/scenarios/en/quiet").glob("*.toml")):
        scenario = tomllib.loads(path.read_text())
        redactor = Redactor({name: name for name in scenario["people"]}, country="GB")
        for line in scenario["chat"].strip().splitlines():
            _, _, text = line.partition(": ")
            words += len(text.split())
            replaced += sum(move.kind != "participant" for move in redactor.redact(text)[1])
    assert replaced / words < 0.02


def test_the_same_thing_gets_the_same_label() -> None:
    redactor = Redactor(PEOPLE, country="GB")
    one = redactor.redact("call 07700 900123, see https://example.com/a")[0]
    two = redactor.redact("07700-900-123 and HTTPS://example.com/a/ and 07700 900124")[0]
    assert one == "call [phone 1], see [link 1]"
    assert two == "[phone 1] and [link 1] and [phone 2]"
    assert redactor.person("id-77-mia", "Mia") == ("Person A", "Person A")
    assert redactor.redact("mia and MIA's and Mía")[0] == "Person A and Person A's and Person A"
    assert redactor.ident("message", "x1") == redactor.ident("message", "x1") == "[message 1]"


def test_ids_are_replaced_in_text_too() -> None:
    assert redact("his id is id-78-jay ok") == "his id is Person B ok"


def test_what_carries_meaning_stays() -> None:
    for text in (
        "after school at 4:30 on 2026-03-01",
        "don't tell your mum, she wouldn't understand us",
        "let's move to snapchat, this app isn't safe",
        "I will come. may i? hope so",
        "are you home alone",
        "im 13",
    ):
        assert redact(text) == text


@given(st.text(max_size=200))
def test_any_text_is_handled_and_spans_stay_in_range(text: str) -> None:
    redactor = Redactor(PEOPLE)
    out, moved = redactor.text(text)
    for start in range(0, len(text), 7):
        first, last = moved(start, min(len(text), start + 3))
        assert 0 <= first <= last <= len(out)


@given(st.text(alphabet="ab m\u200biaMIA.,\n", max_size=60))
def test_a_participant_never_survives(text: str) -> None:
    redactor = Redactor(PEOPLE)
    assert redactor.leaks([redactor.redact(f"{text} mia {text}")[0]]) == 0


def test_marks_move_with_the_text() -> None:
    text = "Mia, don't tell your mum, Mia"
    start = text.index("don't")
    out, moved = Redactor(PEOPLE).text(text)
    first, last = moved(start, start + len("don't tell your mum"))
    assert out[first:last] == "don't tell your mum"


def test_participants_called_like_words() -> None:
    redactor = Redactor({"1": "Will", "2": "The Gang", "3": "Ö", "4": "💜", "5": "+44 7700 900123"})
    assert redactor.redact("ask will now")[0] == "ask Person A now"
    assert redactor.redact("the game")[0] == "the game"
    assert "900123" not in redactor.redact("+44 7700 900123 left")[0]
