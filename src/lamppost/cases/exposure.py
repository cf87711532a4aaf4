"""How much a person has had to read: counted from the audit chain, which has every opening.

So the count is what was revealed, neither more nor less: opening a piece again counts again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, tzinfo
from typing import Final, Literal

import msgspec

from lamppost.core.times import HOUR, MINUTE, from_ms

Break = Literal["", "explicit", "many", "long"]
"""Why a break is suggested: explicit pieces, many pieces, a long stretch without a pause."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """When a break is suggested. Placeholders: no study gives a number that fits everybody."""

    explicit_an_hour: int = 10
    pieces_an_hour: int = 150
    stretch: int = 90 * MINUTE
    pause: int = 15 * MINUTE


LIMITS: Final = Limits()


class Reveal(msgspec.Struct, frozen=True):
    """One opening of the vault by a person: how many pieces, how many of them explicit."""

    at: int
    person: str
    case_id: str
    pieces: int
    explicit: int


class DayCount(msgspec.Struct, frozen=True):
    """What a person revealed on one day; `openings` are acts, `pieces` messages."""

    person: str
    day: date
    openings: int
    pieces: int
    explicit: int
    cases: int


class Exposure(msgspec.Struct, frozen=True):
    """A person's exposure now: today, in the last hour, and whether a break would be good."""

    person: str
    today: DayCount
    pieces_last_hour: int
    explicit_last_hour: int
    suggest: Break


def by_day(reveals: Iterable[Reveal], zone: tzinfo) -> list[DayCount]:
    """Reveals per person and day of a time zone, newest day first."""
    groups: dict[tuple[date, str], list[Reveal]] = {}
    for item in reveals:
        day = from_ms(item.at).astimezone(zone).date()
        groups.setdefault((day, item.person), []).append(item)
    return [
        _count(person, day, groups[day, person])
        for day, person in sorted(groups, key=lambda key: (-key[0].toordinal(), key[1]))
    ]


def _count(person: str, day: date, items: Sequence[Reveal]) -> DayCount:
    return DayCount(
        person,
        day,
        len(items),
        sum(item.pieces for item in items),
        sum(item.explicit for item in items),
        len({item.case_id for item in items}),
    )


def exposure(
    person: str, reveals: Sequence[Reveal], now: int, zone: tzinfo, limits: Limits = LIMITS
) -> Exposure:
    """Exposure of a person from their reveals of today and the last hours, oldest first."""
    mine = [item for item in reveals if item.person == person]
    day = from_ms(now).astimezone(zone).date()
    today = [item for item in mine if from_ms(item.at).astimezone(zone).date() == day]
    hour = [item for item in mine if item.at > now - HOUR]
    pieces = sum(item.pieces for item in hour)
    explicit = sum(item.explicit for item in hour)
    suggest: Break = ""
    if explicit >= limits.explicit_an_hour:
        suggest = "explicit"
    elif pieces >= limits.pieces_an_hour:
        suggest = "many"
    elif _stretch(mine, now, limits) >= limits.stretch:
        suggest = "long"
    return Exposure(person, _count(person, day, today), pieces, explicit, suggest)


def _stretch(items: Sequence[Reveal], now: int, limits: Limits) -> int:
    """How long a person has been reading without a pause, ms; 0 after a pause."""
    end = now
    for item in reversed(items):
        if end - item.at >= limits.pause:
            break
        end = item.at
    return now - end
