"""The portable engine: Google RE2's set matching, message by message."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import re2
from numpy.typing import NDArray

from lamppost.core.errors import PackError


class Re2Engine:
    """See `lamppost.signals.ports.PatternEngine`."""

    name = "re2"

    def __init__(self, expressions: Sequence[str]) -> None:
        options = re2.Options()
        options.max_mem = 1 << 30
        options.encoding = re2.Options.Encoding.LATIN1
        options.never_nl = False
        self._count = len(expressions)
        self._set = re2.Set.SearchSet(options)
        for expression in expressions:
            try:
                self._set.Add(expression)
            except re2.error as error:
                raise PackError(f"expression does not compile: {error}") from error
        self._set.Compile()

    def find(
        self, buffer: bytes, starts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One set match per message; see the port."""
        messages: list[int] = []
        numbers: list[int] = []
        match = self._set.Match
        borders = [*starts.tolist(), len(buffer) + 1]
        for index in range(len(starts)):
            hits = match(buffer[borders[index] : borders[index + 1] - 1])
            if hits:
                hits = sorted(hits)
                messages.extend([index] * len(hits))
                numbers.extend(hits)
        return np.array(messages, np.int64), np.array(numbers, np.int64)
