"""The API as a user meets it: one service process, asked from outside."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from litestar import get
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.testing import TestClient

from lamppost.client import Client
from lamppost.core.access import NOT_ADMIN, SCOPES
from lamppost.core.errors import ApiError, UsageError
from lamppost.events import ndjson
from lamppost.events.vocabulary import Account
from lamppost.service.app import all_routes, make_app
from lamppost.service.guard import PERSON, PUBLIC
from lamppost.service.runtime import Service

from .conftest import CANARY, LAMPPOST, Server, grooming, message


def raw(
    server: Server, method: str, path: str, body: bytes | None = None, *,
    key: str | None = None, media: str = "application/x-ndjson", **headers: str,
) -> tuple[int, dict[str, str], Any]:  # fmt: skip
    """Status, headers and JSON of one request."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    given = server.key if key is None else key
    sent = {"Content-Type": media, **headers}
    if given:
        sent["Authorization"] = f"Bearer {given}"
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    kind = answer.headers.get("Content-Type", "")
    value = json.loads(data) if "json" in kind else data
    return answer.status, {name.lower(): text for name, text in answer.headers.items()}, value


def lines(*events: Any) -> bytes:
    return b"\n".join(ndjson.encode(event) for event in events)


def until(what: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "took too long"
        time.sleep(0.02)
    return found


def test_the_first_line_is_json_and_the_second_start_tells_no_key(tmp_path: Path):
    first = Server(tmp_path / "data")
    assert set(first.first) == {"url", "api_key", "sign_in"}
    first.client().send(grooming())
    assert first.stop() == 0
    first.start()
    assert set(first.first) == {"url"}
    client = first.client()
    until(lambda: list(client.findings()))
    assert first.stop() == 0


def test_events_in_findings_out(server: Server):
    client = server.client()
    outcome = client.send(grooming("in-out", "stranger", "kid"))
    assert (outcome.accepted, outcome.duplicates, outcome.quarantined) == (5, 0, 0)
    found = until(lambda: [row for row in client.findings(conversation_id="in-out")
                           if row.finding.level == "urgent"])[0]  # fmt: skip
    one = client.get(f"/v1/relationships/{found.relationship_id}")
    row = next(iter(client.relationships(conversation_id="in-out", level="watch")))
    assert msgspec.to_builtins(row) == one
    assert list(one) == [
        "conversation_id", "actor_id", "target_id", "messages", "bits", "level", "first_watch",
        "first_concern", "first_high", "contributions", "skipped",
    ]  # fmt: skip
    assert round(sum(item["bits"] for item in one["contributions"]), 2) == one["bits"]
    assert client.account("stranger").level == "urgent"
    assert client.child("kid").aimed_at_by == ["stranger"]
    assert [row.account_id for row in client.accounts(account_id="stranger")] == ["stranger"]
    assert [row.child_id for row in client.children(conversation_id="in-out")] == ["kid"]
    assert client.get(f"/v1/findings/{found.finding.id}")["number"] == found.number
    again = client.send(grooming("in-out", "stranger", "kid"))
    assert (again.accepted, again.duplicates) == (1, 4)  # an account is told anew each time
    time.sleep(0.1)
    assert len(list(client.findings(conversation_id="in-out"))) == 4


def test_score_of_the_command_line_says_the_same(server: Server, tmp_path: Path):
    events = grooming("same", "same-a", "same-b")
    path = tmp_path / "events.ndjson"
    path.write_bytes(lines(*events))
    done = subprocess.run([LAMPPOST, "score", str(path)], capture_output=True, check=True)
    server.client().send(events)
    want = [json.loads(line) for line in done.stdout.splitlines()]
    client = server.client()

    def same() -> bool:
        found = client.get("/v1/relationships", {"conversation_id": "same"})["items"]
        return sorted(found, key=str) == sorted(want, key=str)

    until(same)


def test_pages(server: Server):
    client = server.client()
    client.send(message(f"p{n}", f"page-{n}", f"pa{n}", f"pb{n}") for n in range(7))
    query = {"limit": "3"}
    until(lambda: len(list(client.accounts())) >= 14)
    seen: list[str] = []
    while True:
        page = client.get("/v1/accounts", query)
        assert len(page["items"]) <= 3
        seen += [row["account_id"] for row in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == sorted(set(seen))
    assert {f"pa{n}" for n in range(7)} <= set(seen)


@pytest.mark.parametrize("name", ["a b/c?d", "ünï", "/x", "a%2Fb"])
def test_any_id_can_be_asked_for(server: Server, name: str):
    client = server.client()
    client.send([message(f"id-{name}", "ids", name, "other")])
    until(lambda: list(client.accounts(account_id=name)))
    if not name.startswith("/"):
        assert client.account(name).account_id == name


def test_bad_lines_are_told_with_line_and_field(server: Server):
    good = lines(message("g1", "bad", "a", "b"))
    body = good + b'\n{"type":"message","id":"x"}\n{"type":"gift"\n\xff\xfe\n' + CANARY.encode()
    status, _, told = raw(server, "POST", "/v1/events", body)
    assert status == 202
    assert (told["accepted"], told["quarantined"]) == (1, 4)
    assert [(item["line"], item["field"]) for item in told["errors"]] == [
        (2, "conversation_id"), (3, ""), (4, ""), (5, ""),
    ]  # fmt: skip
    assert CANARY not in json.dumps(told)
    page = server.client().get("/v1/quarantine")
    assert page["count"] >= 4
    assert {item["line"] for item in page["items"]} >= {2, 3, 4, 5}
    status, _, told = raw(server, "POST", "/v1/events?strict=true", body)
    assert status == 400
    assert told["where"] == "line 2, field conversation_id"
    status, _, told = raw(server, "POST", "/v1/events", b'{"type":"message","id":"x"}')
    assert (status, told["where"], told["code"]) == (400, "line 1, field conversation_id", "LP101")


@pytest.mark.parametrize(
    ("body", "media", "status", "words"),
    [
        (b"", "application/x-ndjson", 400, "holds no event"),
        (b"\n\n", "application/x-ndjson", 400, "holds no event"),
        (b"<a/>", "text/xml", 415, "media type"),
        (b"{", "application/cloudevents+json", 400, "not valid JSON"),
        (b"{}", "application/cloudevents-batch+json", 400, "is a list"),
        (b"[1]", "application/cloudevents-batch+json", 400, "is not a CloudEvent object"),
        (b'{"type":"message","id":"a\\u0000"}', "application/x-ndjson", 400, "is missing"),
    ],
)
def test_every_refusal_says_why(server: Server, body: bytes, media: str, status: int, words: str):
    got, headers, told = raw(server, "POST", "/v1/events", body, media=media)
    assert got == status
    assert headers["content-type"] == "application/problem+json"
    assert words in told["detail"]


def test_control_characters_in_ids_are_refused(server: Server):
    line = lines(message("n1", "ctl", "a", "b")).replace(b'"ctl"', b'"c\\u0000tl"')
    status, _, told = raw(server, "POST", "/v1/events", line)
    assert (status, told["where"]) == (400, "line 1, field conversation_id")


def test_a_message_of_ten_megabytes_and_a_body_beyond_the_limit(server: Server):
    text = "are you home alone? " * 450_000
    status, _, told = raw(
        server, "POST", "/v1/events", lines(message("big", "big", "a", "b", text))
    )
    assert (status, told["accepted"]) == (202, 1)
    status, _, told = raw(
        server, "POST", "/v1/events", lines(message("b2", "big", "a", "b", text + "x" * 3_000_000))
    )
    assert (status, told["errors"][0]["reason"]) == (400, "longer than 10485760 bytes")
    status, _, told = raw(server, "POST", "/v1/events", b"x" * (17 << 20))
    assert (status, told["detail"]) == (413, "the body is larger than is taken")


def test_cloud_events(server: Server):
    data = msgspec.to_builtins(message("ce1", "cloud", "ca", "cb"))
    one = {
        "specversion": "1.0", "id": "e1", "source": "/chat", "type": "com.example.message",
        "data": {key: value for key, value in data.items() if key not in ("type", "id")},
    }  # fmt: skip
    status, _, told = raw(server, "POST", "/v1/events", json.dumps(one).encode(),
                          media="application/cloudevents+json; charset=utf-8")  # fmt: skip
    assert (status, told["accepted"]) == (202, 1)
    two = {**one, "id": "e2", "data": {**one["data"], "sent_at": "yesterday"}}
    body = json.dumps([one, two, {**one, "id": "e3"}]).encode()
    status, _, told = raw(server, "POST", "/v1/events", body,
                          media="application/cloudevents-batch+json")  # fmt: skip
    assert (status, told["accepted"], told["duplicates"]) == (202, 1, 1)
    assert [(item["line"], item["field"]) for item in told["errors"]] == [(2, "data.sent_at")]
    status, _, told = raw(
        server, "POST", "/v1/events", json.dumps(one["data"]).encode(), media="application/json",
        **{"ce-specversion": "1.0", "ce-id": "e4", "ce-source": "/c", "ce-type": "message"},
    )  # fmt: skip
    assert (status, told["accepted"]) == (202, 1)
    client = server.client()
    until(lambda: {row.messages for row in client.relationships(conversation_id="cloud")} == {0, 3})


# --- keys -------------------------------------------------------------------------------------


def routes() -> list[tuple[str, str, str]]:
    """Every route with the scope that opens it."""
    found = []
    for handler in all_routes():
        for path in handler.paths:
            for method in handler.http_methods:
                filled = re.sub(r"{\w+:int}", "999", re.sub(r"{\w+:(str|path)}", "nothing", path))
                found.append((str(method), filled, handler.opt["scope"]))
    return found


@pytest.mark.parametrize("opt", [{}, {"scope": "nobody"}, {"scope": PERSON}])
def test_a_route_that_does_not_say_who_may_stops_the_start(service: Service, opt: dict[str, str]):
    @get("/page", opt=opt, sync_to_thread=False)
    def page() -> str:
        return "shown to all"

    with pytest.raises(RuntimeError, match="/page"):
        make_app(service, max_body=1, pages=lambda _: [page])


def test_pages_are_served_beside_the_api(service: Service):
    """A page at any address, with its own guard; the key of the API does not open it."""

    def signed_in(connection: ASGIConnection, _: BaseRouteHandler) -> None:
        if connection.cookies.get("who") != "dana":
            raise NotAuthorizedException

    @get("/", opt={"scope": PERSON}, guards=[signed_in], sync_to_thread=False)
    def page() -> str:
        return "the queue"

    client = TestClient(make_app(service, max_body=1 << 20, pages=lambda _: [page]))
    assert client.get("/").status_code == 401
    _, text = service.keys.make("all", ["admin"])
    assert client.get("/", headers={"Authorization": f"Bearer {text}"}).status_code == 401
    assert client.get("/", headers={"Cookie": "who=dana"}).text == "the queue"
    assert client.get("/openapi.json").status_code == 200
    assert client.get("/nowhere").status_code == 404
    assert client.options("/v1/keys").status_code == 204


def test_no_key_reaches_beyond_its_scopes(server: Server):
    """Every route is asked with a key of every single scope, from outside."""
    admin = server.client()
    keys = {
        scope: admin.post("/v1/keys", {"name": scope, "scopes": [scope]})["api_key"]
        for scope in SCOPES
    }
    asked = 0
    for method, path, needed in routes():
        body = b"{}" if method == "POST" else None
        for scope, key in keys.items():
            status, _, _ = raw(server, method, path, body, key=key, media="application/json")
            allowed = needed == PUBLIC or scope == needed or (
                scope == "admin" and needed not in NOT_ADMIN
            )  # fmt: skip
            assert (status == 403) == (not allowed), (method, path, scope, status)
            asked += 1
        status, _, _ = raw(server, method, path, body, key="", media="application/json")
        assert (status == 401) == (needed != PUBLIC), (method, path)
    assert asked > 250
    assert {scope for _, _, scope in routes()} - {PUBLIC} == set(SCOPES) - {"admin"}


def test_a_key_gives_no_scope_it_does_not_hold(server: Server):
    maker = server.client().post("/v1/keys", {"name": "m", "scopes": ["keys:admin"]})["api_key"]
    weak = server.client(maker)
    with pytest.raises(ApiError, match="risk:read"):
        weak.post("/v1/keys", {"name": "x", "scopes": ["risk:read"]})
    with pytest.raises(ApiError, match="admin"):
        weak.post("/v1/keys", {"name": "x", "scopes": ["admin"]})
    strong = server.client().get("/v1/keys")["items"][0]
    assert "admin" in strong["scopes"]
    with pytest.raises(ApiError) as caught:
        weak.post(f"/v1/keys/{strong['id']}/rotate", {})
    assert caught.value.status == 403
    admin = server.client().post("/v1/keys", {"name": "a", "scopes": ["admin"]})["api_key"]
    with pytest.raises(ApiError, match="policy:deploy"):
        server.client(admin).post("/v1/keys", {"name": "x", "scopes": ["policy:deploy"]})


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Bearer lp__", "Basic eDp5", "Bearer lp_{id}_wrong",
     "Bearer lp_nobody_{secret}", "Bearer lp_{id}_{secret}x", "Bearer LP_{id}_{secret}"],
)  # fmt: skip
def test_wrong_keys_are_refused_alike(server: Server, header: str):
    _, identifier, secret = server.key.split("_")
    filled = header.replace("{id}", identifier).replace("{secret}", secret)
    status, headers, told = raw(
        server, "GET", "/v1/keys", key="", **({"Authorization": filled} if filled else {})
    )
    assert status == 401
    assert headers["www-authenticate"].startswith("Bearer")
    assert told["code"] == "LP601"


