"""Read the support directory."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import iso3166
import msgspec
import phonenumbers
from msgspec import Meta

from lamppost.core.errors import PackError, UsageError

DATA: Final = Path(__file__).parent / "data"

Purpose = Literal[
    "emergency",
    "exploitation_report",
    "material_report",
    "child_helpline",
    "platform_legal_report",
    "image_removal",
    "victim_services",
    "victim_compensation",
    "legal_aid",
]

PURPOSES: Final[dict[Purpose, str]] = {
    "emergency": "Emergency number",
    "exploitation_report": "Authority that takes reports of a child at risk",
    "material_report": "Where to report images or web addresses",
    "child_helpline": "Helpline for children",
    "platform_legal_report": "Where a platform must report",
    "image_removal": "Getting a picture taken down",
    "victim_services": "Services for victims",
    "victim_compensation": "Compensation for victims",
    "legal_aid": "Legal aid",
}
"""Purposes with their name for people."""

EXPECTED: Final[tuple[Purpose, ...]] = ("emergency", "exploitation_report", "child_helpline")
"""Purposes that every country should have; without a row they are said to be missing."""


class SupportRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way to reach someone, with where it was found and when it was last checked.

    `scope` is `directory` when the row only leads to a list of services elsewhere. `languages`
    (BCP 47) are those the source names; none named does not mean none spoken.
    """

    purpose: Purpose
    organisation: Annotated[str, Meta(min_length=1)]
    channel: Literal["phone", "web"]
    value: Annotated[str, Meta(min_length=1)]
    scope: Literal["national", "regional", "directory"] = "national"
    languages: tuple[str, ...] = ()
    note: str = ""
    source: Annotated[str, Meta(min_length=1)]
    verified_at: date
    stale_after_days: Annotated[int, Meta(ge=1, le=730)]

    @property
    def stale_after(self) -> date:
        """The last day on which the row counts as checked."""
        return self.verified_at + timedelta(days=self.stale_after_days)

    def old_on(self, today: date) -> bool:
        """Whether the row was last checked too long ago."""
        return today > self.stale_after


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    row: list[SupportRow]


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as a report shows it."""

    purpose: Purpose
    organisation: str
    channel: Literal["phone", "web"]
    value: str
    scope: str
    note: str
    source: str
    verified_at: date
    old: bool
    languages: tuple[str, ...] = ()
    stale_after: date | None = None


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to call in a country; `warnings` say what is old, missing or not known."""

    country: str | None
    country_name: str | None
    rows: list[ContactRow]
    missing: list[Purpose]
    warnings: list[str]

    def of(self, purpose: Purpose) -> list[ContactRow]:
        """Rows of one purpose."""
        return [row for row in self.rows if row.purpose == purpose]


@cache
def _load(name: str) -> tuple[SupportRow, ...]:
    path = DATA / f"{name}.toml"
    if not path.is_file():
        return ()
    try:
        rows = msgspec.toml.decode(path.read_bytes(), type=_File).row
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=f"support/{path.name}") from error
    for row in rows:
        fault = _fault(name, row)
        if fault:
            raise PackError(f"{row.value!r} {fault}", where=f"support/{path.name}")
    return tuple(rows)


_DIALLED: Final = re.compile(r"[0-9](?:[0-9 -]*[0-9])?")


def _fault(name: str, row: SupportRow) -> str:
    """What is wrong with a row that its types do not say; empty when nothing is."""
    if row.channel == "web":
        found = urlsplit(row.value)
        whole = found.scheme == "https" and "." in found.netloc and " " not in row.value
        return "" if whole else "is not an https address"
    if not _DIALLED.fullmatch(row.value):
        return "is not a number to dial"
    if row.purpose == "emergency" and len(row.value) > _LONGEST_EMERGENCY:
        return "is too long for an emergency number"
    if len(row.value.replace(" ", "").replace("-", "")) > _LONGEST_SHORT and name != "default":
        try:
            parsed = phonenumbers.parse(row.value, name)
        except phonenumbers.NumberParseException:
            return f"is no number of {name}"
        if not phonenumbers.is_possible_number(parsed):
            return f"is no possible number of {name}"
    return ""


_LONGEST_EMERGENCY: Final = 5
_LONGEST_SHORT: Final = 6
"""Digits up to which a number is a short code, which numbering plans list only in part."""


def countries() -> list[str]:
    """Countries with rows of their own, ISO 3166 alpha-2."""
    return sorted(path.stem for path in DATA.glob("[A-Z][A-Z].toml"))


def rows_of(name: str) -> tuple[SupportRow, ...]:
    """Raw rows of a country, or of `default`."""
    return _load(name)


def country_code(text: str, where: str = "--country") -> str:
    """ISO 3166 alpha-2 in capital letters. Raises `UsageError` naming `where` for anything else."""
    code = text.upper()
    if code not in iso3166.countries_by_alpha2:
        raise UsageError(f"{text!r} is not a country code", where=where, hint="such as GB or US")
    return code


def support_for(country: str | None, *, today: date, language: str | None = None) -> Support:
    """Whom to call in `country` (ISO 3166 alpha-2, or `None` when not said).

    Rows known to be in other languages than `language` (BCP 47) come after the rest of their
    purpose; none is left out. Raises `UsageError` when the code is not a country.
    """
    name = None
    if country is not None:
        country = country_code(country)
        name = _NAMES.get(country, iso3166.countries_by_alpha2[country].name)
    own = _load(country) if country is not None else ()
    rows = [_shown(row, today) for row in (*own, *_load("default"))]
    if language is not None:
        spoken = language.lower().partition("-")[0]
        rows = [
            row
            for purpose in dict.fromkeys(row.purpose for row in rows)
            for row in sorted(
                (row for row in rows if row.purpose == purpose),
                key=lambda row: bool(row.languages) and spoken not in row.languages,
            )
        ]
    present = {row.purpose for row in rows if row.scope == "national"}
    missing = [purpose for purpose in EXPECTED if purpose not in present]
    warnings = []
    if country is None:
        warnings.append(
            "No country was given, so no numbers can be shown; give --country, such as GB."
        )
    elif not own:
        warnings.append(
            f"Lamppost has no checked contacts for {name}. Call the local emergency number if a "
            "child is in danger now."
        )
    else:
        warnings += [
            f"{PURPOSES[purpose]}: none checked for {name}, so none is shown."
            for purpose in missing
        ]
    warnings += [
        f"{row.organisation} was last checked on {row.verified_at.isoformat()}, which is long "
        "ago; confirm it before you rely on it."
        for row in rows
        if row.old
    ]
    return Support(
        country=country, country_name=name, rows=rows, missing=missing, warnings=warnings
    )


_NAMES: Final = {
    "GB": "the United Kingdom",
    "US": "the United States",
    "NL": "the Netherlands",
    "PH": "the Philippines",
    "AE": "the United Arab Emirates",
    "BO": "Bolivia",
    "CV": "Cape Verde",
    "DO": "the Dominican Republic",
    "VE": "Venezuela",
}
"""Names that read better in a sentence than the standard's."""


def _shown(row: SupportRow, today: date) -> ContactRow:
    return ContactRow(
        purpose=row.purpose,
        organisation=row.organisation,
        channel=row.channel,
        value=row.value,
        scope=row.scope,
        languages=row.languages,
        note=row.note,
        source=row.source,
        verified_at=row.verified_at,
        stale_after=row.stale_after,
        old=row.old_on(today),
    )
