"""Seams of the signals: an engine that finds many expressions at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lamppost.signals.phrases import Compiled


class PatternEngine(Protocol):
    """Finds which patterns may stand in which message.

    `candidates` returns (message index, pattern index) pairs, sorted, for every message that
    holds all atoms of a pattern. The reader then tries the whole expression, so engines that
    find the same atoms give the same result.
    """

    name: str

    def candidates(self, messages: Sequence[bytes]) -> list[tuple[int, int]]:
        """Pairs for normalised messages."""
        ...


class PatternCompiler(Protocol):
    """Builds a `PatternEngine`."""

    def __call__(self, patterns: Sequence[Compiled]) -> PatternEngine:
        """Compile; raises `PackError` when an atom cannot be compiled."""
        ...
