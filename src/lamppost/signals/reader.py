"""Read messages: which reasons are seen in which message, and where exactly."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from lamppost.signals.disguise import Undisguiser, words_of
from lamppost.signals.library import Library, Reason
from lamppost.signals.normalise import normalise
from lamppost.signals.ports import Meaning, PatternCompiler, PatternEngine
from lamppost.signals.reading import Line, Memory, Reading
from lamppost.signals.seen import Seen

_CHUNK: Final = 16_384


@dataclass(frozen=True, slots=True)
class _Tongue:
    """The patterns of one language, compiled: engine, pattern numbers, reasons of each."""

    engine: PatternEngine
    patterns: list[int]
    owners: list[list[int]]


class Reader:
    """Matches a batch of texts against a library.

    Stateless: the same texts give the same result, whichever engine finds the candidates. What
    one message alone does not show (its sender's language, a phrase split over lines) is the
    business of `lamppost.signals.reading`. `meaning` is the second channel; without it only
    phrases are seen. `off` may name `READINGS` to leave out, to measure them; `share` is
    how much of a stream of messages the second channel may look at, 0 to 1.
    """

    def __init__(
        self,
        library: Library,
        compiler: PatternCompiler,
        meaning: Meaning | None = None,
        off: Collection[str] = (),
        share: float = 0.5,
    ) -> None:
        self.library = library
        self.meaning = meaning
        self._compiler = compiler
        self._tongues: dict[str, _Tongue] = {}
        self._search: list[re.Pattern[bytes] | None] = [None] * len(library.patterns)
        self._undisguiser = Undisguiser(words_of(item.expression for item in library.patterns))
        self._unless: dict[int, set[int]] = {}
        for reason in library.reasons:
            self._unless.setdefault(reason.card.number, set()).update(reason.unless)
        self._undisguises = "disguise" not in off
        self._reading = Reading(library, self, split="split" not in off, share=share)

    def in_order(self, memory: Memory, lines: Sequence[Line]) -> list[list[int]]:
        """Reasons seen in each of some lines in the order they came; see `Reading`."""
        return self._reading.read(memory, lines)

    def read(
        self, texts: Sequence[str], languages: Sequence[Collection[str]] | None = None
    ) -> list[Seen]:
        """Reasons seen, by message; per message and detector only the strongest one is kept.

        `languages` are those to read each text in (default: all there are).
        """
        reasons = self.library.reasons
        best: dict[tuple[int, int], Seen] = {}
        for hit in self.read_all(texts, languages):
            key = (hit.message, reasons[hit.reason].card.number)
            held = best.get(key)
            if held is None or abs(reasons[hit.reason].bits) > abs(reasons[held.reason].bits):
                best[key] = hit
        return sorted(best.values(), key=lambda hit: (hit.message, hit.reason))

    def meant(
        self, texts: Sequence[str], languages: Sequence[Collection[str]] | None = None
    ) -> list[Seen]:
        """What the second channel sees, at most one reason a text; nothing without one."""
        if self.meaning is None or not texts:
            return []
        return [
            hit
            for hit in self.meaning.read(texts, languages)
            if not self._excused(self.library.reasons[hit.reason].card.number, texts[hit.message])
        ]

    def _excused(self, card: int, text: str) -> bool:
        """Whether what cancels a phrase of the tactic stands in the text: `surprise party`."""
        plain = normalise([text]).buffer
        return any(self._pattern(number).search(plain) for number in self._unless.get(card, ()))

    def read_all(
        self, texts: Sequence[str], languages: Sequence[Collection[str]] | None = None
    ) -> list[Seen]:
        """Every reason that phrases show, by message then reason."""
        seen: list[Seen] = []
        for begin in range(0, len(texts), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            self._chunk(texts[part], languages and languages[part], begin, seen)
        return seen

    def _chunk(
        self,
        texts: Sequence[str],
        languages: Sequence[Collection[str]] | None,
        begin: int,
        out: list[Seen],
    ) -> None:
        normal = normalise(texts)
        rows = normal.messages()
        owner = list(range(len(rows)))
        for view in self._undisguiser.views(normal) if self._undisguises else ():
            rows.append(view.text)
            owner.append(view.message)
        found: dict[int, set[int]] = {}
        for language in self.library.languages:
            if languages is None:
                chosen: Sequence[int] = range(len(rows))
            else:
                chosen = [row for row, text in enumerate(owner) if language in languages[text]]
                if not chosen:
                    continue
            tongue = self._tongue(language)
            if len(chosen) == len(rows):
                pairs = tongue.engine.candidates(rows)
            else:
                pairs = tongue.engine.candidates([rows[row] for row in chosen])
            numbers, owners = tongue.patterns, tongue.owners
            for index, candidate in pairs:
                row = chosen[index]
                if self._pattern(numbers[candidate]).search(rows[row]):
                    text = rows[owner[row]]
                    for reason in owners[candidate]:
                        if not self._cancelled(reason, rows[row], text):
                            found.setdefault(owner[row], set()).add(reason)
        out.extend(
            Seen(begin + message, reason)
            for message in sorted(found)
            for reason in sorted(found[message])
        )

    def _tongue(self, language: str) -> _Tongue:
        made = self._tongues.get(language)
        if made is None:
            owners: dict[int, list[int]] = {}
            for index, reason in enumerate(self.library.reasons):
                if reason.language == language:
                    # patterns that only cancel are tried where something is to be cancelled
                    for pattern in reason.patterns:
                        owners.setdefault(pattern, []).append(index)
            numbers = sorted(owners)
            engine = self._compiler([self.library.patterns[number] for number in numbers])
            made = _Tongue(engine, numbers, [owners[number] for number in numbers])
            self._tongues[language] = made
        return made

    def _pattern(self, number: int) -> re.Pattern[bytes]:
        made = self._search[number]
        if made is None:
            expression = self.library.patterns[number].expression
            made = self._search[number] = re.compile(expression.encode("latin-1"))
        return made

    def _cancelled(self, reason: int, *texts: bytes) -> bool:
        unless = self.library.reasons[reason].unless
        return any(self._pattern(pattern).search(text) for pattern in unless for text in texts)

    def spans(self, text: str, reason: Reason) -> list[tuple[int, int]]:
        """Character spans of `text` that made `reason` seen; empty for labels."""
        normal = normalise([text])
        found = set()
        for number in reason.patterns:
            for match in self._pattern(number).finditer(normal.buffer):
                start, end = _trimmed(normal.buffer, *match.span())
                if end > start:
                    found.add(normal.span(0, start, end))
        if not found and reason.patterns:
            for view in self._undisguiser.views(normal):
                for number in reason.patterns:
                    for match in self._pattern(number).finditer(view.text):
                        start, end = _trimmed(view.text, *match.span())
                        if end > start:
                            found.add((view.origin[start], view.origin[end - 1] + 1))
        return sorted(found)


def _trimmed(text: bytes, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start : start + 1].isspace():
        start += 1
    return start, end
