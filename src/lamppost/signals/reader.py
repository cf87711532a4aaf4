"""Read messages: which reasons are seen in which message, and where exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lamppost.signals.library import Library, Reason
from lamppost.signals.normalise import normalise
from lamppost.signals.ports import PatternCompiler


@dataclass(frozen=True, slots=True)
class Seen:
    """A reason seen in a message: index of the message in the batch, index of the reason."""

    message: int
    reason: int


class Reader:
    """Matches a batch of texts against a library. Stateless: the same texts give the same result."""

    def __init__(self, library: Library, compiler: PatternCompiler) -> None:
        self.library = library
        self.engine = compiler(library.expressions)
        owners: dict[int, list[tuple[int, bool]]] = {}
        for index, reason in enumerate(library.reasons):
            for expression in reason.expressions:
                owners.setdefault(expression, []).append((index, False))
            for expression in reason.unless:
                owners.setdefault(expression, []).append((index, True))
        self._owners = owners
        self._compiled: dict[int, re.Pattern[bytes]] = {}

    def read(self, texts: Sequence[str]) -> list[Seen]:
        """Reasons seen, by message; per message and detector only the strongest one is kept."""
        if not texts:
            return []
        normal = normalise(texts)
        messages, expressions = self.engine.find(normal.buffer, normal.starts)
        seen: list[Seen] = []
        current = -1
        hits: set[int] = set()
        misses: set[int] = set()
        for message, expression in zip(messages.tolist(), expressions.tolist(), strict=True):
            if message != current:
                self._close(current, hits, misses, seen)
                current = message
                hits, misses = set(), set()
            for reason, cancels in self._owners[expression]:
                (misses if cancels else hits).add(reason)
        self._close(current, hits, misses, seen)
        return seen

    def _close(self, message: int, hits: set[int], misses: set[int], out: list[Seen]) -> None:
        best: dict[int, int] = {}
        reasons = self.library.reasons
        for index in sorted(hits - misses):
            number = reasons[index].card.number
            held = best.get(number)
            if held is None or abs(reasons[index].bits) > abs(reasons[held].bits):
                best[number] = index
        out.extend(Seen(message, index) for index in sorted(best.values()))

    def spans(self, text: str, reason: Reason) -> list[tuple[int, int]]:
        """Character spans of `text` that made `reason` seen; empty for labels."""
        normal = normalise([text])
        found = set()
        for number in reason.expressions:
            pattern = self._compiled.get(number)
            if pattern is None:
                pattern = re.compile(self.library.expressions[number].encode("latin-1"))
                self._compiled[number] = pattern
            for match in pattern.finditer(normal.buffer):
                start, end = match.span()
                while start < end and normal.buffer[start : start + 1].isspace():
                    start += 1
                if end > start:
                    found.add(normal.span(0, start, end))
        return sorted(found)
