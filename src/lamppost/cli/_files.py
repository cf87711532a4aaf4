"""What verbs share: private output files, the quarantine, progress, exports opened."""

from __future__ import annotations

import base64
import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import IO

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from lamppost.core.errors import UsageError
from lamppost.core.times import zone
from lamppost.importers.base import ImportOptions

STDIN = "-"


def note(text: str) -> None:
    """A line of summary on stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def plural(count: int, word: str, many: str = "") -> str:
    """`1 message`, `2,000 messages`."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


def open_private(path: str | Path) -> IO[bytes]:
    """Open a new file for writing that only its owner can read: it may hold private text.

    Raises `UsageError` when it cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if stat.S_ISREG(os.fstat(handle).st_mode):  # a device such as /dev/null stays as it is
            with contextlib.suppress(OSError, AttributeError):  # not on Windows
                os.fchmod(handle, 0o600)
        return os.fdopen(handle, "wb")
    except OSError as error:
        raise UsageError(
            f"cannot be written: {(error.strerror or 'refused').lower()}", where=str(path)
        ) from None


@contextlib.contextmanager
def output(path: str | None) -> Iterator[Callable[[bytes], object]]:
    """A place to write bytes: stdout for `None` and `-`, else a private file."""
    if path is None or path == STDIN:
        sys.stdout.flush()
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    with open_private(path) as file:
        yield file.write


class Quarantine:
    """Where bad lines go: told on stderr, counted, and kept in a file only when asked for.

    A line of the file: `{"place": …, "reason": …, "raw": base64}`. `SHOWN` are told one by one.
    """

    SHOWN = 20

    def __init__(self, path: str | None) -> None:
        self.count = 0
        self.path = path
        self._file = open_private(path) if path is not None else None

    def add(self, place: str, reason: str, raw: bytes) -> None:
        """Set one record aside."""
        self.count += 1
        if self.count <= self.SHOWN:
            note(f"{place}: {reason}")
        elif self.count == self.SHOWN + 1:
            note("… further bad lines are counted, not shown")
        if self._file is not None:
            line = {"place": place, "reason": reason, "raw": base64.b64encode(raw).decode()}
            self._file.write(msgspec.json.encode(line) + b"\n")

    def summary(self) -> str:
        """`, 3 lines set aside in bad.ndjson`, or nothing."""
        if not self.count:
            return ""
        kept = f"in {self.path}" if self.path else "(name a file with --quarantine to keep them)"
        return f", {plural(self.count, 'line')} set aside {kept}"

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr that counts bytes; nothing when stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda size: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total)

        def advance(size: int) -> None:
            bar.advance(task, size)

        yield advance


def import_options(
    owner: str | None,
    time_zone: str | None,
    date_order: str | None,
    columns: list[str] | None,
) -> ImportOptions:
    """Import options from the command line; raises `UsageError` naming option and fix."""
    options = ImportOptions(owner=owner, date_order=_date_order(date_order))
    if time_zone:
        options.time_zone = _zone(time_zone)
    for item in columns or []:
        name, equals, column = item.partition("=")
        if not equals or not name or not column:
            raise UsageError(
                f"{item!r} is not FIELD=COLUMN", where="--column", hint="such as text=body"
            )
        options.columns[name.strip()] = column.strip()
    return options


def _zone(name: str) -> tzinfo:
    found = zone(name)
    if found is None:
        raise UsageError(
            f"{name!r} is not known", where="--time-zone", hint="a name such as Europe/London"
        )
    return found


def _date_order(text: str | None) -> str | None:
    if text is not None and text not in ("dmy", "mdy", "ymd"):
        raise UsageError(f"{text!r} is not known", where="--date-order", hint="dmy, mdy or ymd")
    return text
