"""The safer-defaults check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lamppost.cli._main import run
from lamppost.core.errors import InputError, UsageError
from lamppost.protect.settings import SETTINGS, check, load_duties, read_settings
from lamppost.reports.audits import html, plain
from lamppost.reports.audits.settings import settings_page

EXAMPLE = Path(__file__).parents[2] / "examples" / "settings.toml"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_every_duty_has_a_source_and_says_how_sure_it_is():
    for duty in load_duties():
        assert duty.source.cites
        assert duty.source.read_at.startswith("https://")
        assert duty.setting in SETTINGS
        assert SETTINGS[duty.setting]
    assert {duty.source.law for duty in load_duties()} == {"EU", "GB"}


def test_each_duty_can_be_met_missed_and_left_open(tmp_path: Path):
    """Every setting given a good value meets all; each duty then fails alone by another value."""
    other = {"true": False, "false": True}
    for duty in load_duties():
        section, _, name = duty.setting.partition(".")
        good = duty.ok[0]
        bad = other[str(good).lower()] if isinstance(good, bool) else (
            "none" if section == "service" else "everybody")  # fmt: skip
        for value, outcome in ((good, "met"), (bad, "gap")):
            path = tmp_path / "s.json"
            path.write_text(json.dumps({"platform": "x", section: {name: value}}))
            found = {item.duty.id: item for item in check(read_settings(path)).results}
            assert found[duty.id].outcome == outcome
    empty = check(read_settings(written(tmp_path / "e.toml", 'platform = "x"\n')))
    assert {item.outcome for item in empty.results} == {"not_said"}


def test_the_example_shows_gaps_with_their_sources():
    checked = check(read_settings(EXAMPLE))
    page = settings_page(checked)
    gaps = {item.duty.id for item in checked.of("gap")}
    assert "ofcom-suggestions-appear" in gaps
    for text in (plain(page), html(page)):
        assert "friends of friends" in text
        for item in checked.of("gap"):
            assert item.duty.source.cites[:20] in " ".join(text.split())
    assert "summary only" in " ".join(plain(page).split())
    assert len(checked.cannot) > 4


def test_one_law_alone_and_one_that_is_not_known():
    settings = read_settings(EXAMPLE)
    assert {item.duty.source.law for item in check(settings, ["GB"]).results} == {"GB"}
    with pytest.raises(UsageError, match="FR"):
        check(settings, ["FR"])


@pytest.mark.parametrize(
    ("name", "text", "told", "hint"),
    [
        ("s.toml", "platform = ", "is not TOML", "mend"),
        ("s.json", "{", "is not JSON", "mend"),
        ("s.toml", "as_of = '2026'", "platform", ""),
        (
            "s.toml",
            "platform='x'\n[minors]\nmessages_fom='nobody'",
            "messages_fom",
            "messages_from",
        ),
        ("s.toml", "platform='x'\n[minors]\nmessages_from='all'", "minors.messages_from", ""),
        ("s.toml", "platform='x'\n[minors]\nautoplay='no'", "minors.autoplay", ""),
        ("s.toml", "platform='x'\n[teens]\na=1", "teens", ""),
        ("s.toml", "platform=''", "platform", ""),
    ],
)
def test_bad_files_are_told_by_place_and_fix(
    tmp_path: Path, name: str, text: str, told: str, hint: str
):
    with pytest.raises(InputError, match=told) as caught:
        read_settings(written(tmp_path / name, text))
    assert hint in caught.value.hint
    assert caught.value.hint


def test_a_missing_a_huge_and_a_binary_file(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(InputError, match="larger"):
        read_settings(written(tmp_path / "big.toml", "#" * (1 << 21)))
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_settings(tmp_path / "b.toml")


def test_the_verb_writes_page_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    page, data = tmp_path / "p.html", tmp_path / "p.json"
    assert run(["audit-settings", str(EXAMPLE), "--law", "eu", "--html", str(page),
                "--json", str(data)]) == 0  # fmt: skip
    assert "10 of" not in page.read_text()
    assert json.loads(data.read_text())["laws"] == ["EU"]
    assert run(["audit-settings", str(EXAMPLE), "--law", "mars"]) == 2
    assert "--law" in capsys.readouterr().err
