"""Webhooks: signed, tried again, set aside, and never sent where they must not go."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook as Verifier

from lamppost.core.errors import PolicyError, UsageError
from lamppost.service import addresses
from lamppost.service.addresses import Target
from lamppost.service.runtime import Service

from .conftest import CANARY, grooming
from .test_api import until


class Receiver:
    """Takes messages and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({key.lower(): v for key, v in self.headers.items()}, body))
                status = outer.answers.pop(0) if outer.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", outer.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_findings_arrive_signed_once_each_and_without_text(service: Service, receiver: Receiver):
    _, secret = service.webhooks.add(f"{receiver.url}/hook", ["finding.created"])
    service.intake.submit(grooming(), []).result()
    until(lambda: len(receiver.got) == 3)  # watch sets off nothing
    for headers, body in receiver.got:
        Verifier(secret).verify(body, headers)
        assert CANARY.encode() not in body
    told = [msgspec.json.decode(body) for _, body in receiver.got]
    assert {item["type"] for item in told} == {"finding.created"}
    assert {item["data"]["level"] for item in told} == {"concern", "high", "urgent"}
    assert all(item["data"]["actions"] == ["webhook", "case"] for item in told)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 3
    until(lambda: len(service.stores.outbox.list("delivered")) == 3)


def test_a_changed_message_does_not_verify(service: Service, receiver: Receiver):
    from standardwebhooks.webhooks import WebhookVerificationError

    _, secret = service.webhooks.add(receiver.url, ["policy.deployed"])
    service.webhooks.tell("policy.deployed", "1", {"version": 1})
    until(lambda: receiver.got)
    headers, body = receiver.got[0]
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body + b" ", headers)


def test_a_message_is_tried_again_then_dead_then_revived(service: Service, receiver: Receiver):
    receiver.answers = [500, 302, 500, 500]
    service.webhooks.add(receiver.url, ["policy.deployed"])
    service.webhooks.tell("policy.deployed", "1", {"version": 1})
    dead = until(lambda: service.stores.outbox.list("dead"))
    assert (dead[0].attempts, dead[0].last_error) == (4, "answered 500")
    assert len(receiver.got) == 4  # the redirect was not followed
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert service.stores.outbox.revive(dead[0].id, 0)
    until(lambda: len(service.stores.outbox.list("delivered")) == 1)


def test_gone_disables_the_webhook(service: Service, receiver: Receiver):
    receiver.answers = [410]
    service.webhooks.add(receiver.url, ["policy.deployed"])
    service.webhooks.tell("policy.deployed", "1", {"version": 1})
    until(lambda: service.stores.outbox.list("dead"))
    assert service.webhooks.all() == []


def test_messages_survive_a_restart(make_service: Callable[..., Service], receiver: Receiver):
    first = make_service()
    first.webhooks.add(receiver.url, ["finding.created"])
    for folder in first._folders:
        folder.start()
    first.intake.start()
    first.intake.submit(grooming(), []).result()
    first.intake.stop()  # the thread that calls was never started
    first._ending.set()
    first.stores.close()
    assert receiver.got == []
    make_service().start()
    until(lambda: len(receiver.got) == 3)


def test_secrets_of_webhooks_are_sealed(service: Service):
    import base64

    hook, secret = service.webhooks.add("http://127.0.0.1:9/", ["finding.created"])
    plain = base64.b64decode(secret.removeprefix("whsec_"))
    assert plain not in hook.secret
    assert plain.hex() not in repr(hook)
    service.stores.database.compact()
    for path in (service.settings.data,):
        from pathlib import Path

        for file in (one for one in Path(path).rglob("*") if one.is_file()):
            assert plain not in file.read_bytes()


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://192.168.1.1/x",
     "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[fe80::1]/",
     "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://2130706433/", "https://0x7f.1/",
     "https://[64:ff9b::7f00:1]/", "https://100.64.0.1/", "https://224.0.0.1/", "http://1.1.1.1/",
     "https://[2002:7f00:1::]/", "https://1.1.1.1:25/"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(url: str):
    with pytest.raises((PolicyError, UsageError)):
        Target(url)


@pytest.mark.parametrize("url", ["", "ftp://1.1.1.1/", "https://", "https://u:p@1.1.1.1/",
                                 "https://1.1.1.1/#x", "https://1.1.1.1:99999/", "javascript:1",
                                 "https://exa mple/", "https://[::1"])  # fmt: skip
def test_what_is_no_url_is_refused(url: str):
    with pytest.raises((UsageError, PolicyError)):
        Target(url)


def test_loopback_is_allowed_only_for_tests_and_nothing_else_with_it():
    assert Target("http://127.0.0.1:8080/x?y=1", allow_private=True).path == "/x?y=1"
    with pytest.raises(PolicyError):
        Target("http://10.0.0.1/", allow_private=True)


def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch):
    """Resolved once; the connection goes to the address that was looked at."""
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    dialled: list[Any] = []

    def connect(address: Any, *_: object, **__: object) -> Any:
        dialled.append(address)
        raise OSError

    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(addresses.socket, "create_connection", connect)
    target = Target("https://rebind.example/")
    with pytest.raises(OSError):  # noqa: PT011
        target.post(b"{}", {})
    assert dialled == [("93.184.216.34", 443)]


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch):
    def resolve(host: str, port: int, **_: object) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", "10.0.0.7")
        ]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolve)
    with pytest.raises(PolicyError):
        Target("https://both.example/")
