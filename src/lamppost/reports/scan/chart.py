"""The timeline as inline SVG: one column per sign, in order of time.

Columns are evenly spaced, so that a burst of messages stays readable and a pause of weeks costs
no width; dates are written below. Colours come from the page's style sheet, meaning
never from colour alone: each dot carries its number, each lane its name, each level its word.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

from lamppost.reports.scan.model import Point, RelationshipView
from lamppost.reports.scan.words import STAGES

LEFT: Final = 140
RIGHT: Final = 78
WIDTH: Final = 812
"""Width that fits the page; only very many messages need more."""
DATE: Final = 44
"""Width of a date label."""
TOP: Final = 18
PLOT: Final = 170
LANE: Final = 32
CHILD: Final = "Said by the child"


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing, its width in pixels, and the same in words."""

    svg: str
    width: int
    summary: str


def lane_of(point: Point) -> str:
    """The row of the chart that a point belongs to."""
    if point.kind == "child_signal":
        return CHILD
    return "In favour" if point.kind == "protective" else STAGES[point.stage]


def summary(view: RelationshipView) -> str:
    """The chart in words."""
    points = view.timeline
    if not points:
        return "No sign was seen."
    stages = list(dict.fromkeys(lane_of(point) for point in points))
    days = (points[-1].at.date() - points[0].at.date()).days + 1
    return (
        f"{len(points)} signs within {days} day{'s' if days != 1 else ''}. The total "
        f"rose from {points[0].total:.1f} to {max(point.total for point in points):.1f} bits. "
        f"Seen, in order of first appearance: {', '.join(stages)}."
    )


def chart(view: RelationshipView, thresholds: dict[str, float], key: str) -> Chart:
    """Draw the timeline of one relationship; `key` makes its ids unique on the page."""
    points = view.timeline
    present = {lane_of(point) for point in points}
    lanes = [name for name in (*STAGES.values(), CHILD, "In favour") if name in present]
    column = min(60.0, max(24.0, (WIDTH - LEFT - RIGHT) / max(1, len(points))))
    width = max(WIDTH, round(LEFT + len(points) * column + RIGHT))
    lanes_top = TOP + PLOT + 26
    height = lanes_top + len(lanes) * LANE + 44
    right = width - RIGHT
    top = max([point.total for point in points] + [thresholds["high"]]) * 1.12
    out: list[str] = []

    def x(index: int) -> float:
        return LEFT + (index + 0.5) * column

    def y(bits: float) -> float:
        return TOP + PLOT * (1 - max(0.0, bits) / top)

    def text(at: tuple[float, float], words: str, name: str, anchor: str = "start") -> None:
        out.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" class="{name}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    borders = [
        ("watch", thresholds["watch"], thresholds["concern"]),
        ("concern", thresholds["concern"], thresholds["high"]),
        ("high", thresholds["high"], top),
    ]
    last_label = float("inf")
    for name, low, high in borders:
        out.append(
            f'<rect x="{LEFT}" y="{y(high):.1f}" width="{right - LEFT}" '
            f'height="{y(low) - y(high):.1f}" class="band {name}"/>'
            f'<line x1="{LEFT}" x2="{right}" y1="{y(low):.1f}" y2="{y(low):.1f}" class="rule"/>'
        )
        place = min(y(low) + 4, last_label - 14)
        last_label = place
        text((right + 8, place), f"{name} {low:g}", "axis")
    text((LEFT - 10, TOP + PLOT + 4), "0", "axis", "end")
    if points:
        most = max(range(len(points)), key=lambda index: points[index].total)
        text(
            (LEFT - 10, y(points[most].total) + 4), f"{points[most].total:.1f} bits", "axis", "end"
        )
        line = f"M{LEFT} {y(0):.1f}"
        for index, point in enumerate(points):
            line += f"H{x(index):.1f}V{y(point.total):.1f}"
        line += f"H{right}"
        out.append(f'<path d="{line}V{y(0):.1f}Z" class="area"/><path d="{line}" class="total"/>')
    for place_, name in enumerate(lanes):
        middle = lanes_top + (place_ + 0.5) * LANE
        out.append(
            f'<line x1="{LEFT}" x2="{right}" y1="{middle:.1f}" y2="{middle:.1f}" class="lane"/>'
        )
        text((LEFT - 12, middle + 4), name, "label", "end")
    day = None
    free = [0.0, 0.0]
    for index, point in enumerate(points):
        middle = lanes_top + (lanes.index(lane_of(point)) + 0.5) * LANE
        kind = {"tactic": "actor", "child_signal": "target", "protective": "good"}[point.kind]
        out.append(
            f'<line x1="{x(index):.1f}" x2="{x(index):.1f}" y1="{y(point.total):.1f}" '
            f'y2="{middle:.1f}" class="drop"/>'
            f'<circle cx="{x(index):.1f}" cy="{middle:.1f}" r="11" class="dot {kind}"/>'
        )
        text((x(index), middle + 4), str(index + 1), f"number {kind}", "middle")
        if point.at.date() != day:
            edge, bottom = x(index) - column / 2, lanes_top + len(lanes) * LANE
            row = next((row for row in (0, 1) if free[row] <= edge), None)
            out.append(
                f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="{TOP}" y2="{bottom + 24}" class="day"/>'
            )
            if row is not None:
                text((edge + 4, bottom + 17 + 15 * row), f"{point.at.day} {point.at:%b}", "date")
                free[row] = edge + DATE
            day = point.at.date()
    words = summary(view)
    svg = (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">Evidence over time</title>'
        f'<desc id="{key}-d">{escape(words)}</desc>{"".join(out)}</svg>'
    )
    return Chart(svg, width, words)
