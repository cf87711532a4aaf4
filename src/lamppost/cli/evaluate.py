"""`lamppost evaluate`: how well it does, on what, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import note, output
from lamppost.core.errors import UsageError
from lamppost.evaluation.corpora import Corpus, bundled
from lamppost.pipeline import Engine

PARTS = ("robustness", "ablations", "baselines")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("evaluate")(evaluate)


def build(off: tuple[str, ...]) -> Engine:
    """The engine that serves, with some switches off; importable by worker processes."""
    from lamppost.wiring import build_engine

    return build_engine(off=off)


def evaluate(
    corpus: Annotated[
        list[str] | None,
        typer.Option("--corpus", metavar="NAME=PATH", help="A corpus of your own; repeatable."),
    ] = None,
    truth: Annotated[
        list[str] | None,
        typer.Option("--truth", metavar="NAME=FILE", help="What of it is harmful; repeatable."),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", metavar="NAME=XX", help="Language of a corpus of your own."),
    ] = None,
    only_labelled: Annotated[
        bool, typer.Option("--only-labelled", help="Leave out what no truth names.")
    ] = False,
    bundled_too: Annotated[
        bool, typer.Option("--bundled/--no-bundled", help="The project's own corpora too.")
    ] = True,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Labels of case decisions (CSV or NDJSON).")
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", help=f"Leave out {', '.join(PARTS)}; repeatable."),
    ] = None,
    processes: Annotated[int, typer.Option("--processes", min=1, max=64)] = 2,
    html: Annotated[
        str | None, typer.Option("--html", help="Write the report as one HTML file here.")
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", help="Write every figure here; - is stdout.")
    ] = None,
) -> None:
    """Measure detection on the bundled corpora and on your own, through the code that serves.

    Figures only: no text of a corpus is written anywhere.

    Example: lamppost evaluate --corpus mine=chats.ndjson --truth mine=truth.csv --html report.html
    """
    from lamppost.evaluation.evaluate import evaluate as run

    corpora = bundled() if bundled_too else []
    corpora += own_corpora(corpus, truth, language, only_labelled)
    if not corpora:
        raise UsageError("there is no corpus", where="--corpus", hint="such as mine=chats.ndjson")
    unknown = sorted(set(skip or ()) - set(PARTS))
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no part", where="--skip", hint=" or ".join(PARTS))
    parts = [part for part in PARTS if part not in (skip or ())]
    report = run(build, corpora, processes=processes, parts=parts, labels=labels, told=note)
    if html is not None:
        from lamppost.evaluation.page import page

        with output(html) as sink:
            sink(page(report).encode())
    if json is not None:
        with output(json) as sink:
            sink(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    from lamppost.evaluation.summary import summary

    for line in summary(report):
        note(line)


def own_corpora(
    corpus: list[str] | None,
    truth: list[str] | None = None,
    language: list[str] | None = None,
    only_labelled: bool = False,
) -> list[Corpus]:
    """Corpora named on the command line. Raises `UsageError` naming option and fix."""
    paths = pairs(corpus, "--corpus")
    truths, languages = pairs(truth, "--truth"), pairs(language, "--language")
    for option, given in (("--truth", truths), ("--language", languages)):
        for name in given.keys() - paths.keys():
            raise UsageError(f"no --corpus is called {name}", where=option, hint="name it first")
    for name, path in [*paths.items(), *truths.items()]:
        if not Path(path).exists():
            raise UsageError("does not exist", where=path, hint=f"check the path of {name}")
    return [
        Corpus(
            name=name,
            kind="file",
            source="given by the operator",
            path=path,
            truth=truths.get(name, ""),
            language=languages.get(name, ""),
            only_labelled=only_labelled,
        )
        for name, path in paths.items()
    ]


def pairs(items: list[str] | None, option: str) -> dict[str, str]:
    """`NAME=VALUE` options. Raises `UsageError` naming option and fix."""
    found: dict[str, str] = {}
    for item in items or []:
        name, equals, value = item.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"{item!r} is not NAME=VALUE", where=option, hint="such as mine=x.csv")
        if name in found:
            raise UsageError(f"{name} is named twice", where=option, hint="give each its own name")
        found[name] = value
    return found
