"""The pages of the report button: the form, the receipt, the answer. HTML and CSS, no script.

A page is one answer with its style inside: it asks nobody else for anything, and weighs a few
kilobytes. The emergency number and the helpline are in every one of them, so they are there when
whatever comes after fails.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import iso3166
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lamppost.protect.button.report import KINDS, MAX_SHORT, MAX_WORDS, SAFETY, STATUSES, Answer
from lamppost.protect.button.words import LANGUAGES, words
from lamppost.protect.support import ContactRow, Support, countries

TEMPLATES: Final = Path(__file__).parent / "templates"
STYLE: Final = (TEMPLATES / "button.css").read_text("utf-8")
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS: Final[dict[str, str]] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors *"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Sent with every page. Any page may frame it: it knows no sign-in that framing could misuse."""


class Place:
    """Where a child is and what it speaks: the words of every page, and whom to call."""

    def __init__(self, language: str, support: Support, context: dict[str, str]) -> None:
        self.t = words(language)
        self.support = support
        self.context = {name: value for name, value in context.items() if value}
        """What is carried from page to page: ticket, about, conversation, country, lang."""

    @property
    def emergency(self) -> list[ContactRow]:
        """Emergency numbers of the country."""
        return self.support.of("emergency")

    @property
    def helplines(self) -> list[ContactRow]:
        """Helplines for children: numbers first, at most three."""
        rows = sorted(self.support.of("child_helpline"), key=lambda row: row.channel != "phone")
        return rows[:3]


def dial(value: str) -> str:
    """A phone number as a link wants it."""
    return "".join(sign for sign in value if sign.isdigit() or sign in "+*#")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["dial"] = dial
    made.globals.update(
        style=Markup(STYLE),  # noqa: S704 our own file
        kinds=KINDS,
        safety=SAFETY,
        statuses=STATUSES,
        max_words=MAX_WORDS,
        max_short=MAX_SHORT,
        tongues=[(tag, words(tag)("language")) for tag in LANGUAGES],
        lands=sorted(
            (iso3166.countries_by_alpha2[code].name.split(",")[0], code) for code in countries()
        ),
    )
    return made


def _render(template: str, place: Place, **values: Any) -> str:
    made = _environment().get_template(template)
    return made.render(place=place, t=place.t, **values)


def form_page(
    place: Place,
    token: str,
    *,
    values: dict[str, str] | None = None,
    missing: Sequence[str] = (),
    fault: str = "",
) -> str:
    """The form; `missing` names questions without an answer, `fault` a message of `fault`."""
    given = {"words": "", "who": "", "name": "", "reach": "", "kind": "", "safe": "",
             "named": "", "show_chat": "1"} | (values or {})  # fmt: skip
    return _render(
        "form.html.j2", place, token=token, v=given, missing=list(missing), fault=fault,
        opened=given["safe"] == "no",
    )  # fmt: skip


def sent_page(place: Place, code: str, *, danger: bool) -> str:
    """The receipt."""
    return _render("sent.html.j2", place, code=code, opened=danger)


def answer_page(
    place: Place, *, answer: Answer | None = None, wrong: bool = False, later: bool = False
) -> str:
    """What has happened; without an answer it asks for the code.

    `later`: it could not be looked up just now.
    """
    return _render("answer.html.j2", place, answer=answer, wrong=wrong, later=later, opened=False)
