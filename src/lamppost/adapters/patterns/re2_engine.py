"""The portable engine: Google RE2's set matching, message by message."""

from __future__ import annotations

from collections.abc import Sequence

import re2

from lamppost.core.errors import PackError
from lamppost.signals.phrases import AtomIndex, Compiled


class Re2Engine:
    """See `lamppost.signals.ports.PatternEngine`."""

    name = "re2"

    def __init__(self, patterns: Sequence[Compiled]) -> None:
        options = re2.Options()
        options.max_mem = 1 << 30
        options.encoding = re2.Options.Encoding.LATIN1
        self._index = AtomIndex(patterns)
        self._set = re2.Set.SearchSet(options)
        self._atoms = [atom for _, atom in self._index.expressions]
        for expression, _ in self._index.expressions:
            try:
                self._set.Add(expression)
            except re2.error as error:
                raise PackError(f"expression does not compile: {error}") from error
        self._set.Compile()

    def candidates(self, messages: Sequence[bytes]) -> list[tuple[int, int]]:
        """One set match per message; see the port."""
        found: list[tuple[int, int]] = []
        match = self._set.Match
        atoms = self._atoms
        for index, message in enumerate(messages):
            hits = match(b" " + message + b" ") if message else None
            if hits:
                found.extend(
                    (index, number) for number in self._index.possible([atoms[hit] for hit in hits])
                )
        return found
