"""`lamppost import`: a chat export → NDJSON events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from lamppost.cli._export import Exports, open_exports
from lamppost.cli._files import Quarantine, import_options, note, output, plural, progress
from lamppost.events import ndjson
from lamppost.events.vocabulary import Event


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import")(import_)


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, folders or zips.")],
    form: Annotated[
        str | None, typer.Option("--format", help="Format; recognised when left out.")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", help="File to write, or - (stdout).")] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", help="Whose export it is, where the format asks.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="Zone of times that carry none.")
    ] = None,
    date_order: Annotated[str | None, typer.Option("--date-order", help="dmy, mdy or ymd.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="FIELD=COLUMN, for tables; repeatable.")
    ] = None,
    quarantine: Annotated[
        str | None, typer.Option("--quarantine", help="File for records that cannot be read.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")] = False,
) -> None:
    """Turn a chat export into events, one JSON object a line.

    Example: lamppost import "WhatsApp Chat - Mia.zip" --time-zone Europe/London --out chat.ndjson
    """
    options = import_options(owner, time_zone, date_order, column)
    with Quarantine(quarantine) as aside:
        exports = open_exports(paths, form, options, aside.add, strict)
        kinds: Counter[str] = Counter()
        with progress("reading", exports.size) as advance, output(out) as sink:
            ndjson.write(_counted(exports.read(advance), kinds), sink)
        exports.close()
        tell(exports, kinds)
        note(f"{plural(sum(kinds.values()), 'event')} written{aside.summary()}")


def _counted(events: Iterable[Event], kinds: Counter[str]) -> Iterator[Event]:
    for event in events:
        kinds[str(event.__struct_config__.tag)] += 1
        yield event


def tell(exports: Exports, kinds: Counter[str]) -> None:
    """Say on stderr what was recognised, counted, skipped and noted."""
    for source, importer, log in zip(exports.sources, exports.importers, exports.logs, strict=True):
        note(f"{source.label}: {importer.title}")
        for reason, count in sorted(log.skipped.items()):
            note(f"  {count:,} not read: {reason}")
        for sentence in log.notes:
            note(f"  {sentence}")
    counted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    note(f"found: {counted or 'nothing'}")
