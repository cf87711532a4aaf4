"""All patterns at once with Hyperscan (Vectorscan).

Each distinct atom is an expression, reported at most once per message. The compiled database is
cached on disk, keyed by its content and the library's version.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import tempfile
from collections.abc import Sequence
from pathlib import Path

import hyperscan

from lamppost.adapters.patterns.cache import cache_folder
from lamppost.core.errors import PackError
from lamppost.signals.phrases import AtomIndex, Compiled

_MODE = hyperscan.HS_MODE_BLOCK
_CACHED = 6
"""Compiled databases kept in the cache folder; older ones go."""


class HyperscanEngine:
    """See `lamppost.signals.ports.PatternEngine`."""

    name = "hyperscan"

    def __init__(self, patterns: Sequence[Compiled], cache: Path | None = None) -> None:
        self._index = AtomIndex(patterns)
        expressions = self._index.expressions
        self._scratch = None
        if not expressions:  # nothing to find; hyperscan refuses an empty set
            return
        version = importlib.metadata.version("hyperscan")
        key = hashlib.sha256(repr([version, expressions]).encode()).hexdigest()[:32]
        folder = cache if cache is not None else cache_folder()
        path = folder / f"patterns-{key}.hs"
        database = _load(path)
        if database is None:
            database = _compile(expressions)
            _save(database, path)
        self._database = database
        self._scratch = hyperscan.Scratch(database)

    def candidates(self, messages: Sequence[bytes]) -> list[tuple[int, int]]:
        """One scan per message; see the port."""
        found: list[tuple[int, int]] = []
        if self._scratch is None:
            return found
        hits: list[int] = []
        add = hits.append
        possible = self._index.possible
        scan = self._database.scan
        scratch = self._scratch

        def on_match(number: int, start: int, end: int, flags: int, context: object) -> None:
            add(number)

        for index, message in enumerate(messages):
            if not message:
                continue
            scan(b" " + message + b" ", match_event_handler=on_match, scratch=scratch)
            if hits:
                found.extend((index, number) for number in possible(hits))
                hits.clear()
        return found


def _compile(expressions: Sequence[tuple[str, int]]) -> hyperscan.Database:
    database = hyperscan.Database(mode=_MODE)
    try:
        database.compile(
            expressions=[expression.encode("latin-1") for expression, _ in expressions],
            ids=[atom for _, atom in expressions],
            elements=len(expressions),
            flags=hyperscan.HS_FLAG_SINGLEMATCH,
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
        kept = sorted(path.parent.glob("patterns-*.hs"), key=lambda item: -item.stat().st_mtime)
        for old in kept[_CACHED:]:
            old.unlink(missing_ok=True)
