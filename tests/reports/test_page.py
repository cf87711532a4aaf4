"""The page in a real browser: silent, self-contained, accessible, in every light and size."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lamppost.reports.scan.model import ScanReport
from lamppost.reports.scan.page import page

from .conftest import GROOMING, QUIET

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}


def test_it_is_one_file_that_asks_for_nothing(stored: ScanReport) -> None:
    text = page(stored)
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert not re.search(r"""(?:src|srcset|poster)\s*=|url\(|@import|<link[^>]+stylesheet""", text)
    for link in re.findall(r'href="([^"]+)"', text):
        assert link.startswith(("#", "tel:", "https://", "data:,")), link
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_it_reads_in_order(stored: ScanReport) -> None:
    text = page(stored)
    order = [
        'id="verdict"',
        'id="todo"',
        'id="r1"',
        "Evidence over time",
        "How the evidence adds up",
        'id="looked"',
        'id="unseen"',
        'id="limits"',
    ]
    places = [text.index(item) for item in order]
    assert places == sorted(places)
    levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
    assert levels.count(1) == 1
    assert all(later - former <= 1 for former, later in pairwise(levels))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as tool:
        opened = tool.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
            ],
        )
        yield opened
        opened.close()


@pytest.fixture
def look(browser: Any, tmp_path: Path) -> Callable[..., Any]:
    from axe_playwright_python.sync_playwright import Axe

    def open_(report: ScanReport, scheme: str, size: str) -> Any:
        path = tmp_path / "report.html"
        path.write_text(page(report), "utf-8")
        width, height = SIZES[size]
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": height}
        )
        tab = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        found = Axe().run(tab)
        assert [url for url in asked if url != path.as_uri()] == []
        assert said == []
        assert found.violations_count == 0, found.generate_report()
        assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth")
        return tab

    return open_


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_silent_self_contained_and_accessible(
    look: Callable[..., Any], stored: ScanReport, scheme: str, size: str
) -> None:
    tab = look(stored, scheme, size)
    tab.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    assert tab.locator("h1").count() == 1


@pytest.mark.browser
def test_explicit_quotes_are_covered_until_clicked(
    look: Callable[..., Any], stored: ScanReport
) -> None:
    tab = look(stored, "light", "desktop")
    cover = tab.locator("details.cover").first
    assert not cover.locator(".words").first.is_visible()
    cover.locator("summary").click()
    assert cover.locator(".words").first.is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("chat", [GROOMING, QUIET, "ana: i want to kill myself\nleo: talk to me"])
def test_every_kind_of_result(
    look: Callable[..., Any], report: Callable[..., ScanReport], chat: str
) -> None:
    look(report(chat, country=None), "light", "phone")
    look(report("", country="US"), "dark", "desktop")


@pytest.mark.browser
def test_keyboard_reaches_the_finding_first(look: Callable[..., Any], stored: ScanReport) -> None:
    tab = look(stored, "light", "desktop")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
