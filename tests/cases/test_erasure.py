"""Erasure erases, a legal hold wins, retention lets go: proven on the bytes of files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, insert, select

from lamppost.adapters.stores.child_reports import SqlChildReports
from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import cases, log, metadata
from lamppost.adapters.stores.schema import office as office_tables
from lamppost.cases.erasure import (
    Searched,
    about,
    days_before,
    needles_found,
    receipt_is_good,
)
from lamppost.cases.keys import bucket_of
from lamppost.cases.vault import Evidence
from lamppost.core.errors import PolicyError, StoreError, UsageError
from lamppost.protect.button import ChildReport

from .conftest import CANARY, Office

HERS = "a lantern for the marmalade otter"


def same_bucket(subject: str) -> str:
    """Another account whose words are under the same shred secret."""
    return next(
        name for name in (f"other-{n}" for n in range(100_000))
        if bucket_of(name) == bucket_of(subject)
    )  # fmt: skip


def plant(office: Office, subject: str, text: str, *, conversation: str = "c1") -> None:
    """Everything the deployment keeps of an account, with words in the places for words."""
    office.vault.snapshot(
        case="k1", actor="engine",
        pieces=[Evidence(conversation_id=conversation, event_id=f"m-{subject}", subject_id=subject,
                         sent_at=datetime(2026, 3, 1, tzinfo=UTC), text=text)],
    )  # fmt: skip
    sealed = office.sealer.seal(subject, about(conversation, f"m-{subject}", 0), text)
    with office.database.write() as connection:
        connection.execute(insert(cases.sealed_texts), {
            "conversation": conversation, "event": f"m-{subject}", "stamp": 0, "sender": subject,
            "key_id": sealed.key_id, "nonce": sealed.nonce, "ciphertext": sealed.ciphertext,
            "received": 1_000,
        })  # fmt: skip
        connection.execute(insert(log.events), {
            "key": subject.encode()[:16], "stamp": 0, "known": -1, "partition": 0,
            "kind": "message", "conversation": conversation, "at": 1_000, "received": 1_000,
            "body": msgspec.json.encode({"type": "message", "id": f"m-{subject}",
                                         "sender_id": subject, "conversation_id": conversation}),
        })  # fmt: skip
        connection.execute(insert(log.relationships), {
            "id": f"r-{subject}", "partition": 0, "conversation": conversation, "actor": subject,
            "target": "someone", "level": 3, "last_at": 1_000, "state": b"state",
        })  # fmt: skip
        connection.execute(insert(log.findings), {
            "id": f"f-{subject}", "conversation": conversation, "actor": subject,
            "target": "someone", "level": 3, "at": 1_000, "found_at": 1_000, "policy": "p",
            "body": b"{}",
        })  # fmt: skip
        connection.execute(insert(log.people), {
            "partition": 0, "id": subject, "state": b"state",
        })  # fmt: skip
        connection.execute(insert(office_tables.deliveries), {
            "id": f"d-{subject}", "webhook": "w", "event": "finding",
            "body": msgspec.json.encode({"actor_id": subject}), "state": "pending", "attempts": 0,
            "next_at": 0, "created_at": 1_000, "last_error": "",
        })  # fmt: skip


def count(database: Database, table: str) -> int:
    """Rows of a table."""
    with database.read() as connection:
        return connection.execute(
            select(func.count()).select_from(metadata.tables[table])
        ).scalar_one()


def erase(office: Office, subject: str = "a9"):
    """Erase an account."""
    return office.eraser.erase(person="Lee Lead", subject=subject, reason="asked by letter 12")


def test_an_erasure_removes_everything_and_says_so(office: Office):
    plant(office, "a9", CANARY)
    plant(office, "a1", HERS, conversation="c2")
    reports = SqlChildReports(office.database)
    reports.add(
        ChildReport(
            id="r1", code="1", at=1, kind="other", safe="yes", language="en", country="GB",
            about="a1", reporter="a9", conversation="c1",
        )
    )  # fmt: skip
    receipt = erase(office)
    left = reports.report("r1")
    assert left is not None
    assert (left.about, left.reporter, left.conversation) == ("a1", "", "")
    assert receipt.removed == {
        "relationships": 1, "findings": 1, "shadow_findings": 0, "people": 1, "sealed_texts": 1,
        "events": 1, "deliveries": 1, "vault_items": 1, "child_reports": 1,
    }  # fmt: skip
    assert len(receipt.keys_destroyed) == len(receipt.secrets_destroyed) == 1
    assert receipt.searched_for == 1
    assert receipt.searched.hits == []
    assert receipt.searched.bytes > 10_000
    for table in ("relationships", "findings", "people", "sealed_texts", "events", "deliveries",
                  "vault_items"):  # fmt: skip
        assert count(office.database, table) == 1, table
    needles_found(receipt.searched)


def test_the_words_of_others_are_untouched(office: Office):
    other = same_bucket("a9")
    plant(office, "a9", CANARY)
    plant(office, other, HERS, conversation="c2")
    receipt = erase(office)
    assert receipt.sealed_anew == 1
    opened = office.reopened().vault.open(person="Dana", case="k1", reason="first review")
    assert [piece.evidence.text for piece in opened] == [HERS]
    row = next(office.texts.of(other))
    assert office.sealer.open(other, about("c2", f"m-{other}", 0), row.sealed) == HERS


def test_a_backup_made_before_opens_nothing_of_the_account(office: Office, tmp_path: Path):
    """Crypto-shredding: yesterday's copy of the database with today's key folder."""
    plant(office, "a9", CANARY)
    plant(office, "a1", HERS, conversation="c2")
    backup = tmp_path / "backup"
    backup.mkdir()
    with office.database.engine.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{backup / 'lamppost.db'}'")
    erase(office)
    restored = Office(Database(f"sqlite:///{backup / 'lamppost.db'}"), backup, office.keys)
    items = {item.subject_id: item for item in restored.vault.items("k1")}
    with pytest.raises(StoreError, match="erased for good"):
        restored.vault._unseal(items["a9"])
    assert restored.vault._unseal(items["a1"]).text == HERS
    sealed = next(restored.texts.of("a9"))
    with pytest.raises(StoreError, match="erased for good"):
        restored.sealer.open("a9", about("c1", "m-a9", 0), sealed.sealed)
    restored.database.close()


def test_the_search_sees_a_forgotten_copy(office: Office):
    """The search is no decoration: a log that somebody left with the words in it is named."""
    plant(office, "a9", CANARY)
    log = office.folder / "debug.log"
    log.write_text(f"… {CANARY} …")
    receipt = erase(office)
    assert receipt.searched.hits == [str(log)]
    with pytest.raises(StoreError, match="still in 1 files"):
        needles_found(receipt.searched)


@pytest.mark.parametrize("spelling", ["utf-8", "utf-16-le", "escaped"])
def test_the_search_knows_other_spellings(office: Office, spelling: str):
    text = "schöner Otter mit Laterne"
    data = msgspec.json.encode(text) if spelling == "utf-8" else (
        text.encode("utf-16-le") if spelling == "utf-16-le"
        else text.encode("ascii", "backslashreplace")
    )  # fmt: skip
    (office.folder / "left.bin").write_bytes(b"x" * 5_000_000 + data)
    assert len(office.disk.search([text.encode()]).hits) == 1
    assert office.disk.search([]) == Searched(0, 0)


def test_no_byte_of_the_account_is_left_in_any_file(office: Office):
    """Ids too: deleted rows are not readable in free pages or the write-ahead log."""
    subject = "account-quartz-7731"
    plant(office, subject, CANARY)
    before = b"".join(path.read_bytes() for path in office.folder.glob("lamppost.db*"))
    assert subject.encode() in before
    erase(office, subject)
    rows = [row for row in office.table.rows() if row.subject == subject]
    assert len(rows) == 2  # begun, done: the audit chain outlives what it tells of
    for path in office.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert CANARY.encode() not in data, path
            assert f"m-{subject}".encode() not in data, path
            assert f"r-{subject}".encode() not in data, path
            assert data.count(subject.encode()) <= 2 * len(rows), path


def test_a_legal_hold_wins_and_says_so(office: Office):
    plant(office, "a9", CANARY)
    hold = office.holds.place(person="Lee Lead", subject="a9", reason="court order 7/26")
    with pytest.raises(PolicyError, match="legal hold wins over erasure") as caught:
        erase(office)
    assert "Lee Lead" in str(caught.value)
    assert count(office.database, "vault_items") == 1
    assert [row.act for row in office.table.rows()][-1] == "erasure.refuse"
    office.holds.release(person="Lee Lead", hold=hold.id)
    assert erase(office).removed["vault_items"] == 1
    with pytest.raises(UsageError, match="no hold"):
        office.holds.release(person="Lee Lead", hold=hold.id)


def test_a_hold_needs_person_account_and_reason(office: Office):
    for wrong in ({"person": " "}, {"subject": ""}, {"reason": ""}):
        call = {"person": "Lee", "subject": "a9", "reason": "court order", **wrong}
        with pytest.raises(UsageError):
            office.holds.place(**call)
        with pytest.raises(UsageError):
            office.eraser.erase(**call)


def test_retention_spares_what_is_held(office: Office):
    plant(office, "a9", CANARY)
    plant(office, "a1", HERS, conversation="c2")
    office.holds.place(person="Lee Lead", subject="a9", reason="court order 7/26")
    later = office.clock.now + 1_000_000
    gone = office.eraser.expire(
        person="retention", state_before=later, log_before=later, sealed_before=later,
        vault_before=later,
    )  # fmt: skip
    assert gone == {
        "sealed_texts": 1, "events": 1, "findings": 1, "shadow_findings": 0, "conversations": 0,
        "relationships": 1, "quarantined": 0, "deliveries": 2, "vault_items": 1, "held": 1,
    }  # fmt: skip
    assert [item.subject_id for item in office.vault.items("k1")] == ["a9"]
    assert [row.act for row in office.table.rows()][-1] == "retention"


def test_a_hold_spares_what_was_done_outside_conversations(office: Office):
    office.holds.place(person="Lee Lead", subject="a9", reason="court order 7/26")
    with office.database.write() as connection:
        for number, name in enumerate(("a9", "a1")):
            connection.execute(insert(log.events), {
                "key": bytes([number]) * 16, "stamp": 0, "known": -1, "partition": -1,
                "kind": "gift", "conversation": "", "at": 1, "received": 1,
                "body": msgspec.json.encode({"type": "gift", "sender_id": name}),
            })  # fmt: skip
    gone = office.eraser.expire(
        person="retention", state_before=5, log_before=5, sealed_before=5, vault_before=5
    )
    assert gone["events"] == 1
    with office.database.read() as connection:
        body = connection.execute(select(log.events.c.body)).scalar_one()
    assert b"a9" in bytes(body)


def test_retention_leaves_what_is_young(office: Office):
    plant(office, "a9", CANARY)
    gone = office.eraser.expire(
        person="retention", state_before=1, log_before=1, sealed_before=1, vault_before=1
    )
    assert not any(gone.values())
    assert days_before(10 * 86_400_000, 3) == 7 * 86_400_000
    with pytest.raises(UsageError):
        days_before(1, 0)


@pytest.mark.parametrize("step", ["records", "keys", "secrets", "compact"])
def test_an_interrupted_erasure_can_be_done_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str
):
    plant(office, "a9", CANARY)
    plant(office, same_bucket("a9"), HERS, conversation="c2")

    def fail(*args: object, **named: object) -> None:
        raise StoreError("the disk is full")

    target, name = {
        "records": (office.eraser._records, "erase"), "keys": (office.keyring, "destroy"),
        "secrets": (office.shreds, "destroy"), "compact": (office.disk, "compact"),
    }[step]  # fmt: skip
    with monkeypatch.context() as broken:
        broken.setattr(target, name, fail)
        with pytest.raises(StoreError):
            erase(office)
    receipt = erase(office)
    assert receipt.searched.hits == []
    assert office.shreds.old(bucket_of("a9")) == []
    assert all(key.state == "destroyed" for key in office.keyring.of("a9"))
    opened = office.vault.open(person="Dana", case="k1", reason="first review")
    assert [piece.evidence.text for piece in opened] == [HERS]
    assert office.verify().sound


def test_the_receipt_is_signed_and_in_the_chain(office: Office):
    plant(office, "a9", CANARY)
    receipt = erase(office)
    assert receipt_is_good(receipt)
    assert receipt_is_good(receipt, office.signer.public)
    assert not receipt_is_good(receipt, b"0" * 32)
    for change in ({"subject": "a1"}, {"removed": {}}, {"at": 1}, {"person": "x"}):
        assert not receipt_is_good(msgspec.structs.replace(receipt, **change))
    again = msgspec.json.decode(msgspec.json.encode(receipt), type=type(receipt))
    assert receipt_is_good(again)
    row = list(office.table.rows())[receipt.row - 1]
    assert row.hash == receipt.row_hash
    assert row.act == "erasure.done"


def test_after_an_erasure_the_account_may_come_back(office: Office):
    plant(office, "a9", CANARY)
    erase(office)
    plant(office, "a9", HERS)
    opened = office.vault.open(person="Dana", case="k1", reason="first review")
    assert [piece.evidence.text for piece in opened] == [HERS]


def test_erasing_who_is_not_there_is_no_fault(office: Office):
    receipt = erase(office, "nobody")
    assert not any(receipt.removed.values())
    assert receipt_is_good(receipt)
