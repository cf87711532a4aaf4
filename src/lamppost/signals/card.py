"""The card of a detector: typed data that docs, API, console, tests and engine all read.

A card is `card.toml` in the detector's folder. It is refused when a required field is blank,
when `false_positives` or `blind_spots` name nothing, or when a number has no source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from lamppost.core.errors import PackError

Text = Annotated[str, Meta(min_length=1)]
Strength = Literal["weak", "plain", "strong"]
Stage = Literal[
    "contact", "trust", "dependency", "isolation", "risk_assessment", "exploitation", "maintenance"
]


class Sourced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number with its unit and where it comes from."""

    value: float
    unit: Text
    source: Text


class Bits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Most bits that one sighting may carry, by strength of the phrase, before calibration.

    Bits are log2 of how much more often the thing is seen in harmful than in ordinary
    relationships; range 0 to 12.
    """

    weak: Annotated[float, Meta(ge=-8, le=12)]
    plain: Annotated[float, Meta(ge=-8, le=12)]
    strong: Annotated[float, Meta(ge=-8, le=12)]
    source: Text

    def of(self, strength: Strength) -> float:
        """Bits of one strength."""
        return float(getattr(self, strength))


class AnyCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a detector looks for, why, how sure it is, and where it fails.

    `speaker` says whose words count: the `actor` whose relationship is judged, or the `target`
    (the possible child). `kind` is `tactic`, `child_signal` or `protective` (negative bits), or
    for what is done and not said, `behaviour` or `red_flag`.
    `imminent` marks what makes a case urgent; `severe` what protective evidence never offsets.
    `reports_others` means that the message tells of a third person: what is named in it is not
    held against anyone in this chat. `labels` are upstream labels that count as a strong sighting;
    `word_list` names a vocabulary that a package brings at run time.
    """

    id: Annotated[str, Meta(pattern="^[a-z][a-z_]*$")]
    number: Annotated[int, Meta(ge=1, le=250)]
    version: Annotated[int, Meta(ge=1)]
    title: Text
    speaker: Literal["actor", "target"]
    stage: Stage
    status: Literal["experimental", "test", "stable", "deprecated"]
    severe: bool = False
    imminent: bool = False
    reports_others: bool = False
    word_list: Literal["", "sexual"] = ""
    labels: list[str] = []
    harm: Text
    what: Text
    because: Text
    bits: Bits
    harmful_rate: Sourced
    half_life_days: Sourced
    sources: Annotated[list[Text], Meta(min_length=1)]
    false_positives: Annotated[list[Text], Meta(min_length=1)]
    blind_spots: Annotated[list[Text], Meta(min_length=1)]
    reviewer_guide: Text
    since: Text


class Card(AnyCard, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The card of a detector that reads messages."""

    kind: Literal["tactic", "child_signal", "protective"]

    @property
    def detector(self) -> str:
        """Full id, such as `tactic.secrecy`."""
        return f"{self.kind}.{self.id}"


class ConductCard(AnyCard, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The card of a behaviour of an account, or of a red flag for a child."""

    kind: Literal["behaviour", "red_flag"]

    @property
    def detector(self) -> str:
        """Full id, such as `behaviour.refused`."""
        return f"{self.kind}.{self.id}"


def load_card(path: Path) -> Card:
    """Read one card; raises `PackError` naming file, field and fix."""
    try:
        card = msgspec.toml.decode(path.read_bytes(), type=Card)
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=f"{path.parent.name}/{path.name}") from error
    if card.id != path.parent.name:
        raise PackError(
            f"id {card.id!r} differs from its folder {path.parent.name!r}",
            where=f"{path.parent.name}/{path.name}",
            hint="give both the same name",
        )
    return card
