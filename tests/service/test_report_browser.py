"""The report button in a real browser: by keyboard, at phone size, silent, axe finds nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from lamppost.protect.button import LANGUAGES
from reports.test_page import CHROMIUM

from .conftest import Server

PHONE = {"width": 360, "height": 640}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as tool:
        opened = tool.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        yield opened
        opened.close()


def check(tab: Any, about: tuple[str, ...]) -> None:
    """Nothing that axe knows is wrong, and nothing runs out of the window."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab)
    assert found.violations_count == 0, (about, found.generate_report())
    assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth"), about


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_is_accessible_light_and_silent(browser: Any, server: Server, language: str):
    scheme = "dark" if LANGUAGES.index(language) % 2 else "light"
    context = browser.new_context(viewport=PHONE, color_scheme=scheme)
    context.set_default_timeout(10_000)
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    query = f"lang={language}&country=GB"
    answer = tab.goto(f"{server.url}/report?{query}&about=somebody&conversation=room")
    assert len(answer.body()) < 50_000
    check(tab, (language, scheme, "form"))
    tab.locator("summary").first.click()
    tab.locator("#safe-no").check()
    tab.locator("#named-1").check()
    tab.locator("summary").last.click()
    check(tab, (language, scheme, "open"))
    tab.locator("#kind-threat").check()
    tab.locator(".send").click()
    tab.locator(".code").wait_for()
    code = tab.locator(".code").inner_text()
    check(tab, (language, scheme, "sent"))
    tab.goto(f"{server.url}/report/answer?{query}")
    check(tab, (language, scheme, "ask"))
    tab.locator("#code").fill("nothing like a code")
    tab.locator(".send").click()
    check(tab, (language, scheme, "wrong"))
    tab.locator("#code").fill(code)
    tab.locator(".send").click()
    tab.locator("ol.steps").wait_for()
    check(tab, (language, scheme, "answer"))
    assert {url.split("/report")[0] for url in asked} <= {server.url, f"{server.url}/favicon.ico"}
    context.close()


@pytest.mark.browser
def test_a_report_by_keyboard_alone_takes_under_thirty_seconds(browser: Any, server: Server):
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    tab = context.new_page()
    began = time.monotonic()
    tab.goto(f"{server.url}/report?lang=en&country=GB&about=somebody")
    keys = tab.keyboard

    def until(identifier: str) -> None:
        for _ in range(40):
            keys.press("Tab")
            if tab.locator(f"#{identifier}:focus").count():
                return
        pytest.fail(f"{identifier} cannot be reached by keyboard")

    until("kind-asked_picture")
    keys.press("Space")
    keys.press("ArrowDown")
    until("safe-yes")
    keys.press("Space")
    until("named-0")
    for _ in range(6):
        keys.press("Tab")
        if tab.locator(".send:focus").count():
            break
    keys.press("Enter")
    tab.locator(".code").wait_for()
    took = time.monotonic() - began
    assert took < 30, took
    print(f"a report by keyboard: {took:.1f} s")  # noqa: T201
    context.close()
