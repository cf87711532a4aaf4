"""Databases and key folders for the tests of cases: SQLite always, PostgreSQL where it runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from lamppost.adapters.keys.checkpoints import CheckpointFile
from lamppost.adapters.keys.kms import ServiceMasterKeys
from lamppost.adapters.keys.local import FileShredSecrets, FileSigner, LocalKeyService
from lamppost.adapters.stores.cases import Audit
from lamppost.adapters.stores.cases import Holds as HoldRows
from lamppost.adapters.stores.cases import Vault as Store
from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.erasure import DatabaseDisk, SqlRecords, SqlSealedTexts
from lamppost.adapters.stores.ledger import SqlLedger
from lamppost.cases.audit import EVERYTHING, Checkpoint, Journal, Verdict, verify
from lamppost.cases.erasure import Eraser, Holds
from lamppost.cases.keys import good_signature
from lamppost.cases.snapshots import Snapshots
from lamppost.cases.vault import Keyring, Sealer, Vault

CANARY = "kestrel-umbrella-4711 zebra"
"""Words that must turn up nowhere but in what a person opened."""


class Clock:
    """Time that goes on by a second at every look."""

    def __init__(self) -> None:
        self.now = 1_750_000_000_000

    def __call__(self) -> int:
        self.now += 1_000
        return self.now


class Office:
    """An audit chain with its key folder, as a deployment has them."""

    def __init__(self, database: Database, folder: Path, keys: Path | None = None) -> None:
        self.database = database
        self.folder = folder
        self.keys = keys or folder / "keys"
        self.clock = Clock()
        self.table = Audit(database)
        self.anchor = CheckpointFile(self.keys / "checkpoints.ndjson")
        self.signer = FileSigner(self.keys)
        self.masters = ServiceMasterKeys(LocalKeyService(self.keys))
        self.shreds = FileShredSecrets(self.keys, self.masters)
        self.journal = self.start()
        store = Store(database)
        self.keyring = Keyring(store, self.masters, self.shreds, self.clock)
        self.vault = Vault(
            store, self.keyring, self.journal, self.clock,
            lambda person, case: person != "Mallory",
        )  # fmt: skip
        self.sealer = Sealer(self.shreds)
        self.texts = SqlSealedTexts(database)
        self.snapshots = Snapshots(self.vault, self.texts, self.sealer, around=2)
        self.holds = Holds(
            HoldRows(database), self.journal, self.clock, lambda: uuid.uuid4().hex
        )  # fmt: skip
        self.disk = DatabaseDisk(database, [folder])
        self.eraser = Eraser(
            records=SqlRecords(database, SqlLedger(database)), texts=self.texts,
            sealer=self.sealer, store=store, vault=self.vault, keyring=self.keyring,
            shreds=self.shreds, holds=self.holds, disk=self.disk, journal=self.journal,
            signer=self.signer, clock=self.clock,
        )  # fmt: skip

    def reopened(self, *, keys: Path | None = None) -> Office:
        """The same deployment as another process sees it; `keys` gives it another key folder."""
        return Office(self.database, self.folder, keys)

    def start(self) -> Journal:
        """A journal as a new process opens it."""
        return Journal(self.table, self.anchor, self.signer.sign, self.clock)

    def act(self, count: int = 1) -> None:
        """Write some ordinary rows."""
        for index in range(count):
            self.journal.record(
                actor=f"person-{index % 3}", act="view", subject=f"case-{index}",
                details={"reason": "second look", "number": index},
            )  # fmt: skip

    def signed(self, mark: Checkpoint) -> bool:
        """Whether our key signed it."""
        return bool(mark.signature) and good_signature(
            self.signer.public, bytes.fromhex(mark.signature), mark.message
        )

    def verify(self, *, anchored: bool = True, expect: tuple[int, str] | None = None) -> Verdict:
        """Read the chain from the database."""
        marks = self.anchor.read() if anchored else None
        return verify(self.table.rows(after=EVERYTHING), marks, self.signed, expect)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database."""
    database = Database(f"sqlite:///{tmp_path / 'lamppost.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def office(sqlite: Database, tmp_path: Path) -> Office:
    """An office over SQLite."""
    return Office(sqlite, tmp_path)


@pytest.fixture(scope="module")
def office_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for many examples of a property."""
    folder = tmp_path_factory.mktemp("office")
    database = Database(f"sqlite:///{folder / 'lamppost.db'}")
    database.migrate()
    yield Office(database, folder)
    database.close()


@pytest.fixture(scope="session")
def server(postgres_server: str) -> str:
    """URL of a real PostgreSQL server's first database."""
    return postgres_server


def fresh(server: str) -> str:
    """URL of a new database on the server."""
    name = f"t{uuid.uuid4().hex[:12]}"
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def postgres(server: str) -> Iterator[Database]:
    """A fresh PostgreSQL database."""
    database = Database(fresh(server))
    database.migrate()
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """An office over each kind of database."""
    return Office(request.getfixturevalue(request.param), tmp_path)
