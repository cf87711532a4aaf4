"""The pages in a real browser: axe, overflow, silence; an alarm decided by keyboard alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reports.test_page import CHROMIUM
from service.conftest import Server

from .conftest import ROLES, SECRET_WORDS, Office, story

SIZES = {"desktop": (1366, 860), "tablet": (820, 1180)}
PAGES = (
    "queue", "queue?view=closed", "queue?level=urgent&account=nobody", "cases/C1", "accounts/kid1",
    "search", "search?q=a9", "told", "told?view=held", "search?q=nothing-like-this",
    "dashboard", "quality", "appeals", "policy", "people", "audit", "me", "again", "nowhere/at/all",
)  # fmt: skip
LOOKS = (("light", "desktop", "en"), ("dark", "tablet", "es"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as tool:
        opened = tool.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        yield opened
        opened.close()


def window(browser: Any, office: Office, role: str, look: tuple[str, str, str]) -> Any:
    """A window in which somebody is signed in."""
    scheme, size, language = look
    width, height = SIZES[size]
    made = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    cookies = {"lamppost-look": f"{language}.auto"}
    if role != "nobody":
        cookies["lamppost"] = office[role].cookie()
    made.add_cookies(
        [{"name": n, "value": v, "url": office.server.url} for n, v in cookies.items()]
    )
    return made


def check(tab: Any, about: tuple[str, ...]) -> None:
    """Nothing that axe knows is wrong, and nothing runs out of the window."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab)
    assert found.violations_count == 0, (about, found.generate_report())
    assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth"), about


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(look))
@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_every_page_is_accessible_and_silent(
    browser: Any, office: Office, role: str, look: tuple[str, str, str]
):
    context = window(browser, office, role, look)
    tab = context.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    pages = ("sign-in", "first", "nowhere") if role == "nobody" else PAGES
    seen = 0
    for name in pages:
        answer = tab.goto(f"{office.server.url}/console/{name}")
        if answer.status not in (200, 404) and (answer.status != 403 or seen > 20):
            pytest.fail(f"{name}: {answer.status}")
        seen += answer.status == 200
        assert tab.locator("h1").count() == 1, name
        check(tab, (role, name, *look))
    assert seen >= 2
    assert [text for text in said if "status of 40" not in text] == []
    context.close()


@pytest.mark.browser
def test_states_of_a_case_are_accessible(browser: Any, office: Office):
    context = window(browser, office, "reviewer", LOOKS[0])
    tab = context.new_page()
    tab.goto(f"{office.server.url}/console/cases/C2")
    tab.locator("[data-key=t]").click()
    check(tab, ("taken",))
    tab.locator("input[value=suspend]").check()
    assert tab.get_by_text("This needs a second person").is_visible()
    tab.locator("[data-key=R]").click()
    tab.locator(".words").first.wait_for()
    check(tab, ("revealed",))
    tab.locator("#decision button.primary").click()
    assert tab.locator(".fault").count() == 2
    check(tab, ("faults",))
    tab.keyboard.press("Escape")
    tab.locator("[data-help]").click()
    check(tab, ("keys",))
    context.close()


@pytest.mark.browser
def test_from_an_alarm_to_a_reasoned_decision_by_keyboard_alone(
    browser: Any, new_server: Callable[..., Server]
):
    """No mouse: take the next case, read, choose, write, send. Under 90 seconds, and no reload."""
    office = Office(new_server())
    office.add("reviewer")
    office.tell(story("k1", "a9", "kid1", explicit=True), 1)
    context = window(browser, office, "reviewer", LOOKS[0])
    tab = context.new_page()
    tab.goto(f"{office.server.url}/console/queue")
    began = time.monotonic()
    keys = tab.keyboard
    keys.press("n")
    tab.wait_for_url("**/cases/*")
    assert "kestrel" not in tab.content()
    for _ in range(3):
        keys.press("j")
    keys.press("r")
    tab.locator(".words").first.wait_for()
    assert SECRET_WORDS.split()[0] in tab.content() or tab.locator(".words").count() == 1
    keys.press("R")
    tab.locator(".words").nth(3).wait_for()
    keys.press("i")
    for _ in range(3):
        keys.press("Tab")
    keys.press("Space")
    assert tab.locator("input[value=limit_contact]").is_checked()
    for _ in range(3):
        keys.press("Tab")
    keys.press("Tab")
    keys.press("Space")
    assert tab.locator("input[value=harmful]").is_checked()
    keys.press("w")
    keys.type("Flattery, then secrecy, then a meeting alone.")
    tab.locator("#saved", has_text="Draft kept").wait_for()
    keys.press("Escape")
    keys.press("s")
    tab.wait_for_url("**/queue")
    took = time.monotonic() - began
    assert "Decided" in tab.locator(".notice").inner_text()
    assert took < 90, took
    print(f"from an alarm to a decision by keyboard: {took:.1f} s")  # noqa: T201
    tab.goto(f"{office.server.url}/console/queue?view=closed")
    assert "Stop contact with children" in tab.content()
    context.close()


@pytest.mark.browser
def test_reduced_motion_and_monochrome(browser: Any, office: Office):
    context = browser.new_context(reduced_motion="reduce")
    context.add_cookies(
        [{"name": "lamppost", "value": office["lead"].cookie(), "url": office.server.url}]
    )
    tab = context.new_page()
    tab.goto(f"{office.server.url}/console/queue?account=a9")
    tab.locator(".queue a").first.click()
    assert tab.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    tab.locator(".masked.explicit button").first.click()
    words = tab.locator(".words.mono").first
    words.wait_for()
    assert "grayscale(1)" in words.evaluate("node => getComputedStyle(node).filter")
    assert tab.locator("audio, video, [autoplay]").count() == 0
    context.close()
