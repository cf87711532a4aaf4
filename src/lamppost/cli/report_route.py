"""`lamppost report route`: who must, may and must not be told, by places."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, cast

import msgspec
import typer

from lamppost.cli._files import output
from lamppost.core.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the verb to the group `report`, which is made when no other module has made it."""
    for known in app.registered_groups:
        if known.name == "report" and known.typer_instance is not None:
            known.typer_instance.command("route")(route)
            return
    group = typer.Typer(
        help="Reports to authorities.\n\nExample: lamppost report route --child GB --urgency now",
        no_args_is_help=True,
    )
    group.command("route")(route)
    app.add_typer(group, name="report")

    @group.callback()
    def _only() -> None:
        pass


def route(
    child: Annotated[
        str | None, typer.Option("--child", help="Where the child is: ISO 3166, or unknown.")
    ] = None,
    suspect: Annotated[str | None, typer.Option("--suspect", help="Where the suspect is.")] = None,
    platform: Annotated[
        str | None, typer.Option("--platform", help="Where the platform is established.")
    ] = None,
    urgency: Annotated[
        str, typer.Option("--urgency", help="now: life or safety is in danger; else soon.")
    ] = "soon",
    told: Annotated[
        list[str] | None, typer.Option("--told", help="Who has a report already, such as ncmec.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
) -> None:
    """Say who must, may and must not be told. Not legal advice; nothing is sent.

    Example: lamppost report route --child GB --suspect PH --platform US --urgency now --json
    """
    from lamppost.reports.routing import route as find
    from lamppost.reports.routing.text import as_text

    if urgency not in ("now", "soon"):
        raise UsageError(f"{urgency!r} is not an urgency", where="--urgency", hint="now or soon")
    found = find(
        child, suspect, platform,
        urgency=cast(Literal["now", "soon"], urgency), today=date.today(), told=tuple(told or ()),
    )  # fmt: skip
    with output(None) as write:
        if as_json:
            write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        else:
            write(as_text(found).encode())
