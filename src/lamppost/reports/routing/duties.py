"""Read the duties."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from lamppost.core.errors import PackError

DATA: Final = Path(__file__).parent / "data"
EU: Final = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()
)
"""Member states of the European Union, ISO 3166."""

Party = Literal["child", "suspect", "platform"]
_Text = Annotated[str, Meta(min_length=1)]


class Duty(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One duty, or one way to tell somebody freely.

    It applies when all of `when_all` are in the place and, if named, one of `when_any` is, and
    none of `unless_any`. When a
    party of `open_when` is in the place but it does not apply, the source leaves the question
    open: `question` says what to ask counsel. `satisfied_by` are recipients after whom it must
    not be told again. `urgent_only`: it stands only when life or safety is in danger.
    """

    id: _Text
    kind: Literal["must", "may"]
    recipient: _Text
    name: _Text
    law: _Text
    deadline: _Text
    language: _Text
    preserve: str = ""
    note: str = ""
    when_all: tuple[Party, ...] = ()
    when_any: tuple[Party, ...] = ()
    unless_any: tuple[Party, ...] = ()
    open_when: tuple[Party, ...] = ()
    question: str = ""
    satisfied_by: tuple[str, ...] = ()
    urgent_only: bool = False
    source: _Text
    verified_at: date
    stale_after_days: Annotated[int, Meta(ge=1, le=730)]

    def stale_on(self, today: date) -> bool:
        """Whether it was last checked too long ago."""
        return today > self.verified_at + timedelta(days=self.stale_after_days)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    duty: list[Duty]


@cache
def duties(place: str) -> tuple[Duty, ...]:
    """Duties of a country (ISO 3166) or of `EU`. Raises `PackError` for wrong data."""
    path = DATA / f"{place}.toml"
    if not path.is_file():
        return ()
    try:
        rows = msgspec.toml.decode(path.read_bytes(), type=_File).duty
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=f"routing/{path.name}") from error
    for row in rows:
        if not (row.when_all or row.when_any or row.open_when):
            raise PackError(f"{row.id!r} never applies", where=f"routing/{path.name}")
        if row.open_when and not row.question:
            raise PackError(f"{row.id!r} asks nothing", where=f"routing/{path.name}")
    return tuple(rows)


def places_with_duties() -> list[str]:
    """Countries that have a file, and `EU`."""
    return sorted(path.stem for path in DATA.glob("*.toml"))
