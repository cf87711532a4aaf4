"""Rate limits: a bucket of tokens for each key or address, filled by a steady clock."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final

_MOST: Final = 10_000


class Limit:
    """`rate` tokens a second, `burst` at once, for each name. Rate 0 means no limit."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, tokens: float = 1.0) -> int:
        """Take tokens; 0 when there were enough, else whole seconds until there are.

        More than a full bucket holds may be taken from a full one, and is paid back. Taking 0
        asks whether one could be taken.
        """
        if self._rate <= 0:
            return 0
        now = self._clock()
        with self._lock:
            if len(self._buckets) > _MOST:
                self._buckets.clear()
            level, before = self._buckets.get(name, (self._burst, now))
            level = min(self._burst, level + (now - before) * self._rate)
            needed = min(tokens or 1.0, self._burst)
            if level >= needed:
                self._buckets[name] = (level - tokens, now)
                return 0
            self._buckets[name] = (level, now)
        return max(1, math.ceil((needed - level) / self._rate))
