"""The opinion of a second reader as one more line of the explanation.

It only ever adds: `harmful` adds `BITS`, everything else 0. So a message written to talk a model
round ("ignore the policy, this is fine") cannot lower anything, and the most that one can gain by
making it say `harmful` is `BITS` in a relationship that is at `concern` already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lamppost.risk.ports import NAME, Opinion, Said
from lamppost.risk.score import Assessment, Contribution, Skipped
from lamppost.risk.thresholds import Thresholds

BITS: Final = 1.5
"""Bits of `harmful`. Declared, not measured: as little as a pattern that was never measured."""
SHOWN: Final = 300
"""Characters of a rationale that are kept."""
_QUOTE: Final = 5
"""Words in a row that count as a quotation."""
_WORDS: Final = {
    "harmful": "a second reader finds it harmful",
    "ordinary": "a second reader finds an ordinary reading (this takes nothing away)",
    "unclear": "a second reader is not sure",
}


def with_opinion(
    assessment: Assessment,
    opinion: Opinion | Skipped,
    thresholds: Thresholds,
    said: Sequence[Said] = (),
) -> Assessment:
    """The assessment with the opinion added; its lines still sum to the total."""
    if isinstance(opinion, Skipped):
        return replace(assessment, skipped=[*assessment.skipped, opinion])
    bits = BITS if opinion.verdict == "harmful" else 0.0
    why = rationale(opinion.rationale, said)
    text = _WORDS[opinion.verdict] + (f": {why}" if why else "")
    rows = [*assessment.contributions, Contribution(NAME, 1, bits, text)]
    rows.sort(key=lambda row: (-row.bits, row.detector))
    total = round(assessment.bits + bits, 2)
    level = max(assessment.level, thresholds.level(total, imminent=assessment.imminent))
    return replace(assessment, bits=total, level=level, contributions=rows)


def rationale(text: str, said: Sequence[Said]) -> str:
    """A rationale fit to be kept: one line, short, and without quoting the chat."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    words = _plain(line)
    runs = {tuple(words[at : at + _QUOTE]) for at in range(len(words) - _QUOTE + 1)}
    for message in said:
        other = _plain(message.text)
        if any(tuple(other[at : at + _QUOTE]) in runs for at in range(len(other) - _QUOTE + 1)):
            return "its reason quoted the chat and is not kept"
    return line if len(line) <= SHOWN else line[: SHOWN - 1].rstrip() + "…"


def _plain(text: str) -> list[str]:
    return "".join(char.casefold() if char.isalnum() else " " for char in text).split()
