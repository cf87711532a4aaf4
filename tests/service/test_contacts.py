"""The contact gate and the network of an account, over HTTP."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from lamppost.core.errors import ApiError
from lamppost.events.vocabulary import Account, Contact

from .conftest import START, Server, grooming


def settled(client: Any, question: dict[str, object], outcome: str) -> dict[str, Any]:
    """The answer, once the graph has caught up with the log."""
    end = time.monotonic() + 10
    while True:
        answer: dict[str, Any] = {}
        try:
            answer = client.post("/v1/contacts/check", question)
        except ApiError as error:
            if error.status != 429:
                raise
        if answer.get("outcome") == outcome or time.monotonic() > end:
            assert answer["outcome"] == outcome, answer
            return answer
        time.sleep(0.05)


def test_the_gate_follows_what_happens(server: Server):
    client = server.client()
    client.send([Account(id="g-adult", age=33), Account(id="g-child", age=11)])
    question = {"actor_id": "g-adult", "target_id": "g-child", "purpose": "message"}
    answer = settled(client, question, "deny")
    assert answer["reasons"] == [
        {"rule": "adult", "outcome": "deny", "because": "an adult and a child without a tie"}
    ]
    assert answer["policy"].startswith("policy 1 ")
    client.send([Contact(id="g-k1", actor_id="g-child", target_id="g-adult", action="requested",
                         origin="game", at=START),
                 Contact(id="g-k2", actor_id="g-adult", target_id="g-child", action="accepted",
                         origin="game", at=START)])  # fmt: skip
    settled(client, question, "allow")
    around = client.get("/v1/network/g-adult")
    assert around["children"] == 1
    assert around["origins"] == {"game": 1}
    assert around["neighbours"][0]["account_id"] == "g-child"
    assert not around["neighbours"][0]["began"]


def test_what_the_engine_found_counts(server: Server):
    client = server.client()
    client.send([Account(id="l-adult", age=33), Account(id="l-child", age=11),
                 *grooming("l-room", "l-adult", "l-kid")])  # fmt: skip
    question = {"actor_id": "l-child", "target_id": "l-adult", "purpose": "message"}
    settled(client, question, "deny")  # the child is not stopped for what it did itself


def test_many_at_once_and_what_is_wrong(server: Server):
    client = server.client()
    client.send([Account(id="m-a", age=33), Account(id="m-b", age=11)])
    one = {"actor_id": "m-a", "target_id": "m-b", "purpose": "gift"}
    settled(client, one, "deny")
    many = client.post("/v1/contacts/check-batch", {"items": [one] * 1000})
    assert len(many["items"]) == 1000
    for path, body in (
        ("/v1/contacts/check", {**one, "purpose": "marry"}),
        ("/v1/contacts/check", {**one, "actor_age_band": "99-11"}),
        ("/v1/contacts/check", {**one, "vulnerable": True}),
        ("/v1/contacts/check-batch", {"items": []}),
        ("/v1/contacts/check-batch", {"items": [one] * 1001}),
    ):
        with pytest.raises(ApiError) as caught:
            client.post(path, body)
        assert caught.value.status == 400
    with pytest.raises(ApiError) as caught:
        client.get("/v1/network/unheard/of")
    assert caught.value.status == 404


def test_rules_are_deployed_with_the_policy(server: Server):
    client = server.client()
    text = client.get("/v1/policies")["items"][0]["policy"]
    with pytest.raises(ApiError, match="contacts"):
        client.post("/v1/policies", {"policy": f"{text}\n[contacts.adult]\ngift = 'perhaps'\n"})
    added = client.post("/v1/policies", {"policy": f"{text}\n[contacts.adult]\ngift = 'hold'\n"})
    version = added["version"]
    seen = client.post(f"/v1/policies/{version}/backtest", {})["seen"]
    client.post(f"/v1/policies/{version}/deploy", {"seen": seen})
    client.send([Account(id="r-a", age=33), Account(id="r-b", age=11)])
    question = {"actor_id": "r-a", "target_id": "r-b", "purpose": "gift"}
    answer = settled(client, question, "hold")
    assert answer["policy"].startswith(f"policy {version} ")


def test_what_accounts_do_is_followed(server: Server):
    client = server.client()
    children = [f"b-child-{place}" for place in range(12)]
    client.send([
        Account(id="b-adult", age=35), *(Account(id=name, age=11) for name in children),
        *(Contact(id=f"b-{name}", actor_id="b-adult", target_id=name, action="requested",
                  origin="search", at=START) for name in children),
        *(Contact(id=f"b-no-{name}", actor_id=name, target_id="b-adult", action="blocked",
                  origin="search", at=START) for name in children[:6]),
        Contact(id="b-yes", actor_id=children[7], target_id="b-adult", action="accepted",
                origin="search", at=START),
    ])  # fmt: skip
    end = time.monotonic() + 10
    found: dict[str, Any] = {}
    while time.monotonic() < end and not found.get("contributions"):
        with contextlib.suppress(ApiError):  # not yet followed
            found = client.get("/v1/accounts/b-adult")
        time.sleep(0.05)
    seen = [item["detector"] for item in found["contributions"]]
    assert {"behaviour.contact_with_many", "behaviour.refused"} <= set(seen)
    assert found["bits"] == pytest.approx(sum(item["bits"] for item in found["contributions"]))
    assert found["level"] in ("watch", "concern")  # nothing was said: never more
    child = client.get(f"/v1/children/{children[7]}")
    assert child["exposure"]["strangers"] == 1
    assert child["exposure"]["unknown_adults"] == 1
    with pytest.raises(ApiError, match="nothing here"):
        client.get("/v1/accounts/nobody-at-all")
