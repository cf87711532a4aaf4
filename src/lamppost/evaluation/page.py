"""The report as one self-contained HTML file: no script, nothing loaded, no text of a corpus."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lamppost.evaluation import plots
from lamppost.evaluation.report import RELIABILITY_PREVALENCE, Report
from lamppost.evaluation.tables import tables

TEMPLATES: Final = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(report: Report) -> str:
    """The whole page."""
    drawn = {name: Markup(svg) for name, svg in _plots(report).items()}  # noqa: S704
    text: str = (
        _environment()
        .get_template("evaluation.html.j2")
        .render(
            report=report,
            tables=list(tables(report)),
            plots=drawn,
            style=Markup((TEMPLATES / "evaluation.css").read_text("utf-8")),  # noqa: S704
        )
    )
    return text


def _plots(report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    if report.false_alarms:
        found["false-alarms"] = plots.intervals(
            [
                (
                    item.corpus,
                    (item.concern.share or 0) * 1e5,
                    item.concern.low * 1e5,
                    item.concern.high * 1e5,
                )
                for item in report.false_alarms
            ],
            title="False alarms at concern by corpus, with intervals",
            x="alarms per 100,000 ordinary relationships (log scale)",
        )
    if any(report.found_by.values()):
        found["found-by"] = plots.lines(
            {
                name: [(float(number), share) for number, share in points]
                for name, points in report.found_by.items()
            },
            title="Share of harmful relationships found by each message",
            x="message of the conversation",
            y="found",
            last=100,
        )
    if any(report.curves.values()):
        found["precision-recall"] = plots.lines(
            report.curves, title="Precision and recall by language", x="recall", y="precision"
        )
    if report.reliability:
        points = [(predicted, observed) for predicted, observed, _, _ in report.reliability]
        found["reliability"] = plots.lines(
            {"observed": points, "exact": [(0.0, 0.0), (1.0, 1.0)]},
            title=f"Predicted against observed share at {RELIABILITY_PREVALENCE:g}",
            x="predicted",
            y="observed",
        )
    return found