def test_keys_end(server: Server):
    admin = server.client()
    made = admin.post("/v1/keys", {"name": "short", "scopes": ["risk:read"]})
    user = server.client(made["api_key"])
    user.get("/v1/relationships")
    new = admin.post(f"/v1/keys/{made['key']['id']}/rotate", {"overlap": 0})
    with pytest.raises(ApiError, match="has ended"):
        user.get("/v1/relationships")
    server.client(new["api_key"]).get("/v1/relationships")
    admin.request("DELETE", f"/v1/keys/{new['key']['id']}")
    with pytest.raises(ApiError, match="has ended"):
        server.client(new["api_key"]).get("/v1/relationships")
    with pytest.raises(ApiError) as caught:
        admin.request("DELETE", f"/v1/keys/{new['key']['id']}")
    assert caught.value.status == 404


def test_the_store_holds_no_key(server: Server):
    secret = server.key.rpartition("_")[2].encode()
    for path in server.data.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes(), path
    assert (server.data / "secret").stat().st_mode & 0o077 == 0
    assert server.data.stat().st_mode & 0o077 == 0


def test_keys_on_the_command_line(server: Server):
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LAMPPOST, "keys", *words, "--data", str(server.data)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    made = run("make", "shell", "--scope", "events:write")
    key = made.stdout.strip()
    server.client(key).send([Account(id="shell", age=30)])
    assert '"name":"shell"' in run("list").stdout
    assert key.rpartition("_")[2] not in run("list").stdout
    identifier = key.split("_")[1]
    assert run("revoke", identifier).returncode == 0
    assert run("revoke", identifier).returncode == 2
    until(lambda: raw(server, "POST", "/v1/events", b"", key=key)[0] == 401)
    assert run("make", "x", "--scope", "all").returncode == 2


