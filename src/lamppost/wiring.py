"""The only place that picks adapters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamppost.config import Options, load_options
from lamppost.core.errors import EngineError
from lamppost.pipeline import Engine
from lamppost.signals.library import load_library
from lamppost.signals.ports import PatternCompiler
from lamppost.signals.reader import Reader

if TYPE_CHECKING:
    from lamppost.adapters.stores.database import Database
    from lamppost.adapters.stores.leases import SqlLeases
    from lamppost.adapters.stores.ledger import SqlLedger
    from lamppost.adapters.stores.office import SqlKeys, SqlPolicies, SqlSettings, SqlWebhooks
    from lamppost.adapters.stores.outbox import SqlOutbox


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


@dataclass(frozen=True)
class Stores:
    """Every store of one database."""

    database: Database
    ledger: SqlLedger
    outbox: SqlOutbox
    keys: SqlKeys
    webhooks: SqlWebhooks
    policies: SqlPolicies
    settings: SqlSettings
    leases: SqlLeases

    def close(self) -> None:
        """Give back what is held and close every connection."""
        self.leases.close()
        self.database.close()


def open_stores(url: str) -> Stores:
    """The stores of the database at `url`, brought up to date. Raises `StoreError`."""
    from lamppost.adapters.stores.database import Database
    from lamppost.adapters.stores.leases import SqlLeases
    from lamppost.adapters.stores.ledger import SqlLedger
    from lamppost.adapters.stores.office import SqlKeys, SqlPolicies, SqlSettings, SqlWebhooks
    from lamppost.adapters.stores.outbox import SqlOutbox

    database = Database(url)
    database.migrate()
    return Stores(
        database,
        SqlLedger(database),
        SqlOutbox(database),
        SqlKeys(database),
        SqlWebhooks(database),
        SqlPolicies(database),
        SqlSettings(database),
        SqlLeases(database),
    )
