"""The support directory: every row sourced and dated; age and absence are said, never hidden."""

from __future__ import annotations

from datetime import date, timedelta

import iso3166
import msgspec
import pytest
from phonenumbers.shortnumberinfo import is_emergency_number

from lamppost.core.errors import UsageError
from lamppost.protect.support import PURPOSES, SupportRow, countries, support_for
from lamppost.protect.support.directory import EXPECTED, _fault, _File, rows_of

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
            assert row.value.replace(" ", "").replace("-", "").isdigit()


@pytest.mark.parametrize("name", countries())
def test_emergency_numbers_agree_with_the_numbering_plans(name: str) -> None:
    for row in rows_of(name):
        if row.purpose == "emergency" and not is_emergency_number(row.value, name):
            assert row.note, f"{name} {row.value}: unknown to libphonenumber, and not said so"


def test_every_promised_country_has_an_emergency_number() -> None:
    eu = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
    eea = "IS LI NO"
    others = "GB US CA AU NZ PH IN AR BO CL CO CR CU DO EC GQ GT HN MX NI PA PY PE PR SV UY VE"
    portuguese = "BR AO CV GW MZ ST TL"
    for country in f"{eu} {eea} {others} {portuguese}".split():
        numbers = {row.value for row in rows_of(country) if row.purpose == "emergency"}
        assert numbers, country
        assert country not in eu.split() or "112" in numbers


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"channel": "web", "value": "http://example.org"}, "not an https address"),
        ({"channel": "phone", "value": "call us"}, "not a number to dial"),
        ({"channel": "phone", "value": "116111", "purpose": "emergency"}, "too long"),
        ({"channel": "phone", "value": "0800 11"}, ""),
        ({"channel": "phone", "value": "0800 11111111111111"}, "no possible number"),
    ],
)
def test_rows_that_cannot_be_reached_are_refused(row: dict[str, str], words: str) -> None:
    base = {"purpose": "child_helpline", "organisation": "Invented", "source": "a test"}
    made = SupportRow(
        **{**base, **row},  # type: ignore[arg-type]
        verified_at=DAY,
        stale_after_days=90,
    )
    assert words in _fault("GB", made)
    assert bool(words) == bool(_fault("GB", made))


def test_a_row_without_a_source_is_refused() -> None:
    text = 'row = [{purpose = "emergency", organisation = "x", channel = "phone", value = "1"}]'
    with pytest.raises(msgspec.ValidationError, match="source"):
        msgspec.toml.decode(text, type=_File)


def test_a_language_orders_and_hides_nothing() -> None:
    plain = support_for("CA", today=DAY)
    french = support_for("CA", today=DAY, language="fr-CA")
    german = support_for("CH", today=DAY, language="de")
    assert sorted(row.value for row in plain.rows) == sorted(row.value for row in french.rows)
    assert german.of("child_helpline")[0].value == "147"


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
    last = min(row.stale_after for name in ("GB", "default") for row in rows_of(name))
    assert not any(row.old for row in support_for("GB", today=last).rows)
    later = support_for("GB", today=last + timedelta(days=1))
    assert any(row.old for row in later.rows)
    assert any("confirm it" in warning for warning in later.warnings)


def test_what_is_missing_is_said_to_be_missing() -> None:
    found = support_for("BE", today=DAY)
    assert {"child_helpline", "exploitation_report"} <= set(found.missing)
    assert any("none checked for Belgium" in text for text in found.warnings)


def test_a_directory_is_no_helpline_and_inhope_is_no_contact_line() -> None:
    for country in (None, "KE", "GB"):
        found = support_for(country, today=DAY)
        for row in found.rows:
            if "INHOPE" in row.organisation:
                assert row.purpose == "material_report"
                assert row.scope == "directory"
    assert set(support_for("KE", today=DAY).missing) == set(EXPECTED)


def test_eu_countries_have_the_harmonised_helpline() -> None:
    for country in ("BG", "DE", "DK", "EE", "ES", "FR", "GR", "IT", "LV", "NL", "PT", "SE"):
        helplines = support_for(country, today=DAY).of("child_helpline")
        assert "116 111" in [row.value for row in helplines]


def test_country_codes_are_checked_and_case_does_not_matter() -> None:
    assert support_for("gb", today=DAY).country == "GB"
    with pytest.raises(UsageError, match="not a country"):
        support_for("XX", today=DAY)


def test_no_country_gives_no_national_number() -> None:
    found = support_for(None, today=DAY)
    assert found.country is None
    assert all(row.channel == "web" and row.scope == "directory" for row in found.rows)
    assert "--country" in found.warnings[0]
