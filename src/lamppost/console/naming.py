"""Names of detectors, people and ages, as a reader reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec

from lamppost.console.wording import FOLDER, Words
from lamppost.core.ages import ADULT
from lamppost.history.memory import Person
from lamppost.risk.score import age_range, is_adult, is_child
from lamppost.signals.card import Card

KINDS: Final = {
    "tactic": "actor",
    "child_signal": "child",
    "protective": "good",
    "context": "context",
}
"""First word of a detector's id to how it is drawn."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A detector as it is shown. `tag` is the language of its words when it is another one."""

    id: str
    title: str
    because: str
    stage: str
    kind: str
    language: str


class Signs:
    """Detectors by id, in one language: a card's own words, or their translation."""

    def __init__(self, cards: Mapping[int, Card]) -> None:
        self._cards = {card.detector: card for card in cards.values()}

    def __call__(self, detector: str, because: str, t: Words) -> Sign:
        """A detector with its sentence; what is not translated stays in English."""
        card = self._cards.get(detector)
        group, _, name = detector.partition(".")
        told = _translated(t.language).get(group, {}).get(name, {})
        title = told.get("title") or (card.title if card else name.replace("_", " ").capitalize())
        kind = KINDS.get(group, "actor")
        if kind == "actor" and card is not None and card.speaker == "target":
            kind = "child"
        stage = card.stage if card is not None else ("behaviour" if kind == "actor" else "")
        because = because or (card.because if card is not None else "")
        english = t.language == "en" or not told
        return Sign(
            detector,
            title,
            (because if english else told.get("because", because)),
            stage,
            kind,
            "en" if english else t.language,
        )


@cache
def _translated(language: str) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, Any] = msgspec.toml.decode(
        (FOLDER / f"detectors.{language}.toml").read_bytes()
    )
    return found


def age_words(person: Person | None, t: Words) -> str:
    """An age with how it is known."""
    years = age_range(person)
    if person is None or years is None:
        return t("fact.age_unknown")
    text = years_words(years)
    if person.age_low < 0:
        return t("fact.age_said", age=text)
    return t("fact.age_sure", age=text, confidence=t(f"fact.confidence.{person.confidence}"))


def years_words(years: tuple[int, int]) -> str:
    """`13`, `13–15` or `25+`."""
    low, high = years
    if low == high:
        return str(low)
    return f"{low}+" if high >= 100 else f"{low}–{high}"


def side_of(person: Person | None) -> str:
    """`child`, `adult` or nothing."""
    if is_child(person):
        return "child"
    return "adult" if is_adult(person) else ""


def years_shown(person: Person | None) -> tuple[int, int] | None:
    """Years to show of somebody: of a child whose account claims more, those the child gave."""
    years = age_range(person)
    if person is not None and years and years[1] >= ADULT and 0 <= person.stated_age < ADULT:
        return person.stated_age, person.stated_age
    return years
