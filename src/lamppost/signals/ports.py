"""Seams of the signals: a pattern engine, and a channel that reads messages for meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class PatternEngine(Protocol):
    """Finds which of many regular expressions match which message of a buffer."""

    name: str

    def find(
        self, buffer: bytes, starts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs (message index, expression index), each once, sorted by message then expression.

        `buffer` holds messages separated by newlines, `starts` where each begins.
        """
        ...


class PatternCompiler(Protocol):
    """Builds a `PatternEngine` from expressions."""

    def __call__(self, expressions: Sequence[str]) -> PatternEngine:
        """Compile; raises `PackError` naming the expression that cannot be compiled."""
        ...
