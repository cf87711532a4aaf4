"""What the databases themselves do: guards, concurrent processes, erasure on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lamppost.cases.audit import next_row

from .conftest import CANARY, Office
from .test_erasure import erase, plant

GUARDED = [
    "UPDATE audit SET actor='x' WHERE seq=2",
    "DELETE FROM audit WHERE seq=3",
    "DELETE FROM audit",
    "INSERT INTO audit SELECT seq+10, at, actor, act, subject, details, prev_hash, hash "
    "FROM audit WHERE seq=3",
    "INSERT INTO audit SELECT 4, at, actor, act, subject, details, prev_hash, hash "
    "FROM audit WHERE seq=3",
]


@pytest.mark.parametrize("statement", GUARDED)
def test_the_database_refuses_to_change_the_chain(either: Office, statement: str):
    either.act(3)
    with (
        pytest.raises(DBAPIError, match="only grows"),
        either.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))
    assert either.verify().sound
    either.act(2)
    assert either.verify().rows == 5


def test_replacing_a_row_of_sqlite_is_refused(office: Office):
    office.act(3)
    with (
        pytest.raises(DBAPIError, match="only grows"),
        office.database.engine.begin() as connection,
    ):
        connection.execute(text(
            "INSERT OR REPLACE INTO audit SELECT seq, at, 'x', act, subject, details, prev_hash, "
            "hash FROM audit WHERE seq=3"))  # fmt: skip


def test_truncating_on_postgresql_is_refused(postgres, tmp_path: Path):
    office = Office(postgres, tmp_path)
    office.act(3)
    with pytest.raises(DBAPIError, match="only grows"), postgres.engine.begin() as connection:
        connection.execute(text("TRUNCATE audit"))


OFF = "ALTER TABLE audit DISABLE TRIGGER ALL"
DIRECT = {
    "edit": (["UPDATE audit SET details='{}' WHERE seq=4"], "edit", 4),
    "deletion": (["DELETE FROM audit WHERE seq=5"], "deletion", 5),
    "reordering": (
        ["UPDATE audit SET seq=-1 WHERE seq=3", "UPDATE audit SET seq=3 WHERE seq=4",
         "UPDATE audit SET seq=4 WHERE seq=-1"], "reordering", 3),
    "truncation": (["TRUNCATE audit"], "truncation", 1),
    "truncation of the last": (["DELETE FROM audit WHERE seq=10"], "truncation", 10),
}  # fmt: skip


@pytest.mark.parametrize("name", DIRECT)
def test_tampering_by_the_owner_of_postgresql_is_found(postgres, tmp_path: Path, name: str):
    office = Office(postgres, tmp_path)
    office.act(10)
    statements, kind, seq = DIRECT[name]
    with postgres.engine.begin() as connection:
        for statement in (OFF, *statements):
            connection.execute(text(statement))
    problem = office.verify().problem
    assert problem is not None
    assert (problem.kind, problem.seq) == (kind, seq), problem.why


def test_a_row_put_in_on_postgresql_is_found(postgres, tmp_path: Path):
    office = Office(postgres, tmp_path)
    office.act(6)
    rows = list(office.table.rows())
    made = next_row(rows[2], at=rows[2].at, actor="p", act="view", subject="c", details={})
    with postgres.engine.begin() as connection:
        connection.execute(text(OFF))
        connection.execute(text("UPDATE audit SET seq=-seq WHERE seq>=4"))
        connection.execute(text("UPDATE audit SET seq=-seq+1 WHERE seq<0"))
        connection.execute(
            text("INSERT INTO audit VALUES (:seq,:at,:actor,:act,:subject,:details,:p,:h)"),
            {"seq": made.seq, "at": made.at, "actor": "p", "act": "view", "subject": "c",
             "details": made.details, "p": made.prev_hash, "h": made.hash},
        )  # fmt: skip
    problem = office.verify().problem
    assert problem is not None
    assert (problem.kind, problem.seq) == ("insertion", 4), problem.why


WRITER = """
import sys
from pathlib import Path
from lamppost.adapters.keys.checkpoints import CheckpointFile
from lamppost.adapters.keys.local import FileSigner
from lamppost.adapters.stores.cases import Audit
from lamppost.adapters.stores.database import Database
from lamppost.cases.audit import Journal
url, keys, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
signer = FileSigner(keys)
journal = Journal(Audit(Database(url)), CheckpointFile(keys / "checkpoints.ndjson"), signer.sign,
                  lambda: 1_750_000_000_000)
for index in range(20):
    journal.record(actor=name, act="view", subject=f"case-{index}")
"""


def test_processes_that_write_at_once_make_one_chain(either: Office):
    either.act(1)
    url = either.database.engine.url.render_as_string(hide_password=False)
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, str(either.keys), f"p{number}"])
        for number in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    found = either.verify()
    assert found.problem is None, found.problem
    assert (found.rows, found.anchored) == (61, 61)


def test_an_erasure_on_postgresql_leaves_no_byte(postgres, server: str, tmp_path: Path):
    with postgres.read() as connection:
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    office = Office(postgres, tmp_path)
    subject = "account-quartz-7731"
    plant(office, subject, CANARY)
    receipt = erase(office, subject)
    assert receipt.removed["vault_items"] == 1
    tables = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert CANARY.encode() not in data, path
            if "base" in path.parts and f"r-{subject}".encode() in data:
                tables.append(path)
    assert tables == []  # ids are gone from the tables; the server's own log ages out by itself
