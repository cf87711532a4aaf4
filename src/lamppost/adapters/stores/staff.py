"""Accounts of staff and their sessions, in tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, insert, select, update

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import staff as schema
from lamppost.cases.staff import Staff, StaffSession
from lamppost.core.errors import UsageError

_LOCK = 0x1A3B_0006


class SqlStaff:
    """`StaffStore` over two tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, staff: Staff) -> None:
        """Keep a new account. Raises `UsageError` when the e-mail address is taken."""
        with self._database.write(lock=_LOCK) as connection:
            table = schema.staff
            query = select(table.c.id).where(table.c.email == staff.email.casefold())
            if connection.execute(query).one_or_none() is not None:
                raise UsageError("somebody has this address already", where="email")
            connection.execute(insert(table), _row(staff))

    def staff(self, identifier: str) -> Staff | None:
        """One account."""
        return self._one(schema.staff.c.id == identifier)

    def by_email(self, email: str) -> Staff | None:
        """The account of an address, in any case of letters."""
        return self._one(schema.staff.c.email == email.strip().casefold())

    def by_oidc(self, subject: str) -> Staff | None:
        """The account of an OIDC subject (`issuer|sub`)."""
        return self._one(schema.staff.c.oidc_subject == subject)

    def by_invite(self, invite_hash: str) -> Staff | None:
        """The account that a one-time sign-in belongs to."""
        return self._one(schema.staff.c.invite_hash == invite_hash)

    def all(self) -> list[Staff]:
        """Every account, by name."""
        table = schema.staff
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.name, table.c.id))
            return [_staff(row) for row in rows]

    def change(self, identifier: str, make: Callable[[Staff], Staff]) -> Staff:
        """Change an account while nobody else can. Raises `UsageError` without one."""
        table = schema.staff
        with self._database.write(lock=_LOCK) as connection:
            row = connection.execute(select(table).where(table.c.id == identifier)).one_or_none()
            if row is None:
                raise UsageError("there is no such account", where="staff")
            changed = make(_staff(row))
            other = select(table.c.id).where(
                table.c.email == changed.email.casefold(), table.c.id != identifier
            )
            if connection.execute(other).first() is not None:
                raise UsageError("somebody has this address already", where="email")
            connection.execute(
                update(table).where(table.c.id == identifier).values(**_row(changed))
            )
        return changed

    def put_session(self, session: StaffSession) -> None:
        """Keep a session, or put it in the place of the one with its id."""
        with self._database.write() as connection:
            connection.execute(
                self._database.upsert(schema.staff_sessions, ["id_hash"]),
                [msgspec.structs.asdict(session)],
            )

    def session(self, id_hash: str) -> StaffSession | None:
        """One session."""
        table = schema.staff_sessions
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.id_hash == id_hash)).one_or_none()
        return None if row is None else StaffSession(**row._mapping)

    def end_session(self, id_hash: str) -> None:
        """Remove a session."""
        self._end(schema.staff_sessions.c.id_hash == id_hash)

    def end_sessions(self, staff_id: str, *, but: str = "") -> int:
        """Remove the sessions of a person, but for one; returns how many."""
        table = schema.staff_sessions
        return self._end((table.c.staff_id == staff_id) & (table.c.id_hash != but))

    def expire_sessions(self, now: int) -> int:
        """Remove sessions that have ended."""
        return self._end(schema.staff_sessions.c.expires_at <= now)

    def _end(self, which: ColumnElement[bool]) -> int:
        with self._database.write() as connection:
            return connection.execute(delete(schema.staff_sessions).where(which)).rowcount

    def _one(self, which: ColumnElement[bool]) -> Staff | None:
        with self._database.read() as connection:
            row = connection.execute(select(schema.staff).where(which)).one_or_none()
        return None if row is None else _staff(row)


def _row(staff: Staff) -> dict[str, Any]:
    row = msgspec.structs.asdict(staff)
    return {
        **row, "roles": " ".join(sorted(staff.roles)), "email": staff.email.strip().casefold()
    }  # fmt: skip


def _staff(row: Any) -> Staff:
    return Staff(**{**row._mapping, "roles": frozenset(row.roles.split())})
