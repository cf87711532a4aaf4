"""Who folds which partition: a file lock beside SQLite, advisory locks on PostgreSQL.

Both end with the process that holds them, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from lamppost.adapters.stores.database import Database, failure
from lamppost.adapters.stores.schema import office

_BASE: Final = 0x1A3B_1000
_FOLDING: Final = 0x1A3B_0FFF
_ERASED: Final = "erased"


class SqlLeases:
    """`Leases` of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._file: int | None = None
        self._turn = threading.Lock()

    def take(self, partition: int) -> bool:
        """Try to get a partition."""
        with self._turn:
            if self._database.sqlite:
                return self._take_file()
            try:
                if self._connection is None:
                    self._connection = self._database.engine.connect().execution_options(
                        isolation_level="AUTOCOMMIT"
                    )
                query = text("SELECT pg_try_advisory_lock(:l)")
                return bool(self._connection.execute(query, {"l": _BASE + partition}).scalar())
            except DBAPIError:
                self._drop()
                return False

    def held(self) -> bool:
        """Whether what was taken is still ours: the connection that holds it lives."""
        with self._turn:
            if self._database.sqlite:
                return self._file is not None
            if self._connection is None:
                return False
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                self._drop()
                return False
            return True

    @contextlib.contextmanager
    def folding(self) -> Iterator[int]:
        """While this is held nobody is erased; gives how often somebody was, to compare.

        When the number has changed, what was held in memory may be of an erased account.
        """
        if self._database.sqlite:
            yield 0
            return
        with self._database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            try:
                connection.execute(text("SELECT pg_advisory_lock_shared(:l)"), {"l": _FOLDING})
                try:
                    yield _erased(connection)
                finally:
                    connection.execute(
                        text("SELECT pg_advisory_unlock_shared(:l)"), {"l": _FOLDING}
                    )
            except DBAPIError as error:
                raise failure(error) from None

    def close(self) -> None:
        """Give everything back."""
        with self._turn:
            self._drop()
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(DBAPIError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None

    def _take_file(self) -> bool:
        if self._file is not None:
            return True
        path = self._database.engine.url.database
        if not path or path == ":memory:":
            return True
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            import fcntl
        except ImportError:  # no such locks on Windows: the port alone keeps two apart
            self._file = handle
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._file = handle
        return True


def _erased(connection: Connection) -> int:
    table = office.settings
    query = select(table.c.value).where(table.c.name == _ERASED)
    return int(connection.execute(query).scalar() or 0)


@contextlib.contextmanager
def nobody_folds(database: Database) -> Iterator[None]:
    """On PostgreSQL: while this is held no process folds; each reads its states anew afterwards."""
    table = office.settings
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.execute(text("SELECT pg_advisory_lock(:l)"), {"l": _FOLDING})
            try:
                yield
            finally:
                connection.execute(
                    database.upsert(table, ["name"]),
                    {"name": _ERASED, "value": str(_erased(connection) + 1).encode()},
                )
                connection.execute(text("SELECT pg_advisory_unlock(:l)"), {"l": _FOLDING})
        except DBAPIError as error:
            raise failure(error) from None
