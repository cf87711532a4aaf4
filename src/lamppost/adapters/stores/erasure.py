"""What an erasure needs of tables and files: sealed texts, free pages, a search through bytes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.exc import ProgrammingError

from lamppost.adapters.stores.casework import SqlCases
from lamppost.adapters.stores.child_reports import SqlChildReports
from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import cases, log, metadata, office
from lamppost.cases.erasure import SealedRow, Searched
from lamppost.cases.ports import SealedText
from lamppost.core.errors import StoreError
from lamppost.core.times import from_ms
from lamppost.history.ports import Ledger

_texts = cases.sealed_texts
_CHUNK: Final = 1 << 22
_PAGE: Final = 1_000


class SqlSealedTexts:
    """`SealedTexts` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, sender: str) -> Iterator[SealedRow]:
        """Texts of an account."""
        with self._database.read() as connection:
            rows = connection.execute(select(_texts).where(_texts.c.sender == sender)).all()
        yield from (_row(found) for found in rows)

    def under(self, key_id: str) -> Iterator[SealedRow]:
        """Texts closed with a secret; a page at a time, since each is sealed anew and leaves."""
        while True:
            with self._database.read() as connection:
                query = select(_texts).where(_texts.c.key_id == key_id).limit(_PAGE)
                rows = connection.execute(query).all()
            yield from (_row(found) for found in rows)
            if len(rows) < _PAGE:
                return

    def sealed(self, conversation: str) -> list[SealedRow]:
        """Texts of a conversation."""
        query = (
            select(_texts)
            .where(_texts.c.conversation == conversation)
            .order_by(_texts.c.received, _texts.c.event, _texts.c.stamp)
        )
        with self._database.read() as connection:
            return [_row(found) for found in connection.execute(query)]

    def order(self, conversation: str) -> list[tuple[str, datetime]]:
        """Ids of messages and when they were sent, in that order; the first version counts."""
        events = log.events.c
        query = (
            select(events.body, events.at)
            .where(events.conversation == conversation, events.kind == "message")
            .order_by(events.at, events.seq)
        )
        found: dict[str, datetime] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                found.setdefault(_named(row.body).id, from_ms(row.at))
        return list(found.items())

    def replace(self, row: SealedRow) -> None:
        """Put a text sealed anew in the place of the old one."""
        query = (
            update(_texts)
            .where(
                _texts.c.conversation == row.conversation,
                _texts.c.event == row.event,
                _texts.c.stamp == row.stamp,
            )
            .values(
                key_id=row.sealed.key_id, nonce=row.sealed.nonce, ciphertext=row.sealed.ciphertext
            )
        )
        with self._database.write() as connection:
            connection.execute(query)


class DatabaseDisk:
    """`Disk`: the files of a database, and folders that belong to the deployment."""

    def __init__(self, database: Database, folders: Sequence[Path] = ()) -> None:
        self._database = database
        self._folders = list(folders)

    def compact(self) -> None:
        """SQLite: VACUUM, then the write-ahead log is emptied. PostgreSQL: VACUUM FULL."""
        connection = self._database.engine.raw_connection()
        try:
            if self._database.sqlite:
                cursor = connection.cursor()
                cursor.execute("PRAGMA secure_delete=ON")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.execute("VACUUM")
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.close()
                if busy and busy[0]:
                    raise StoreError(
                        "a long reader keeps old pages", hint="end it, then erase again"
                    )
                return
        finally:
            connection.close()
        with self._database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as open_connection:
            for name in metadata.tables:
                open_connection.exec_driver_sql(f'VACUUM FULL "{name}"')
            with contextlib.suppress(ProgrammingError):  # a right that not every owner has
                open_connection.exec_driver_sql("CHECKPOINT")

    def search(self, needles: Sequence[bytes]) -> Searched:
        """Read every file as bytes, in UTF-8 and in JSON's escaped spelling."""
        files = sorted({path for folder in self._folders for path in _files(folder)})
        if not needles:
            return Searched(0, 0)
        spellings = {form for needle in needles for form in _spellings(needle)}
        pattern = re.compile(b"|".join(re.escape(form) for form in sorted(spellings)))
        longest = max(len(form) for form in spellings)
        total, hits = 0, []
        for path in files:
            size, hit = _search(path, pattern, longest)
            total += size
            if hit:
                hits.append(str(path))
        return Searched(len(files), total, hits)


class SqlRecords:
    """`Records`: the ledger's rows, cases, and messages to webhooks that name the account."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def erase(self, account: str) -> dict[str, int]:
        """Remove an account; returns how many rows of each kind."""
        removed = dict(self._ledger.erase(account))
        removed["deliveries"] = remove_deliveries(self._database, account)
        removed |= SqlCases(self._database).erase(account)
        removed |= SqlChildReports(self._database).erase(account)
        return removed

    def expire(self, *, state_before: int, log_before: int, sealed_before: int) -> dict[str, int]:
        """Remove what is older; the ledger spares accounts that are held."""
        return self._ledger.expire(
            state_before=state_before, log_before=log_before, sealed_before=sealed_before
        )


def remove_deliveries(database: Database, account: str) -> int:
    """Take messages to webhooks that name an account out of the outbox."""
    table = office.deliveries
    mark = f'"{account}"'.encode()
    with database.write() as connection:
        rows = connection.execute(select(table.c.id, table.c.body)).all()
        doomed = [found.id for found in rows if mark in bytes(found.body)]
        for start in range(0, len(doomed), 400):
            part = doomed[start : start + 400]
            connection.execute(delete(table).where(or_(*(table.c.id == name for name in part))))
    return len(doomed)


class _Named(msgspec.Struct):
    id: str


_named: Final = msgspec.json.Decoder(_Named).decode


def _row(found: Row[tuple[object, ...]]) -> SealedRow:
    values = found._mapping
    return SealedRow(
        values["conversation"], values["event"], values["stamp"], values["sender"],
        SealedText(values["key_id"], bytes(values["nonce"]), bytes(values["ciphertext"])),
    )  # fmt: skip


def _spellings(needle: bytes) -> set[bytes]:
    text = needle.decode("utf-8", "surrogatepass")
    escaped = text.encode("ascii", "backslashreplace")
    return {needle, escaped, text.encode("utf-16-le", "surrogatepass")}


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path


def _search(path: Path, pattern: re.Pattern[bytes], longest: int) -> tuple[int, bool]:
    size, tail, hit = 0, b"", False
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if not hit and pattern.search(tail + chunk):
                    hit = True
                tail = chunk[-longest:]
    except FileNotFoundError:  # a log of the database that was taken away meanwhile
        return size, hit
    except OSError as error:
        raise StoreError(
            f"cannot be searched: {(error.strerror or 'refused').lower()}", where=str(path)
        ) from None
    return size, hit
