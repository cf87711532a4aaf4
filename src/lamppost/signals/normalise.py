"""Reading text for matching: one linear pass with an exact map back to the original.

Every character becomes one byte (or none): case and accents are folded, typographic marks
become plain ones, apostrophes and invisible characters vanish, emoji with meaning become one
byte each, runs of three or more equal letters shrink to one. The map says which original
character each byte came from, so a match is always quoted from the original text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SEPARATOR: Final = "\n"
DROPPED: Final = 0
OTHER: Final = 0x80
"""Byte of any character that has no plain form; it counts as a letter, never as a gap."""

EMOJI: Final[dict[str, int]] = {
    "hearts": 0xE1,
    "hush": 0xE2,
    "camera": 0xE3,
    "money": 0xE4,
    "gift": 0xE5,
    "wink": 0xE6,
    "sad": 0xE7,
    "laugh": 0xE8,
    "car": 0xE9,
    "threat": 0xEA,
    "other": 0xEB,
}
"""Meaning of an emoji and the byte that stands for it."""

_EMOJI_OF: Final[dict[str, str]] = {
    "hearts": "❤🧡💛💚💙💜🖤🤍🤎💕💞💓💗💖💘💝😍🥰😘😚😻💋♥🫶",
    "hush": "🤫🤐🙊",
    "camera": "📷📸📹🎥🤳📱",
    "money": "💰💵💸💳🤑💲",
    "gift": "🎁🛍",
    "wink": "😉😏😜😈",
    "sad": "😢😭😞😔🥺💔😟😥😓",
    "laugh": "😂🤣😆😅😄😁😀😃🙂😊😹💀",
    "car": "🚗🚕🚙🚘✈🛫🚌🚆",
    "threat": "🔪🔫💣⏳⏰",
}

_DROP = (
    "'’‘ʼ`´＇\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\ufe0f\ufe0e"
    "\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u0000"
)


class _Table(dict[int, int]):
    """Translation table filled on demand; each character maps to exactly one character."""

    def __missing__(self, code: int) -> int:
        value = _byte_of(chr(code))
        self[code] = value
        return value


def _byte_of(char: str) -> int:
    code = ord(char)
    if char in _DROP:
        return DROPPED
    if code < 0x80:
        if char in "\n\r\t\v\f":
            return 0x20
        return ord(char.lower())
    category = unicodedata.category(char)
    if category in ("Cf", "Mn", "Me", "Cs"):
        return DROPPED
    for meaning, chars in _EMOJI_OF.items():
        if char in chars:
            return EMOJI[meaning]
    if category.startswith("Z"):
        return 0x20
    folded = unicodedata.normalize("NFKD", char.casefold())
    base = next((c for c in folded if unicodedata.category(c) not in ("Mn", "Cf")), "")
    if base and ord(base) < 0x80:
        return ord(base)
    if (letter := _lookalike(char)) and category[0] in "LS" and category != "Sm":
        return ord(letter) + _ALIKE_SHIFT
    if category == "Pd":
        return ord("-")
    if category in ("Pi", "Pf"):
        return ord('"')
    if category.startswith("P"):
        return ord({"¿": "?", "¡": "!", "…": ".", "。": ".", "？": "?", "！": "!"}.get(char, "."))
    if category == "So" or code >= 0x1F000:
        return EMOJI["other"]
    return OTHER


_NAMED: Final = re.compile(
    r"(?:LATIN (?:SMALL|CAPITAL) LETTER (?:DOTLESS )?|LATIN LETTER SMALL CAPITAL "
    r"|(?:SQUARED|NEGATIVE SQUARED|NEGATIVE CIRCLED) LATIN CAPITAL LETTER "
    r"|REGIONAL INDICATOR SYMBOL LETTER )([A-Z])(?: WITH .*)?"
)


_ALIKE_SHIFT: Final = 0x60
"""A look-alike is first kept apart from the letter, 0x60 above it, until its message is known."""
_ALIKE: Final = dict(zip("вкмнтғβηκτωₐₑₒₓ", "bkmhtfbnktwaeox", strict=True))
"""Small letters that look like small capitals, which Unicode's table leaves out."""


