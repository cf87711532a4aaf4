"""Show an audit: as one HTML file without script or network, or as text in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lamppost import __version__
from lamppost.reports.scan.page import TEMPLATES as STYLE

TEMPLATES: Final = Path(__file__).parent / "templates"
_WIDTH: Final = 720
_LEFT: Final = 210
_ROW: Final = 40


class Bar(msgspec.Struct, frozen=True):
    """A share with its interval, all 0 to 1; `strong` marks what was measured."""

    name: str
    share: float
    low: float
    high: float
    strong: bool = False


class Table(msgspec.Struct, frozen=True):
    """A table; columns from `numbers` on are numbers."""

    head: list[str]
    rows: list[list[str]]
    numbers: int = 99


class Point(msgspec.Struct, frozen=True):
    """One thing found, what it means, and where that is written."""

    title: str
    text: str = ""
    link: str = ""

    @property
    def place(self) -> str:
        """The host of the link, to show instead of all of it."""
        return urlsplit(self.link).hostname or self.link


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a page: paragraphs, then a plot, then a table."""

    id: str
    title: str
    text: list[str] = []
    plot: list[Bar] = []
    table: Table | None = None
    points: list[Point] = []


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An audit. `level` colours its head: `none`, `watch`, `concern` or `high`."""

    title: str
    level: str
    badge: str
    headline: str
    lead: list[str]
    facts: list[tuple[str, str]]
    sections: list[Section]
    note: str


def percent(share: float) -> str:
    """`12.3 %`, with more places for small shares."""
    shown = share * 100
    return (
        f"{shown:.0f} %"
        if shown >= 99.95 or shown == 0
        else f"{shown:.{1 if shown >= 1 else 2}f} %"
    )


def bars(rows: Sequence[Bar], key: str, title: str) -> Markup:
    """Horizontal bars with whiskers, as SVG; the same in words for those who cannot see it."""
    most = max([0.001, *(row.high for row in rows), *(row.share for row in rows)]) * 1.05
    height = len(rows) * _ROW + 34
    right = 96

    def x(share: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - right) * share / most

    out = []
    for number, row in enumerate(rows):
        middle = number * _ROW + 22
        kind = "strong" if row.strong else "weak"
        out.append(
            f'<text x="{_LEFT - 10}" y="{middle + 4}" text-anchor="end">{escape(row.name)}</text>'
            f'<rect x="{_LEFT}" y="{middle - 9}" width="{max(1.0, x(row.share) - _LEFT):.1f}" '
            f'height="18" class="bar {kind}"/>'
            f'<line x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{middle}" y2="{middle}" '
            'class="whisker"/>'
            f'<line x1="{x(row.low):.1f}" x2="{x(row.low):.1f}" y1="{middle - 5}" '
            f'y2="{middle + 5}" class="whisker"/>'
            f'<line x1="{x(row.high):.1f}" x2="{x(row.high):.1f}" y1="{middle - 5}" '
            f'y2="{middle + 5}" class="whisker"/>'
            f'<text x="{max(x(row.high), x(row.share)) + 10:.1f}" y="{middle + 4}" '
            f'class="value">{percent(row.share)}</text>'
        )
    words = "; ".join(
        f"{row.name}: {percent(row.share)}, between {percent(row.low)} and {percent(row.high)}"
        for row in rows
    )
    return Markup(  # noqa: S704 every value is escaped above
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" '
        f'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{escape(words)}</desc>'
        f'<line x1="{_LEFT}" x2="{_LEFT}" y1="4" y2="{height - 26}" class="rule"/>'
        f"{''.join(out)}"
        f'<text x="{_LEFT}" y="{height - 8}" class="axis">0 %</text></svg>'
    )


@cache
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (STYLE / "page.css").read_text("utf-8") + (TEMPLATES / "audit.css").read_text("utf-8")
    env.globals.update(bars=bars, css=Markup(css), version=__version__)  # noqa: S704 our own files
    return env


def html(page: Page) -> str:
    """The whole page."""
    return _environment().get_template("audit.html.j2").render(page=page)


def plain(page: Page, width: int = 88) -> str:
    """The same as text."""
    out = [page.title, "=" * len(page.title), "", *textwrap.wrap(page.headline, width), ""]
    for line in page.lead:
        out += [*textwrap.wrap(line, width), ""]
    for name, value in page.facts:
        out.append(f"{name}: {value}")
    for section in page.sections:
        out += ["", section.title, "-" * len(section.title)]
        for line in section.text:
            out += textwrap.wrap(line, width)
        for row in section.plot:
            out.append(
                f"  {row.name}: {percent(row.share)} ({percent(row.low)} to {percent(row.high)})"
            )
        for point in section.points:
            words = " ".join(filter(None, (point.title, point.text)))
            out += textwrap.wrap(words, width, initial_indent="- ", subsequent_indent="  ")
            if point.link:
                out.append(f"  {point.link}")
        if section.table is not None and section.table.rows:
            for cells in section.table.rows:
                head, *rest = cells
                named = zip(section.table.head[1:], rest, strict=True)
                out += textwrap.wrap(
                    f"{head}: " + "; ".join(f"{name} {value}" for name, value in named if value),
                    width, initial_indent="- ", subsequent_indent="  ",
                )  # fmt: skip
    out += ["", *textwrap.wrap(page.note, width), ""]
    return "\n".join(out)
