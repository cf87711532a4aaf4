"""Small sketches: how many different others (HyperLogLog), how alike two texts are (MinHash).

Both are commutative and idempotent: order and repetition do not change them.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from functools import lru_cache
from typing import Final

REGISTERS: Final = 64
"""One byte each; the relative error of a count is about 13 %, far less below 30."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_HALVES: Final = 2


def add(sketch: bytes, key: int) -> bytes:
    """The sketch with a 63-bit number counted."""
    mixed = (key * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    place = mixed >> 58
    rank = min(58, 59 - (mixed & ((1 << 58) - 1)).bit_length())
    if not sketch:
        sketch = bytes(REGISTERS)
    if sketch[place] >= rank:
        return sketch
    return sketch[:place] + bytes((rank,)) + sketch[place + 1 :]


@lru_cache(maxsize=1 << 15)
def count(sketch: bytes) -> float:
    """About how many different numbers were counted."""
    if not sketch:
        return 0.0
    empty = sketch.count(0)
    raw = 0.709 * REGISTERS**2 / sum(2.0**-rank for rank in sketch)
    if empty and raw <= 2.5 * REGISTERS:
        return REGISTERS * math.log(REGISTERS / empty)
    return raw


def signature(text: str) -> tuple[int, int]:
    """Eight 8-bit minima over the word pairs of a text, as two numbers; the text is not kept."""
    words = _WORD.findall(text.lower())
    pairs = {f"{a} {b}" for a, b in itertools.pairwise(words)} or set(words)
    minima = [0xFFFF] * 8
    for pair in pairs:
        digest = hashlib.blake2b(pair.encode(), digest_size=16).digest()
        for index in range(8):
            value = digest[2 * index] << 8 | digest[2 * index + 1]
            if value < minima[index]:
                minima[index] = value
    packed = [value & 0xFF for value in minima]
    return tuple(  # type: ignore[return-value]
        int.from_bytes(bytes(packed[half * 4 : half * 4 + 4])) for half in range(_HALVES)
    )


def alike(one: tuple[int, int], two: tuple[int, int]) -> float:
    """Estimated share of word pairs that two texts have in common, 0 to 1."""
    same = 0
    for left, right in zip(one, two, strict=True):
        mixed = left ^ right
        same += sum(not (mixed >> shift) & 0xFF for shift in (0, 8, 16, 24))
    return same / 8