def _lookalike(char: str) -> str:
    """The plain letter that `char` looks like or is named after; empty when there is none.

    Source: Unicode's table of confusable characters, in the package `confusable-homoglyphs`.
    """
    named = _NAMED.fullmatch(unicodedata.name(char, ""))
    if named:
        return named[1].lower()
    if char in _ALIKE:
        return _ALIKE[char]
    from confusable_homoglyphs import confusables

    for entry in confusables.confusables_data.get(char, ()):
        twin = str(entry["c"]).lower()
        if len(twin) == 1 and "a" <= twin <= "z":
            return twin
    return ""


_TABLE: Final = _Table()


@dataclass(slots=True)
class Normalised:
    """Normalised messages in one buffer, separated by newlines.

    `starts[i]` is where message `i` begins in `buffer`; `origin[k]` the index, within the joined
    original texts, of the character that became byte `k`; `bases[i]` where message `i` begins
    in the joined original.
    """

    buffer: bytes
    starts: NDArray[np.int64]
    origin: NDArray[np.int64]
    bases: NDArray[np.int64]

    def text(self, index: int) -> bytes:
        """Normalised bytes of one message."""
        end = self.starts[index + 1] - 1 if index + 1 < len(self.starts) else len(self.buffer)
        return self.buffer[self.starts[index] : end]

    def messages(self) -> list[bytes]:
        """Normalised bytes of every message."""
        return self.buffer.split(b"\n") if len(self.starts) else []

    def span(self, index: int, start: int, end: int) -> tuple[int, int]:
        """Original character span of bytes `start:end` of message `index`'s normalised text."""
        first = int(self.starts[index])
        base = int(self.bases[index])
        if end <= start:
            return 0, 0
        return (
            int(self.origin[first + start]) - base,
            int(self.origin[first + end - 1]) - base + 1,
        )


def _settle_lookalikes(raw: NDArray[np.uint8], bases: NDArray[np.int64]) -> None:
    """Letters of other scripts become the plain ones they look like, in mostly plain messages.

    In a message with more letters of another script than plain ones they are what they are.
    """
    alike = (raw > 0x60 + _ALIKE_SHIFT) & (raw <= 0x7A + _ALIKE_SHIFT)
    if not alike.any():
        return
    weight = ((raw >= 0x61) & (raw <= 0x7A)).astype(np.int64) - (raw == OTHER)
    total = np.add.reduceat(np.append(weight, 0), bases)
    lengths = np.diff(np.append(bases, len(raw)))
    latin = np.repeat(total >= 0, lengths)
    raw[alike & latin] -= _ALIKE_SHIFT
    raw[alike & ~latin] = OTHER


def normalise(texts: Sequence[str]) -> Normalised:
    """Normalise messages; linear in their total length, exact map, any script."""
    lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    bases = np.zeros(len(texts), np.int64)
    np.cumsum(lengths[:-1] + 1, out=bases[1:])
    joined = SEPARATOR.join(texts)
    raw = np.frombuffer(joined.translate(_TABLE).encode("latin-1"), np.uint8).copy()
    if len(texts) > 1:
        raw[bases[1:] - 1] = 0x0A
    _settle_lookalikes(raw, bases)
    keep = raw != DROPPED
    origin = np.flatnonzero(keep)
    data = raw[origin]
    if len(data) > 2:
        same = data[1:] == data[:-1]
        letters = (data >= 0x61) & (data <= 0x7A)
        # a byte goes when it belongs to a run of three or more and is not the run's first
        third = np.zeros(len(data), bool)
        third[2:] = same[1:] & same[:-1] & letters[2:]
        second = np.zeros(len(data), bool)
        second[1:-1] = third[2:] & same[:-1]
        squash = third | second
        if squash.any():
            origin = origin[~squash]
            data = data[~squash]
    starts = np.zeros(len(texts), np.int64)
    starts[1:] = np.flatnonzero(data == 0x0A) + 1
    return Normalised(data.tobytes(), starts, origin, bases)
