"""Read messages in the order they come: senders' languages, and phrases split over lines.

What is remembered for it (the last words of a conversation's last speaker for a few minutes, and
votes for each sender's language) stays in memory, is bounded, and is never written anywhere:
text lives in the case vault only. After a restart a phrase that was cut in two exactly there is
read as two lines, and languages are estimated anew (docs/decisions).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from lamppost.signals.languages import Estimate, Languages
from lamppost.signals.library import Library
from lamppost.signals.seen import Seen

TOGETHER: Final = 5 * 60_000
"""Milliseconds within which two lines of one sender are read together."""
_SHORT: Final = 5
"""One of the two lines has at most so many words; longer ones are no fragments."""
_WORDS: Final = 10
"""Words of each side that are read together."""
_WARM: Final = 1.5
"""Bits of a phrase from which on a conversation is looked at more deeply."""
_FREE: Final = 500
"""Messages that the second channel may look at before its share of the stream binds."""
_SENDERS: Final = 200_000
_CONVERSATIONS: Final = 100_000


class Line(msgspec.Struct, frozen=True, gc=False):
    """A message to be read: where, by whom, when (ms), what."""

    conversation: str
    sender: str
    at: int
    text: str


class TextReader(Protocol):
    """Reads texts, each in its languages; `lamppost.signals.reader.Reader` does."""

    def read(
        self, texts: Sequence[str], languages: Sequence[frozenset[str]] | None = None
    ) -> list[Seen]:
        """Reasons seen, by message."""
        ...

    def meant(
        self, texts: Sequence[str], languages: Sequence[frozenset[str]] | None = None
    ) -> list[Seen]:
        """What the second channel sees, at most one reason a text."""
        ...


class _Tail(msgspec.Struct, gc=False):
    sender: str
    at: int
    words: list[str]
    found: frozenset[int] = frozenset()


class Memory:
    """What reading remembers between batches; see the module."""

    def __init__(self) -> None:
        self.senders: dict[str, Estimate] = {}
        self.tails: dict[str, _Tail] = {}
        self.warm: dict[str, None] = {}
        self.read = 0
        self.looked = 0

    def estimate(self, sender: str) -> Estimate:
        """The sender's language estimate, made on first mention."""
        found = self.senders.get(sender)
        if found is None:
            if len(self.senders) >= _SENDERS:
                for old in list(self.senders)[: _SENDERS // 4]:
                    del self.senders[old]
            found = self.senders[sender] = Estimate()
        return found

    def keep(self, conversation: str, tail: _Tail) -> None:
        """Remember the last words of a conversation; those longest silent are forgotten."""
        self.tails.pop(conversation, None)
        if len(self.tails) >= _CONVERSATIONS:
            for old in list(self.tails)[: _CONVERSATIONS // 4]:
                del self.tails[old]
                self.warm.pop(old, None)
        self.tails[conversation] = tail


class Reading:
    """Reads batches of lines with `reader`, for the languages of `library`."""

    def __init__(
        self,
        library: Library,
        reader: TextReader,
        *,
        split: bool = True,
        share: float = 0.5,
    ) -> None:
        self._library = library
        self._reader = reader
        self._together = TOGETHER if split else -1
        self._share = share
        self._means = any(reason.channel == "meaning" for reason in library.reasons)
        self._warming = frozenset(
            index for index, reason in enumerate(library.reasons) if reason.bits >= _WARM
        )
        self._languages = Languages(library.languages)

    def read(self, memory: Memory, lines: Sequence[Line]) -> list[list[int]]:
        """Reasons seen in each line, strongest per detector; `memory` learns from the lines."""
        chosen = [
            self._languages.read_in(memory.estimate(line.sender), line.text) for line in lines
        ]
        known = {
            line.conversation: memory.tails[line.conversation].found
            for line in lines
            if line.conversation in memory.tails
        }
        follows, pairs = self._pairs(memory, lines)
        # a pair is read as a text of its own, after the lines
        seen = self._reader.read(
            [*(line.text for line in lines), *(text for _, text in pairs)],
            [*chosen, *(chosen[index] for index, _ in pairs)],
        )
        result: list[list[int]] = [[] for _ in lines]
        joined: dict[int, list[int]] = {}
        for hit in seen:
            if hit.message < len(lines):
                result[hit.message].append(hit.reason)
            else:
                joined.setdefault(pairs[hit.message - len(lines)][0], []).append(hit.reason)
        reasons = self._library.reasons
        for index, line in enumerate(lines):
            # of a pair counts what no line of the run showed by itself
            before = known.get(line.conversation, frozenset()) if follows[index] else frozenset()
            detectors = {reasons[reason].card.number for reason in (*result[index], *before)}
            result[index] = sorted(
                [
                    *result[index],
                    *(
                        reason
                        for reason in joined.get(index, ())
                        if reasons[reason].card.number not in detectors
                    ),
                ]
            )
            known[line.conversation] = before.union(result[index])
            if (tail := memory.tails.get(line.conversation)) is not None:
                tail.found = known[line.conversation]
        if self._means:
            self._look_deeper(memory, lines, chosen, result)
        return result

    def _pairs(
        self, memory: Memory, lines: Sequence[Line]
    ) -> tuple[list[bool], list[tuple[int, str]]]:
        """Whether each line goes on from the one before, and the texts to be read together.

        A text stands beside the index of its last line. `memory` gets the new tails.
        """
        follows: list[bool] = []
        pairs: list[tuple[int, str]] = []
        for index, line in enumerate(lines):
            words = line.text.split()
            tail = words[-_WORDS:]
            last = memory.tails.get(line.conversation)
            goes_on = (
                last is not None
                and last.sender == line.sender
                and 0 <= line.at - last.at <= self._together
            )
            if last is not None and goes_on:
                if words and last.words and min(len(words), len(last.words)) <= _SHORT:
                    pairs.append((index, " ".join((*last.words, *words[:_WORDS]))))
                tail = [*last.words, *words][-_WORDS:]
            follows.append(goes_on)
            memory.keep(line.conversation, _Tail(line.sender, line.at, tail))
        return follows, pairs

    def _look_deeper(
        self,
        memory: Memory,
        lines: Sequence[Line],
        languages: Sequence[frozenset[str]],
        result: list[list[int]],
    ) -> None:
        """Add what the second channel sees in conversations where something was seen before."""
        chosen = []
        for index, line in enumerate(lines):
            memory.read += 1
            if line.conversation not in memory.warm:
                if self._warming.isdisjoint(result[index]):
                    continue
                memory.warm[line.conversation] = None
            if memory.looked < _FREE + memory.read * self._share:
                memory.looked += 1
                chosen.append(index)
        reasons = self._library.reasons
        for hit in self._reader.meant(
            [lines[index].text for index in chosen], [languages[index] for index in chosen]
        ):
            found = result[chosen[hit.message]]
            meant = reasons[hit.reason]
            # the same words seen through both channels are one sighting: of the same tactic the
            # stronger counts, beside a phrase of another tactic likeness says nothing new
            same = [index for index in found if reasons[index].card.number == meant.card.number]
            tactics = [index for index in found if reasons[index].card.kind == "tactic"]
            if any(reasons[index].bits >= meant.bits for index in same) or set(tactics) - set(same):
                continue
            found[:] = sorted([*(index for index in found if index not in same), hit.reason])
