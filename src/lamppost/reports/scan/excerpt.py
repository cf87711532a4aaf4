"""Quotes of one detector as excerpts: runs of messages, each shown once, in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lamppost.reports.scan.model import Line, Quote


@dataclass(frozen=True, slots=True)
class Said:
    """A message of an excerpt. `because` is empty for messages that are only context."""

    line: Line
    because: str = ""


@dataclass(slots=True)
class Excerpt:
    """A run of messages; `lost` counts quotes that could not be read again."""

    said: list[Said] = field(default_factory=list)
    explicit: bool = False
    number: int = 0


def excerpts(quotes: Iterable[Quote], around: int) -> list[Excerpt]:
    """Merge quotes whose surroundings touch; `around` messages are kept before and after each."""
    out: list[Excerpt] = []
    for quote in sorted(quotes, key=lambda quote: quote.message):
        if quote.line is None:
            continue
        before = quote.before[-around:] if around else []
        lines = [*before, quote.line, *quote.after[:around]]
        ids = {line.event for line in lines}
        if not out or not ids & {said.line.event for said in out[-1].said}:
            out.append(Excerpt(number=quote.message))
        current = out[-1]
        current.explicit = current.explicit or any(line.explicit for line in lines)
        places = {said.line.event: index for index, said in enumerate(current.said)}
        for line in lines:
            hit = line is quote.line
            place = places.get(line.event)
            if place is None:
                current.said.append(Said(line, quote.because if hit else ""))
            elif hit:
                current.said[place] = replace(
                    current.said[place], line=quote.line, because=quote.because
                )
    return out


def lost(quotes: Iterable[Quote]) -> int:
    """Quotes whose message could not be read again."""
    return sum(quote.line is None for quote in quotes)
