"""Plots as inline SVG. Colours come from the style sheet of the page; every plot is also a table.

Series differ by dash and by a label at their end, never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

Points = Sequence[tuple[float, float]]
WIDTH: Final = 640
HEIGHT: Final = 300
LEFT: Final = 52
RIGHT: Final = 96
TOP: Final = 14
BOTTOM: Final = 44
_DASHES: Final = ("", "6 3", "2 3", "9 3 2 3", "1 2", "12 4")


def lines(
    series: Mapping[str, Points], *, title: str, x: str, y: str, last: float = 1.0, steps: int = 5
) -> str:
    """Curves over 0 to `last` on the horizontal and 0 to 1 on the vertical axis."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(point: tuple[float, float]) -> str:
        return f"{LEFT + wide * point[0] / last:.1f},{TOP + high * (1 - point[1]):.1f}"

    parts = [_grid(wide, high, last, steps, x, y)]
    taken: list[float] = []
    for index, (name, points) in enumerate(series.items()):
        if not points:
            continue
        dash = _DASHES[index % len(_DASHES)]
        stroke = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(
            f'<polyline class="line s{index % 6}" points="{" ".join(map(place, points))}"{stroke}/>'
        )
        end = TOP + high * (1 - points[-1][1])
        while any(abs(end - other) < 14 for other in taken):
            end += 14
        taken.append(end)
        parts.append(
            f'<text class="end" x="{LEFT + wide + 6}" y="{end + 4:.1f}">{escape(name)}</text>'
        )
    return _svg(title, "".join(parts))


def intervals(rows: Sequence[tuple[str, float, float, float]], *, title: str, x: str) -> str:
    """A dot with its interval for each row (name, value, low, high), on a log axis from 1."""
    height = TOP + BOTTOM + 26 * len(rows)
    left, right = 190, 20
    wide = WIDTH - left - right
    top = max([10.0, *(high for *_, high in rows)])
    decades = math.ceil(math.log10(top))

    def place(value: float) -> float:
        return left + wide * min(1.0, math.log10(max(1.0, value)) / decades)

    parts = []
    for power in range(decades + 1):
        at = place(10**power)
        label = f"{10**power:,}" if power else "0 or 1"
        parts.append(
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
            f'<text class="tick mid" x="{at:.1f}" y="{height - BOTTOM + 16}">{label}</text>'
        )
    for index, (name, value, low, high) in enumerate(rows):
        y = TOP + 13 + 26 * index
        parts.append(
            f'<text class="tick last" x="{left - 10}" y="{y + 4}">{escape(name)}</text>'
            f'<line class="line s0" x1="{place(low):.1f}" x2="{place(high):.1f}"'
            f' y1="{y}" y2="{y}"/>'
            f'<circle class="dot" cx="{place(value):.1f}" cy="{y}" r="4"/>'
        )
    parts.append(
        f'<text class="tick mid" x="{left + wide / 2:.0f}" y="{height - 8}">{escape(x)}</text>'
    )
    return _svg(title, "".join(parts), height)


def _grid(wide: float, high: float, last: float, steps: int, x: str, y: str) -> str:
    parts = []
    for index in range(steps + 1):
        at, up = LEFT + wide * index / steps, TOP + high * (1 - index / steps)
        shown = last * index / steps
        label = f"{shown:.0%}" if last == 1 else f"{shown:.0f}"
        parts.append(
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{TOP + high}"/>'
            f'<line class="grid" x1="{LEFT}" x2="{LEFT + wide}" y1="{up:.1f}" y2="{up:.1f}"/>'
            f'<text class="tick mid" x="{at:.1f}" y="{TOP + high + 16}">{label}</text>'
            f'<text class="tick last" x="{LEFT - 6}" y="{up + 4:.1f}">{index / steps:.0%}</text>'
        )
    parts.append(
        f'<text class="tick mid" x="{LEFT + wide / 2:.0f}" y="{HEIGHT - 8}">{escape(x)}</text>'
        f'<text class="tick mid" transform="translate(12 {TOP + high / 2:.0f}) rotate(-90)">'
        f"{escape(y)}</text>"
    )
    return "".join(parts)


def _svg(title: str, body: str, height: int = HEIGHT) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title, quote=True)}" '
        f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">{body}</svg>'
    )
