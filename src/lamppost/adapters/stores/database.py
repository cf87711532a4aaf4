"""Open a database, bring it up to date, and give out transactions.

A URL names it: `sqlite:////var/lib/lamppost/lamppost.db` or
`postgresql://user@host/name`. SQLite runs in WAL mode with `synchronous=FULL`: a transaction
that has been committed survives a kill and a power cut.
"""

from __future__ import annotations

import contextlib
import operator
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Insert,
    LargeBinary,
    String,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.types import TypeEngine

from lamppost.core.errors import StoreError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 0x1A3B_0000
_WAIT: Final = 10_000
"""How long a writer waits for another one, in milliseconds."""


class Database:
    """A database with its connections. Writers of SQLite take turns; readers never wait."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._compiled: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._turn: contextlib.AbstractContextManager[object] = (
            threading.RLock() if self.sqlite else contextlib.nullcontext()
        )

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with. Raises `StoreError` when the store fails."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise failure(error) from None

    @contextlib.contextmanager
    def write(self, *, lock: int | None = None) -> Iterator[Connection]:
        """A transaction: all of it or nothing. `lock` lets one writer at a time through.

        Raises `StoreError` when the store fails; then nothing was written.
        """
        try:
            with self._turn, self.engine.connect() as connection, connection.begin():
                if self.sqlite:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                elif lock is not None:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:l)"), {"l": lock})
                yield connection
        except DBAPIError as error:
            raise failure(error) from None

    def insert(self, table: Table) -> Any:
        """The dialect's own INSERT, which knows conflicts."""
        return sqlite.insert(table) if self.sqlite else postgresql.insert(table)

    def insert_new(self, table: Table) -> Insert:
        """An INSERT that leaves rows alone which are there already."""
        made: Insert = self.insert(table).on_conflict_do_nothing()
        return made

    def upsert(self, table: Table, keys: Sequence[str]) -> Insert:
        """An INSERT that replaces every other column of a row with the same `keys`."""
        statement = self.insert(table)
        changes = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in keys
        }
        made: Insert = statement.on_conflict_do_update(index_elements=list(keys), set_=changes)
        return made

    def bulk(
        self,
        connection: Connection,
        name: str,
        statement: Insert,
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        """Run an INSERT for many rows. `name` names the statement, which is compiled once.

        SQLite's driver gets the rows as they are, PostgreSQL whole columns: most of the time of
        an INSERT is else spent on preparing rows and sending them one by one.
        """
        if not rows:
            return
        made = self._compiled.get(name)
        if made is None:
            made = self._compiled[name] = self._words(statement, list(rows[0]))
        words, order = made
        if self.sqlite:
            pick = operator.itemgetter(*order)
            connection.exec_driver_sql(words, [pick(row) for row in rows])
        else:
            connection.exec_driver_sql(words, tuple([row[key] for row in rows] for key in order))

    def _words(self, statement: Insert, keys: list[str]) -> tuple[str, tuple[str, ...]]:
        """SQL of an INSERT and the order of its values; on PostgreSQL it takes whole columns."""
        compiled = statement.compile(self.engine, column_keys=keys)
        if self.sqlite:
            return str(compiled), tuple(compiled.positiontup or ())
        columns = statement.table.columns
        arrays = ", ".join(f"%s::{_array(columns[key].type)}[]" for key in keys)
        names = ", ".join(f'"{key}"' for key in keys)
        _, conflict, rest = str(compiled).partition(" ON CONFLICT")
        words = (  # names come from the schema, values are parameters
            f'INSERT INTO "{statement.table.name}" ({names}) '  # noqa: S608
            f"SELECT * FROM unnest({arrays})"
        )
        return words + conflict + rest, tuple(keys)

    def migrate(self) -> None:
        """Bring the tables up to date. Raises `StoreError` for a database of a newer version."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        try:
            with self.write(lock=_MIGRATION_LOCK) as connection:
                known = {
                    script.revision
                    for script in ScriptDirectory.from_config(config).walk_revisions()
                }
                current = MigrationContext.configure(connection).get_current_revision()
                if current is not None and current not in known:
                    raise StoreError(
                        f"the database is at version {current}, which this Lamppost does not know",
                        hint="start the newer version, or restore a backup",
                    )
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except DBAPIError as error:
            raise failure(error) from None

    def compact(self) -> None:
        """Take erased rows out of the write-ahead log of SQLite too; deleted pages are zeroed."""
        with self.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _array(kind: TypeEngine[Any]) -> str:
    """PostgreSQL's name of a column's type; text without its limit, which would cut it off."""
    if isinstance(kind, String):
        return "text"
    if isinstance(kind, LargeBinary):
        return "bytea"
    return "bigint" if isinstance(kind, BigInteger) else "integer"


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise StoreError(
                f"{parsed.get_backend_name()!r} is not a store that is known",
                hint="use sqlite:////path or postgresql://host/name",
            )
        options: dict[str, Any] = {"hide_parameters": True}
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"check_same_thread": False, "timeout": _WAIT / 1000}
        engine = create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            "the database URL cannot be read", hint="use sqlite:////path or postgresql://host/name"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    """Settings of each SQLite connection; `isolation_level=None` leaves BEGIN to us."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_WAIT}",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def failure(error: DBAPIError) -> StoreError:
    """A driver's error as ours: the kind of fault, never the statement or its values."""
    cause = error.orig
    word = type(cause).__name__ if cause is not None else type(error).__name__
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", None) or word
        if name.startswith("SQLITE_FULL"):
            return StoreError("the disk is full", hint="free space; nothing was accepted since")
        if name.startswith("SQLITE_IOERR"):
            return StoreError(
                f"the disk failed ({name})", hint="check space and health of the disk"
            )
        return StoreError(f"the store refused ({name})")
    state = getattr(cause, "sqlstate", None)
    if state == "53100":
        return StoreError("the disk is full", hint="free space; nothing was accepted since")
    return StoreError(f"the store refused ({word}{f', {state}' if state else ''})")
