"""`lamppost scan`: a chat export → what it shows, why, and what to do now."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from lamppost.cli._export import Exports, open_exports
from lamppost.cli._files import (
    STDIN,
    Quarantine,
    import_options,
    note,
    open_private,
    output,
    plural,
    progress,
)
from lamppost.core.errors import EngineError, UsageError
from lamppost.core.levels import Level
from lamppost.events.vocabulary import Account, Message
from lamppost.reports.scan.model import NotLooked, Origin, ScanReport, private_texts


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("scan")(scan)


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, folders or zips.")],
    form: Annotated[
        str | None, typer.Option("--format", help="Format; recognised when left out.")
    ] = None,
    child: Annotated[
        str | None, typer.Option("--child", help="Name or id of the child in the chat.")
    ] = None,
    age: Annotated[
        int | None, typer.Option("--age", min=0, max=120, help="Age of the child, in years.")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="Whose numbers to show, such as GB.")
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", help="Write one self-contained page here.")
    ] = None,
    json_: Annotated[
        str | None, typer.Option("--json", help="Write the report as JSON here, or - (stdout).")
    ] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Replace names, numbers, addresses and links.")
    ] = False,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", help="Exit 1 from this level on: watch, concern, high, urgent."),
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", help="Whose export it is, where the format asks.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="The child's zone, such as Europe/London.")
    ] = None,
    date_order: Annotated[str | None, typer.Option("--date-order", help="dmy, mdy or ymd.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="FIELD=COLUMN, for tables; repeatable.")
    ] = None,
    quarantine: Annotated[
        str | None, typer.Option("--quarantine", help="File for records that cannot be read.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")] = False,
    second_reader: Annotated[
        bool,
        typer.Option(
            "--second-reader", help="Also ask the policy model of the settings, text redacted."
        ),
    ] = False,
    people: Annotated[
        bool, typer.Option("--people", help="Only list who takes part, for --child.")
    ] = False,
) -> None:
    """Scan a chat export and explain what it shows.

    Example: lamppost scan chat.zip --child Mia --age 13 --country GB --html report.html
    """
    from lamppost.config import load_options

    settings = load_options()
    level = _level(fail_on)
    if age is not None and child is None:
        raise UsageError("needs --child to say whose age it is", where="--age")
    options = import_options(owner, time_zone or settings.time_zone, date_order, column)
    with Quarantine(quarantine) as aside:
        exports = open_exports(paths, form, options, aside.add, strict)
        try:
            if people:
                _people(exports)
                return
            report = _report(
                exports,
                child,
                age,
                country or settings.country,
                time_zone or settings.time_zone,
                redact,
                second_reader,
            )
        finally:
            exports.close()
        _deliver(report, html, json_)
        note(f"read {plural(report.totals.messages, 'message')}{aside.summary()}")
    if level is not None and Level.parse(report.verdict.level) >= level:
        raise typer.Exit(1)


def _level(word: str | None) -> Level | None:
    if word is None:
        return None
    try:
        level = Level.parse(word)
    except KeyError:
        level = Level.NONE
    if level is Level.NONE:
        raise UsageError(
            f"{word!r} is not a level", where="--fail-on", hint="watch, concern, high or urgent"
        )
    return level


def _people(exports: Exports) -> None:
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for event in exports.read(lambda size: None):
        if isinstance(event, Account):
            names[event.id] = event.display_name or event.id
        elif isinstance(event, Message):
            counts[event.sender_id] += 1
    with output(None) as sink:
        for who in dict.fromkeys([*names, *counts]):
            row = {"id": who, "name": names.get(who, who), "messages": counts[who]}
            sink(msgspec.json.encode(row) + b"\n")


def _report(
    exports: Exports,
    child: str | None,
    age: int | None,
    country: str | None,
    time_zone: str | None,
    redact: bool,
    second: bool = False,
) -> ScanReport:
    from lamppost.config import load_options
    from lamppost.protect.support import support_for
    from lamppost.reports.redaction import Redactor
    from lamppost.reports.scan.build import Plain, Request, Veil, build_report
    from lamppost.wiring import build_engine, second_reader

    now = datetime.now(UTC).replace(microsecond=0)
    zone = exports.options.time_zone
    support = support_for(country, today=now.date())
    engine = build_engine()
    gc.freeze()

    veils: list[Redactor] = []

    def veil(names: dict[str, str]) -> Veil:
        if not redact:
            return Plain()
        veils.append(Redactor(names, country=support.country))
        return veils[0]

    with progress("reading", exports.size * 2) as advance:
        report = build_report(
            engine,
            Request(
                read=lambda: exports.read(advance),
                support=support,
                now=now,
                child=child,
                age=age,
                zone=zone,
                child_zone=time_zone,
                origins=lambda: origins(exports),
                not_looked=lambda: not_looked(exports),
                veil=veil,
                second=second_reader(load_options()) if second else None,
            ),
        )
    if any(redactor.leaks(private_texts(report)) for redactor in veils):
        raise EngineError(
            "the redacted report still held a participant's name, so it was not written",
            hint="scan without --redact, and please report this",
        )
    return report


def origins(exports: Exports) -> list[Origin]:
    """The exports, as the report names them."""
    return [
        Origin(label=source.label, format=importer.name, title=importer.title, bytes=source.size)
        for source, importer in zip(exports.sources, exports.importers, strict=True)
    ]


def not_looked(exports: Exports) -> list[NotLooked]:
    """What the importers skipped, set aside or noted."""
    out: list[NotLooked] = []
    for importer, log in zip(exports.importers, exports.logs, strict=True):
        out.extend(NotLooked(what=importer.title, reason=sentence) for sentence in log.notes)
        out.extend(
            NotLooked(what="Not messages", reason=f"{count:,} × {reason}.")
            for reason, count in sorted(log.skipped.items())
        )
        if log.quarantined:
            out.append(
                NotLooked(
                    what="Unreadable records",
                    reason=f"{log.quarantined:,} could not be read and were set aside.",
                )
            )
    return out


def _deliver(report: ScanReport, html: str | None, json_: str | None) -> None:
    if html is not None:
        from lamppost.reports.scan.page import page

        text = page(report)
        with open_private(html) as file:
            file.write(text.encode())
        note(f"page written to {html}")
    if json_ is not None:
        with output(json_) as sink:
            sink(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if json_ != STDIN:
        from lamppost.reports.scan.terminal import print_report

        wide = None if sys.stdout.isatty() else 100
        print_report(report, Console(width=wide, highlight=False, markup=False, emoji=False))
