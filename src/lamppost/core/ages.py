"""Age bands and how they were established. A birth date is never kept."""

from __future__ import annotations

from typing import Final, Literal

AgeConfidence = Literal["asserted", "standard", "enhanced", "strict"]
"""How an age was established, after IEEE 2089.1: said, checked, checked well, checked strictly."""

CONFIDENCES: Final[tuple[str, ...]] = ("asserted", "standard", "enhanced", "strict")

AGE_BANDS: Final[dict[str, tuple[int, int]]] = {
    "0-9": (0, 9),
    "10-12": (10, 12),
    "13-15": (13, 15),
    "16-17": (16, 17),
    "18-24": (18, 24),
    "25+": (25, 120),
}
"""Band name to inclusive years."""

ADULT: Final = 18


def band_of(age: int) -> str:
    """Band that holds `age` (years, 0 to 120); raises `ValueError` outside."""
    for name, (low, high) in AGE_BANDS.items():
        if low <= age <= high:
            return name
    raise ValueError(f"age {age} is outside 0 to 120")


def range_of(band: str) -> tuple[int, int]:
    """Inclusive years of a band: a name of `AGE_BANDS`, or any `low-high` or `low+`.

    Raises `ValueError` for anything else.
    """
    if band in AGE_BANDS:
        return AGE_BANDS[band]
    low, dash, high = band.partition("-")
    if dash and low.isdigit() and high.isdigit() and int(low) <= int(high) <= 120:
        return int(low), int(high)
    if band.endswith("+") and band[:-1].isdigit() and int(band[:-1]) <= 120:
        return int(band[:-1]), 120
    raise ValueError(f"age band {band!r} is not known; use one of {', '.join(AGE_BANDS)}")
