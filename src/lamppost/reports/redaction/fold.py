"""Text as rules see it: plain letters and digits, with a map back to the original.

Silent failure prevented: a number in full-width digits, a name with an invisible character in
its middle or in letters of another alphabet that look alike would pass every rule.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

_ALIKE: Final = dict(
    zip("аеорсухіјѕԁһԛԝАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdhqwABEKMHOPCTYXIJS", strict=True)
)
_DIRECT: Final = {"’": "'", "‘": "'", "＠": "@", "．": ".", "／": "/", "—": "-", "–": "-", "‐": "-"}


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` as rules see it; `origin[i]` is the original index of its character `i`."""

    text: str
    origin: list[int]
    size: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original span of a span of `text`; marks that follow the last letter go with it."""
        first = self.origin[start]
        last = self.origin[end] if end < len(self.origin) else self.size
        return first, last


def fold(text: str) -> Folded:
    """Drop marks and invisible characters, make digits and look-alike letters plain."""
    out: list[str] = []
    origin: list[int] = []
    latin = any("a" <= char <= "z" or "A" <= char <= "Z" for char in text)
    for index, char in enumerate(text):
        if char.isascii():
            plain = char
        else:
            category = unicodedata.category(char)
            if category in ("Mn", "Me", "Cf"):
                continue
            plain = _DIRECT.get(char, "")
            if not plain and latin:
                plain = _ALIKE.get(char, "")
            if not plain and category == "Nd":
                plain = str(unicodedata.digit(char))
            if not plain:
                parts = unicodedata.normalize("NFKD", char)
                plain = "".join(c for c in parts if unicodedata.category(c) not in ("Mn", "Cf"))
        for piece in plain:
            out.append(piece)
            origin.append(index)
    return Folded("".join(out), origin, len(text))
