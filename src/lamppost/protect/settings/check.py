"""Hold a settings file against the duties of `duties.toml`.

Every result carries its source and how sure it is that the duty reads so. A setting that was not
said is neither met nor a gap. `CANNOT` says what no settings file can show.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from lamppost.core.errors import PackError, UsageError
from lamppost.protect.settings.file import SETTINGS, Settings

DUTIES: Final = Path(__file__).parent / "duties.toml"
LAWS: Final = {"EU": "European Union", "GB": "United Kingdom"}
"""Where the duties come from."""
BINDING: Final = {
    "law": "law",
    "guidelines": "guidelines of the regulator: a benchmark, not binding by themselves",
    "statutory_code": "statutory code",
    "draft_code": "draft of a code; the final one was not seen",
}
SURE: Final = {
    "read": "the text itself was read",
    "second_hand": "read in a summary only: look at the text before you rely on it",
}
CANNOT: Final = (
    "Whether the defaults work as the file says: only a test with accounts shows that.",
    "Whether they stay after an update, or when somebody turns 18.",
    "Whether a child is warned, in words it understands, before it weakens a setting.",
    "How well an age is established, and how many adults pass as children.",
    "What moderation, reporting, support and parental controls do.",
    "How recommenders choose: `lamppost audit-suggestions` looks at that.",
    "Which of the duties apply to this platform, by its size, risk and country: ask counsel.",
    "Duties that cannot be seen in a default, such as risk assessments and transparency.",
)
"""What this check cannot see."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A law or code, and where and how well it was read."""

    law: Literal["EU", "GB"]
    binding: Literal["law", "guidelines", "statutory_code", "draft_code"]
    cites: Annotated[str, Meta(min_length=10)]
    read_at: Annotated[str, Meta(pattern="^https://")]
    date: datetime.date
    sure: Literal["read", "second_hand"]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that law or a code asks of a default; `ok` are the values that meet it."""

    id: str
    setting: str
    ok: list[bool | str]
    asks: str
    source: Source


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A duty and what the file says: `met`, `gap` or `not_said`."""

    duty: Duty
    outcome: Literal["met", "gap", "not_said"]
    value: bool | str | None


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A settings file held against the duties."""

    platform: str
    as_of: str
    laws: list[str]
    results: list[Result]
    cannot: list[str]

    def of(self, outcome: str) -> list[Result]:
        """Results of one outcome."""
        return [item for item in self.results if item.outcome == outcome]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=3)]
    source: str
    setting: str
    ok: Annotated[list[bool | str], Meta(min_length=1)]
    asks: Annotated[str, Meta(min_length=10)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: dict[str, Source]
    duty: list[_Row]


@cache
def load_duties() -> tuple[Duty, ...]:
    """Every duty. Raises `PackError` when the data is wrong."""
    try:
        file = msgspec.toml.decode(DUTIES.read_bytes(), type=_File)
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=DUTIES.name) from error
    made: dict[str, Duty] = {}
    for row in file.duty:
        where = f"{DUTIES.name}, {row.id}"
        if row.setting not in SETTINGS:
            raise PackError(f"{row.setting} is no setting", where=where)
        if row.source not in file.source:
            raise PackError(f"{row.source} is no source", where=where)
        if row.id in made:
            raise PackError("is there twice", where=where)
        made[row.id] = Duty(
            id=row.id, setting=row.setting, ok=row.ok, asks=row.asks,
            source=file.source[row.source],
        )  # fmt: skip
    return tuple(made.values())


def check(settings: Settings, laws: Collection[str] = ()) -> Checked:
    """Hold settings against the duties of some laws (all when none is named).

    Raises `UsageError` for a law that is not known.
    """
    for law in laws:
        if law not in LAWS:
            raise UsageError(
                f"{law!r} is not known", where="--law", hint=f"one of {', '.join(LAWS)}"
            )
    wanted = sorted(set(laws) or LAWS)
    return Checked(
        platform=settings.platform,
        as_of=settings.as_of,
        laws=wanted,
        results=[
            _result(item, settings.value(item.setting))
            for item in load_duties()
            if item.source.law in wanted
        ],
        cannot=list(CANNOT),
    )


def _result(duty: Duty, value: Any) -> Result:
    if value is None:
        return Result(duty=duty, outcome="not_said", value=None)
    met = any(value == ok and isinstance(value, type(ok)) for ok in duty.ok)
    return Result(duty=duty, outcome="met" if met else "gap", value=value)
