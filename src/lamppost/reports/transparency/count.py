"""Count labels, decisions and appeals of a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import msgspec

from lamppost.cases.case import Appeal, Label
from lamppost.cases.figures import Figures, Spread
from lamppost.reports.transparency.hide import LEAST, Key, Sum, hidden

JUDGED: Final = ("harmful", "ordinary", "unsure")


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """One number of the report; `value` is `None` when it is hidden."""

    section: str
    of: str
    name: str
    value: int | None


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A share of sure judgements; `None` when a count behind it is hidden or there is none."""

    section: str
    of: str
    value: float | None


class Transparency(msgspec.Struct, frozen=True, kw_only=True):
    """The report. Times in milliseconds; the day `until` is the last one in it."""

    since: date
    until: date
    least: int
    counts: tuple[Counted, ...]
    errors: tuple[Rate, ...]
    overturned: tuple[Rate, ...]
    times: dict[str, Spread]
    gaps: tuple[str, ...]

    def shown(self, section: str, of: str, name: str) -> int | None:
        """A number, or `None` when it is hidden; 0 when nothing was counted."""
        for item in self.counts:
            if (item.section, item.of, item.name) == (section, of, name):
                return item.value
        return 0

    def names(self, section: str) -> list[str]:
        """What a section counts, in its order."""
        return list(dict.fromkeys(item.of for item in self.counts if item.section == section))


def count(
    labels: Iterable[Label],
    appeals: Iterable[tuple[Appeal, Sequence[str]]],
    figures: Figures,
    *,
    since: date,
    until: date,
    between: tuple[int, int],
    least: int = LEAST,
) -> Transparency:
    """Count what lies in `between` (milliseconds, the second one outside).

    `appeals` come with the detectors of their case. `figures` are those of the same time.
    """
    first, end = between
    counts: Counter[Key] = Counter()
    for label in labels:
        if not first <= label.at < end:
            continue
        for key in (
            ("detector", label.detector, label.label),
            ("language", label.language, label.label),
            ("signals", "all", label.label),
        ):
            counts[key] += 1
    for appeal, detectors in appeals:
        if not appeal.result or appeal.answered_at is None or not first <= appeal.answered_at < end:
            continue
        counts["appeals", "all", appeal.result] += 1
        counts["appeals", "all", "answered"] += 1
        for detector in detectors:
            counts["appeals by detector", detector, appeal.result] += 1
    for act, number in figures.outcomes.items():
        counts["decisions", act, "cases"] += number
    counts["cases", "all", "opened"] = figures.opened
    counts["cases", "all", "closed"] = figures.closed
    _zeros(counts)
    sums = _sums(counts)
    gone = hidden(counts, sums, least)
    order = ("cases", "decisions", "signals", "detector", "language", "appeals")
    ranked = sorted(
        counts, key=lambda key: (next((i for i, s in enumerate(order) if s == key[0]), 9), key)
    )
    return Transparency(
        since=since,
        until=until,
        least=least,
        counts=tuple(
            Counted(
                section=key[0], of=key[1], name=key[2], value=None if key in gone else counts[key]
            )
            for key in ranked
        ),
        errors=tuple(
            _rate(counts, gone, section, of, "ordinary", "harmful")
            for section in ("signals", "detector", "language")
            for of in sorted({key[1] for key in counts if key[0] == section})
        ),
        overturned=tuple(
            _rate(counts, gone, section, of, "overturned", "upheld")
            for section in ("appeals", "appeals by detector")
            for of in sorted({key[1] for key in counts if key[0] == section})
        ),
        times={
            "first look": figures.to_first_look,
            "decision": figures.to_decision,
            "report": figures.to_report,
        }
        if figures.opened == 0 or figures.opened >= least
        else {},
        gaps=(
            "By country: cases keep no country, so nothing is counted by it.",
            "Error rate: of signals that a person was sure about, the share judged ordinary. "
            "Signals that nobody decided are not in it.",
        ),
    )


def _zeros(counts: Counter[Key]) -> None:
    """Put a 0 where nothing was counted, so that what is missing says nothing."""
    for section in ("detector", "language"):
        for name in {key[1] for key in counts if key[0] == section}:
            for word in JUDGED:
                counts[section, name, word] += 0
    for word in JUDGED:
        counts["signals", "all", word] += 0
    for word in ("answered", "upheld", "overturned"):
        counts["appeals", "all", word] += 0


def _sums(counts: Counter[Key]) -> list[Sum]:
    made: list[Sum] = [
        (
            ("signals", "all", word),
            tuple(sorted(key for key in counts if key[0] == section and key[2] == word)),
        )
        for section in ("detector", "language")
        for word in JUDGED
    ]
    made.append(
        (("appeals", "all", "answered"),
         (("appeals", "all", "upheld"), ("appeals", "all", "overturned")))
    )  # fmt: skip
    return [item for item in made if item[1]]


def _rate(
    counts: Counter[Key], gone: frozenset[Key], section: str, of: str, hit: str, other: str
) -> Rate:
    keys = (section, of, hit), (section, of, other)
    whole = sum(counts[key] for key in keys)
    safe = whole and not any(key in gone for key in keys)
    return Rate(section=section, of=of, value=counts[keys[0]] / whole if safe else None)
