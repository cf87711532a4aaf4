"""Messages on their way to webhooks, in a table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import or_, select, update

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import office
from lamppost.history.ports import Delivery

_table = office.deliveries


class SqlOutbox:
    """`Outbox` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Keep new messages; known ids are left as they are."""
        if deliveries:
            with self._database.write() as connection:
                connection.execute(
                    self._database.insert_new(_table),
                    [msgspec.structs.asdict(item) for item in deliveries],
                )

    def claim(self, now: int, lease: int, limit: int) -> list[Delivery]:
        """Take messages that are due.

        One planned further ahead than any pause is due too: the clock went backwards.
        """
        far = now + 2 * 86_400_000
        due = (
            select(_table)
            .where(
                _table.c.state == "pending",
                or_(_table.c.next_at <= now, _table.c.next_at > far),
            )
            .order_by(_table.c.next_at, _table.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            if not connection.execute(due.limit(1)).first():
                return []
        taken = []
        with self._database.write() as connection:
            for row in connection.execute(due.with_for_update(skip_locked=True)).all():
                held = connection.execute(
                    update(_table)
                    .where(_table.c.id == row.id, _table.c.next_at == row.next_at)
                    .values(next_at=now + lease)
                ).rowcount
                if held:
                    taken.append(Delivery(**row._mapping))
        return taken

    def settle(self, delivery: Delivery) -> None:
        """Write the outcome of an attempt."""
        with self._database.write() as connection:
            connection.execute(
                update(_table)
                .where(_table.c.id == delivery.id)
                .values(
                    state=delivery.state,
                    attempts=delivery.attempts,
                    next_at=delivery.next_at,
                    last_error=delivery.last_error,
                )
            )

    def list(self, state: str, after: str = "", limit: int = 100) -> list[Delivery]:
        """Messages in a state, by id above `after`."""
        query = (
            select(_table)
            .where(_table.c.state == state, _table.c.id > after)
            .order_by(_table.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Delivery(**row._mapping) for row in connection.execute(query)]

    def revive(self, identifier: str, now: int) -> bool:
        """Send a dead message again."""
        with self._database.write() as connection:
            return (
                connection.execute(
                    update(_table)
                    .where(_table.c.id == identifier, _table.c.state == "dead")
                    .values(state="pending", attempts=0, next_at=now)
                ).rowcount
                > 0
            )
