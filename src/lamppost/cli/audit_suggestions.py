"""`lamppost audit-suggestions`: whom a recommender brings to children."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import Quarantine, note, output
from lamppost.core.errors import InputError
from lamppost.core.times import to_ms
from lamppost.events import ndjson
from lamppost.events.vocabulary import moment_of
from lamppost.history.graph import ContactGraph


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("audit-suggestions")(audit_suggestions)


def audit_suggestions(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Suggestions, CSV or Parquet.")],
    events: Annotated[
        Path | None, typer.Option("--events", help="Events (NDJSON): ages, friends, rooms.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="Seeded offenders of a simulation (NDJSON).")
    ] = None,
    html: Annotated[str | None, typer.Option("--html", help="Write the report here.")] = None,
    json: Annotated[
        str | None, typer.Option("--json", help="Write the published figures here, or -.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the baselines.")] = 1,
) -> None:
    """Count suggestions that bring unknown adults to children, for a report to publish.

    A row needs account_id and suggested_id; feature, path and ages may be there.

    Example: lamppost audit-suggestions shown.csv --events events.ndjson --html audit.html
    """
    from lamppost.evaluation.suggestions import audit, read_suggestions, read_truth, report
    from lamppost.reports.audits import html as page_of
    from lamppost.reports.audits import plain

    suggestions = read_suggestions(file)
    graph, now = _graph(events) if events is not None else (None, 0)
    seeded = None if truth is None else read_truth(truth)
    page = report(audit(suggestions, graph, seeded, now=now, seed=seed))
    if html is not None:
        with output(html) as sink:
            sink(page_of(page).encode())
    if json is not None:
        with output(json) as sink:
            sink(msgspec.json.format(msgspec.json.encode(page)) + b"\n")
    if json != "-" and html != "-":
        with output(None) as sink:
            sink(plain(page).encode())
    note(f"read {len(suggestions):,} suggestions")


def _graph(path: Path) -> tuple[ContactGraph, int]:
    graph, newest = ContactGraph(), 0
    try:
        file = path.open("rb")
    except OSError as error:
        reason = (error.strerror or "refused").lower()
        raise InputError(f"cannot be read: {reason}", where=str(path)) from None
    with file, Quarantine(None) as aside:
        for event in ndjson.read(file, lambda bad: aside.add(bad.place, bad.reason, bad.raw)):
            graph.apply(event)
            moment = moment_of(event)
            if moment is not None:
                newest = max(newest, to_ms(moment))
    return graph, newest
