"""The report as a page, as one table, and in the shape of the DSA template."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from html import escape
from typing import Final

from lamppost.core.times import HOUR
from lamppost.reports.transparency.count import JUDGED, Rate, Transparency

_CSS: Final = """:root{color-scheme:light dark;--ink:#1d2433;--soft:#555f73;--paper:#fff;
--line:#d5dae3;--bar:#2f6f9f}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf2;--soft:#b3bccd;--paper:#141925;
--line:#39435a;--bar:#6fb3e0}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;
max-width:60rem;padding:1.5rem}
h1{line-height:1.2}h2{margin-top:2rem}p.soft,caption{color:var(--soft)}
.wrap{overflow-x:auto;margin:0 0 1.2rem}
table{border-collapse:collapse;width:100%}caption{text-align:left;padding:.2rem .6rem}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
td.num,th.num{text-align:right;font-variant-numeric:tabular-nums}
svg{width:8rem;height:.8rem;display:block}rect{fill:var(--bar)}rect.base{fill:var(--line)}"""


def _cell(value: int | None) -> str:
    return f"{value:,}" if value is not None else "hidden"


def _share(rate: Rate) -> str:
    if rate.value is None:
        return '<td>not shown</td><td class="num"></td>'
    width = round(100 * rate.value)
    return (
        f'<td><svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label='
        f'"{width} %"><rect class="base" width="100" height="8"/>'
        f'<rect width="{width}" height="8"/></svg></td>'
        f'<td class="num">{100 * rate.value:.1f} %</td>'
    )


def _table(caption: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    first, *rest = heads
    head = f'<th scope="col">{escape(first)}</th>' if first else "<td></td>"
    head += "".join(
        f'<th scope="col" class="num">{escape(word)}</th>' if word else "<td></td>" for word in rest
    )
    body = "".join(rows) or '<tr><td colspan="9">Nothing in this period.</td></tr>'
    return (
        f'<div class="wrap" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _counted(report: Transparency, section: str, names: Iterable[str]) -> list[str]:
    names = list(names)
    return [
        f'<tr><th scope="row">{escape(of)}</th>'
        + "".join(
            f'<td class="num">{_cell(report.shown(section, of, name))}</td>' for name in names
        )
        + "</tr>"
        for of in report.names(section)
    ]


def _rates(rates: Iterable[Rate]) -> list[str]:
    return [f'<tr><th scope="row">{escape(rate.of)}</th>{_share(rate)}</tr>' for rate in rates]


def as_html(report: Transparency) -> str:
    """One self-contained page."""
    times = [
        f'<tr><th scope="row">{escape(name)}</th><td class="num">'
        f"{'–' if spread.median is None else f'{spread.median / HOUR:.1f} h'}</td>"
        f'<td class="num">{"–" if spread.p90 is None else f"{spread.p90 / HOUR:.1f} h"}</td></tr>'
        for name, spread in report.times.items()
    ]
    errors = {
        section: [rate for rate in report.errors if rate.section == section]
        for section in ("detector", "language")
    }
    parts = [
        "<h2>Cases</h2>",
        _table("Cases", ("", "opened", "closed"), _counted(report, "cases", ("opened", "closed"))),
        _table("Decisions, by act", ("act", "cases"), _counted(report, "decisions", ("cases",))),
        "<h2>Times</h2>",
        _table("From opening a case to", ("", "median", "nine of ten within"), times),
        "<h2>Were the signals right?</h2>",
        _table("All signals that a person judged", ("", *JUDGED),
               _counted(report, "signals", JUDGED)),
        _table("By detector", ("detector", *JUDGED), _counted(report, "detector", JUDGED)),
        _table("Error rate by detector", ("detector", "", "judged ordinary"),
               _rates(errors["detector"])),
        _table("By language", ("language", *JUDGED), _counted(report, "language", JUDGED)),
        _table("Error rate by language", ("language", "", "judged ordinary"),
               _rates(errors["language"])),
        "<h2>Appeals</h2>",
        _table("Appeals answered", ("", "answered", "upheld", "overturned"),
               _counted(report, "appeals", ("answered", "upheld", "overturned"))),
        _table("Decisions overturned on appeal", ("", "", "overturned"),
               _rates(report.overturned)),
    ]  # fmt: skip
    gaps = "".join(f"<p>{escape(text)}</p>" for text in report.gaps)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Transparency report</title><style>{_CSS}</style></head><body><main>"
        f"<h1>Transparency report</h1><p>{report.since.isoformat()} to "
        f"{report.until.isoformat()}, both days in it.</p>"
        f'<p class="soft">Counts from 1 to {report.least - 1} are hidden, and others with them '
        "where they could be computed from the rest. Nobody is named.</p>"
        + "".join(parts)
        + f"<h2>How to read it</h2>{gaps}</main></body></html>\n"
    )


def as_csv(report: Transparency) -> str:
    """Every number on a line; a hidden one has an empty value and `hidden` beside it."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(("section", "of", "name", "value", "note"))
    for item in report.counts:
        hidden = item.value is None
        value = "" if hidden else item.value
        write.writerow((item.section, item.of, item.name, value, "hidden" if hidden else ""))
    for name, rates in (("error rate", report.errors), ("overturn rate", report.overturned)):
        for rate in rates:
            value = "" if rate.value is None else f"{rate.value:.4f}"
            write.writerow((rate.section, rate.of, name, value, ""))
    for name, spread in report.times.items():
        write.writerow(("times", name, "median ms", spread.median, ""))
        write.writerow(("times", name, "p90 ms", spread.p90, ""))
    return out.getvalue()


