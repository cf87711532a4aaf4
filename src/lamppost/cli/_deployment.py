"""What verbs about a deployment share: where its data, keys and database are."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from lamppost.core.errors import EngineError, UsageError

if TYPE_CHECKING:
    from lamppost.wiring import Cases

NEEDED = ("sqlalchemy", "alembic", "cryptography")


def need_service() -> None:
    """Raises `EngineError` when the optional packages are not installed."""
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise EngineError(
                f"this verb needs {error.name}", hint="pip install 'lamppost[service]'"
            ) from error


def database_url(data: Path, store: str) -> str:
    """URL of the database: as told, else the file in the data folder, which must be there."""
    if store:
        return store
    path = data / "lamppost.db"
    if not path.is_file():
        raise UsageError(
            "holds no database", where=str(data), hint="name the folder with --data, or --store"
        )
    return f"sqlite:///{path.resolve()}"


def open_deployment(data: Path, store: str, keys: Path | None) -> Cases:
    """Vault and audit chain of a deployment. Raises `UsageError` for a folder without one."""
    need_service()
    from lamppost.wiring import key_folder, open_cases, open_database

    folder = key_folder(data, keys)
    database = open_database(database_url(data, store))
    database.migrate()
    folders = (data,) if data.is_dir() else ()
    return open_cases(database, folder, folders=folders)
