"""Audit rows, vault items, keys and holds in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table, delete, insert, select, update

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import cases
from lamppost.cases.ports import AuditRow, LegalHold, VaultItem, VaultKey

_AT_ONCE = 500
_AUDIT_LOCK = 0x1A3B_0001


class Audit:
    """`AuditStore` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, make: Callable[[AuditRow | None], AuditRow]) -> AuditRow:
        """Add the row that `make` gives for the last one, under one lock."""
        with self._database.write(lock=_AUDIT_LOCK) as connection:
            query = select(cases.audit).order_by(cases.audit.c.seq.desc()).limit(1)
            found = connection.execute(query).one_or_none()
            row = make(None if found is None else AuditRow(**found._mapping))
            connection.execute(insert(cases.audit), msgspec.structs.asdict(row))
        return row

    def rows(self, after: int = 0, limit: int | None = None) -> Iterator[AuditRow]:
        """Rows above `after`, in order, read in pages."""
        left = limit
        table = cases.audit
        while left is None or left > 0:
            size = _AT_ONCE if left is None else min(left, _AT_ONCE)
            query = select(table).where(table.c.seq > after).order_by(table.c.seq).limit(size)
            with self._database.read() as connection:
                page = connection.execute(query).all()
            for found in page:
                yield AuditRow(**found._mapping)
            if len(page) < size:
                return
            after = page[-1].seq
            left = None if left is None else left - len(page)

    def last(self) -> AuditRow | None:
        """The newest row."""
        query = select(cases.audit).order_by(cases.audit.c.seq.desc()).limit(1)
        with self._database.read() as connection:
            found = connection.execute(query).one_or_none()
        return None if found is None else AuditRow(**found._mapping)


class Vault:
    """`VaultStore` over two tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_items(self, items: Sequence[VaultItem]) -> None:
        """Keep sealed items; known ids are left as they are."""
        if items:
            with self._database.write() as connection:
                connection.execute(
                    self._database.insert_new(cases.vault_items),
                    [msgspec.structs.asdict(item) for item in items],
                )

    def item(self, identifier: str) -> VaultItem | None:
        """One item."""
        found = _one(self._database, cases.vault_items, identifier)
        return None if found is None else VaultItem(**found)

    def items(self, *, case: str | None = None, subject: str | None = None) -> list[VaultItem]:
        """Items of a case, a subject, or both; oldest first."""
        table = cases.vault_items
        query = select(table).order_by(table.c.created_at, table.c.id)
        if case is not None:
            query = query.where(table.c.case_id == case)
        if subject is not None:
            query = query.where(table.c.subject_id == subject)
        with self._database.read() as connection:
            return [VaultItem(**row._mapping) for row in connection.execute(query)]

    def older(self, before: int) -> list[tuple[str, str]]:
        """Id and subject of items made before a moment (ms)."""
        table = cases.vault_items.c
        query = select(table.id, table.subject_id).where(table.created_at < before)
        with self._database.read() as connection:
            return [(row.id, row.subject_id) for row in connection.execute(query)]

    def replace_item(self, item: VaultItem) -> None:
        """Put an item sealed anew in the place of the old one."""
        with self._database.write() as connection:
            connection.execute(
                self._database.upsert(cases.vault_items, ["id"]), [msgspec.structs.asdict(item)]
            )

    def delete_items(self, identifiers: Sequence[str]) -> int:
        """Remove items; returns how many."""
        table = cases.vault_items
        gone = 0
        with self._database.write() as connection:
            for start in range(0, len(identifiers), _AT_ONCE):
                part = list(identifiers[start : start + _AT_ONCE])
                gone += connection.execute(delete(table).where(table.c.id.in_(part))).rowcount
        return gone

    def put_key(self, key: VaultKey) -> None:
        """Add a key, or put it in the place of the one with its id."""
        with self._database.write() as connection:
            connection.execute(
                self._database.upsert(cases.vault_keys, ["id"]), [msgspec.structs.asdict(key)]
            )

    def key(self, identifier: str) -> VaultKey | None:
        """One key."""
        found = _one(self._database, cases.vault_keys, identifier)
        return None if found is None else VaultKey(**found)

    def keys(self) -> list[VaultKey]:
        """Every key; oldest first."""
        table = cases.vault_keys
        query = select(table).order_by(table.c.created_at, table.c.id)
        with self._database.read() as connection:
            return [VaultKey(**row._mapping) for row in connection.execute(query)]


class Holds:
    """`HoldStore` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self, hold: LegalHold) -> None:
        """Keep a new hold."""
        with self._database.write() as connection:
            connection.execute(insert(cases.legal_holds), msgspec.structs.asdict(hold))

    def release(self, identifier: str, *, by: str, at: int) -> bool:
        """Release a hold; returns whether there was one in force."""
        table = cases.legal_holds
        query = (
            update(table)
            .where(table.c.id == identifier, table.c.released_at.is_(None))
            .values(released_by=by, released_at=at)
        )
        with self._database.write() as connection:
            return connection.execute(query).rowcount > 0

    def holds(self, subject: str | None = None) -> list[LegalHold]:
        """Holds of a subject, or all; oldest first."""
        table = cases.legal_holds
        query = select(table).order_by(table.c.placed_at, table.c.id)
        if subject is not None:
            query = query.where(table.c.subject_id == subject)
        with self._database.read() as connection:
            return [LegalHold(**row._mapping) for row in connection.execute(query)]


def _one(database: Database, table: Table, identifier: str) -> dict[str, Any] | None:
    with database.read() as connection:
        found = connection.execute(select(table).where(table.c.id == identifier)).one_or_none()
    return None if found is None else dict(found._mapping)
