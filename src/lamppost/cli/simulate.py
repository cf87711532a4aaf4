"""`lamppost simulate`: a synthetic community as events, its ground truth apart."""

from __future__ import annotations

import gc
from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import note, output, plural
from lamppost.core.errors import UsageError

MOST_ACCOUNTS = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("simulate")(simulate)


def simulate(
    accounts: Annotated[int, typer.Option("--accounts", help="How many people, about.")] = 1000,
    days: Annotated[int, typer.Option("--days", help="For how many days.")] = 30,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds give equal events.")] = 1,
    out: Annotated[
        str | None, typer.Option("--out", help="File for events, or - (stdout).")
    ] = None,
    truth: Annotated[
        str | None, typer.Option("--truth", help="File for a line per seeded offender.")
    ] = None,
    members: Annotated[
        str | None, typer.Option("--members", help="File for a line per account: who it is.")
    ] = None,
) -> None:
    """Simulate a platform with children, adults and seeded offenders. All of it is invented.

    Example: lamppost simulate --accounts 2000 --days 30 --out events.ndjson --truth truth.ndjson
    """
    from lamppost.evaluation.community import simulate as run
    from lamppost.events import ndjson

    if not 50 <= accounts <= MOST_ACCOUNTS:
        raise UsageError(
            f"{accounts} is outside 50 to {MOST_ACCOUNTS:,}",
            where="--accounts",
            hint="such as 1000",
        )
    if not 1 <= days <= 366:
        raise UsageError(f"{days} is outside 1 to 366", where="--days", hint="such as 30")
    gc.disable()
    community = run(accounts, days, seed)
    with output(out) as sink:
        count = ndjson.write(community.events(), sink)
    encode = msgspec.json.Encoder().encode
    for path, rows in ((truth, community.truth), (members, community.members)):
        if path is not None:
            with output(path) as sink:
                for row in rows:
                    sink(encode(row) + b"\n")
    note(
        f"{plural(count, 'event')} of {plural(len(community.world.people), 'account')}, "
        f"{plural(len(community.agents), 'seeded offender')}; all synthetic"
    )
