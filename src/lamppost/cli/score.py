"""`lamppost score`: NDJSON events → one JSON line per relationship."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer

from lamppost.cli._files import STDIN, Quarantine, note, output, plural, progress
from lamppost.core.errors import InputError
from lamppost.core.levels import Level
from lamppost.events import ndjson
from lamppost.history.accounts import Book
from lamppost.history.memory import State
from lamppost.pipeline import Engine, RelationshipScore, fold, scores
from lamppost.reports.scan.views import SignalNames, account_views, child_views

LINES_AT_ONCE = 1 << 20


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("score")(score)


def score(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Events (NDJSON), or - for stdin.")],
    out: Annotated[str | None, typer.Option("--out", help="File to write, or - (stdout).")] = None,
    accounts: Annotated[
        str | None, typer.Option("--accounts", help="Also write a line per account here.")
    ] = None,
    children: Annotated[
        str | None, typer.Option("--children", help="Also write a line per child here.")
    ] = None,
    quarantine: Annotated[
        str | None, typer.Option("--quarantine", help="File for lines that cannot be read.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line.")] = False,
) -> None:
    """Score events: how each account treats each other one, with its exact reasons.

    Example: lamppost import chat.zip | lamppost score - --out scores.ndjson
    """
    from lamppost.wiring import build_engine

    engine = build_engine()
    gc.disable()  # the fold makes no cycles; the collector would walk all state again and again
    encode = msgspec.json.Encoder().encode
    with Quarantine(quarantine) as aside:
        on_bad = _stop if strict else lambda bad: aside.add(bad.place, bad.reason, bad.raw)
        keep = accounts is not None or children is not None
        state = State(book=Book() if keep else None)
        with _opened(file) as (lines, size), progress("scoring", size) as advance:
            events = ndjson.read(_told(lines, advance), on_bad)
            for step in fold(engine, events, state=state):
                state = step[0]
        levels: Counter[str] = Counter()
        rows: list[RelationshipScore] = []
        with output(out) as sink:
            for row in scores(engine, state):
                levels[row.level] += 1
                if keep:
                    rows.append(row)
                sink(encode(row) + b"\n")
        if accounts is not None:
            with output(accounts) as sink:
                for account in account_views(rows, state.book):
                    sink(encode(account) + b"\n")
        if children is not None:
            with output(children) as sink:
                for child in child_views(rows, state, _signals(engine)):
                    sink(encode(child) + b"\n")
        counters = state.counters
        parts = [
            f"{plural(counters.messages, 'message')} in "
            f"{plural(len(state.conversations), 'conversation')}"
        ]
        for count, words in (
            (counters.edits, "edits"),
            (counters.duplicates, "duplicates"),
            (counters.late, "out of order by days (counted)"),
        ):
            if count:
                parts.append(f"{count:,} {words}")
        note(f"read {', '.join(parts)}{aside.summary()}")
        found = ", ".join(
            f"{levels[level.word]:,} {level.word}" for level in reversed(Level) if level
        )
        note(f"{plural(sum(levels.values()), 'relationship')}: {found}")


def _signals(engine: Engine) -> SignalNames:
    return {
        number: (card.detector, card.because, card.imminent)
        for number, card in engine.library.cards.items()
        if card.kind == "child_signal"
    }


def _stop(bad: ndjson.BadLine) -> None:
    raise bad.error()


class _opened:  # noqa: N801
    """The file's lines and its size in bytes, when known."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._file: IO[bytes] | None = None

    def __enter__(self) -> tuple[Iterable[bytes], int | None]:
        if self._name == STDIN:
            return sys.stdin.buffer, None
        path = Path(self._name)
        try:
            self._file = path.open("rb", buffering=LINES_AT_ONCE)
        except OSError as error:
            reason = (error.strerror or "refused").lower()
            raise InputError(f"cannot be read: {reason}", where=self._name) from None
        return self._file, path.stat().st_size

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _told(lines: Iterable[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for line in lines:
        done += len(line)
        if done > LINES_AT_ONCE:
            advance(done)
            done = 0
        yield line
    advance(done)
