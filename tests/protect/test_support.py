"""The support directory: every row sourced and dated; age and absence are said, never hidden."""

from __future__ import annotations

from datetime import date, timedelta

import iso3166
import pytest

from lamppost.core.errors import UsageError
from lamppost.protect.support import PURPOSES, countries, support_for
from lamppost.protect.support.directory import EXPECTED, rows_of

DAY = date(2026, 11, 24)


@pytest.mark.parametrize("name", [*countries(), "default"])
def test_every_row_has_a_source_and_a_date(name: str) -> None:
    rows = rows_of(name)
    assert rows
    for row in rows:
        assert row.source.strip()
        assert date(2026, 1, 1) <= row.verified_at
        assert row.purpose in PURPOSES
        if row.channel == "web":
            assert row.value.startswith("https://")
        else:
            assert row.value.replace(" ", "").isdigit()


@pytest.mark.parametrize("name", countries())
def test_file_names_are_countries(name: str) -> None:
    assert name in iso3166.countries_by_alpha2


def test_old_rows_are_reported_not_failed(capsys: pytest.CaptureFixture[str]) -> None:
    old = [
        f"{name}: {row.organisation}"
        for name in [*countries(), "default"]
        for row in rows_of(name)
        if row.old_on(date.today())
    ]
    if old:
        with capsys.disabled():
            print(f"\n{len(old)} support rows need checking again: {', '.join(old)}")  # noqa: T201


def test_a_row_says_when_it_is_old() -> None:
    row = rows_of("GB")[0]
    last = row.verified_at + timedelta(days=row.stale_after_days)
    assert not any(row.old for row in support_for("GB", today=last).rows)
    later = support_for("GB", today=last + timedelta(days=1))
    assert any(row.old for row in later.rows)
    assert any("confirm it" in warning for warning in later.warnings)


def test_what_is_missing_is_said_to_be_missing() -> None:
    found = support_for("GB", today=DAY)
    assert "child_helpline" in found.missing
    assert any("none checked for the United Kingdom" in text for text in found.warnings)


def test_a_directory_is_no_helpline_and_inhope_is_no_contact_line() -> None:
    for country in (None, "PL", "GB"):
        found = support_for(country, today=DAY)
        for row in found.rows:
            if "INHOPE" in row.organisation:
                assert row.purpose == "material_report"
                assert row.scope == "directory"
    assert set(support_for("PL", today=DAY).missing) == set(EXPECTED)


def test_eu_countries_have_the_harmonised_helpline() -> None:
    for country in ("IE", "DE", "FR", "ES", "IT", "NL"):
        helplines = support_for(country, today=DAY).of("child_helpline")
        assert helplines[0].value == "116 111"


def test_country_codes_are_checked_and_case_does_not_matter() -> None:
    assert support_for("gb", today=DAY).country == "GB"
    with pytest.raises(UsageError, match="not a country"):
        support_for("XX", today=DAY)


def test_no_country_gives_no_national_number() -> None:
    found = support_for(None, today=DAY)
    assert found.country is None
    assert all(row.channel == "web" for row in found.rows)
    assert "--country" in found.warnings[0]
