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
    """Matches a batch of texts against a library.

    Stateless: the same texts give the same result, whichever engine finds the candidates.
    """

    def __init__(self, library: Library, compiler: PatternCompiler) -> None:
        self.library = library
        # patterns that only cancel are tried where something is to be cancelled
        self._sought = sorted({index for item in library.reasons for index in item.patterns})
        self.sought = [library.patterns[index] for index in self._sought]
        self.engine = compiler(self.sought)
        self._search = [
            re.compile(pattern.expression.encode("latin-1")) for pattern in library.patterns
        ]
        owners: dict[int, list[int]] = {}
        for index, reason in enumerate(library.reasons):
            for pattern in reason.patterns:
                owners.setdefault(pattern, []).append(index)
        self._owners = owners

    def read(self, texts: Sequence[str]) -> list[Seen]:
        """Reasons seen, by message; per message and detector only the strongest one is kept."""
        reasons = self.library.reasons
        best: dict[tuple[int, int], Seen] = {}
        for hit in self.read_all(texts):
            key = (hit.message, reasons[hit.reason].card.number)
            held = best.get(key)
            if held is None or abs(reasons[hit.reason].bits) > abs(reasons[held.reason].bits):
                best[key] = hit
        return sorted(best.values(), key=lambda hit: (hit.message, hit.reason))

    def read_all(self, texts: Sequence[str]) -> list[Seen]:
        """Every reason seen, by message then reason."""
        if not texts:
            return []
        messages = normalise(texts).messages()
        owners = [self._owners[index] for index in self._sought]
        search = [self._search[index] for index in self._sought]
        seen: list[Seen] = []
        current = -1
        hits: set[int] = set()
        for message, pattern in self.engine.candidates(messages):
            if message != current:
                if hits:
                    self._close(current, messages[current], hits, seen)
                    hits = set()
                current = message
            if search[pattern].search(messages[message]):
                hits.update(owners[pattern])
        if hits:
            self._close(current, messages[current], hits, seen)
        return seen

    def _cancelled(self, index: int, text: bytes) -> bool:
        unless = self.library.reasons[index].unless
        return any(self._search[pattern].search(text) for pattern in unless)

    def _close(self, message: int, text: bytes, hits: set[int], out: list[Seen]) -> None:
        out.extend(
            Seen(message, index) for index in sorted(hits) if not self._cancelled(index, text)
        )

    def spans(self, text: str, reason: Reason) -> list[tuple[int, int]]:
        """Character spans of `text` that made `reason` seen; empty for labels."""
        normal = normalise([text])
        found = set()
        for number in reason.patterns:
            for match in self._search[number].finditer(normal.buffer):
                start, end = match.span()
                while start < end and normal.buffer[start : start + 1].isspace():
                    start += 1
                if end > start:
                    found.add(normal.span(0, start, end))
        return sorted(found)
