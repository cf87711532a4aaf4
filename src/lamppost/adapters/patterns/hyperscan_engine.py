"""All patterns at once with Hyperscan (Vectorscan).

Each distinct atom is an expression, reported at most once per message. The compiled database is
cached on disk, keyed by its content and the library's version.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

import hyperscan
import msgspec

from lamppost.adapters.cache import load, save
from lamppost.core.errors import PackError
from lamppost.signals.phrases import AtomIndex, Compiled, telling_atoms

_MODE = hyperscan.HS_MODE_BLOCK


class HyperscanEngine:
    """See `lamppost.signals.ports.PatternEngine`."""

    name = "hyperscan"

    def __init__(self, patterns: Sequence[Compiled], cache: Path | None = None) -> None:
        self._index = AtomIndex(patterns, _chosen(patterns, cache))
        expressions = self._index.expressions
        self._scratch = None
        if not expressions:  # nothing to find; hyperscan refuses an empty set
            return
        version = importlib.metadata.version("hyperscan")
        name = f"patterns-{_digest([version, expressions])}.hs"
        database = _load(name, cache)
        if database is None:
            database = _compile(expressions)
            save(name, hyperscan.dumpb(database), cache)
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


def _digest(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:32]


def _chosen(patterns: Sequence[Compiled], cache: Path | None) -> list[list[str]]:
    """The telling atoms of each pattern, which take longer to choose than to read.

    A choice by older rules is slower at worst: any atoms of a pattern find it.
    """
    name = f"atoms-{_digest(patterns)}.json"
    kept = load(name, cache)
    with contextlib.suppress(msgspec.DecodeError):
        if kept is not None:
            return msgspec.json.decode(kept, type=list[list[str]])
    chosen = telling_atoms(patterns)
    save(name, msgspec.json.encode(chosen), cache)
    return chosen


def _load(name: str, cache: Path | None) -> hyperscan.Database | None:
    kept = load(name, cache)
    with contextlib.suppress(hyperscan.error):
        if kept is not None:
            return hyperscan.loadb(kept, _MODE)
    return None
