"""`lamppost cases`: what a deployment's decisions say, without text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lamppost.cli._deployment import open_deployment
from lamppost.cli._files import note, output, plural


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(
        help='What decisions say.\n\nExample: lamppost cases labels --by "Lee Lead"',
        no_args_is_help=True,
    )
    group.callback()(lambda: None)
    group.command("labels")(labels)
    app.add_typer(group, name="cases")


def labels(
    by: Annotated[str, typer.Option("--by", help="Your name; it is written down.")],
    data: Annotated[Path, typer.Option("--data", help="Data folder of the service.")] = Path(
        "lamppost-data"
    ),
    store: Annotated[str, typer.Option("--store", help="Database URL, if not in --data.")] = "",
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Key folder, if not `keys` in --data.")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", help="File, or - (stdout).")] = None,
) -> None:
    """Write a JSON line per label: detector, version, language, label, bits. No text, no ids.

    Example: lamppost cases labels --by "Lee Lead" --out labels.ndjson
    """
    from lamppost.cases.rights import Who
    from lamppost.wiring import open_desk

    cases = open_deployment(data, store, keys)
    try:
        rows = list(open_desk(cases).export_labels(Who(by, by, frozenset({"lead"}))))
        with output(out) as sink:
            for row in rows:
                sink(msgspec.json.encode(row) + b"\n")
    finally:
        cases.database.close()
    note(plural(len(rows), "label"))
