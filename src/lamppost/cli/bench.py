"""`lamppost bench`: how fast each stage is here."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("bench")(bench)


def bench(
    messages: Annotated[
        int, typer.Option("--messages", min=1000, max=10_000_000, help="How many to read.")
    ] = 100_000,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Time each stage once on one core: messages a second, and shares of the whole.

    Example: lamppost bench --messages 200000
    """
    from lamppost.evaluation.bench import bench as run
    from lamppost.wiring import build_engine

    stages = run(build_engine(), messages)
    with output(None) as sink:
        if json:
            sink(msgspec.json.encode(stages) + b"\n")
            return
        for stage in stages:
            line = f"{stage.name:<18}{stage.share:>7.1%}{stage.per_second:>14,.0f} messages/s\n"
            sink(line.encode())
