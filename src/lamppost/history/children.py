"""A child's diary: what each of the last days held, in counts, for comparing a child with itself.

Nothing in it accuses anybody. Days are UTC days; hours are those of the child's own zone.
"""

from __future__ import annotations

from typing import Final

import msgspec

DAYS: Final = 35
"""Days kept."""
_PER_DAY: Final = 24 * 60
_LATE: Final = frozenset({23, 0, 1, 2, 3, 4})


class Day(msgspec.Struct, array_like=True, gc=False):
    """One day: messages written and heard, partners (a bit each of 32), minutes, gifts."""

    day: int
    wrote: int = 0
    heard: int = 0
    partners: int = 0
    minutes: int = 0
    late: int = 0
    lessons: int = 0
    hidden: int = 0
    gifts: int = 0


class Diary(msgspec.Struct, array_like=True, gc=False):
    """The last `DAYS` days, in order."""

    days: list[Day] = []

    def on(self, minutes: int) -> Day:
        """The day of a moment (minutes since 1970); one too old is made but not kept."""
        number = minutes // _PER_DAY
        for entry in reversed(self.days):
            if entry.day == number:
                return entry
        made = Day(number)
        days = sorted([*self.days, made], key=lambda entry: entry.day)
        self.days = days[-DAYS:]
        return made

    def wrote(self, at: int, where: tuple[int, int]) -> None:
        """A message of the child, and the hour and weekday it had."""
        day = self.on(at)
        day.wrote += 1
        if where[0] in _LATE:
            day.late += 1
        if where[1] < 5 and 9 <= where[0] < 14:
            day.lessons += 1

    def spoke(self, at: int, other: int) -> None:
        """The child wrote to somebody directly."""
        self.on(at).partners |= 1 << (other % 32)

    def heard(self, at: int, other: int) -> None:
        """Somebody wrote to the child directly."""
        self.on(at).heard += 1

    def hid(self, at: int) -> None:
        """The child deleted a message."""
        self.on(at).hidden += 1

    def received(self, at: int, value: int) -> None:
        """A gift, in the smallest unit of its currency."""
        self.on(at).gifts += value

    def online(self, begin: int, end: int, start: tuple[int, int], stop: tuple[int, int]) -> None:
        """A session in minutes since 1970, with local hours and weekdays of its ends."""
        day = self.on(begin)
        day.minutes += min(max(0, end - begin), _PER_DAY)
