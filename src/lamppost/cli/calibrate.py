"""`lamppost calibrate`: how often each pattern stands in ordinary chat."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from lamppost.cli._files import note, plural
from lamppost.cli.evaluate import build, own_corpora, pairs
from lamppost.core.errors import UsageError
from lamppost.evaluation.corpora import Corpus, bundled
from lamppost.signals.card import Card

MEANS = (23, 100, 400)
"""Mean messages of simulated relationships: as measured, four times and sixteen times as many."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("calibrate")(calibrate)


def calibrate(
    language: Annotated[
        list[str] | None, typer.Option("--language", help="Only this one; repeatable.")
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            "--corpus", metavar="XX=PATH", help="Ordinary chat in a language; repeatable."
        ),
    ] = None,
    harmful: Annotated[
        str | None,
        typer.Option("--harmful", metavar="NAME=PATH", help="A licensed corpus, such as PAN12."),
    ] = None,
    harmful_language: Annotated[str, typer.Option("--harmful-language")] = "en",
    truth: Annotated[Path | None, typer.Option("--truth", help="What of it is harmful.")] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", help="SHA-256 of the licensed file.")
    ] = None,
    pack: Annotated[
        Path | None,
        typer.Option("--pack", help="Private pack to write into, outside the source tree."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a card was not measured.")
    ] = False,
    likeness: Annotated[
        bool,
        typer.Option(
            "--likeness/--no-likeness", help="Measure the second channel too (without --pack)."
        ),
    ] = True,
    budgets: Annotated[
        bool, typer.Option("--budgets/--no-budgets", help="Compute thresholds for alarm budgets.")
    ] = True,
) -> None:
    """Measure every detector on ordinary chat, write the rates, and compute alarm thresholds.

    Without --pack the public rates are written: ordinary chat only. An operator's own chat and a
    licensed corpus go into a private pack.

    Example: lamppost calibrate --corpus en=our-chat.ndjson --pack /etc/lamppost/packs/ours
    """
    from lamppost.evaluation import calibrate as work
    from lamppost.signals.calibration import RATES, load_rates
    from lamppost.signals.library import load_library

    engine = build(())
    library = engine.library
    if check:
        work.check(load_library(), load_rates())
        note(f"every card is measured in {', '.join(library.languages)}")
        return
    if pack is not None:
        work.check_outside(pack)
    elif harmful is not None or corpus:
        raise UsageError(
            "what you measure on your own corpora is private", where="--pack",
            hint="give a folder outside the source tree",
        )  # fmt: skip
    folder = RATES if pack is None else pack / "rates"
    wanted = language or list(library.languages)
    for name in wanted:
        if name not in library.languages:
            raise UsageError(
                f"there are no phrases in {name}", where="--language",
                hint=f"one of {', '.join(library.languages)}",
            )  # fmt: skip
    ordinary: dict[str, list[Corpus]] = {}
    for item in bundled():
        if not item.synthetic:
            ordinary.setdefault(item.language, []).append(item)
    for item in own_corpora(corpus):
        if item.name not in library.languages:
            raise UsageError(f"{item.name!r} is no language", where="--corpus", hint="en=PATH")
        ordinary.setdefault(item.name, []).append(item)
    rates = load_rates()
    for name in sorted(wanted, key=lambda item: (item != work.LENDER, item)):
        table = work.measured(engine.reader, name, ordinary.get(name, []), rates.get(work.LENDER))
        if harmful is not None and name == harmful_language:
            table = work.with_harmful(
                table, engine.reader, _licensed(harmful, truth, sha256), sha256 or ""
            )
        rates[name] = table
        work.write_rates(table, folder)
        left = work.unmeasured(library, table)
        note(
            f"{name}: {plural(len(table.patterns), 'pattern')} on "
            f"{plural(table.relationships, 'ordinary relationship')}"
            + (f" borrowed from {table.borrowed}" if table.borrowed else "")
            + (f", {len(left)} without a counterpart stay unmeasured" if left else "")
        )
    if likeness and pack is None:
        _likeness(ordinary[work.LENDER], list(library.cards.values()))
    if budgets:
        _print_budgets(ordinary, pack)


def _likeness(ordinary: list[Corpus], cards: list[Card]) -> None:
    """Measure what likeness to exemplars is worth on ordinary chat, and write it."""
    from datetime import UTC, datetime

    from lamppost.core.errors import EngineError
    from lamppost.evaluation.corpora import read
    from lamppost.evaluation.likeness import measure, sample, write
    from lamppost.events.vocabulary import Message
    from lamppost.wiring import encoders

    static, deep = encoders()
    if static is None or deep is None:
        raise EngineError("the encoders are not installed", hint="pip install 'lamppost[meaning]'")
    texts = sample(
        event.text for item in ordinary for event in read(item)[0] if isinstance(event, Message)
    )
    source = "; ".join(item.source for item in ordinary)
    made = measure(
        texts, cards, static=static, deep=deep, source=source,
        date=datetime.now(UTC).date().isoformat(),
    )  # fmt: skip
    write(made)
    note(f"likeness: {plural(len(made.deep), 'tactic')} on {plural(made.messages, 'message')}")


def _licensed(harmful: str, truth: Path | None, sha256: str | None) -> Corpus:
    """The licensed corpus; raises `UsageError` when its digest is not given."""
    from lamppost.evaluation.calibrate import digest_of

    (name, path), *_ = pairs([harmful], "--harmful").items()
    if not Path(path).exists():
        raise UsageError("does not exist", where=path, hint="check the path")
    if not sha256:
        raise UsageError(
            f"{name} has SHA-256 {digest_of(Path(path))}", where="--sha256",
            hint="compare it with the one of your licence, then give it",
        )  # fmt: skip
    return Corpus(
        name=name, kind="file", source="licensed", path=path, truth=str(truth or ""), harmful=True
    )


def _print_budgets(ordinary: dict[str, list[Corpus]], pack: Path | None) -> None:
    """Thresholds by budget, from the rates just written."""
    from lamppost.config import load_options
    from lamppost.evaluation.calibrate import LENDER, budgets
    from lamppost.evaluation.ville import simulated
    from lamppost.signals.calibration import load_rates
    from lamppost.wiring import build_engine

    options = load_options()
    if pack is not None:
        import msgspec

        options = msgspec.structs.replace(options, packs=[*options.packs, str(pack)])
    engine = build_engine(options)
    corpora = [item for items in ordinary.values() for item in items]
    found, size = budgets(engine, corpora)
    for budget, bits in found.items():
        if bits.value is None:
            note(f"{budget:g} of 100,000: too little ordinary chat to say")
            continue
        note(
            f"{budget:g} false alarms per 100,000: {bits.value:.1f} bits "
            f"({bits.low:.1f} to {bits.high:.1f}) measured on {size:,} ordinary relationships; "
            f"{math.log2(1e5 / budget):.1f} bits by Ville's inequality under the model"
        )
    limits = engine.thresholds
    table = load_rates(*(Path(item) / "rates" for item in options.packs))[LENDER]
    for mean in MEANS:
        peaks = simulated(engine, table, count=2_000, mean=mean, seed=1)
        reached = float((peaks >= limits.concern).mean())
        note(
            f"simulated, {mean} messages each: {reached * 1e5:,.0f} of 100,000 ever reach "
            f"{limits.concern:g} bits; Ville's bound is {1e5 * 2**-limits.concern:,.0f}"
        )
    note(f"in force: concern from {limits.concern:g} bits, high from {limits.high:g}")
