"""The verb, end to end on small corpora, and the page it writes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lamppost.cli._main import run as command
from lamppost.cli.evaluate import build
from lamppost.evaluation.corpora import bundled
from lamppost.evaluation.evaluate import evaluate
from lamppost.evaluation.page import page
from lamppost.evaluation.report import DECOYS, FLOOR, Report
from lamppost.evaluation.tables import tables

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}


@pytest.fixture(scope="module")
def report() -> Report:
    corpora = [item for item in bundled(["en"]) if item.synthetic]
    return evaluate(build, corpora, processes=1, parts=("robustness", "baselines"))


def test_every_section_of_the_protocol_is_there(report: Report) -> None:
    ids = {table.id for table in tables(report)}
    assert ids >= {
        "false-alarms", "detection", "early", "ranking", "robustness", "fairness", "reliability",
        "accounts", "messages", "corpora",
    }  # fmt: skip
    assert FLOOR in report.notes
    scorers = {row.scorer for row in report.ranking}
    assert {"Lamppost", "conversation length", "number of parties", "25 expressions",
            "style without words"} <= scorers  # fmt: skip
    for row in report.ranking:
        assert row.roc_auc.value is not None
        assert 0.5 <= row.roc_auc.value <= 1


def test_risky_short_and_repeating_accounts_rank_above_clean_ones(report: Report) -> None:
    cases = {item.name: item for item in report.account_cases}
    clean = max(item.bits for item in report.account_cases if item.risky == 0)
    assert all(item.bits > clean for item in report.account_cases if item.risky)
    if cases["20 of 20 risky"].sentinel is not None:  # the failure that the rule is known for
        assert cases["5 of 9 risky"].sentinel == 0
        assert cases["15 of 20 risky"].sentinel < 0


def test_two_processes_give_the_same(report: Report) -> None:
    corpora = [item for item in bundled(["en"]) if item.synthetic]
    again = evaluate(build, corpora, processes=2, parts=("robustness", "baselines"))

    def bare(made: Report) -> list[Any]:
        return [made.false_alarms, made.detection, made.ranking, made.robustness, made.slices]

    assert msgspec.json.encode(bare(again)) == msgspec.json.encode(bare(report))


def test_the_page_holds_no_text_and_loads_nothing(report: Report) -> None:
    text = page(report)
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert not re.search(r"(?:src|srcset)\s*=|url\(|@import|<link", text)
    corpus = Path(next(item.path for item in bundled() if item.harmful))
    lines = [
        line.split(": ", 1)[1]
        for path in corpus.glob("*.toml")
        for line in path.read_text("utf-8").splitlines()
        if re.match(r"^\w+: ", line)
    ]
    assert len(lines) > 100
    assert [line for line in lines if len(line) > 12 and line in text] == []


def test_own_corpora_on_the_command_line(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "segments.csv"
    path.write_text(
        "label,language,text\n"
        '"harmful","en","are your parents asleep?\ndon\'t tell anyone about this\nsend me a pic"\n'
        '"ordinary","en","what did you get for question four"\n'
        '"ordinary","en","see you at practice"\n'
    )
    out, web = tmp_path / "out.json", tmp_path / "out.html"
    code = command(
        ["evaluate", "--no-bundled", "--corpus", f"mine={path}", "--json", str(out),
         "--html", str(web), "--processes", "1", "--skip", "ablations"]
    )  # fmt: skip
    assert code == 0
    made = msgspec.json.decode(out.read_bytes(), type=Report)
    assert made.detection[0].recall_concern.of == 1
    assert made.ranking[0].roc_auc.value == 1.0
    assert any(DECOYS in note for note in made.notes)
    assert "asleep" not in out.read_text() + web.read_text()
    assert str(tmp_path) not in out.read_text() + web.read_text()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--corpus", "nonsense"], "is not NAME=VALUE"),
        (["--corpus", "a=/nonexistent"], "does not exist"),
        (["--truth", "a=x"], "no --corpus is called a"),
        (["--no-bundled"], "there is no corpus"),
        (["--skip", "sleep"], "is no part"),
    ],
)
def test_wrong_calls_say_what_to_do(args: list[str], message: str, capsys: Any) -> None:
    assert command(["evaluate", *args]) == 2
    assert message in capsys.readouterr().err


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as tool:
        opened = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
def test_the_page_is_accessible(
    browser: Any, report: Report, tmp_path: Path, size: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "evaluation.html"
    path.write_text(page(report), encoding="utf-8")
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    shown = context.new_page()
    shown.goto(path.as_uri())
    found = Axe().run(shown).response["violations"]
    assert [item["id"] for item in found] == []
    assert shown.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()
