"""Policy: the gate before private text, alarms, shadow, backtest, deploying."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lamppost.core.errors import ApiError, PolicyError, UsageError
from lamppost.core.levels import Level
from lamppost.events.vocabulary import Account, Message
from lamppost.risk.policy import DEFAULT, read_policy
from lamppost.risk.thresholds import Thresholds
from lamppost.service.runtime import Service

from .conftest import LAMPPOST, START, Server, grooming
from .test_api import until

STRICT = """
name = "strict"
[[lawful]]
surfaces = ["direct", "group", "public"]
countries = ["*"]
basis = "test"
[alarm]
budget = { watch = 1, concern = 0.5, high = 0.1 }
"""
GATED = """
name = "gated"
[[lawful]]
surfaces = ["direct"]
countries = ["GB", "unknown"]
basis = "a law"
[[lawful]]
surfaces = ["public"]
countries = ["*"]
basis = "open to all"
"""


def test_the_built_in_policy_is_sound_and_alarms_as_the_engine_does():
    policy = read_policy(DEFAULT.read_text())
    assert policy.thresholds == Thresholds()
    assert policy.reads_everywhere


def test_a_budget_becomes_bits():
    limits = read_policy(STRICT).thresholds
    assert limits.watch == pytest.approx(16.61, abs=0.01)
    assert limits.concern == pytest.approx(17.61, abs=0.01)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name"),
        ("name = 3", "name"),
        ('name = "x"\nsurprise = 1', "surprise"),
        ('name = "x"\n[alarm]\nwatch = 9.0\nconcern = 8.0', "watch must begin below concern"),
        ('name = "x"\n[alarm]\nwatch = 1.0\nbudget = { watch = 3 }', "bits and as a budget"),
        ('name = "x"\n[actions]\nhigh = ["close_account"]', "high"),
        ('name = "x"\n[[lawful]]\nsurfaces = ["mail"]\ncountries = ["*"]\nbasis = "abc"',
         "surfaces"),
        ('name = "x"\n[[lawful]]\nsurfaces = ["direct"]\ncountries = ["Wales"]\nbasis = "abc"',
         "countries"),
        ('name = "x"\n[retention]\nlog_days = 0', "log_days"),
        ("name = ", "policy"),
    ],
)  # fmt: skip
def test_a_wrong_policy_is_refused_by_name(text: str, words: str):
    with pytest.raises(UsageError, match=words):
        read_policy(text)


@pytest.mark.parametrize(
    ("surface", "countries", "basis"),
    [
        ("direct", {"GB"}, "a law"),
        ("direct", {""}, "a law"),
        ("direct", {"GB", "FR"}, None),
        ("group", {"GB"}, None),
        ("public", {"FR"}, "open to all"),
    ],
)
def test_every_country_must_be_allowed(surface: str, countries: set[str], basis: str | None):
    assert read_policy(GATED).basis(surface, countries) == basis


def deploy(service: Service, text: str) -> None:
    row = service.policies.add(text, by="me")
    seen = service.policies.backtest(row.version).seen
    service.policies.deploy(row.version, seen=seen, by="me")


def test_what_may_not_be_read_is_not_read_and_said(service: Service):
    deploy(service, GATED)
    service.intake.submit([Account(id="a9", country="FR"), *grooming("c1")], []).result()
    service.intake.submit(grooming("c2", "b9", "a1"), []).result()
    service.settle()
    row = service.views.relationships("c1", "a9", Level.NONE, None, 10)
    actor = next(item for item in row.items if item.actor_id == "a9")
    assert (actor.messages, actor.bits, actor.level) == (4, 0, "none")
    assert "4 messages were not read: no legal basis" in [item.reason for item in actor.skipped]
    other = service.views.account("b9")
    assert other is not None
    assert other.level == "urgent"
    bodies = [item.body for item in service.stores.ledger.events(conversation="c1")]
    assert all(b"probing" not in body for body in bodies)


def test_a_country_told_in_the_request_before_counts(service: Service):
    deploy(service, GATED)
    one = service.intake.submit([Account(id="z9", country="FR")], [])
    two = service.intake.submit(grooming("c3", "z9", "a1"), [])
    one.result()
    two.result()
    service.settle()
    assert service.stores.ledger.found(conversation="c3") == []


def test_labels_of_the_platform_count_where_text_may_not_be_read(service: Service):
    deploy(service, GATED)
    labelled = [
        Message(
            id=f"x{number}", conversation_id="lab", sender_id="fr", recipient_ids=["kid"],
            sent_at=START, text="withheld", labels=["sexual"],
        )
        for number in range(2)
    ]  # fmt: skip
    people = [Account(id="fr", country="FR", age=40), Account(id="kid", age=12, country="FR")]
    service.intake.submit([*people, *labelled], []).result()
    service.settle()
    view = service.views.account("fr")
    assert view is not None
    assert view.bits > 0


def test_nobody_deploys_what_was_not_seen(service: Service):
    policies = service.policies
    row = policies.add(STRICT, by="me")
    with pytest.raises(PolicyError, match="not been backtested"):
        policies.deploy(row.version, seen="x", by="me")
    first = policies.backtest(row.version)
    with pytest.raises(PolicyError, match="newest backtest"):
        policies.deploy(row.version, seen="x", by="me")
    other = policies.add(GATED, by="me")
    policies.deploy(other.version, seen=policies.backtest(other.version).seen, by="me")
    with pytest.raises(PolicyError, match="backtest it again"):
        policies.deploy(row.version, seen=first.seen, by="me")


def test_a_backtest_over_the_stored_events_tells_what_would_change(service: Service):
    service.intake.submit([*grooming("c1"), *grooming("c2", "b9", "b1")], []).result()
    service.settle()
    row = service.policies.add(STRICT, by="me")
    result = service.policies.backtest(row.version)
    assert result.events == 10
    assert result.live == {"watch": 2, "concern": 2, "high": 2, "urgent": 2}
    assert sum(result.tested.values()) < 8
    assert result.vanish_count == 8 - sum(result.tested.values())
    assert {item.conversation_id for item in result.vanish} == {"c1", "c2"}
    again = service.policies.backtest(service.policies.add(GATED, by="me").version)
    assert (again.unread_live, again.unread_tested) == (0, 0)  # GB and unknown may be read


def test_a_policy_in_shadow_finds_and_acts_on_nothing(service: Service):
    lenient = STRICT.replace("watch = 1, concern = 0.5, high = 0.1", "watch = 50000")
    row = service.policies.add(lenient, by="me")
    service.policies.put_in_shadow(row.version, by="me")
    service.intake.submit([*grooming("c1")], []).result()
    service.settle()
    shadow = service.stores.ledger.shadow(str(row.version))
    live = {item.id for item in service.stores.ledger.found()}
    assert {item.level for item in shadow} >= {4}
    assert {item.policy for item in service.stores.ledger.found()} == {"1"}
    assert {item.id for item in shadow} & live
    with pytest.raises(PolicyError, match="is live already"):
        service.policies.put_in_shadow(1, by="me")


def test_retention_follows_the_policy(make_service: Callable[..., Service]):
    service = make_service()
    service.start()
    service.intake.submit(grooming(), []).result()
    service.settle()
    gone = service.sweep()  # the events are from March: their state is past 180 days
    assert gone["relationships"] == 2
    assert gone["findings"] == 4
    assert gone["events"] == 0
    assert service.views.account("a9") is None
    service.intake.submit(grooming("c5"), []).result()
    service.settle()
    assert service.views.account("a9") is not None


def test_policy_over_the_api_and_the_command_line(server: Server, tmp_path: Path):
    client = server.client()
    client.send(grooming("pol", "pol-a", "pol-b"))
    with pytest.raises(ApiError, match="nonsense"):
        client.post("/v1/policies", {"policy": "nonsense = 1"})
    version = client.post("/v1/policies", {"policy": STRICT})["version"]
    assert client.get(f"/v1/policies/{version}")["state"] == "draft"
    result = client.post(f"/v1/policies/{version}/backtest")
    assert result["vanish_count"] > 0
    admin = client.post("/v1/keys", {"name": "a", "scopes": ["admin"]})["api_key"]
    with pytest.raises(ApiError) as caught:
        server.client(admin).post(f"/v1/policies/{version}/deploy", {"seen": result["seen"]})
    assert caught.value.status == 403
    client.post(f"/v1/policies/{version}/shadow")
    assert client.get(f"/v1/policies/{version}/shadow")["next"] is None
    live = client.post(f"/v1/policies/{version}/deploy", {"seen": result["seen"]})
    assert live["state"] == "live"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LAMPPOST, "policy", *words, "--data", str(server.data)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert run("show").stdout == STRICT
    path = tmp_path / "gated.toml"
    path.write_text(DEFAULT.read_text() + "\n# another text\n")
    other = run("add", str(path)).stdout.strip()
    assert run("deploy", other, "--seen", "x").returncode == 4
    told = run("backtest", other)
    seen = told.stderr.rpartition("--seen ")[2].strip()
    assert run("deploy", other, "--seen", seen).returncode == 0
    until(lambda: '"state":"live"' in run("list").stdout.splitlines()[-1])
    checked = subprocess.run(
        [LAMPPOST, "policy", "check", str(path)], capture_output=True, text=True, check=True
    )
    assert "watch from" in checked.stderr
