"""Contract of every detector: card, phrases, lines, measured rates."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamppost.core.errors import PackError
from lamppost.signals.calibration import load_rates, wilson
from lamppost.signals.card import load_card
from lamppost.signals.library import SLOTS, TACTICS, card_folders, load_library, pattern_key
from lamppost.signals.phrases import load_phrases

FOLDERS = card_folders()
LANGUAGES = sorted(path.stem for path in SLOTS.glob("*.toml"))
TACTIC_NAMES = {
    "rapport", "fake_peer", "probing", "emotional_dependency", "isolation", "secrecy",
    "platform_move", "gifts", "false_promises", "sexual_talk", "soliciting_images", "guilt",
    "threat", "meeting", "exploitation",
}  # fmt: skip
CHILD_NAMES = {
    "discomfort", "age_disclosure", "compliance_under_pressure", "secrecy_adopted",
    "asking_for_help", "distress",
}  # fmt: skip


def test_every_detector_of_the_design_is_there() -> None:
    names = {folder.name for folder in FOLDERS}
    assert names >= TACTIC_NAMES | CHILD_NAMES


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_card_and_phrases(folder: Path) -> None:
    card = load_card(folder / "card.toml")
    for language in LANGUAGES:
        phrases = load_phrases(folder / f"{language}.toml")
        assert len({phrase.id for phrase in phrases}) == len(phrases)
        if card.kind != "protective":
            assert (folder / f"fires.{language}.txt").exists()
            assert (folder / f"quiet.{language}.txt").exists()
    if card.kind == "protective":
        assert max(card.bits.weak, card.bits.plain, card.bits.strong) < 0
    else:
        assert 0 < card.bits.weak <= card.bits.plain <= card.bits.strong


def test_every_pattern_was_measured() -> None:
    rates = load_rates()["en"]
    measured = set(rates.patterns)
    for folder in FOLDERS:
        card = load_card(folder / "card.toml")
        for phrase in load_phrases(folder / "en.toml"):
            for pattern in phrase.patterns:
                key = pattern_key(card, phrase, pattern)
                assert key in measured, f"{key} ({pattern}): run `make calibrate`"
    assert rates.relationships > 10_000
    assert rates.source
    assert rates.date


def test_the_word_list_is_there_and_measured() -> None:
    reasons = [item for item in load_library().reasons if "/word-list." in item.key]
    assert len(reasons) > 100
    assert set(load_rates()["en"].patterns) >= {
        item.key for item in reasons if item.language == "en"
    }


def test_no_sighting_alarms_alone() -> None:
    from lamppost.risk.thresholds import Thresholds

    assert all(reason.bits < Thresholds().concern for reason in load_library().reasons)


def test_a_card_without_false_positives_is_refused(tmp_path: Path) -> None:
    text = (TACTICS / "secrecy" / "card.toml").read_text("utf-8")
    folder = tmp_path / "secrecy"
    folder.mkdir()
    start = text.index("false_positives")
    end = text.index("blind_spots")
    (folder / "card.toml").write_text(text[:start] + "false_positives = []\n" + text[end:])
    with pytest.raises(PackError, match="false_positives"):
        load_card(folder / "card.toml")


def test_wilson() -> None:
    low, high = wilson(0, 1000)
    assert low == 0
    assert 0.003 < high < 0.004
    assert wilson(0, 0) == (0.0, 1.0)
