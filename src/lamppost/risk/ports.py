"""Seams of the risk: a second reader, asked about relationships that already concern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from lamppost.risk.score import Skipped

NAME = "context.second_reader"


class Said(NamedTuple):
    """A message as a second reader sees it: redacted name, redacted text."""

    speaker: str
    text: str


class Opinion(msgspec.Struct, frozen=True):
    """What a second reader found, and why in a sentence."""

    verdict: Literal["harmful", "ordinary", "unclear"]
    rationale: Annotated[str, Meta(max_length=2000)]


class SecondReader(Protocol):
    """Reads part of a conversation by a policy text.

    It never raises for what the other side does: time-outs, refusals and nonsense are `Skipped`.
    """

    def read(self, actor: str, target: str, said: Sequence[Said]) -> Opinion | Skipped:
        """How `actor` treats `target` in `said`, which must be redacted."""
        ...
