"""What was said around a finding outlives the texts at the door; what is erased is gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select, update

from lamppost.adapters.stores.schema import cases as tables
from lamppost.cases.erasure import Receipt, receipt_is_good
from lamppost.service.runtime import Service
from lamppost.wiring import open_stores

from .conftest import CANARY, SAID, Server, grooming, message
from .test_api import raw, until


def take(service: Service, now: int | None = None) -> None:
    service.open_cases(now)


def opened(service: Service, case: str = "C1") -> list[str]:
    found = service.cases.vault.open(person="Dana Reviewer", case=case, reason="first review")
    return [piece.evidence.text for piece in found]


def test_evidence_of_a_finding_outlives_the_texts_at_the_door(service: Service):
    service.intake.submit(grooming(), []).result()
    service.settle()
    take(service)
    service.stores.ledger.expire(state_before=0, log_before=0, sealed_before=2**62)
    assert service.stores.ledger.counts()["sealed_texts"] == 0
    assert opened(service) == [f"{text} {CANARY}" for text in SAID]


def test_what_was_said_later_is_kept_as_well(service: Service):
    service.intake.submit(grooming(), []).result()
    service.settle()
    take(service)
    later = message("late", "c1", "a9", "a1", "do not tell anyone about us", 9)
    service.intake.submit([later], []).result()
    service.settle()
    assert len(opened(service)) == 4
    take(service, 2**62)
    assert opened(service)[-1] == "do not tell anyone about us"
    assert len(opened(service)) == 5


def test_a_policy_that_opens_no_case_keeps_no_evidence(service: Service):
    text = 'name = "quiet"\n[actions]\nconcern = []\nhigh = []\nurgent = ["webhook"]\n' \
           '[[lawful]]\nsurfaces = ["direct", "group", "public"]\ncountries = ["*"]\n' \
           'basis = "consent"\n'  # fmt: skip
    version = service.policies.add(text, by="test").version
    service.policies.deploy(version, seen=service.policies.backtest(version).seen, by="test")
    service.intake.submit(grooming(), []).result()
    service.settle()
    take(service)
    assert opened(service) == []


def test_the_service_lets_old_evidence_go_unless_it_is_held(service: Service):
    for room, actor in (("c1", "a9"), ("c2", "a8")):
        service.intake.submit(grooming(room, actor), []).result()
    service.settle()
    take(service)
    service.cases.holds.place(person="Lee Lead", subject="a8", reason="court order")
    with service.stores.database.write() as connection:
        connection.execute(update(tables.vault_items).values(created_at=1))
    gone = service.sweep()
    assert (gone["vault_items"], gone["held"]) == (4, 1)
    assert {item.subject_id for item in service.cases.vault.items("C2")} == {"a8"}
    assert service.cases.vault.items("C1") == []


# --- over HTTP --------------------------------------------------------------------------------


def ask(server: Server, path: str, **data: str) -> tuple[int, dict[str, Any]]:
    status, _, told = raw(server, "POST", path, json.dumps(data).encode(), media="application/json")
    return status, told


def erased(server: Server, account: str) -> Receipt:
    """Have an account erased, and wait for the receipt."""
    status, told = ask(server, "/v1/erasures", account=account, person="Lee Lead", reason="ref 12")
    assert (status, told["state"]) == (202, "waiting")
    done = until(
        lambda: (
            found if (found := raw(server, "GET", f"/v1/erasures/{told['id']}")[2])["state"]
            != "waiting" else None
        )
    )  # fmt: skip
    assert done["state"] == "done", done
    return msgspec.convert(done["receipt"], Receipt)


def kept(server: Server) -> int:
    """How many texts the vault has."""
    stores = open_stores(f"sqlite:///{server.data / 'lamppost.db'}")
    with stores.database.read() as connection:
        found = connection.execute(select(func.count()).select_from(tables.vault_items)).scalar()
    stores.close()
    return int(found or 0)


def test_an_account_is_erased_while_the_service_runs(tmp_path: Path):
    server = Server(tmp_path / "data")
    client = server.client()
    for room in ("c1", "c2"):
        client.send(grooming(room, "a9", f"kid-{room}"))
    client.send(grooming("c3", "a8", "kid-c3"))
    until(lambda: kept(server) == 12)
    receipt = erased(server, "a9")
    assert receipt_is_good(receipt)
    assert receipt.removed["events"] == 8
    assert receipt.searched_for == 4
    assert receipt.searched.hits == []
    assert receipt.keys_destroyed
    assert [row.actor_id for row in client.relationships(level="watch")] == ["a8"]
    assert {row.finding.actor_id for row in client.findings()} == {"a8"}
    client.send([message("new", "c1", "kid-c1", "someone", "are you there?")])
    server.stop()
    for path in server.data.rglob("*"):
        if path.is_file() and path.parent.name != "keys":
            assert b"a9-" not in path.read_bytes()
            assert CANARY.encode() not in path.read_bytes(), path
    server.start()
    assert [row.actor_id for row in server.client().relationships(level="watch")] == ["a8"]
    server.stop()


def test_a_hold_wins_over_erasure_until_it_is_released(server: Server):
    server.client().send(grooming("h1", "a7"))
    status, hold = ask(server, "/v1/holds", account="a7", person="Lee Lead", reason="court order")
    assert status == 201
    assert [item["id"] for item in raw(server, "GET", "/v1/holds?account_id=a7")[2]["items"]] == [
        hold["id"]
    ]
    status, told = ask(server, "/v1/erasures", account="a7", person="Lee Lead", reason="ref 12")
    assert (status, told["code"]) == (409, "LP600")
    assert ask(server, f"/v1/holds/{hold['id']}/release", person="Lee Lead")[0] == 204
    assert ask(server, f"/v1/holds/{hold['id']}/release", person="Lee Lead")[0] == 404
    assert erased(server, "a7").removed["events"] == 4


def test_erasing_on_postgresql_while_two_workers_fold(tmp_path: Path, postgres_url: str):
    server = Server(tmp_path / "data", "--store", postgres_url, "--workers", "2")
    client = server.client()
    for number in range(12):
        client.send(grooming(f"w{number}", "a9", f"kid{number}"))
    until(lambda: len(list(client.findings(level="urgent"))) == 12)
    receipt = erased(server, "a9")
    assert receipt.removed["events"] == 48
    client.send([message(f"n{number}", f"w{number}", f"kid{number}", "") for number in range(12)])
    until(lambda: all(row.messages for row in client.relationships(account_id="kid0")))
    assert list(client.findings()) == []
    assert [row for row in client.relationships() if "a9" in (row.actor_id, row.target_id)] == []
    assert server.stop() == 0


def test_an_erasure_that_was_asked_for_is_done_after_a_restart(
    make_service: Callable[..., Service],
):
    first = make_service()
    first.start()
    first.intake.submit(grooming(), []).result()
    first.settle()
    first.stop()
    second = make_service()
    asked = second.erasing.ask(account="a9", person="Lee Lead", reason="ref 12")
    again = second.erasing.ask(account="a9", person="Kim", reason="ref 13")
    assert asked.id == again.id
    second.start()
    done = until(
        lambda: (
            found
            if (found := second.cases.erasures.erasure(asked.id)) and found.state == "done"
            else None
        )
    )
    receipt = msgspec.json.decode(done.receipt, type=Receipt)
    assert receipt.removed["events"] == 4
    assert list(second.stores.ledger.relationships(account="a9")) == []
