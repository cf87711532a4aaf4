"""Erasures that were asked for, in a table."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select, update

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import erasures
from lamppost.cases.ports import ErasureRow

_table = erasures.erasures


class SqlErasures:
    """`ErasureStore` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, row: ErasureRow) -> ErasureRow:
        """Keep a request; one for the same account that still waits is given back instead."""
        waiting = select(_table).where(_table.c.account == row.account, _table.c.state == "waiting")
        with self._database.write() as connection:
            found = connection.execute(waiting.limit(1)).one_or_none()
            if found is not None:
                return ErasureRow(**found._mapping)
            connection.execute(insert(_table), msgspec.structs.asdict(row))
        return row

    def settle(self, row: ErasureRow) -> None:
        """Write what became of a request."""
        with self._database.write() as connection:
            connection.execute(
                update(_table)
                .where(_table.c.id == row.id)
                .values(
                    state=row.state, ended_at=row.ended_at, detail=row.detail, receipt=row.receipt
                )
            )

    def erasure(self, identifier: str) -> ErasureRow | None:
        """One request."""
        with self._database.read() as connection:
            found = connection.execute(
                select(_table).where(_table.c.id == identifier)
            ).one_or_none()
        return None if found is None else ErasureRow(**found._mapping)

    def list(self, *, state: str = "", after: str = "", limit: int = 100) -> list[ErasureRow]:
        """Requests by id above `after`; of one state, or all."""
        query = select(_table).where(_table.c.id > after).order_by(_table.c.id).limit(limit)
        if state:
            query = query.where(_table.c.state == state)
        with self._database.read() as connection:
            return [ErasureRow(**found._mapping) for found in connection.execute(query)]
