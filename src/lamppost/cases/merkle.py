"""A Merkle tree over a growing list, as in RFC 6962 section 2 (SHA-256).

A leaf is hashed with a leading 0, a node with a leading 1, so that neither can pass for the
other. `Frontier` grows in O(log n) per leaf and memory. Proofs show, without the list itself,
that an entry is in it (`inclusion`) and that a longer list begins with a shorter one
(`consistency`). Fails by returning False, never by raising, when a proof does not hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256().digest()
"""Root of the empty tree."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append and to give the root."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[tuple[int, bytes]] = []  # complete subtrees: (leaves, hash), big first

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        self.size += 1
        leaves, digest = 1, leaf
        while self._full and self._full[-1][0] == leaves:
            digest = node_hash(self._full.pop()[1], digest)
            leaves *= 2
        self._full.append((leaves, digest))

    @property
    def root(self) -> bytes:
        """Root of the tree so far."""
        if not self._full:
            return EMPTY
        digest = self._full[-1][1]
        for _, left in reversed(self._full[:-1]):
            digest = node_hash(left, digest)
        return digest


def root(leaves: Sequence[bytes]) -> bytes:
    """Root of a list of leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root


def _split(size: int) -> int:
    """Largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Path that proves leaf `index`, from the leaf up; raises `IndexError` outside the list."""
    if not 0 <= index < len(leaves):
        raise IndexError("no such leaf")
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*inclusion(leaves[:middle], index), root(leaves[middle:])]
    return [*inclusion(leaves[middle:], index - middle), root(leaves[:middle])]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], top: bytes) -> bool:
    """Whether `path` proves that `leaf` is entry `index` of the tree of `size` with root `top`."""
    if not 0 <= index < size:
        return False
    place, last, digest = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node_hash(step, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, step)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == top


def consistency(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Proof that the tree of the `first` leaves is a beginning of the tree of all of them.

    Raises `IndexError` unless 0 < first <= len(leaves).
    """
    if not 0 < first <= len(leaves):
        raise IndexError("no such tree")
    return _subproof(leaves, first, True)


def _subproof(leaves: Sequence[bytes], first: int, whole: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [root(leaves)]
    middle = _split(len(leaves))
    if first <= middle:
        return [*_subproof(leaves[:middle], first, whole), root(leaves[middle:])]
    return [*_subproof(leaves[middle:], first - middle, False), root(leaves[:middle])]


def consistent(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `first` (root `old`) begins that of `second`."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and old == new
    steps = list(proof)
    if first & (first - 1) == 0:  # a complete subtree: its root is where the proof starts
        steps.insert(0, old)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    was = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, now = node_hash(step, was), node_hash(step, now)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, step)
        place, last = place >> 1, last >> 1
    return last == 0 and was == old and now == new
