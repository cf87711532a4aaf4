"""`lamppost support`: whom to call and where to report, by country."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import output
from lamppost.protect.support import PURPOSES, support_for


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("support")(support)


def support(
    country: Annotated[
        str | None, typer.Option("--country", help="ISO 3166 code, such as GB.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Show services known to speak it first.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with every source.")] = False,
) -> None:
    """Whom to call and where to report, each with its source and the day it was checked.

    Example: lamppost support --country PT --language pt
    """
    found = support_for(country, today=date.today(), language=language)
    with output(None) as write:
        if as_json:
            write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
            return
        lines = []
        for purpose, title in PURPOSES.items():
            rows = found.of(purpose)
            if rows:
                lines.append(f"{title}:")
            for row in rows:
                old = " (stale: confirm it first)" if row.old else ""
                lines.append(f"  {row.organisation}: {row.value}{old}")
                if row.note:
                    lines.append(f"      {row.note}")
                lines.append(f"      checked {row.verified_at.isoformat()}: {row.source}")
        lines += found.warnings
        write(("\n".join(lines) + "\n").encode())
