"""The only place that picks adapters."""

from __future__ import annotations

from pathlib import Path

from lamppost.config import Options, load_options
from lamppost.core.errors import EngineError
from lamppost.pipeline import Engine
from lamppost.signals.library import load_library
from lamppost.signals.ports import PatternCompiler
from lamppost.signals.reader import Reader


def pattern_compiler(options: Options) -> PatternCompiler:
    """Hyperscan, or RE2 where it has no wheel or where the options say so.

    Raises `EngineError` when the engine asked for is not installed.
    """
    if options.patterns != "re2":
        try:
            from lamppost.adapters.patterns.hyperscan_engine import HyperscanEngine
        except ImportError as error:
            if options.patterns == "hyperscan":
                raise EngineError(
                    "hyperscan is not installed", hint="pip install hyperscan, or use re2"
                ) from error
        else:
            return HyperscanEngine
    try:
        from lamppost.adapters.patterns.re2_engine import Re2Engine
    except ImportError as error:
        raise EngineError(
            "no pattern engine is installed", hint="pip install google-re2"
        ) from error
    return Re2Engine


def build_engine(options: Options | None = None) -> Engine:
    """An engine ready to fold. Raises `PackError` for wrong detector data."""
    options = options if options is not None else load_options()
    library = load_library(options.languages, [Path(pack) for pack in options.packs])
    return Engine(library, Reader(library, pattern_compiler(options)))
