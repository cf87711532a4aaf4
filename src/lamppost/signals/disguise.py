"""A second reading of disguised messages, beside the plain one and never instead of it.

Digits and signs that stand for letters (`s3cr3t`), letters spaced or dotted apart (`s e c r e t`,
`se.cret`) and stretched double letters (`telllll`) are undone where that gives words that the
detectors look for. Only messages that look disguised are read twice, so ordinary text costs
nothing and can lose nothing; every byte keeps the place of the character it came from.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from lamppost.signals.normalise import Normalised

_LEET: Final = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "|": "li", "+": "t", "(": "c", "<": "c", "6": "g", "2": "z",
}  # fmt: skip
_SIGNS: Final = re.escape("".join(_LEET))
_LETTER, _SIGN, _DIGIT, _MARK, _OTHER = range(1, 6)
_KIND: Final = np.zeros(256, np.uint8)
for _bytes, _kind in (
    (b"abcdefghijklmnopqrstuvwxyz", _LETTER),
    (b"@$!|+(<", _SIGN),
    (b"0123456789", _DIGIT),
    (b"._*~^-", _MARK),
    (bytes([0x80]), _OTHER),
):
    _KIND[list(_bytes)] = _kind
_RUN: Final = 3
"""So many letters in a row that stand alone make a message look spaced out."""
_TOKEN: Final = re.compile(rf"[a-z0-9{_SIGNS}]*[a-z][a-z0-9{_SIGNS}]*")
_APART: Final = re.compile(
    r"(?<![a-z0-9\x80])[a-z0-9@$](?:[^a-z0-9\x80\n]{1,3}[a-z0-9@$]){2,}(?![a-z0-9\x80])"
)
_INNER: Final = re.compile(r"[a-z]+(?:[._*~^-]{1,3}[a-z]+)+")
_LONGEST: Final = 14
"""Letters of the longest word looked for when letters that stand apart are joined."""
_CHOICES: Final = 64
MAX_VIEWED: Final = 2_000
"""Bytes of a message up to which a second reading is made."""


@dataclass(frozen=True, slots=True)
class View:
    """Another reading of a message: its bytes, and the character each came from."""

    message: int
    text: bytes
    origin: tuple[int, ...]


class Undisguiser:
    """Undoes disguise, guided by the words that detectors look for (`vocabulary`)."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self._words = frozenset(word for word in vocabulary if len(word) > 1) | {"a", "i", "u"}

    def views(self, normal: Normalised) -> list[View]:
        """Second readings of those messages that look disguised, in order of message."""
        data = np.frombuffer(normal.buffer, np.uint8)
        if len(data) < 3:
            return []
        kind = _KIND[data]
        letter = kind == _LETTER
        inside = (kind == _SIGN) | (kind == _DIGIT) | (kind == _MARK)
        # a sign or mark between letters, or a digit before two letters; at times two of them
        odd = letter[:-2] & inside[1:-1] & letter[2:]
        odd[:-1] |= letter[:-3] & inside[1:-2] & inside[2:-1] & letter[3:]
        odd |= (kind[:-2] == _DIGIT) & letter[1:-1] & letter[2:]
        places = [np.flatnonzero(odd)]
        # letters that stand alone, several in a row
        solid = letter | (kind == _DIGIT) | (kind == _OTHER)
        alone = solid.copy()
        alone[1:] &= ~solid[:-1]
        alone[:-1] &= ~solid[1:]
        spots = np.flatnonzero(alone)
        if len(spots) >= _RUN:
            places.append(spots[: 1 - _RUN][spots[_RUN - 1 :] - spots[: 1 - _RUN] <= 4 * _RUN])
        # three characters or more became one letter: stretched
        places.append(np.flatnonzero((np.diff(normal.origin) >= 3) & letter[:-1]))
        found = np.searchsorted(normal.starts, np.concatenate(places), side="right") - 1
        views = (self.view(normal, int(row)) for row in np.unique(found))
        return [view for view in views if view is not None]

    def view(self, normal: Normalised, row: int) -> View | None:
        """The second reading of one message; `None` when nothing is gained."""
        plain = normal.text(row).decode("latin-1")
        if len(plain) > MAX_VIEWED:
            return None
        first = int(normal.starts[row])
        base = int(normal.bases[row])
        origin = [int(place) - base for place in normal.origin[first : first + len(plain)]]
        text, places = self._signs(plain, origin)
        text, places = self._apart(text, places)
        text, places = self._inner(text, places)
        text, places = self._doubled(text, places)
        if text == plain:
            return None
        return View(row, text.encode("latin-1"), tuple(places))

    def _signs(self, text: str, origin: list[int]) -> tuple[str, list[int]]:
        """Letters for the digits and signs that stand for them, where that gives a known word."""
        out = list(text)
        for match in _TOKEN.finditer(text):
            token, start = match[0], match.start()
            if token.isalpha():
                continue
            stripped = token.rstrip("!+(<|")
            for candidate in dict.fromkeys((token, stripped)):
                word = self._spelt(candidate)
                if word is not None:
                    out[start : start + len(word)] = word
                    break
        return "".join(out), origin

    def _spelt(self, token: str) -> str | None:
        signs = sum(char in _LEET for char in token)
        if not signs:
            return None
        choices = [_LEET.get(char, char) for char in token]
        words = ("".join(pick) for pick in itertools.islice(itertools.product(*choices), _CHOICES))
        first = None
        for word in words:
            if word in self._words:
                return word
            if first is None and word.isalpha():
                single = re.sub(r"(.)\1+", r"\1", word)
                if single in self._words:
                    return word
                first = word
        # an unknown word is spelt out too, unless digits lead or end it as in names and times
        if first and token[0].isalpha() and token[-1].isalpha():
            return first
        return None

    def _apart(self, text: str, origin: list[int]) -> tuple[str, list[int]]:
        """Letters that stand apart joined into words."""
        out: list[str] = []
        places: list[int] = []
        last = 0
        for match in _APART.finditer(text):
            start, end = match.span()
            out.append(text[last:start])
            places.extend(origin[last:start])
            for piece, spot in self._joined(match[0], origin[start:end]):
                out.append(piece)
                places.append(spot)
            last = end
        if not out:
            return text, origin
        out.append(text[last:])
        places.extend(origin[last:])
        return "".join(out), places

    def _joined(self, run: str, origin: list[int]) -> list[tuple[str, int]]:
        letters = [
            (place, char) for place, char in enumerate(run) if char.isalnum() or char in "@$"
        ]
        gaps = [run[a[0] + 1 : b[0]] for a, b in itertools.pairwise(letters)]
        narrow = min(gaps, key=len)
        border = [
            len(gap) > len(narrow) or (gap.isspace() and not narrow.isspace()) for gap in gaps
        ]
        if not any(gap.isspace() for gap in gaps):
            border = [False] * len(gaps)
        groups: list[list[tuple[int, str]]] = [[letters[0]]]
        for edge, letter in zip(border, letters[1:], strict=True):
            if edge:
                groups.append([])
            groups[-1].append(letter)
        made: list[tuple[str, int]] = []
        for group in groups:
            word = "".join(char for _, char in group)
            spelt = self._spelt(word) or word
            for word_start, word_end in self._segments(spelt):
                if made:
                    made.append((" ", made[-1][1]))
                made.extend(
                    (spelt[index], origin[group[index][0]]) for index in range(word_start, word_end)
                )
        return made

    def _segments(self, word: str) -> list[tuple[int, int]]:
        """Where words begin and end in letters without borders: fewest pieces, known words."""
        if word in self._words or len(word) > 300:
            return [(0, len(word))]
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(word) + 1):
            options = []
            for begin in range(max(0, end - _LONGEST), end):
                piece = word[begin:end]
                if piece in self._words:
                    cost = 1.0 if len(piece) > 1 else 1.6
                else:
                    cost = 2.5 * len(piece)
                options.append((best[begin][0] + cost, begin))
            best.append(min(options))
        cuts: list[tuple[int, int]] = []
        end = len(word)
        while end:
            begin = best[end][1]
            cuts.append((begin, end))
            end = begin
        cuts.reverse()
        return cuts

    def _inner(self, text: str, origin: list[int]) -> tuple[str, list[int]]:
        """Known words that marks were put into."""
        keep = [True] * len(text)
        for match in _INNER.finditer(text):
            word = re.sub(r"[^a-z]", "", match[0])
            parts = re.split(r"[^a-z]+", match[0])
            known = all(len(part) > 2 and part in self._words for part in parts)
            if word in self._words and not known:
                for place in range(*match.span()):
                    keep[place] = text[place].isalpha()
        if all(keep):
            return text, origin
        kept = [place for place, keeps in enumerate(keep) if keeps]
        return "".join(text[place] for place in kept), [origin[place] for place in kept]

    def _doubled(self, text: str, origin: list[int]) -> tuple[str, list[int]]:
        """The double letter back where a stretched one hid it: `tel` of `telllll` to `tell`."""
        out: list[str] = []
        places: list[int] = []
        last = 0
        for match in re.finditer(r"[a-z]{2,}", text):
            word, (start, end) = match[0], match.span()
            for place in range(start, end):
                after = origin[place + 1] if place + 1 < len(origin) else origin[place] + 1
                stretched = after - origin[place] >= 3 or place + 1 == len(origin)
                longer = word[: place - start + 1] + text[place] + word[place - start + 1 :]
                if stretched and longer in self._words:
                    out.append(text[last : place + 1] + text[place])
                    places.extend([*origin[last : place + 1], origin[place]])
                    last = place + 1
                    break
        if not out:
            return text, origin
        out.append(text[last:])
        places.extend(origin[last:])
        return "".join(out), places


def words_of(expressions: Iterable[str]) -> set[str]:
    """Plain words that stand in compiled expressions."""
    found: set[str] = set()
    for expression in expressions:
        for word in re.findall(r"[a-z]{2,}[?]?", expression.replace(r"\b", " ")):
            found.update((word.rstrip("?"), word[:-2]) if word.endswith("?") else (word,))
    return found
