"""Every word in both languages, and every word that the pages ask for is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lamppost.cases.case import Act, ClockKind, DecisionState, Judgement, Status
from lamppost.cases.rights import ROLES
from lamppost.console import casepage, desk
from lamppost.console.pages import queue, told
from lamppost.console.shown import TEMPLATES
from lamppost.console.wording import LANGUAGES, choose, names_in, words
from lamppost.core.levels import Level
from lamppost.protect.button import KINDS, SAFETY, STATUSES

CONSOLE = TEMPLATES.parent
LANGUAGE = sorted(LANGUAGES)
ENDINGS = {
    "role.": ROLES,
    "role_about.": ROLES,
    "level.": [level.word for level in Level],
    "state.": Status.__args__,
    "act.": Act.__args__,
    "act_about.": Act.__args__,
    "judgement.": Judgement.__args__,
    "judgement_about.": Judgement.__args__,
    "decision.": DecisionState.__args__,
    "clock.": (*ClockKind.__args__, "opened", "changed"),
    "nav.": [name for name, *_ in desk.NAV],
    "stage.": casepage.STAGES,
    "queue.view.": queue.VIEWS,
    "queue.none.": queue.VIEWS,
    "queue.none_why.": queue.VIEWS,
    "case.sure.": [level.word for level in Level],
    "told.view.": told.VIEWS,
    "told.status.": STATUSES,
    "told.kind.": KINDS,
    "told.safe_is.": SAFETY,
    "told.part.": ("words", "who", "name", "reach"),
    "look.": ("light", "dark", "auto"),
}
"""Beginnings of messages whose ends come from the domain."""


def asked_for() -> set[str]:
    """Messages that templates and code name in full."""
    found = set()
    for path in TEMPLATES.glob("*.j2"):
        found |= set(re.findall(r"""\bt\(["']([a-z_.0-9]+)["'](?!\s*~)""", path.read_text()))
    for path in CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = ast.unparse(node.func)
                value = node.args[0].value
                if isinstance(value, str) and (name == "t" or name.endswith(".t")):
                    found.add(value)
        found |= set(re.findall(r'"(fault\.[a-z_0-9]+|people\.self)"', path.read_text()))
    return found


@pytest.mark.parametrize("language", LANGUAGE)
def test_every_message_asked_for_is_there(language: str):
    t = words(language)
    missing = [key for key in asked_for() if not t.has(key) and not t.has(f"{key}.other")]
    missing += [
        begin + end for begin, ends in ENDINGS.items() for end in ends if not t.has(begin + end)
    ]
    assert sorted(missing) == []


def test_languages_say_the_same():
    english = words("en").messages
    for language in LANGUAGE:
        other = words(language).messages
        assert set(english) ^ set(other) == set()
        assert [key for key in english if names_in(english[key]) != names_in(other[key])] == []
        assert [key for key, text in other.items() if not text.strip()] == []
    same = [
        key
        for key, text in english.items()
        if text == words("es").messages[key] and re.search(r"[a-z]{4}", text)
    ]
    assert len(same) < 12, same


def test_counts_choose_their_form():
    t = words("es")
    assert t("time.days", 1) == "1 día"
    assert t("time.days", 2) == "2 días"
    assert t.number(12345.5, 1) == "12.345,5"
    assert words("en").number(12345.5, 1) == "12,345.5"


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("es", "en", "es"),
        ("", "es-MX,en;q=0.5", "es"),
        ("", "fr, de;q=0.8", "en"),
        ("xx", "", "en"),
    ],
)
def test_the_language_is_the_one_chosen_or_accepted(wanted: str, accepted: str, language: str):
    assert choose(wanted, accepted) == language


def test_no_page_carries_script_or_style():
    for path in [*TEMPLATES.glob("*.j2")]:
        text = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), path.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), path.name
        assert "autoplay" not in text, path.name
        assert "<audio" not in text, path.name


def test_htmx_is_the_pinned_file():
    import hashlib

    path = Path(CONSOLE / "static" / "htmx-2.0.11.min.js")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest == "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
    notice = (Path(__file__).parents[2] / "NOTICE").read_text()
    assert "htmx" in notice