# --- the rest ---------------------------------------------------------------------------------


def test_health_metrics_and_description(server: Server):
    assert raw(server, "GET", "/healthz", key="")[2]["status"] == "ok"
    assert raw(server, "GET", "/readyz", key="")[2]["status"] == "ready"
    server.client().send([message("met", "metrics", "a", "b")])
    text = raw(server, "GET", "/metrics", key="")[2].decode()
    assert "lamppost_events_accepted_total" in text
    assert "lamppost_events_unscored" in text
    described = raw(server, "GET", "/openapi.json", key="")[2]
    assert described["openapi"].startswith("3.1")
    assert (
        "application/x-ndjson"
        in (described["paths"]["/v1/events"]["post"]["requestBody"]["content"])
    )
    assert raw(server, "GET", "/nowhere")[0] == 404
    assert raw(server, "PUT", "/v1/events")[0] == 405


def test_the_client_says_what_it_cannot_do(server: Server):
    with pytest.raises(UsageError):
        Client("ftp://x", "k")
    with pytest.raises(ApiError, match="could not be reached"):
        Client("http://127.0.0.1:1", "k", tries=2).get("/healthz")
    assert server.key not in repr(server.client())


def test_a_second_process_on_the_same_folder_is_refused(server: Server):
    done = subprocess.run(
        [LAMPPOST, "serve", "--data", str(server.data), "--port", "0"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert "another process serves this data folder" in done.stderr
