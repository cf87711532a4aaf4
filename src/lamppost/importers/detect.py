"""Find the importer for what the person pointed at."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import lamppost.importers as package
from lamppost.core.errors import ExportError, UsageError
from lamppost.importers.base import Importer
from lamppost.importers.source import Source


@cache
def importers() -> dict[str, Importer]:
    """Every importer by name: each module of this folder that defines `IMPORTER`."""
    found: dict[str, Importer] = {}
    for module in pkgutil.iter_modules(package.__path__):
        candidate = getattr(
            importlib.import_module(f"{package.__name__}.{module.name}"), "IMPORTER", None
        )
        if candidate is not None:
            found[candidate.name] = candidate
    return dict(sorted(found.items()))


def detect(source: Source, name: str | None = None) -> Importer:
    """The importer called `name`, or the one that is surest of `source`.

    Raises `UsageError` for an unknown name and `ExportError` when none recognises the source.
    """
    known = importers()
    if name is not None:
        if name not in known:
            raise UsageError(f"format {name!r} is not known", hint=f"use one of {', '.join(known)}")
        return known[name]
    if not source.entries():
        raise ExportError("is empty", where=source.label, hint="point at the export itself")
    ranked = sorted(known.values(), key=lambda item: -item.sniff(source))
    if not ranked or ranked[0].sniff(source) <= 0:
        raise ExportError(
            "is not a chat export that Lamppost recognises",
            where=source.label,
            hint=f"say which with --format, one of {', '.join(known)}",
        )
    return ranked[0]
