"""Databases and key folders for the tests of cases: SQLite always, PostgreSQL where it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.adapters.keys.checkpoints import CheckpointFile
from lamppost.adapters.keys.local import FileSigner
from lamppost.adapters.stores.cases import Audit
from lamppost.adapters.stores.database import Database
from lamppost.cases.audit import EVERYTHING, Checkpoint, Journal, Verdict, verify
from lamppost.cases.keys import good_signature


class Clock:
    """Time that goes on by a second at every look."""

    def __init__(self) -> None:
        self.now = 1_750_000_000_000

    def __call__(self) -> int:
        self.now += 1_000
        return self.now


class Office:
    """An audit chain with its key folder, as a deployment has them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.keys = folder / "keys"
        self.clock = Clock()
        self.table = Audit(database)
        self.anchor = CheckpointFile(self.keys / "checkpoints.ndjson")
        self.signer = FileSigner(self.keys)
        self.journal = self.start()

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
