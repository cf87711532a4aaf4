"""Hide small counts, and as many others as it takes that none can be computed from what is left.

Counts are tied by sums: the parts of a table to its total, and the same total to two tables. A
hidden count is safe when no combination of the sums names it, and when the hidden counts of a
sum are at least the threshold together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

Key = tuple[str, ...]
Sum = tuple[Key, tuple[Key, ...]]
"""A total and its parts."""
LEAST: Final = 5
"""Counts from 1 to one less are hidden."""


def hidden(counts: Mapping[Key, int], sums: Sequence[Sum], least: int = LEAST) -> frozenset[Key]:
    """Which counts are not to be shown."""
    gone = {key for key, value in counts.items() if 0 < value < least}
    while True:
        weak = _weak(counts, sums, gone, least)
        if weak is None:
            return frozenset(gone)
        shown = [key for key in (weak[0], *weak[1]) if key not in gone]
        if not shown:
            return frozenset(gone)
        gone.add(min(shown, key=lambda key: (counts[key] == 0, counts[key], key)))


def _weak(counts: Mapping[Key, int], sums: Sequence[Sum], gone: set[Key], least: int) -> Sum | None:
    """A sum that gives something away and can still hide more."""
    named = determined(sums, gone)
    for total, parts in sums:
        line = (total, *parts)
        inside = [key for key in line if key in gone]
        if not inside or len(inside) == len(line):
            continue
        lost = [key for key in parts if key in gone]
        thin = total not in gone and 0 < sum(counts[key] for key in lost) < least
        if thin or any(key in named for key in inside):
            return total, parts
    return None


def determined(sums: Sequence[Sum], gone: set[Key] | frozenset[Key]) -> set[Key]:
    """Hidden counts that follow from the sums and from what is shown."""
    order = sorted({key for total, parts in sums for key in (total, *parts) if key in gone})
    if not order:
        return set()
    place = {key: number for number, key in enumerate(order)}
    matrix = np.zeros((len(sums), len(order)))
    for number, (total, parts) in enumerate(sums):
        for key in parts:
            if key in place:
                matrix[number, place[key]] += 1
        if total in place:
            matrix[number, place[total]] -= 1
    rank = np.linalg.matrix_rank(matrix)
    return {
        key
        for key, number in place.items()
        if np.linalg.matrix_rank(np.vstack([matrix, np.eye(len(order))[number]])) == rank
    }
