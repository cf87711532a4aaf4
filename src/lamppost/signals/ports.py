"""Seams of the signals: an engine that finds many expressions at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from lamppost.signals.phrases import Compiled
from lamppost.signals.seen import Seen


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


class Meaning(Protocol):
    """Second channel: what messages mean, by likeness to exemplars of tactics."""

    def read(self, texts: Sequence[str], languages: Sequence[Collection[str]] | None) -> list[Seen]:
        """Reasons of channel `meaning` seen in the texts, at most one a text."""
        ...
