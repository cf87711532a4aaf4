"""`lamppost schema`: the published JSON Schemas."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from lamppost.cli._files import output


class Name(StrEnum):
    """Schemas there are."""

    EVENTS = "events"
    REPORT = "report"
    SCORE = "score"
    ACCOUNT = "account"
    CHILD = "child"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("schema")(schema)


def schema(
    name: Annotated[Name, typer.Argument(help="Which schema to print.")] = Name.EVENTS,
) -> None:
    """Print a published JSON Schema (2020-12).

    Example: lamppost schema report > report.schema.json
    """
    from lamppost.events.schema import event_schema
    from lamppost.reports.scan.schema import (
        account_schema,
        child_schema,
        report_schema,
        score_schema,
    )

    made = {
        Name.EVENTS: event_schema,
        Name.REPORT: report_schema,
        Name.SCORE: score_schema,
        Name.ACCOUNT: account_schema,
        Name.CHILD: child_schema,
    }[name]()
    with output(None) as sink:
        sink(json.dumps(made, indent=2, ensure_ascii=False).encode() + b"\n")
