"""Rates: measured or borrowed, private where they must be; budgets that hold whenever read."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import lamppost
from lamppost.cli._main import run as command
from lamppost.core.errors import PackError, PolicyError, UsageError
from lamppost.evaluation import calibrate
from lamppost.evaluation.corpora import Corpus, bundled, lines_of
from lamppost.evaluation.ville import simulated
from lamppost.pipeline import Engine
from lamppost.signals.calibration import RateFile, bits_ceiling, load_rates, wilson
from lamppost.wiring import build_engine

TEXTS = (
    "label,language,text\n"
    '"harmful","en","don\'t tell anyone about this\nare your parents asleep?"\n'
    '"ordinary","en","don\'t tell anyone about this\nsee you at practice"\n'
)


@cache
def engine() -> Engine:
    return build_engine()


@pytest.fixture
def texts(tmp_path: Path) -> Corpus:
    path = tmp_path / "texts.csv"
    path.write_text(TEXTS)
    return Corpus(name="mine", kind="file", source="ours", path=str(path), harmful=True)


def table() -> RateFile:
    return load_rates()["en"]


def test_a_rate_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = calibrate.write_rates(table(), tmp_path)
    assert msgspec.toml.decode(path.read_bytes(), type=RateFile) == table()


def test_what_no_corpus_covers_is_borrowed_and_says_so() -> None:
    reader = engine().reader
    made = calibrate.measured(reader, "es", [], table())
    assert made.borrowed == "en"
    assert made.source.startswith("borrowed: no open ordinary chat in es")
    key = next(key for key in made.patterns if key.startswith("secrecy/dont-tell."))
    counts = [
        table().seen.get(other, 0)
        for other in table().patterns
        if other.startswith("secrecy/dont-tell.")
    ]
    assert min(counts) <= made.seen.get(key, 0) <= max(counts)
    assert made.seen.get(key, 0) == round(sum(counts) / len(counts))
    card = engine().library.card("secrecy")
    boldest = max(
        bits_ceiling({"en": table()}, "en", other, card)
        for other in table().patterns
        if other.startswith("secrecy/dont-tell.")
    )
    assert bits_ceiling({"es": made}, "es", key, card) <= boldest  # never bolder than its lender
    with pytest.raises(PackError, match="no ordinary chat in es"):
        calibrate.measured(reader, "es", [])


def test_a_licensed_corpus_is_checked_and_lowers_or_raises_a_rate(texts: Corpus) -> None:
    with pytest.raises(UsageError, match="its SHA-256 is"):
        calibrate.with_harmful(table(), engine().reader, texts, "0" * 64)
    digest = calibrate.digest_of(Path(texts.path))
    made = calibrate.with_harmful(table(), engine().reader, texts, digest)
    assert made.harmful_relationships == 1
    assert made.harmful_source == f"mine, sha256 {digest}"
    seen = [key for key in made.harmful if key.startswith("secrecy/dont-tell.")]
    assert seen
    card = engine().library.card("secrecy")
    assert bits_ceiling({"en": made}, "en", seen[0], card) > bits_ceiling(
        {"en": table()}, "en", seen[0], card
    )
    unseen = next(key for key in made.patterns if key.startswith("secrecy/delete."))
    assert bits_ceiling({"en": made}, "en", unseen, card) < 0


def test_a_private_pack_stays_out_of_the_tree(tmp_path: Path) -> None:
    package = Path(lamppost.__file__).parent
    for folder in (package, package / "signals" / "rates", package.parents[1] / "packs"):
        with pytest.raises(PolicyError, match="source tree"):
            calibrate.check_outside(folder)
    link = tmp_path / "link"
    link.symlink_to(package)
    with pytest.raises(PolicyError, match="source tree"):
        calibrate.check_outside(link / "mine")
    calibrate.check_outside(tmp_path / "pack")


def test_a_card_without_rates_is_refused() -> None:
    library = engine().library
    calibrate.check(library, load_rates())
    bare = msgspec.structs.replace(table(), patterns=table().patterns[:-1])
    with pytest.raises(PackError, match="was never measured"):
        calibrate.check(library, {**load_rates(), "en": bare})
    with pytest.raises(PackError, match="nothing was measured in"):
        calibrate.check(library, {})
    with pytest.raises(PackError, match="nothing was measured in"):
        calibrate.check(library, {"en": msgspec.structs.replace(table(), source="")})


def test_the_verb_writes_a_private_pack_that_the_engine_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    texts = tmp_path / "texts.csv"
    lines = [line for name, line in lines_of("es", "fires") if name == "secrecy"]
    texts.write_text("label,language,text\n" + "".join(f'harmful,es,"{li}"\n' for li in lines))
    pack = tmp_path / "pack"
    call = ["calibrate", "--language", "es", "--no-budgets", "--harmful", f"mine={texts}",
            "--harmful-language", "es"]  # fmt: skip
    assert command(call) == 2  # nothing private is written into the public rates
    assert "--pack" in capsys.readouterr().err
    assert command([*call, "--pack", str(pack)]) == 2
    digest = calibrate.digest_of(texts)
    assert digest in capsys.readouterr().err
    assert command([*call, "--pack", str(pack), "--sha256", digest]) == 0
    monkeypatch.setenv("LAMPPOST_PACKS", str(pack))
    private = {reason.key: reason.bits for reason in build_engine().library.reasons}
    public = {reason.key: reason.bits for reason in engine().library.reasons}
    assert private.keys() == public.keys()
    assert {key.partition("/")[0] for key in private if private[key] > public[key]} >= {"secrecy"}


@pytest.mark.parametrize(("mean", "least"), [(23, 1.0), (100, 5.0)])
def test_a_total_of_t_bits_is_as_rare_as_ville_says_at_any_reading_time(
    mean: float, least: float
) -> None:
    """P(the total ever reaches T) ≤ 2^-T, read after every message.

    At the length the rates were measured on for every T, and at four times that from 5 bits up.
    """
    peaks = simulated(engine(), table(), count=4_000, mean=mean, seed=7)
    assert (peaks > 1).sum() > 400  # the simulation does show signs
    for bits in np.arange(least, 9.0, 0.5):
        low, _ = wilson(int((peaks >= bits).sum()), len(peaks))
        assert low <= 2.0**-bits, f"{bits} bits: at least {low:.4f} of ordinary relationships"


def test_the_simulation_can_fail() -> None:
    """Rates ten times what the bits were made for break the bound."""
    worse = msgspec.structs.replace(table(), messages=table().messages // 10)
    peaks = simulated(engine(), worse, count=1_000, mean=23, seed=7)
    assert wilson(int((peaks >= 3).sum()), len(peaks))[0] > 2.0**-3


def test_budgets_are_printed_with_intervals(capsys: Any) -> None:
    held = [item for item in bundled(["en"]) if item.held_out]
    found, size = calibrate.budgets(engine(), held)
    assert size > 100
    values = [found[budget].value for budget in sorted(found)]
    assert all(value is not None for value in values)
    assert values == sorted(values, reverse=True)
