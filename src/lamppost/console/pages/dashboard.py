"""The figures: how much there is, how long it takes, how often detectors are right."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from litestar import Response, get

from lamppost.cases.figures import Spread
from lamppost.console import drawings
from lamppost.console.asking import Answer, Asked, Visit, number_asked, page, visit_of
from lamppost.core.levels import Level

PERIODS: Final = (7, 30, 90, 365)
_SHOWN: Final = 40


@get("/dashboard", opt={"right": "dashboard.read"}, sync_to_thread=True)
def show_dashboard(request: Asked) -> Answer:
    """The figures of the last days."""
    visit = visit_of(request)
    days = number_asked(request, "days", 30)
    days = days if days in PERIODS else 30
    figures = visit.console.desk.figures(visit.who, days)
    t = visit.t
    return page(
        request,
        "dashboard.html.j2",
        figures=figures,
        days=days,
        periods=PERIODS,
        bars=drawings.level_bars(figures.open_by_level, t),
        open=sum(figures.open_by_level.values()),
        times=[
            ("first_look", _spread(visit, figures.to_first_look)),
            ("decision", _spread(visit, figures.to_decision)),
            ("report", _spread(visit, figures.to_report)),
        ],
        precision=_precision(visit, figures),
        budget=_budget(visit, figures),
        outcomes=sorted(figures.outcomes.items(), key=lambda item: -item[1]),
        exposures=_exposure(visit, days) if visit.may("exposure.read") else None,
        can_export=visit.may("labels.export"),
    )


def _spread(visit: Visit, spread: Spread) -> dict[str, Any]:
    t = visit.t
    return {
        "count": spread.count,
        "median": t.span(spread.median) if spread.median is not None else t("time.never"),
        "p90": t.span(spread.p90) if spread.p90 is not None else t("time.never"),
    }


def _precision(visit: Visit, figures: Any) -> list[dict[str, Any]]:
    t = visit.t
    rows = []
    for row in figures.precision[:_SHOWN]:
        share = row.precision
        sign = visit.console.sign(row.detector, "", t)
        words = t("chart.none")
        drawing = ""
        if share.value is not None:
            low, high = t.number(100 * share.low), t.number(100 * share.high)
            words = f"{t.number(100 * share.value)} % ({low}–{high} %)"
            drawing = drawings.interval(share.value, share.low, share.high, words)
        rows.append(
            {
                "title": sign.title,
                "language": row.language,
                "hits": share.hits,
                "count": share.count,
                "unsure": row.unsure,
                "words": words,
                "drawing": drawing,
            }
        )
    return rows


def _budget(visit: Visit, figures: Any) -> list[dict[str, Any]]:
    """Alarms of each level among relationships, beside the budget that the policy sets."""
    policy = visit.console.service.policies.live().policy
    rows = []
    for level in (Level.CONCERN, Level.HIGH, Level.URGENT):
        alarms = figures.alarms.get(level.word, 0)
        per = 100_000 / figures.relationships if figures.relationships else 0.0
        allowed = getattr(policy, "budgets", {}).get(level.word)
        rows.append(
            {
                "level": level.word,
                "alarms": alarms,
                "rate": alarms * per,
                "allowed": allowed,
                "ordinary": figures.ordinary_alarms.get(level.word, 0) * per,
            }
        )
    return rows


def _exposure(visit: Visit, days: int) -> list[dict[str, Any]]:
    rows = visit.console.desk.exposures(visit.who, min(days, 30))
    return [
        {
            "person": visit.console.name_of(row.person, visit.t),
            "day": _ms(row.day),
            "pieces": row.pieces,
            "explicit": row.explicit,
            "cases": row.cases,
        }
        for row in rows[:60]
    ]


def _ms(day: Any) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


@get("/labels.ndjson", opt={"right": "labels.export"}, sync_to_thread=True)
def export_labels(request: Asked) -> Answer:
    """Labels of every decision, without text and without names, for `lamppost evaluate`."""
    visit = visit_of(request)
    rows = visit.console.desk.export_labels(visit.who)
    body = b"".join(
        itertools.chain.from_iterable((msgspec.json.encode(row), b"\n") for row in rows)
    )
    return Response(
        body,
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="labels.ndjson"'},
    )


HANDLERS: Final = [show_dashboard, export_labels]
