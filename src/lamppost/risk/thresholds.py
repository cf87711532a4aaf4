"""At how many bits each level begins."""

from __future__ import annotations

from dataclasses import dataclass

from lamppost.core.levels import Level


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bits at which levels begin.

    Fitted by hand on ordinary chat so that `make quiet` holds (at most two of 7,168 ordinary
    conversations at `concern`) and kept round; not yet computed from an alarm budget. Under the
    model (an e-process; Ville's inequality) a total of T bits is reached by at most one ordinary
    relationship in 2**T whenever it is read; the measured rate is what `make quiet` prints.
    """

    watch: float = 4.5
    concern: float = 8.0
    high: float = 12.0

    def level(self, bits: float, *, imminent: bool) -> Level:
        """Level of a total. `imminent` evidence lifts `concern` and above to `urgent`."""
        if bits < self.watch:
            return Level.NONE
        if bits < self.concern:
            return Level.WATCH
        if imminent:
            return Level.URGENT
        return Level.HIGH if bits >= self.high else Level.CONCERN
