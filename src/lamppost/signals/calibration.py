"""Measured ordinary rates of phrases, and what they allow a sighting to weigh.

`lamppost calibrate` counts in how many ordinary relationships each phrase is seen and writes
`rates/<language>.toml` with source and date. The bits of a sighting never exceed
log2(harmful rate / upper end of the ordinary rate's 95 % interval).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import msgspec

from lamppost.core.errors import PackError
from lamppost.signals.card import Card

RATES: Final = Path(__file__).parent / "rates"


class RateFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ordinary counts of one language.

    `relationships` is how many ordinary relationships (ordered pairs within a conversation) were
    read; `seen` in how many of them each phrase stood (absent: in none).
    """

    language: str
    source: str
    date: str
    relationships: int
    messages: int
    seen: dict[str, int]
    phrases: list[str]


Rates = dict[str, RateFile]


def load_rates(folder: Path = RATES) -> Rates:
    """Rate files by language; an absent folder gives none."""
    rates: Rates = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            rates[path.stem] = msgspec.toml.decode(path.read_bytes(), type=RateFile)
        except msgspec.DecodeError as error:
            raise PackError(str(error), where=f"rates/{path.name}") from error
    return rates


def wilson(seen: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson 95 % interval of a share; `(0, 1)` when nothing was looked at."""
    if total <= 0:
        return 0.0, 1.0
    share = seen / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    low = 0.0 if seen == 0 else max(0.0, (centre - spread) / scale)
    return low, min(1.0, (centre + spread) / scale)


def bits_ceiling(rates: Rates, language: str, key: str, card: Card) -> float | None:
    """Most bits that phrase `key` may carry in `language`; `None` when it was never measured."""
    table = rates.get(language)
    if table is None or key not in table.phrases:
        return None
    _, upper = wilson(table.seen.get(key, 0), table.relationships)
    return math.log2(card.harmful_rate.value / upper)
