"""Where the numbers of behaviour detectors and red flags come from: said once, on every card."""

from __future__ import annotations

from typing import Final

from lamppost.signals.card import Sourced

BITS_SOURCE: Final = (
    "log2 of the harmful rate over the ordinary rate of the same or more, which is measured on "
    "the accounts at hand and, where these are few, on simulated ordinary accounts (rates.toml)"
)
HARMFUL_RATE: Final = Sourced(
    0.4,
    "share of harmful accounts that show as much",
    "placeholder at the conservative end, to be replaced by a cited study or an operator's cases",
)
HALF_LIFE: Final = Sourced(
    60.0, "days without activity, after which the whole account counts half", "placeholder"
)
SOURCES: Final = [
    "Child-protection literature on online grooming (O'Connell 2003; Winters, Kaylor & Jeglic "
    "2017; Kloess, Hamilton-Giachritsis & Beech 2019); design, section 4. Cited from general "
    "knowledge of the field, page references to be added.",
]
