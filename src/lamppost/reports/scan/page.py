"""The report as one self-contained HTML file: no script, no network, nothing outside itself."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from lamppost.core.levels import Level
from lamppost.protect.support import PURPOSES
from lamppost.reports.scan import words
from lamppost.reports.scan.build import AROUND
from lamppost.reports.scan.chart import chart, lane_of
from lamppost.reports.scan.clean import cleaned
from lamppost.reports.scan.excerpt import excerpts, lost
from lamppost.reports.scan.model import Line, ScanReport

TEMPLATES: Final = Path(__file__).parent / "templates"


def marked(line: Line) -> Markup:
    """The text of a message with the parts that counted marked; everything escaped."""
    if not line.text:
        if line.deleted:
            return Markup("<i>message deleted</i>")
        return Markup("<i>attachment</i>") if line.attachments else Markup("<i>no text</i>")
    out = Markup()
    last = 0
    for start, end in line.marks:
        out += escape(line.text[last:start])
        out += Markup("<mark>{}</mark>").format(line.text[start:end])
        last = end
    return out + escape(line.text[last:])


def when(moment: datetime) -> str:
    """`15 Sep 2026, 16:31`."""
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def day(moment: datetime) -> str:
    """`15 September 2026`."""
    return f"{moment.day} {moment:%B %Y}"


@cache
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(marked=marked, when=when, day=day)
    env.globals.update(
        excerpts=lambda quotes: excerpts(quotes, AROUND),
        lost=lost,
        chart=chart,
        lane_of=lane_of,
        age_words=words.age_words,
        stages=words.STAGES,
        purposes=PURPOSES,
        levels=[level.word for level in Level],
        css=Markup((TEMPLATES / "page.css").read_text("utf-8")),  # noqa: S704 our own file
    )
    return env


def page(report: ScanReport) -> str:
    """The whole page."""
    return _environment().get_template("page.html.j2").render(report=cleaned(report))
