"""Measured ordinary rates of patterns, and what they allow a sighting to weigh.

`lamppost calibrate` counts in how many ordinary relationships each pattern is seen and writes
`rates/<language>.toml` with source and date. Two collections are counted apart: an openly
licensed corpus of ordinary chat, and the project's hard ordinary lines and conversations, which
are far harder than life. The bits of a sighting never exceed log2(harmful rate / ordinary rate)
for either: the upper end of the 95 % interval for the corpus, the posterior mean for the hard
set, which is too small for an interval to say anything.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import msgspec

from lamppost.core.errors import PackError
from lamppost.signals.card import Card

RATES: Final = Path(__file__).parent / "rates"


HARMFUL: Final = 0.012
"""Share of harmful relationships that show one given pattern. Placeholder: a card's harmful rate
spread over its patterns, at the conservative end; to be fitted on a licensed corpus."""
UNMEASURED: Final = 1.5
"""Most bits of a pattern that was never measured."""


class RateFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ordinary counts of one language.

    `borrowed` names the language whose counts these are, where there is no open ordinary chat in
    this one: the mean of the patterns of the same phrase. `harmful` counts
    relationships of a licensed corpus that an operator holds; it never stands in a public file.
    `relationships` is how many ordinary relationships (ordered pairs within a conversation) of
    the corpus were read, `hard_relationships` the same of the hard set; `seen` and `hard_seen`
    in how many of them each pattern stood (absent: in none). `patterns` lists what was measured.
    """

    language: str
    source: str
    hard_source: str
    date: str
    relationships: int
    messages: int
    hard_relationships: int
    seen: dict[str, int]
    hard_seen: dict[str, int]
    patterns: list[str]
    borrowed: str = ""
    harmful_source: str = ""
    harmful_relationships: int = 0
    harmful: dict[str, int] = {}


Rates = dict[str, RateFile]


def load_rates(*folders: Path) -> Rates:
    """Rate files by language: the public ones, and instead of them those of later folders."""
    rates: Rates = {}
    for folder in (RATES, *folders):
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


def bits_ceiling(rates: Rates, language: str, key: str, card: Card) -> float:
    """Most bits that pattern `key` may carry in `language`, after what was measured."""
    table = rates.get(language)
    if table is None or key not in table.patterns:
        return UNMEASURED
    harmful = min(HARMFUL, card.harmful_rate.value)
    if table.harmful_relationships:
        low, _ = wilson(table.harmful.get(key, 0), table.harmful_relationships)
        harmful = max(low, 1e-6)
    _, upper = wilson(table.seen.get(key, 0), table.relationships)
    hard = (table.hard_seen.get(key, 0) + 0.5) / (table.hard_relationships + 1)
    return min(math.log2(harmful / upper), math.log2(harmful / hard))
