"""All detectors that read messages, compiled: cards, phrases, slots, measured rates.

A folder in `signals/tactics/` with a `card.toml` is a detector; `<language>.toml` beside it
holds its phrases, `signals/slots/<language>.toml` the word classes they share. Nothing is
registered by hand. An operator's private packs are further folders of the same shape.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lamppost.core.errors import PackError
from lamppost.signals.calibration import Rates, bits_ceiling, load_rates
from lamppost.signals.card import Card, load_card
from lamppost.signals.channels import Channel
from lamppost.signals.phrases import Compiled, Phrase, compile_pattern, load_phrases, load_slots
from lamppost.signals.vocabulary import sexual_words

HERE: Final = Path(__file__).parent
TACTICS: Final = HERE / "tactics"
SLOTS: Final = HERE / "slots"
WORD_LIST: Final = "word-list"
CHILD_FLOOR: Final = 0.1
"""Fewest bits of a child's own words: they are kept and shown even where they weigh little."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that can be seen in a message: a phrase, or an upstream label.

    `bits` are what one sighting carries after calibration, before saturation and context.
    """

    key: str
    card: Card
    language: str
    strength: str
    bits: float
    because: str
    patterns: tuple[int, ...]
    unless: tuple[int, ...]
    channel: Channel = "phrases"

    @property
    def name(self) -> str:
        """Unique name in a library: two languages may share a pattern and so its key."""
        return self.key if self.language in ("", "en") else f"{self.language}:{self.key}"


@dataclass(frozen=True, slots=True)
class Library:
    """Detectors by number, reasons in order, and the patterns to compile.

    `digest` names this exact set of data; it is part of every finding, for replay.
    """

    cards: dict[int, Card]
    reasons: tuple[Reason, ...]
    patterns: tuple[Compiled, ...]
    labels: dict[str, int]
    languages: tuple[str, ...]
    digest: str

    def card(self, name: str) -> Card:
        """Card by id (`secrecy`) or full id (`tactic.secrecy`); raises `KeyError`."""
        for card in self.cards.values():
            if name in (card.id, card.detector):
                return card
        raise KeyError(name)

    def without(self, off: Collection[str]) -> Library:
        """The same without the reasons of some channels or kinds of card, to measure these."""
        kept = [
            reason
            for reason in self.reasons
            if reason.channel not in off and reason.card.kind not in off
        ]
        labels = {
            label: kept.index(self.reasons[index])
            for label, index in self.labels.items()
            if self.reasons[index] in kept
        }
        digest = hashlib.sha256(f"{self.digest} {sorted(off)}".encode()).hexdigest()[:16]
        return replace(self, reasons=tuple(kept), labels=labels, digest=digest)


def card_folders(roots: Iterable[Path] = (TACTICS,)) -> list[Path]:
    """Folders that hold a card, in name order."""
    return sorted(path.parent for root in roots for path in root.glob("*/card.toml"))


def load_library(languages: Sequence[str] | None = None, packs: Sequence[Path] = ()) -> Library:
    """Load and check every card and phrase.

    `languages` limits the phrase files read (default: all there are). `packs` are further roots
    with detector folders and optional `slots/` and `rates/`. Raises `PackError` naming file and
    fix.
    """
    roots = [TACTICS, *packs]
    slots: dict[str, dict[str, list[str]]] = {}
    for folder in [SLOTS, *(pack / "slots" for pack in packs)]:
        for path in sorted(folder.glob("*.toml")):
            slots.setdefault(path.stem, {}).update(load_slots(path))
    rates = load_rates(*(pack / "rates" for pack in packs))
    cards: dict[int, Card] = {}
    reasons: list[Reason] = []
    patterns: dict[Compiled, int] = {}
    labels: dict[str, int] = {}
    spoken: set[str] = set()
    digest = hashlib.sha256()
    for folder in card_folders(roots):
        card = load_card(folder / "card.toml")
        if card.number in cards:
            raise PackError(
                f"number {card.number} is taken by {cards[card.number].id}",
                where=f"{folder.name}/card.toml",
                hint="ids and numbers are never reused",
            )
        cards[card.number] = card
        digest.update(repr(card).encode())
        for label in card.labels:
            labels[label] = len(reasons)
            reasons.append(
                Reason(
                    f"{card.id}/label-{label}", card, "", "strong", card.bits.strong,
                    f"the platform labelled this message “{label}”", (), (), "labels",
                )
            )  # fmt: skip
        for path in sorted(folder.glob("*.toml")):
            language = path.stem
            if language == "card" or (languages is not None and language not in languages):
                continue
            spoken.add(language)
            phrases = load_phrases(path)
            if card.word_list:
                phrases.append(_word_list(card, language))
            for phrase in phrases:
                where = f"{folder.name}/{path.name}: {phrase.id}"
                reasons.extend(
                    _reasons(card, language, phrase, slots.get(language, {}), patterns, rates,
                             where)
                )  # fmt: skip
                digest.update(repr(phrase).encode())
    reasons.extend(_meaning(cards))
    for table in slots.values():
        digest.update(repr(table).encode())
    digest.update(repr([(reason.key, round(reason.bits, 3)) for reason in reasons]).encode())
    return Library(
        dict(sorted(cards.items())),
        tuple(reasons),
        tuple(patterns),
        labels,
        tuple(sorted(spoken)),
        digest.hexdigest()[:16],
    )


def _meaning(cards: dict[int, Card]) -> Iterator[Reason]:
    """Reasons of the second channel: one for each measured likeness of each tactic."""
    from lamppost.signals.meaning import load_measured, meaning_key

    measured = load_measured()
    if measured is None:
        return
    for card in cards.values():
        for depth, table in (("deep", measured.deep), ("static", measured.static)):
            for number, item in enumerate(table.get(card.id, ())):
                yield Reason(
                    meaning_key(card.id, depth, number), card, "", "plain", item.bits,
                    f"{card.because} (alike in meaning to known examples)", (), (), "meaning",
                )  # fmt: skip


def _word_list(card: Card, language: str) -> Phrase:
    """The run-time word list of a detector as one phrase."""
    assert card.word_list == "sexual"
    return Phrase(
        id=WORD_LIST,
        strength="weak",
        patterns=list(sexual_words(language)) or ["zzzz"],
        because="uses words from a list of sexual vocabulary",
    )


def pattern_key(card: Card, phrase: Phrase, pattern: str) -> str:
    """Name of one pattern, such as `secrecy/delete.1a2b3c4d`; changes when the pattern does."""
    return f"{card.id}/{phrase.id}.{hashlib.sha256(pattern.encode()).hexdigest()[:8]}"


def _reasons(
    card: Card,
    language: str,
    phrase: Phrase,
    slots: dict[str, list[str]],
    patterns: dict[Compiled, int],
    rates: Rates,
    where: str,
) -> Iterator[Reason]:
    """One reason per pattern of a phrase, each weighed by its own measured rate."""

    def intern(text: str) -> int:
        return patterns.setdefault(compile_pattern(text, slots, where=where), len(patterns))

    unless = tuple(intern(text) for text in phrase.unless)
    for pattern in phrase.patterns:
        key = pattern_key(card, phrase, pattern)
        bits = card.bits.of(phrase.strength)
        if bits > 0:
            floor = CHILD_FLOOR if card.kind == "child_signal" else 0.0
            bits = max(floor, min(bits, bits_ceiling(rates, language, key, card)))
        yield Reason(
            key,
            card,
            language,
            phrase.strength,
            math.floor(bits * 100) / 100,
            phrase.because or card.because,
            (intern(pattern),),
            unless,
            "word_list" if phrase.id == WORD_LIST else "phrases",
        )
