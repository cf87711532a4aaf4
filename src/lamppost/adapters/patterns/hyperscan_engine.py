"""All expressions at once with Hyperscan (Vectorscan).

One scan of the whole buffer finds every expression in every message. The compiled database is
cached on disk under the user's cache folder, keyed by expressions and library version.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import hyperscan
import numpy as np
from numpy.typing import NDArray

from lamppost.core.errors import PackError

_MODE = hyperscan.HS_MODE_BLOCK
_CHUNK = 64 << 20


def cache_folder() -> Path:
    """Where compiled databases are kept: `$LAMPPOST_CACHE`, else the user's cache folder."""
    base = os.environ.get("LAMPPOST_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lamppost"


class HyperscanEngine:
    """See `lamppost.signals.ports.PatternEngine`."""

    name = "hyperscan"

    def __init__(self, expressions: Sequence[str], cache: Path | None = None) -> None:
        self._count = len(expressions)
        folder = cache if cache is not None else cache_folder()
        key = hashlib.sha256(
            "\0".join([hyperscan.__version__, *expressions]).encode()
        ).hexdigest()[:32]
        path = folder / f"patterns-{key}.hs"
        self._database = _load(path)
        if self._database is None:
            self._database = _compile(expressions)
            _save(self._database, path)
        self._scratch = hyperscan.Scratch(self._database)

    def find(
        self, buffer: bytes, starts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One pass; see the port."""
        found: list[int] = []
        ids: list[int] = []
        add_end, add_id = found.append, ids.append

        def on_match(number: int, start: int, end: int, flags: int, context: object) -> None:
            add_end(end)
            add_id(number)

        ends: list[NDArray[np.int64]] = []
        numbers: list[NDArray[np.int64]] = []
        for first, last in _chunks(len(buffer), starts):
            found.clear()
            ids.clear()
            self._database.scan(
                buffer[first:last], match_event_handler=on_match, scratch=self._scratch
            )
            ends.append(np.array(found, np.int64) + first)
            numbers.append(np.array(ids, np.int64))
        if not ends:
            empty = np.zeros(0, np.int64)
            return empty, empty
        end = np.concatenate(ends)
        number = np.concatenate(numbers)
        # an expression may end on the newline that closes its message
        message = np.searchsorted(starts, np.maximum(end - 1, 0), side="right") - 1
        pairs = np.unique(message * self._count + number)
        return pairs // self._count, pairs % self._count


def _chunks(size: int, starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Cut a large buffer at message borders."""
    cuts = [0]
    while size - cuts[-1] > _CHUNK:
        index = int(np.searchsorted(starts, cuts[-1] + _CHUNK, side="right")) - 1
        cut = int(starts[index])
        if cut <= cuts[-1]:
            if index + 1 >= len(starts):
                break
            cut = int(starts[index + 1])
        cuts.append(cut)
    return [(first, last) for first, last in zip(cuts, [*cuts[1:], size], strict=True) if last]


def _compile(expressions: Sequence[str]) -> hyperscan.Database:
    database = hyperscan.Database(mode=_MODE)
    try:
        database.compile(
            expressions=[expression.encode("latin-1") for expression in expressions],
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=0,
        )
    except hyperscan.error as error:
        raise PackError(f"expressions do not compile: {error}") from error
    return database


def _load(path: Path) -> hyperscan.Database | None:
    try:
        return hyperscan.loadb(path.read_bytes(), _MODE)
    except (OSError, hyperscan.error):
        return None


def _save(database: hyperscan.Database, path: Path) -> None:
    with contextlib.suppress(OSError, hyperscan.error):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hyperscan.dumpb(database))
        Path(file.name).replace(path)
