"""Least privilege on a real PostgreSQL: what each role may do, tried from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError

from cases.conftest import Office
from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.ledger import SqlLedger
from lamppost.adapters.stores.schema import metadata
from lamppost.history.ports import NewEvent

SQL = Path(__file__).parents[2] / "deploy" / "postgresql" / "roles.sql"
ROLES = ("writer", "scorer", "reviewer", "auditor", "service")
TABLES = sorted(metadata.tables)

CASES = {"cases", "search_docs", *(name for name in TABLES if name.startswith("case_"))}
READ = {
    "writer": {"events", "quarantine", "progress", "people", "policies", "api_keys", "settings"},
    "scorer": {"events", "policies", "settings", "webhooks", "people", "conversations",
               "relationships", "progress", "findings", "shadow_findings", "deliveries"},
    "reviewer": {"relationships", "conversations", "people", "findings", "policies",
                 "sealed_texts", "vault_items", "vault_keys", "legal_holds", "audit", *CASES},
    "auditor": {"audit"},
    "service": set(TABLES),
}  # fmt: skip
DELETE = {
    "writer": set(),
    "scorer": {"people", "conversations", "relationships", "progress"},
    "reviewer": {"vault_items"},
    "auditor": set(),
    "service": set(TABLES)
    - {
        "audit",
        "vault_keys",
        "legal_holds",
        "api_keys",
        "webhooks",
        "policies",
        "settings",
        "erasures",
        "filing_steps",
    }
    - {"cases", "case_decisions", "case_clocks", "case_links", "case_history", "case_samples"}
    - {"case_readings", "staff"},
}


@pytest.fixture(scope="module")
def url(server: str) -> str:
    """A database with its roles and one login for each."""
    base = make_url(server).set(drivername="postgresql+psycopg")
    owner = Database(base.render_as_string(hide_password=False))
    with owner.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE roles")
    owner.close()
    url = base.set(database="roles")
    database = Database(url.render_as_string(hide_password=False))
    database.migrate()
    for _ in range(2):  # running it again does no harm
        with database.engine.begin() as connection:
            connection.exec_driver_sql(SQL.read_text(encoding="utf-8").replace("%", "%%"))
    with database.engine.begin() as connection:
        for role in ROLES:
            connection.exec_driver_sql(f"CREATE ROLE try_{role} LOGIN IN ROLE lamppost_{role}")
    database.close()
    return url.render_as_string(hide_password=False)


@pytest.fixture
def as_role(url: str) -> Iterator[object]:
    """Open the database as a role."""
    opened: list[Database] = []

    def open_as(role: str) -> Database:
        mine = make_url(url).set(username=f"try_{role}")
        opened.append(Database(mine.render_as_string(hide_password=False)))
        return opened[-1]

    yield open_as
    for database in opened:
        database.close()


def may(database: Database, statement: str) -> bool:
    """Whether a statement is allowed; nothing of it is kept."""
    with database.engine.connect() as connection:
        outer = connection.begin()
        try:
            connection.execute(text(statement))
        except ProgrammingError as error:
            if "permission denied" in str(error.orig) or "must be owner" in str(error.orig):
                return False
            raise
        finally:
            outer.rollback()
    return True


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_only_what_it_needs(as_role, role: str):
    database = as_role(role)
    readable = {name for name in TABLES if may(database, f'SELECT * FROM "{name}" LIMIT 1')}
    assert readable == READ[role]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_removes_only_what_it_must(as_role, role: str):
    database = as_role(role)
    removable = {name for name in TABLES if may(database, f'DELETE FROM "{name}" WHERE false')}
    assert removable == DELETE[role]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor='x' WHERE false", "DELETE FROM audit WHERE false", "TRUNCATE audit",
     "ALTER TABLE audit DISABLE TRIGGER ALL", "DROP TRIGGER audit_follows ON audit",
     "DROP TABLE audit", "CREATE TABLE mine (x int)", "CREATE ROLE friend LOGIN",
     "ALTER TABLE events OWNER TO CURRENT_USER"],
)  # fmt: skip
def test_no_role_can_touch_the_chain_or_the_tables(as_role, role: str, statement: str):
    assert not may(as_role(role), statement)


def test_the_writer_takes_events_in_and_reads_no_text(as_role):
    database = as_role("writer")
    event = NewEvent(b"k" * 16, 0, 0, "message", "c1", 1, b"{}")
    receipts = SqlLedger(database).accept([event], [], [], 1)
    assert receipts
    assert not may(database, "SELECT ciphertext FROM sealed_texts")
    assert not may(database, "SELECT wrapped FROM vault_keys")


def test_the_reviewer_writes_the_chain_and_the_auditor_reads_it(as_role, tmp_path: Path):
    office = Office(as_role("reviewer"), tmp_path)
    office.act(3)
    auditor = Office(as_role("auditor"), tmp_path)
    assert auditor.verify().sound
    assert auditor.verify().rows == 3
    with pytest.raises(DBAPIError), auditor.database.engine.begin() as connection:
        connection.execute(text("INSERT INTO audit SELECT * FROM audit"))


def test_the_service_starts_without_owning_a_table(as_role):
    as_role("service").migrate()
