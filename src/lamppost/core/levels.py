"""How urgent: the five levels, in order."""

from __future__ import annotations

import enum


class Level(enum.IntEnum):
    """Level of a relationship, account or child. Compare with `<`; print with `.word`."""

    NONE = 0
    WATCH = 1
    CONCERN = 2
    HIGH = 3
    URGENT = 4

    @property
    def word(self) -> str:
        """Lower-case word used in every file and on every screen."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Level:
        """Read a level word; raises `KeyError` on anything else."""
        return cls[word.upper()]
