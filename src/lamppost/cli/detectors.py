"""`lamppost detectors list|show|check`: what is looked for, from the cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from lamppost.cli._files import note, output, plural
from lamppost.core.errors import PackError, UsageError
from lamppost.signals.card import Card, ConductCard
from lamppost.signals.discovery import conduct_cards
from lamppost.signals.library import Library, card_folders, load_library


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(
        help="What Lamppost looks for.\n\nExample: lamppost detectors list", no_args_is_help=True
    )
    group.command("list")(list_)
    group.command("show")(show)
    group.command("check")(check)
    app.add_typer(group, name="detectors")


def _library() -> Library:
    from lamppost.config import load_options

    options = load_options()
    return load_library(options.languages, [Path(pack) for pack in options.packs])


def list_(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List every detector.

    Example: lamppost detectors list --json
    """
    library = _library()
    counts = dict.fromkeys(library.cards, 0)
    for reason in library.reasons:
        counts[reason.card.number] += 1
    cards: list[Card | ConductCard] = [*library.cards.values(), *conduct_cards()]
    if as_json:
        with output(None) as sink:
            for card in cards:
                row = {
                    "detector": card.detector,
                    "title": card.title,
                    "stage": card.stage,
                    "status": card.status,
                    "version": card.version,
                    "phrases": counts.get(card.number, 0),
                }
                sink(msgspec.json.encode(row) + b"\n")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("detector", "title", "stage", "status", "phrases"):
        table.add_column(column, justify="right" if column == "phrases" else "left")
    for card in cards:
        phrases = str(counts.get(card.number, ""))
        table.add_row(card.detector, card.title, card.stage, card.status, phrases)
    Console().print(table)
    note(f"{plural(len(cards), 'detector')}, languages {', '.join(library.languages)}")


def show(
    name: Annotated[str, typer.Argument(help="Id, such as secrecy or tactic.secrecy.")],
    as_json: Annotated[bool, typer.Option("--json", help="The card as JSON.")] = False,
) -> None:
    """Show one detector's card.

    Example: lamppost detectors show secrecy
    """
    library = _library()
    card: Card | ConductCard
    try:
        found = [item for item in conduct_cards() if name in (item.id, item.detector)]
        card = found[0] if found else library.card(name)
    except KeyError:
        raise UsageError(
            f"detector {name!r} is not known", hint="see `lamppost detectors list`"
        ) from None
    if as_json:
        with output(None) as sink:
            sink(json.dumps(msgspec.to_builtins(card), indent=2, ensure_ascii=False).encode())
            sink(b"\n")
        return
    console = Console(highlight=False)
    for line in _card_lines(card):
        console.print(line, markup=False)


def _card_lines(card: Card | ConductCard) -> list[str]:
    rows = [
        ("detector", f"{card.detector}, version {card.version}, {card.status}"),
        ("title", card.title),
        ("stage", card.stage.replace("_", " ")),
        ("looks for", card.what),
        ("harm", card.harm),
        (
            "bits",
            f"weak {card.bits.weak:g}, plain {card.bits.plain:g}, strong {card.bits.strong:g} "
            f"({card.bits.source})",
        ),
        ("half-life", f"{card.half_life_days.value:g} {card.half_life_days.unit}"),
        *(("false positive", text) for text in card.false_positives),
        *(("blind spot", text) for text in card.blind_spots),
        ("reviewer", card.reviewer_guide),
        *(("source", text) for text in card.sources),
    ]
    return [f"{label:<15}{text}" for label, text in rows]


def check(
    packs: Annotated[
        list[Path] | None, typer.Argument(metavar="[PACK]…", help="Your own packs to check too.")
    ] = None,
) -> None:
    """Check cards and phrases, and that fires/quiet lines do what they say.

    Example: lamppost detectors check ./my-pack
    """
    from lamppost.config import load_options
    from lamppost.signals.library import TACTICS
    from lamppost.signals.reader import Reader
    from lamppost.wiring import pattern_compiler

    options = load_options()
    roots = [*(Path(pack) for pack in options.packs), *(packs or [])]
    library = load_library(options.languages, roots)
    reader = Reader(library, pattern_compiler(options))
    failures = 0
    for folder in card_folders([TACTICS, *roots]):
        number = library.card(folder.name).number
        for path in sorted(folder.glob("*.txt")):
            kind = path.name.partition(".")[0]
            if kind not in ("fires", "quiet"):
                continue
            lines = [
                (index, line)
                for index, line in enumerate(path.read_text("utf-8").splitlines(), 1)
                if line.strip() and not line.startswith("#")
            ]
            hit = {
                seen.message
                for seen in reader.read([line for _, line in lines])
                if library.reasons[seen.reason].card.number == number
            }
            for place, (index, _) in enumerate(lines):
                if (place in hit) != (kind == "fires"):
                    failures += 1
                    wrong = "is not seen" if kind == "fires" else "is seen"
                    note(f"{folder.name}/{path.name} line {index}: {wrong}")
    if failures:
        raise PackError(
            f"{plural(failures, 'line')} behave otherwise than their file says",
            hint="mend the phrases, or the line",
        )
    note(f"{plural(len(library.cards), 'detector')} checked, {len(library.reasons):,} reasons")
