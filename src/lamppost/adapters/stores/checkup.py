"""Look at a database without changing it: reachable, up to date, sound, in whose hands."""

from __future__ import annotations

from typing import Any

import msgspec
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select, text

from lamppost.adapters.stores.database import MIGRATIONS, Database
from lamppost.adapters.stores.schema import cases, log, office


class Condition(msgspec.Struct, frozen=True):
    """What was seen of a database."""

    kind: str
    revision: str | None
    newest_revision: str
    journal: str
    damage: str
    superuser: bool
    encrypted: bool
    guards: int
    live_policy: int | None
    newest_at: int


def look(database: Database) -> Condition:
    """Look. Raises `StoreError` when the database cannot be reached."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    newest = ScriptDirectory.from_config(config).get_current_head() or ""
    with database.read() as connection:
        there = set(inspect(connection).get_table_names())
        revision = None
        if "alembic_version" in there:
            revision = MigrationContext.configure(connection).get_current_revision()

        def one(query: Any) -> Any:
            return connection.execute(query).scalar()

        ready = revision == newest
        policies, audit, events = office.policies.c, cases.audit.c, log.events.c
        live = one(select(policies.version).where(policies.state == "live")) if ready else None
        newest_at = 0
        if ready:
            newest_at = max(
                one(select(func.coalesce(func.max(audit.at), 0))),
                one(select(func.coalesce(func.max(events.received), 0))),
            )
        if database.sqlite:
            damage = str(one(text("PRAGMA quick_check(1)")))
            return Condition(
                kind="SQLite",
                revision=revision,
                newest_revision=newest,
                journal=str(one(text("PRAGMA journal_mode"))),
                damage="" if damage == "ok" else damage,
                superuser=False,
                encrypted=True,
                guards=int(one(text("SELECT COUNT(*) FROM sqlite_master WHERE type='trigger' "
                                    "AND name LIKE 'audit_%'"))),
                live_policy=live,
                newest_at=newest_at,
            )  # fmt: skip
        local = one(text("SELECT inet_server_addr() IS NULL OR inet_server_addr() = inet "
                         "'127.0.0.1' OR inet_server_addr() = inet '::1'"))  # fmt: skip
        return Condition(
            kind="PostgreSQL",
            revision=revision,
            newest_revision=newest,
            journal=str(one(text("SHOW synchronous_commit"))),
            damage="",
            superuser=bool(one(text("SELECT rolsuper FROM pg_roles WHERE rolname=current_user"))),
            encrypted=bool(local) or bool(
                one(text("SELECT ssl FROM pg_stat_ssl WHERE pid=pg_backend_pid()"))
            ),
            guards=int(one(text("SELECT COUNT(*) FROM pg_trigger WHERE tgname LIKE 'audit_%' "
                                "AND NOT tgisinternal AND tgenabled='O'"))),
            live_policy=live,
            newest_at=newest_at,
        )  # fmt: skip
