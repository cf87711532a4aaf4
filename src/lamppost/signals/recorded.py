"""What is kept of a text once it has been read: the reasons seen, and three facts.

A record stands in the place of the text. `RecordedReader` gives back from it what `Reader` saw,
and the rest of the fold finds in it the three things it looks for itself: a question mark, a
stated age, and how many words there were. So a stored event scores exactly as the message did,
under any policy, without its text ever having been stored. A test folds every scenario both ways.

When it fails: a phrase added later is not seen in messages recorded before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lamppost.signals.library import Library
from lamppost.signals.reader import Reader
from lamppost.signals.reading import Line, Memory

UNREAD: Final = "\x01"
"""Record of a text that was not read, since no legal basis allowed it."""
_MARK: Final = "\x00"
_SPACES: Final = 20_000
_WORDS: Final = "eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
AGE: Final = re.compile(rf"\b(?:1[0-7]|[89]|{_WORDS})\b")
"""An age as the fold looks for it in lower-case text; a test compares the two."""


def record(library: Library, text: str, reasons: Sequence[int], *, labelled: bool = False) -> str:
    """The record of `text`, in which `reasons` (indices) were seen; often empty.

    `labelled`: the platform gave the message labels, which weigh by its length too.
    """
    made = "?" if "?" in text else ""
    if reasons or labelled:
        made += " " * min(text.count(" "), _SPACES)
    if not reasons:
        return made
    keys = [library.reasons[index].name for index in reasons]
    if any(library.reasons[index].card.id == "age_disclosure" for index in reasons):
        found = AGE.search(text.lower())
        if found:
            made = f"{found[0]}\x02{made}"
    return f"{made}{_MARK}{_MARK.join(keys)}"


def reasons_in(record: str) -> list[str]:
    """Keys of the reasons that a record holds."""
    return record.split(_MARK)[1:]


class RecordedReader(Reader):
    """Reads records instead of texts; compiles nothing."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._index = {reason.name: index for index, reason in enumerate(library.reasons)}

    def in_order(self, memory: Memory, lines: Sequence[Line]) -> list[list[int]]:
        """Reasons recorded of each line; reasons the library no longer has are left out."""
        index = self._index
        return [
            sorted(index[key] for key in reasons_in(line.text) if key in index)
            if _MARK in line.text
            else []
            for line in lines
        ]
