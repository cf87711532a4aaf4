"""API keys, webhooks and versions of the policy, in tables."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import office
from lamppost.core.access import ApiKey, PolicyRow, Webhook

_POLICY_LOCK = 0x1A3B_0004


class SqlKeys:
    """API keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        row = {**msgspec.structs.asdict(key), "scopes": " ".join(sorted(key.scopes))}
        with self._database.write() as connection:
            connection.execute(insert(office.api_keys), row)

    def key(self, identifier: str) -> ApiKey | None:
        """One key."""
        query = select(office.api_keys).where(office.api_keys.c.id == identifier)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        """Every key, oldest first."""
        table = office.api_keys
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.created_at, table.c.id))
            return [_key(row) for row in rows]

    def end(self, identifier: str, *, revoked_at: int | None, expires_at: int | None) -> bool:
        """Revoke a key, or let it expire; returns whether there was one in use."""
        table = office.api_keys
        values = {
            name: value
            for name, value in (("revoked_at", revoked_at), ("expires_at", expires_at))
            if value is not None
        }
        query = (
            update(table)
            .where(table.c.id == identifier, table.c.revoked_at.is_(None))
            .values(**values)
        )
        with self._database.write() as connection:
            return connection.execute(query).rowcount > 0


def _key(row: Any) -> ApiKey:
    return ApiKey(**{**row._mapping, "scopes": frozenset(row.scopes.split())})


class SqlWebhooks:
    """Webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, webhook: Webhook) -> None:
        """Keep a new webhook."""
        row = {**msgspec.structs.asdict(webhook), "events": " ".join(webhook.events)}
        with self._database.write() as connection:
            connection.execute(insert(office.webhooks), row)

    def all(self) -> list[Webhook]:
        """Webhooks in use, oldest first."""
        table = office.webhooks
        query = (
            select(table)
            .where(table.c.disabled_at.is_(None))
            .order_by(table.c.created_at, table.c.id)
        )
        with self._database.read() as connection:
            return [
                Webhook(**{**row._mapping, "events": tuple(row.events.split())})
                for row in connection.execute(query)
            ]

    def disable(self, identifier: str, now: int) -> bool:
        """Stop using a webhook; returns whether there was one in use."""
        table = office.webhooks
        query = (
            update(table)
            .where(table.c.id == identifier, table.c.disabled_at.is_(None))
            .values(disabled_at=now, secret=b"")
        )
        with self._database.write() as connection:
            return connection.execute(query).rowcount > 0


class SqlPolicies:
    """Versions of the policy."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, digest: str, body: str, by: str, now: int) -> PolicyRow:
        """Keep a new version as a draft; the same text as the newest one is not kept twice."""
        table = office.policies
        with self._database.write(lock=_POLICY_LOCK) as connection:
            last = connection.execute(
                select(table).order_by(table.c.version.desc()).limit(1)
            ).one_or_none()
            if last is not None and last.digest == digest:
                return PolicyRow(**last._mapping)
            row = PolicyRow(1 if last is None else last.version + 1, digest, "draft", body, now, by)
            connection.execute(insert(table), msgspec.structs.asdict(row))
        return row

    def policy(self, version: int) -> PolicyRow | None:
        """One version."""
        query = select(office.policies).where(office.policies.c.version == version)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else PolicyRow(**row._mapping)

    def all(self) -> list[PolicyRow]:
        """Every version, oldest first."""
        table = office.policies
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.version))
            return [PolicyRow(**row._mapping) for row in rows]

    def in_state(self, state: str) -> PolicyRow | None:
        """The version that is live, or in shadow."""
        table = office.policies
        query = select(table).where(table.c.state == state).order_by(table.c.version.desc())
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else PolicyRow(**row._mapping)

    def move(self, version: int, state: str, *, by: str, now: int) -> None:
        """Give a version a state; whichever held `live` or `shadow` before loses it."""
        table = office.policies
        with self._database.write(lock=_POLICY_LOCK) as connection:
            if state in ("live", "shadow"):
                connection.execute(
                    update(table)
                    .where(table.c.state == state)
                    .values(state="retired" if state == "live" else "draft")
                )
            values: dict[str, Any] = {"state": state}
            if state == "live":
                values |= {"deployed_at": now, "deployed_by": by}
            connection.execute(update(table).where(table.c.version == version).values(**values))

    def tested(self, version: int, result: str) -> None:
        """Keep the result of a backtest."""
        table = office.policies
        with self._database.write() as connection:
            connection.execute(
                update(table).where(table.c.version == version).values(backtest=result)
            )


class SqlSettings:
    """What belongs to this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """A value."""
        query = select(office.settings.c.value).where(office.settings.c.name == name)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def put(self, name: str, value: bytes) -> None:
        """Set a value."""
        with self._database.write() as connection:
            connection.execute(
                self._database.upsert(office.settings, ["name"]), {"name": name, "value": value}
            )

    def put_once(self, name: str, value: bytes) -> bytes:
        """Set a value unless there is one; returns the one in force."""
        with self._database.write() as connection:
            connection.execute(
                self._database.insert_new(office.settings), {"name": name, "value": value}
            )
            query = select(office.settings.c.value).where(office.settings.c.name == name)
            return bytes(connection.execute(query).scalar_one())
