"""Steps of filings in a table; the number of a step is taken once."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema.filings import filing_steps as _table
from lamppost.core.errors import ConflictError
from lamppost.reports.filing.ports import Step


class SqlFilings:
    """`StepLog` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def steps(self, filing: str) -> list[Step]:
        """Every step of a filing, in order."""
        query = select(_table).where(_table.c.filing == filing).order_by(_table.c.number)
        with self._database.read() as connection:
            return [
                Step(**{str(name): value for name, value in row._mapping.items()})
                for row in connection.execute(query)
            ]

    def write(self, step: Step) -> None:
        """Keep a step. Raises `ConflictError` when somebody else wrote that number."""
        taken = ConflictError(
            "somebody else files this report now", kind="filing", where=step.filing,
            hint="wait, then look what became of it",
        )  # fmt: skip
        here = select(_table.c.number).where(
            _table.c.filing == step.filing, _table.c.number == step.number
        )
        try:
            with self._database.write() as connection:
                if connection.execute(here).one_or_none() is not None:
                    raise taken
                connection.execute(insert(_table), msgspec.structs.asdict(step))
        except IntegrityError:
            raise taken from None