_NAMED: Final = ("Applicability", "Service", "Reporting period")
_MEASURES: Final = (
    "Number of measures taken at the provider's own initiative ",
    "Number of measures taken after detection with solely automated means ",
    "Visibility restriction Removal", "Visibility restriction Disable",
    "Visibility restriction Demoted", "Visibility restriction Age restricted",
    "Visibility restriction Interaction restricted", "Visibility restriction Labelled ",
    "Visibility restriction Other", "Monetary restriction Suspension",
    "Monetary restriction Termination", "Monetary restriction Other",
    "Provision of the service Suspension", "Provision of the service Termination",
    "Account restriction Suspension", "Account restriction Termination",
)  # fmt: skip
_PLAIN: Final = ("Section", "Indicator", "Scope", "Value", "Contextual Information")
_DRAFT: Final = "Draft by Lamppost: take the wording of rows from the template of your language."


def as_dsa(report: Transparency, service: str) -> bytes:
    """A zip of parts 6, 7 and 8 of the template of Implementing Regulation (EU) 2024/2835.

    Columns are those of the template; the wording of its rows was not seen, so rows carry ours.
    What the law wants of notices, orders, staff and users is not known here and not made up.
    """
    period = f"{report.since.isoformat()} - {report.until.isoformat()}"
    head = ("All", service, period)

    def value(number: int | None) -> str:
        return "" if number is None else str(number)

    acts = {act: report.shown("decisions", act, "cases") for act in ("limit_contact", "suspend")}
    cells = dict.fromkeys(_MEASURES, "")
    cells["Visibility restriction Interaction restricted"] = value(acts["limit_contact"])
    cells["Account restriction Suspension"] = value(acts["suspend"])
    part6 = (
        (*_NAMED, "Category of incompatibility with the provider's terms and conditions",
         'Description of the sub-category "Other"', *_MEASURES,
         *(f"Contextual Information on {name}" for name in _MEASURES)),
        [(*head, "Protection of minors", "", *cells.values(), _DRAFT,
          *([""] * (len(_MEASURES) - 1)))],
    )  # fmt: skip
    part7 = (
        (*_NAMED, *_PLAIN),
        [(*head, "Internal complaints", f"Complaints {name}", "All",
          value(report.shown("appeals", "all", name)), _DRAFT)
         for name in ("answered", "upheld", "overturned")],
    )  # fmt: skip
    part8 = (
        (*_NAMED, *_PLAIN),
        [(*head, "Automated detection", "Error rate", f"{rate.section}: {rate.of}",
          "" if rate.value is None else f"{rate.value:.4f}", _DRAFT)
         for rate in report.errors],
    )  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (columns, rows) in (
            ("6_own_initiative_TC.csv", part6),
            ("7_appeals_and_recidivism.csv", part7),
            ("8_automated_means.csv", part8),
        ):
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([columns, *rows])
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, text.getvalue().encode())
    return out.getvalue()
