"""Every store does the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from lamppost.adapters.stores.cases import Audit, Holds, Vault
from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import metadata
from lamppost.adapters.stores.schema.casework import compared
from lamppost.cases.ports import AuditRow, LegalHold, VaultItem, VaultKey
from lamppost.core.access import ApiKey, Webhook
from lamppost.core.errors import StoreError
from lamppost.history.memory import Conversation, KeptConversation
from lamppost.history.ports import (
    EVERYWHERE,
    Checkpoint,
    ConversationRow,
    Delivery,
    FoundRow,
    NewEvent,
    Progress,
    Rejected,
    RelationshipRow,
    Sealed,
    ShadowRow,
)
from lamppost.wiring import Stores, open_stores

NOW = 1_750_000_000_000
TALK = msgspec.msgpack.encode(KeptConversation(Conversation("c0", 3, ["a1", "a2", "kid"])))


def new(name: str, *, stamp: int = 0, partition: int = 0, kind: str = "message") -> NewEvent:
    body = msgspec.json.encode({"type": kind, "id": name, "sender_id": f"s{name}"})
    key = name.encode().ljust(16, b".")
    return NewEvent(key, stamp, partition, kind, f"c{partition}", NOW, body)


def change(partition: int = 0, *, seq: int = 1, found: list[FoundRow] | None = None) -> Checkpoint:
    return Checkpoint(
        partition=partition,
        progress=Progress(seq, NOW, "library", b"counters"),
        now=NOW + 5,
        conversations=[ConversationRow(f"c{partition}", partition, seq, NOW, TALK)],
        relationships=[
            RelationshipRow(f"r{actor}", partition, "c0", actor, "kid", level, NOW + level, b"rel")
            for actor, level in (("a1", 0), ("a2", 2), ("a3", 4))
        ],
        people=[("a1", b"one"), ("kid", b"two")],
        found=found or [],
    )


def finding(name: str, actor: str = "a2", level: int = 2) -> FoundRow:
    return FoundRow(name, "c0", actor, "kid", level, NOW, "1", b'{"id":"x"}')


def test_migrations_make_the_tables_of_the_code(stores: Stores):
    with stores.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": compared})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing_and_a_newer_database_is_refused(url: str):
    open_stores(url).close()
    database = Database(url)
    database.migrate()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num='9999'"))
    with pytest.raises(StoreError, match="9999"):
        database.migrate()
    database.close()


def test_an_event_is_kept_once_and_numbered_without_gaps(stores: Stores):
    ledger = stores.ledger
    receipts, _ = ledger.accept([new("m1"), new("m2"), new("m1")], [], [], NOW)
    assert [(item.seq, item.known) for item in receipts] == [(1, -1), (2, -1), (0, 0)]
    receipts, _ = ledger.accept([new("m2"), new("m3")], [], [], NOW)
    assert [item.seq for item in receipts] == [0, 3]
    assert ledger.newest() == 3
    assert [item.seq for item in ledger.events(1)] == [2, 3]


def test_an_edit_is_kept_with_what_was_known_before(stores: Stores):
    ledger = stores.ledger
    ledger.accept([new("m1")], [], [], NOW)
    receipts, _ = ledger.accept([new("m1", stamp=9), new("m1", stamp=4)], [], [], NOW)
    assert [(item.seq, item.known) for item in receipts] == [(2, 0), (0, 9)]
    assert [item.known for item in ledger.events()] == [-1, 0]


def test_more_events_than_a_statement_takes(stores: Stores):
    events = [new(f"m{number}") for number in range(2_500)]
    receipts, _ = stores.ledger.accept(events, [], [], NOW)
    assert [item.seq for item in receipts] == list(range(1, 2_501))
    receipts, _ = stores.ledger.accept(events, [], [], NOW)
    assert {item.seq for item in receipts} == {0}


def test_a_partition_sees_its_events_and_those_of_all(stores: Stores):
    stores.ledger.accept(
        [new("m1", partition=0), new("m2", partition=1), new("a1", partition=EVERYWHERE)],
        [], [], NOW,
    )  # fmt: skip
    assert [item.seq for item in stores.ledger.events(partition=1)] == [2, 3]
    assert [item.seq for item in stores.ledger.events(conversation="c0")] == [1]


def test_writers_at_the_same_time_leave_no_gap_and_keep_each_event_once(stores: Stores):
    def write(number: int) -> None:
        for step in range(10):
            stores.ledger.accept([new(f"m{number}-{step}"), new(f"shared-{step}")], [], [], NOW)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item.seq for item in stores.ledger.events(limit=100)] == list(range(1, 51))


def test_nothing_is_kept_of_a_batch_that_fails(stores: Stores):
    wrong = Sealed("c0", "m1", 0, "s", "k", b"n", b"c")
    with pytest.raises(StoreError) as caught:
        stores.ledger.accept(
            [new("m1")], [Rejected("key", 1, "f", "r", 1, None)], [wrong], NOW,  # type: ignore[arg-type]
        )  # fmt: skip
    assert "m1" not in str(caught.value)
    assert stores.ledger.newest() == 0
    assert list(stores.ledger.sealed("c0")) == []


def test_bad_lines_and_sealed_texts(stores: Stores):
    bad = Rejected("key", 7, "sent_at", "is missing", 12, "d" * 64)
    text_ = Sealed("c0", "m1", 0, "s", "k", b"\x00n", b"\xffc")
    stores.ledger.accept([], [bad, bad], [text_, text_], NOW)
    assert [row[1:] for row in stores.ledger.rejected()] == [(NOW, bad), (NOW, bad)]
    assert list(stores.ledger.sealed("c0")) == [text_]
    assert stores.ledger.counts()["quarantined"] == 2


def test_a_checkpoint_is_written_whole_and_read_back(stores: Stores):
    ledger = stores.ledger
    assert ledger.progress(0) is None
    new_ones = ledger.checkpoint(
        change(found=[finding("f1"), finding("f2", "a3", 4)]), lambda rows: ()
    )
    assert [row.id for row in new_ones] == ["f1", "f2"]
    assert ledger.progress(0) == Progress(1, NOW, "library", b"counters")
    assert ledger.conversations(["c0", "cx"]) == [ConversationRow("c0", 0, 1, NOW, TALK)]
    assert ledger.people(["a1", "kid", "x"], partition=0) == {"a1": b"one", "kid": b"two"}
    assert ledger.people(["a1"], partition=1) == {}
    assert ledger.people(["a1"]) == {"a1": b"one"}
    assert [row.actor for row in ledger.relationships_in(["c0"])] == ["a1", "a2", "a3"]
    assert [row.id for row in ledger.relationships(level=2)] == ["ra2", "ra3"]
    assert [row.id for row in ledger.relationships(after="ra1", limit=1)] == ["ra2"]
    assert [row.id for row in ledger.relationships(account="a1")] == ["ra1"]
    assert len(ledger.relationships(account="kid", conversation="c0")) == 3
    assert ledger.relationship("ra1") is not None
    assert ledger.relationship("none") is None
    assert ledger.sides("actor", after="a1") == ["a2", "a3"]
    assert ledger.sides("target", conversation="c0") == ["kid"]
    assert [row.number for row in ledger.found()] == [1, 2]
    assert [row.id for row in ledger.found(after=1)] == ["f2"]
    assert [row.id for row in ledger.found(level=4, account="kid")] == ["f2"]
    found = ledger.finding("f1")
    assert found is not None
    assert found.found_at == NOW + 5


def test_a_finding_is_kept_once_with_its_message(stores: Stores):
    def outbox(rows):
        return [
            Delivery(f"d{row.id}", "w", "finding.created", b"{}", "pending", 0, NOW, NOW)
            for row in rows
        ]

    for seq in (1, 2):
        stores.ledger.checkpoint(change(seq=seq, found=[finding("f1")]), outbox)
    assert len(stores.ledger.found()) == 1
    assert len(stores.outbox.list("pending")) == 1


def test_a_change_and_new_events_share_a_transaction(stores: Stores):
    _, found = stores.ledger.accept([new("m1")], [], [], NOW, change(found=[finding("f1")]))
    assert [row.id for row in found] == ["f1"]
    broken = msgspec.structs.replace(finding("f2"), body=None)
    with pytest.raises(StoreError):
        stores.ledger.accept([new("m2")], [], [], NOW, change(seq=2, found=[broken]))
    assert stores.ledger.newest() == 1
    progress = stores.ledger.progress(0)
    assert progress is not None
    assert progress.seq == 1


def test_gone_relationships_and_a_reset(stores: Stores):
    stores.ledger.checkpoint(change(), lambda rows: ())
    second = change(seq=2)
    second.gone, second.relationships = ["ra1"], []
    stores.ledger.checkpoint(second, lambda rows: ())
    assert [row.id for row in stores.ledger.relationships()] == ["ra2", "ra3"]
    stores.ledger.reset(0)
    assert stores.ledger.relationships() == []
    assert stores.ledger.progress(0) is None


def test_places_of_erased_events_are_not_given_again(stores: Stores):
    stores.ledger.accept([new("m1"), new("m2")], [], [], NOW)
    stores.ledger.checkpoint(change(seq=2), lambda rows: ())
    stores.ledger.expire(state_before=0, log_before=NOW + 1, sealed_before=0)
    receipts, _ = stores.ledger.accept([new("m3")], [], [], NOW)
    assert receipts[0].seq == 3


def test_retention(stores: Stores):
    stores.ledger.accept([new("m1")], [], [Sealed("c0", "m1", 0, "s", "k", b"n", b"c")], NOW)
    stores.ledger.checkpoint(change(found=[finding("f1")]), lambda rows: ())
    gone = stores.ledger.expire(state_before=NOW + 3, log_before=NOW, sealed_before=NOW + 1)
    assert gone["relationships"] == 2
    assert gone["findings"] == 1
    assert gone["events"] == 0
    assert gone["sealed_texts"] == 1


def test_erasing_an_account(stores: Stores):
    events = [new("1"), new("2")]
    stores.ledger.accept(events, [], [Sealed("c0", "m1", 0, "s1", "k", b"n", b"c")], NOW)
    first = change(found=[finding("f1"), finding("f2", "a3", 4)])
    first.relationships.append(RelationshipRow("rs", 0, "c0", "s1", "kid", 0, NOW, b"rel"))
    stores.ledger.checkpoint(first, lambda rows: ())
    assert stores.ledger.erase("s1")["events"] == 1
    assert stores.ledger.erase("a3")["findings"] == 1
    assert list(stores.ledger.sealed("c0")) == []
    assert [row.id for row in stores.ledger.found()] == ["f1"]
    kept = msgspec.msgpack.decode(stores.ledger.conversations(["c0"])[0].state)
    assert kept[0][2] == ["a1", "a2", "kid"]  # of those that were in it, none was erased but a3
    assert stores.ledger.erase("a2")["people"] == 0
    kept = msgspec.msgpack.decode(stores.ledger.conversations(["c0"])[0].state)
    assert kept[0][2] == ["a1", "kid"]
    assert [row.seq for row in stores.ledger.events()] == [2]


def test_shadow_findings(stores: Stores):
    row = ShadowRow("2", "f1", "c0", "a2", "kid", 2, 9.25, NOW)
    for seq in (1, 2):
        stores.ledger.checkpoint(
            msgspec.structs.replace(change(seq=seq), shadow=[row]), lambda rows: ()
        )
    assert stores.ledger.shadow("2") == [row]
    assert stores.ledger.shadow("3") == []


def test_messages_to_webhooks(stores: Stores):
    outbox = stores.outbox
    letters = [
        Delivery(f"d{number}", "w", "e", b"{}", "pending", 0, NOW + number, NOW)
        for number in range(3)
    ]
    outbox.add(letters)
    outbox.add(letters)
    assert [item.id for item in outbox.claim(NOW + 1, 60_000, 10)] == ["d0", "d1"]
    assert outbox.claim(NOW + 1, 60_000, 10) == []
    assert [item.id for item in outbox.claim(NOW + 60_001, 60_000, 1)] == ["d2"]
    outbox.settle(msgspec.structs.replace(letters[0], state="delivered", attempts=1))
    outbox.settle(msgspec.structs.replace(letters[1], state="dead", attempts=9, last_error="x"))
    assert [item.last_error for item in outbox.list("dead")] == ["x"]
    assert outbox.revive("d1", NOW) is True
    assert outbox.revive("d1", NOW) is False


def test_messages_go_on_when_the_clock_went_backwards(stores: Stores):
    stores.outbox.add([Delivery("d", "w", "e", b"{}", "pending", 0, NOW, NOW)])
    year = 365 * 86_400_000
    assert [item.id for item in stores.outbox.claim(NOW - year, 60_000, 10)] == ["d"]


def test_one_message_is_claimed_by_one(stores: Stores):
    stores.outbox.add(
        [Delivery(f"d{n:03}", "w", "e", b"{}", "pending", 0, NOW, NOW) for n in range(50)]
    )
    taken: list[str] = []

    def claim() -> None:
        while found := stores.outbox.claim(NOW, 60_000, 5):
            taken.extend(item.id for item in found)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 50


def test_keys_webhooks_and_settings(stores: Stores):
    key = ApiKey("k1", "name", frozenset({"risk:read", "events:write"}), b"\x00" * 32, NOW)
    stores.keys.add(key)
    assert stores.keys.key("k1") == key
    assert stores.keys.all() == [key]
    assert stores.keys.end("k1", revoked_at=NOW, expires_at=None) is True
    assert stores.keys.end("k1", revoked_at=NOW, expires_at=None) is False
    hook = Webhook("w1", "https://example.org/", ("finding.created",), b"\x01", NOW)
    stores.webhooks.add(hook)
    assert stores.webhooks.all() == [hook]
    assert stores.webhooks.disable("w1", NOW) is True
    assert stores.webhooks.all() == []
    assert stores.settings.put_once("a", b"1") == b"1"
    assert stores.settings.put_once("a", b"2") == b"1"
    stores.settings.put("a", b"3")
    assert stores.settings.get("a") == b"3"
    assert stores.settings.get("b") is None


def test_one_policy_is_live_and_one_in_shadow(stores: Stores):
    policies = stores.policies
    first = policies.add("d1", "one", "me", NOW)
    assert policies.add("d1", "one", "me", NOW).version == first.version
    second, third = (policies.add(f"d{n}", str(n), "me", NOW) for n in (2, 3))
    for row, state in ((first, "live"), (second, "shadow"), (third, "shadow"), (second, "live")):
        policies.move(row.version, state, by="me", now=NOW)
    assert [row.state for row in policies.all()] == ["retired", "live", "shadow"]
    policies.tested(2, "{}")
    live = policies.in_state("live")
    assert live is not None
    assert (live.version, live.deployed_by, live.backtest) == (2, "me", "{}")


def test_audit_rows_have_one_order(stores: Stores):
    audit = Audit(stores.database)

    def link(last: AuditRow | None, actor: str) -> AuditRow:
        seq = last.seq + 1 if last else 1
        before = last.hash if last else "0" * 64
        return AuditRow(seq, NOW, actor, "view", "s", "{}", before, f"{seq:064}")

    def act(number: int) -> None:
        for _ in range(10):
            audit.append(lambda last: link(last, f"a{number}"))

    threads = [threading.Thread(target=act, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.seq for row in audit.rows()] == list(range(1, 41))
    assert [row.seq for row in audit.rows(after=38)] == [39, 40]
    assert [row.seq for row in audit.rows(limit=3)] == [1, 2, 3]


def test_vault_and_holds(stores: Stores):
    vault, holds = Vault(stores.database), Holds(stores.database)
    item = VaultItem("i1", "case", "s1", "k1", b"n", b"c", NOW)
    vault.add_items([item, item])
    assert vault.item("i1") == item
    assert vault.items(case="case", subject="s1") == [item]
    assert vault.items(subject="other") == []
    vault.replace_item(msgspec.structs.replace(item, key_id="k2"))
    assert vault.items(case="case")[0].key_id == "k2"
    assert vault.delete_items(["i1", "i2"]) == 1
    vault.put_key(VaultKey("k1", b"w", "active", NOW))
    vault.put_key(VaultKey("k1", None, "destroyed", NOW, NOW))
    assert vault.key("k1") == VaultKey("k1", None, "destroyed", NOW, NOW)
    assert len(vault.keys()) == 1
    holds.place(LegalHold("h1", "s1", "court", "me", NOW))
    assert holds.release("h1", by="you", at=NOW) is True
    assert holds.release("h1", by="you", at=NOW) is False
    assert [hold.released_by for hold in holds.holds("s1")] == ["you"]


def test_a_partition_belongs_to_one_process(url: str):
    one, two = open_stores(url), open_stores(url)
    try:
        assert one.leases.take(0) is True
        assert two.leases.take(0) is False
        assert one.leases.held() is True
        one.leases.close()
        end = time.monotonic() + 20  # the server notices a closed connection when it gets to it
        while not two.leases.take(0):
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        one.close()
        two.close()


def test_errors_of_the_store_hold_no_values(stores: Stores):
    secret = "kestrel-umbrella"
    with pytest.raises(StoreError) as caught, stores.database.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": secret})
    assert secret not in str(caught.value)
    stores.ledger.check()
