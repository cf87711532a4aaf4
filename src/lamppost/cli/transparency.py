"""`lamppost transparency`: what a deployment did in a period, for everybody to read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from lamppost.cli._deployment import open_deployment
from lamppost.cli._files import output
from lamppost.core.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("transparency")(transparency)


def transparency(
    since: Annotated[str, typer.Option("--from", help="First day, such as 2026-01-01 (UTC).")],
    until: Annotated[str, typer.Option("--to", help="Last day, in the report too.")],
    data: Annotated[Path, typer.Option("--data", help="Data folder of the service.")] = Path(
        "lamppost-data"
    ),
    store: Annotated[str, typer.Option("--store", help="Database URL, if not in --data.")] = "",
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Key folder, if not `keys` in --data.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="html, csv, or dsa (a zip).")] = "html",
    service: Annotated[str, typer.Option("--service", help="Name of your service (dsa).")] = "",
    out: Annotated[str | None, typer.Option("--out", help="File, or - (stdout).")] = None,
) -> None:
    """Count cases, decisions, errors and appeals of a period; small counts are hidden.

    Example: lamppost transparency --from 2026-01-01 --to 2026-06-30 --out report.html
    """
    from lamppost.reports.transparency import as_csv, as_dsa, as_html, count

    if form not in ("html", "csv", "dsa"):
        raise UsageError(f"{form!r} is not a format", where="--format", hint="html, csv or dsa")
    first, last = _day(since, "--from"), _day(until, "--to")
    if last < first:
        raise UsageError("is before --from", where="--to", hint="give the later day")
    between = _ms(first), _ms(last + timedelta(days=1))
    cases = open_deployment(data, store, keys)
    try:
        appeals = [
            (appeal, file.case.detectors if (file := cases.store.file(appeal.case_id)) else ())
            for appeal in cases.store.appeals(answered=True, limit=1_000_000)
        ]
        report = count(
            cases.store.labels(), appeals, cases.store.figures(between[0], between[1] - 1),
            since=first, until=last, between=between,
        )  # fmt: skip
    finally:
        cases.database.close()
    body = (
        as_dsa(report, service)
        if form == "dsa"
        else (as_html(report) if form == "html" else as_csv(report)).encode()
    )
    with output(out) as write:
        write(body)


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a day", where=where, hint="such as 2026-06-30") from None


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
