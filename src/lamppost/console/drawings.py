"""Drawings as inline SVG: evidence over time, relationships, bars. Colours come from classes.

Meaning never comes from colour alone: each mark has a number or a word, each line its level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from lamppost.console.shown import drawn
from lamppost.console.wording import Words
from lamppost.core.levels import Level

LEFT: Final = 150
RIGHT: Final = 92
WIDTH: Final = 860
TOP: Final = 22
PLOT: Final = 130
LANE: Final = 30
MOST: Final = 48
"""Most signs in a drawing; the table below has all."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing and the same in words."""

    svg: str
    summary: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign at a moment: its lane, how it is drawn, what it says."""

    at: int
    lane: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Rise:
    """The total as it was found at a moment."""

    at: int
    bits: float
    level: str


@dataclass(slots=True)
class _Pen:
    out: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, name: str, anchor: str = "start") -> None:
        self.out.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{name}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, name: str) -> None:
        self.out.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{name}"/>'
        )


def _svg(pen: _Pen, width: float, height: float, title: str, about: str, key: str) -> str:
    return drawn(
        f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{escape(about)}</desc>{"".join(pen.out)}</svg>'
    )


def evidence(
    marks: Sequence[Mark],
    rises: Sequence[Rise],
    lanes: Sequence[str],
    t: Words,
    thresholds: dict[str, float],
) -> Drawing | None:
    """Signs in lanes over time, and above them the total at each finding."""
    if not marks:
        return None
    marks = sorted(marks, key=lambda mark: (mark.at, mark.lane))[:MOST]
    present = [lane for lane in lanes if any(mark.lane == lane for mark in marks)]
    column = min(58.0, max(24.0, (WIDTH - LEFT - RIGHT) / len(marks)))
    width = max(WIDTH, round(LEFT + len(marks) * column + RIGHT))
    right = width - RIGHT
    lanes_top = TOP + PLOT + 20
    height = lanes_top + len(present) * LANE + 34
    high = max([rise.bits for rise in rises] + [thresholds["high"]]) * 1.12
    pen = _Pen()

    def x(index: float) -> float:
        return LEFT + (index + 0.5) * column

    def y(bits: float) -> float:
        return TOP + PLOT * (1 - max(0.0, bits) / high)

    bands = [("watch", "concern"), ("concern", "high"), ("high", "")]
    for name, after in bands:
        low, top = thresholds[name], thresholds.get(after, high)
        pen.out.append(
            f'<rect x="{LEFT}" y="{y(top):.1f}" width="{right - LEFT}" '
            f'height="{max(0.0, y(low) - y(top)):.1f}" class="band-{name}"/>'
        )
        pen.line(LEFT, y(low), right, y(low), "rule")
        pen.text(right + 8, y(low) + 4, f"{t(f'level.{name}')} {t.number(low, 0)}", "axis")
    steps = [(sum(mark.at <= rise.at for mark in marks) - 1, rise) for rise in rises]
    steps = [(max(0, index), rise) for index, rise in steps]
    if steps:
        path = f"M{x(steps[0][0]):.1f} {y(0):.1f}"
        for index, rise in steps:
            path += f"H{x(index):.1f}V{y(rise.bits):.1f}"
        path += f"H{right}"
        pen.out.append(
            f'<path d="{path}V{y(0):.1f}Z" class="area"/><path d="{path}" class="total"/>'
        )
        last = steps[-1][1]
        pen.text(
            LEFT - 12, y(last.bits) + 4, t("chart.bits", bits=t.number(last.bits, 1)), "axis", "end"
        )
    for place, lane in enumerate(present):
        middle = lanes_top + (place + 0.5) * LANE
        pen.line(LEFT, middle, right, middle, "lane")
        pen.text(LEFT - 12, middle + 4, lane, "label", "end")
    day = ""
    free = 0.0
    for index, mark in enumerate(marks):
        middle = lanes_top + (present.index(mark.lane) + 0.5) * LANE
        pen.out.append(
            f'<g><title>{escape(mark.title)}</title><circle cx="{x(index):.1f}" cy="{middle:.1f}" '
            f'r="10.500" class="dot-{mark.kind}"/>'
        )
        pen.text(x(index), middle + 4, str(index + 1), "number", "middle")
        pen.out.append("</g>")
        if t.day(mark.at) != day:
            day = t.day(mark.at)
            edge = x(index) - column / 2
            pen.line(edge, TOP, edge, height - 22, "grid")
            if edge >= free:
                text = day.rsplit(" ", 1)[0]
                pen.text(edge + 4, height - 8, text, "axis")
                free = edge + 48
    span = t.span(max(60_000, marks[-1].at - marks[0].at))
    seen = list(dict.fromkeys(mark.lane for mark in marks))
    about = t(
        "chart.summary",
        signs=t("chart.signs", len(marks)),
        days=span,
        bits=t.number(max([rise.bits for rise in rises] or [0.0]), 1),
        stages=t.listed(seen),
    )
    return Drawing(_svg(pen, width, height, t("chart.evidence"), about, "ev"), about)


@dataclass(frozen=True, slots=True)
class Spoke:
    """Somebody whom an account writes to."""

    name: str
    about: str
    level: str
    bits: float
    child: bool
    link: str
    words: str


def wheel(
    centre: str, spokes: Sequence[Spoke], t: Words, *, child: bool, about: str, title: str
) -> Drawing:
    """An account in the middle and those around it, worst first from the top, clockwise."""
    pen = _Pen()
    shown = spokes[:14]
    two = len(shown) > 7
    height = 340 if two else 290
    middle_x, middle_y = WIDTH / 2, height / 2
    for index, spoke in enumerate(shown):
        angle = -math.pi / 2 + 2 * math.pi * index / max(1, len(shown))
        if len(shown) == 1:
            angle = 0.0
        px = middle_x + math.cos(angle) * 285
        py = middle_y + math.sin(angle) * (height / 2 - 34)
        thick = 1.5 + min(6.0, max(0.0, spoke.bits) / 3)
        pen.out.append(
            f'<line x1="{middle_x:.1f}" y1="{middle_y:.1f}" x2="{px:.1f}" y2="{py:.1f}" '
            f'class="edge edge-{spoke.level}" stroke-width="{thick:.1f}"/>'
        )
        half = 66
        pen.out.append(
            f'<a href="{escape(spoke.link)}" aria-label="{escape(spoke.words)}">'
            f'<rect x="{px - half:.1f}" y="{py - 21:.1f}" width="{2 * half}" height="42" rx="10" '
            f'class="{"node-child" if spoke.child else "node"}"/>'
        )
        pen.text(px, py - 2, _cut(spoke.name, 16), "label", "middle")
        pen.text(
            px,
            py + 13,
            _cut(
                f"{spoke.about} · {t(f'level.{spoke.level}')}"
                if spoke.about
                else t(f"level.{spoke.level}"),
                22,
            ),
            "axis",
            "middle",
        )
        pen.out.append("</a>")
    pen.out.append(
        f'<rect x="{middle_x - 72:.1f}" y="{middle_y - 20:.1f}" width="144" height="40" rx="20" '
        f'class="{"node-child" if child else "node-actor"}"/>'
    )
    pen.text(middle_x, middle_y + 4, _cut(centre, 18), "label", "middle")
    svg = drawn(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="group" '
        f'aria-label="{escape(title)}">{"".join(pen.out)}</svg>'
    )
    return Drawing(svg, about)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def level_bars(counts: dict[str, int], t: Words) -> Drawing | None:
    """How many of each level, as bars with their numbers."""
    rows = [(level.word, counts.get(level.word, 0)) for level in reversed(Level) if level]
    most = max(count for _, count in rows)
    if not most:
        return None
    pen = _Pen()
    for index, (word, count) in enumerate(rows):
        y = 8 + index * 34
        pen.text(110, y + 17, t(f"level.{word}"), "label", "end")
        pen.out.append(
            f'<rect x="122" y="{y}" width="{max(2.0, 420 * count / most):.1f}" height="24" rx="4" '
            f'class="bar-{word}"/>'
        )
        pen.text(132 + 420 * count / most, y + 17, t.number(count), "num")
    words = ", ".join(f"{t(f'level.{word}')} {t.number(count)}" for word, count in rows)
    svg = _svg(pen, 640, 8 + len(rows) * 34, t("dashboard.by_level"), words, "lv")
    return Drawing(svg, words)


def interval(value: float, low: float, high: float, words: str) -> str:
    """A share with its interval, on a line from 0 to 1."""
    return drawn(
        f'<svg class="chart" viewBox="0 0 200 18" role="img" aria-label="{escape(words)}">'
        f'<line x1="4" x2="196" y1="9" y2="9" class="grid"/>'
        f'<line x1="{4 + 192 * low:.1f}" x2="{4 + 192 * high:.1f}" y1="9" y2="9" class="whisker"/>'
        f'<circle cx="{4 + 192 * value:.1f}" cy="9" r="5" class="bar"/></svg>'
    )
