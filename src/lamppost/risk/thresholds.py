"""At how many bits each level begins."""

from __future__ import annotations

from dataclasses import dataclass

from lamppost.core.levels import Level


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bits at which levels begin.

    Placeholder until fitted by `lamppost calibrate`: chosen so that under the model (an
    e-process; Ville's inequality) a total of T bits is reached by at most one ordinary
    relationship in 2**T, whenever it is read. The measured rate stands in docs/evaluation.md.
    """

    watch: float = 5.0
    concern: float = 9.0
    high: float = 14.0

    def level(self, bits: float, *, imminent: bool) -> Level:
        """Level of a total. `imminent` evidence lifts `concern` and above to `urgent`."""
        if bits < self.watch:
            return Level.NONE
        if bits < self.concern:
            return Level.WATCH
        if imminent:
            return Level.URGENT
        return Level.HIGH if bits >= self.high else Level.CONCERN
