"""Nothing accepted is lost, nothing is found twice, and private text is nowhere in clear."""

from __future__ import annotations

import http.client
import json
import logging
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from lamppost.core.errors import BusyError, StoreError
from lamppost.events import ndjson
from lamppost.events.vocabulary import Event, Message
from lamppost.service import intake as intake_module
from lamppost.service.app import all_routes
from lamppost.service.runtime import Service
from lamppost.wiring import open_stores

from .conftest import CANARY, Server, grooming, message
from .test_api import raw, until


def batch(number: int, rng: random.Random) -> list[Event]:
    """Events with unique ids; every fifth batch rises to an alarm."""
    if number % 5 == 0:
        return grooming(f"k{number}", f"bad{number}", f"kid{number}")
    return [
        message(f"b{number}-{place}", f"room{rng.randrange(50)}", f"u{rng.randrange(99)}", "u100")
        for place in range(20)
    ]


class Sender(threading.Thread):
    """Sends batches without end and remembers what was accepted."""

    def __init__(self, server: Server, name: int) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.number = name
        self.accepted: list[Message] = []
        self.ending = False

    def run(self) -> None:
        rng = random.Random(self.number)
        number = self.number
        events: list[Event] = []
        while not self.ending:
            if not events:
                events = batch(number, rng)
                number += 1000
            body = b"\n".join(ndjson.encode(event) for event in events)
            parts = urlsplit(self.server.url)
            try:
                connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
                connection.request(
                    "POST", "/v1/events", body,
                    {"Authorization": f"Bearer {self.server.key}",
                     "Content-Type": "application/x-ndjson"},
                )  # fmt: skip
                status = connection.getresponse().status
                connection.close()
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue  # it may have been kept or not: the same batch is sent again
            if status == 202:
                self.accepted += [event for event in events if isinstance(event, Message)]
                events = []


def killed(server: Server, times: int) -> None:
    """Kill the service while it is under load; then see that all is there, once."""
    senders = [Sender(server, number) for number in range(4)]
    for sender in senders:
        sender.start()
    rng = random.Random(1)
    for _ in range(times):
        time.sleep(rng.uniform(0.2, 0.6))
        server.kill()
        server.start()
    time.sleep(0.5)
    for sender in senders:
        sender.ending = True
    for sender in senders:
        sender.join(20)
    client = server.client()
    accepted = [item for sender in senders for item in sender.accepted]
    assert len(accepted) > 40  # a restart takes seconds on a busy machine
    rooms = {item.conversation_id for item in accepted if item.conversation_id.startswith("k")}

    def urgent() -> set[str]:
        return {row.finding.conversation_id for row in client.findings(level="urgent")}

    until(lambda: rooms <= urgent(), seconds=30)
    found = [row.finding.id for row in client.findings()]
    assert len(found) == len(set(found))
    per_room: dict[str, int] = {}
    for row in client.findings():
        name = row.finding.conversation_id
        per_room[name] = per_room.get(name, 0) + 1
    # each level once; what is remembered between lines goes with a kill, so one may be passed over
    assert {per_room[room] for room in rooms} <= {1, 2, 3, 4}
    counted: dict[str, int] = {}
    for item in accepted:
        counted[item.conversation_id] = counted.get(item.conversation_id, 0) + 1
    for room in rooms:  # scored from the log exactly once, however often it was folded
        pair = next(r for r in client.relationships(conversation_id=room) if r.messages)
        assert pair.messages == counted[room] == 4
    assert server.stop() == 0
    stores = open_stores(f"sqlite:///{server.data / 'lamppost.db'}")
    kept = set()
    place = 0
    while rows := stores.ledger.events(place, 5000):
        kept |= {(row.conversation, json.loads(row.body)["id"]) for row in rows}
        place = rows[-1].seq
    assert {(item.conversation_id, item.id) for item in accepted} <= kept
    with stores.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    stores.close()


def test_killed_five_times_under_load(tmp_path: Path):
    killed(Server(tmp_path / "data"), 5)


@pytest.mark.scale
def test_killed_fifty_times_under_load(tmp_path: Path):
    killed(Server(tmp_path / "data"), 50)


def test_a_full_disk_refuses_and_says_why_then_goes_on(tmp_path: Path):
    """The size of files is limited, as a full disk does; then the limit is lifted."""
    server = Server(tmp_path / "data")
    client = server.client(tries=1)
    client.send(grooming("before"))
    limit = 1 << 20
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    accepted = []
    refused: list[Any] = []
    for number in range(400):
        events = [message(f"f{number}-{n}", f"full{n}", "a", "b", "hello " * 30) for n in range(50)]
        body = b"\n".join(ndjson.encode(event) for event in events)
        status, headers, told = raw(server, "POST", "/v1/events", body)
        if status == 202:
            accepted += [event.id for event in events]
        else:
            refused.append((status, told))
            assert headers["retry-after"] == "1"
        if len(refused) == 3:
            break
    assert accepted
    assert {status for status, _ in refused} == {503}
    assert "disk" in refused[0][1]["detail"]
    assert raw(server, "GET", "/readyz", key="")[0] == 503
    assert raw(server, "GET", "/healthz", key="")[0] == 200
    resource.prlimit(
        server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )
    until(lambda: raw(server, "GET", "/readyz", key="")[0] == 200)
    client.send(grooming("after"))
    until(lambda: len(list(client.findings(conversation_id="after"))) == 4)
    assert server.stop() == 0
    stores = open_stores(f"sqlite:///{server.data / 'lamppost.db'}")
    kept = {json.loads(row.body)["id"] for row in stores.ledger.events(limit=100_000)}
    assert set(accepted) <= kept
    stores.close()


def test_a_clock_that_goes_backwards(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
):
    service = make_service()
    service.start()
    real = time.time_ns
    service.intake.submit(grooming("c1"), []).result()
    monkeypatch.setattr(intake_module.time, "time_ns", lambda: real() - 10**18)
    service.intake.submit(grooming("c2"), []).result()
    service.settle()
    received = service.stores.ledger.events()
    assert [row.seq for row in received] == list(range(1, 11))
    assert len(service.stores.ledger.found()) == 8
    with service.stores.database.read() as connection:
        times = connection.exec_driver_sql("SELECT received FROM events ORDER BY seq").scalars()
        ordered = list(times)
    assert ordered == sorted(ordered)


def test_duplicate_and_reordered_batches_change_nothing(make_service: Callable[..., Service]):
    service = make_service()
    service.start()
    events = [item for number in range(20) for item in grooming(f"c{number}", f"x{number}")]
    rng = random.Random(3)
    for _ in range(3):
        rng.shuffle(events)
        for start in range(0, len(events), 7):
            service.intake.submit(events[start : start + 7], []).result()
    service.settle()
    counts = service.stores.ledger.counts()
    messages = [row for row in service.stores.ledger.events(limit=10_000) if row.kind == "message"]
    assert len(messages) == 80
    found = [row.id for row in service.stores.ledger.found(limit=1000)]
    assert counts["findings"] == len(found) == len(set(found))
    assert {row.level for row in service.stores.ledger.relationships(level=4)} == {4}
    assert len(service.stores.ledger.relationships(level=4)) == 20


def test_pressure_is_refused_with_a_time_to_come_back(make_service: Callable[..., Service]):
    service = make_service(most_waiting=100)
    many = [message(f"m{n}", "c", "a", "b") for n in range(80)]
    service.intake.submit(many, [])
    with pytest.raises(BusyError):
        service.intake.submit(many, [])
    service.start()
    until(lambda: service.intake.waiting == 0)
    assert service.intake.submit(many, []).result().duplicates == 80


def test_a_fault_in_folding_loses_nothing(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    service = make_service()
    service.start()
    monkeypatch.setattr(intake_module, "_RETRY", 0.1)
    folder = service._folders[0]
    real = folder.fold
    broken = [True]

    def fold(items: Any) -> Any:
        if broken[0]:
            raise RuntimeError(CANARY)
        return real(items)

    monkeypatch.setattr(folder, "fold", fold)
    service.intake.submit(grooming("c1"), []).result()
    until(lambda: service.fault)
    service.intake.submit(grooming("c2"), []).result()
    broken[0] = False
    until(lambda: service.fault is None)
    service.settle()
    assert len(service.stores.ledger.found()) == 8
    assert CANARY not in caplog.text


def test_a_store_that_fails_refuses_and_recovers(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
):
    service = make_service()
    service.start()
    real = service.stores.ledger.accept

    def accept(*_: Any, **__: Any) -> Any:
        raise StoreError("the store refused")

    monkeypatch.setattr(service.stores.ledger, "accept", accept)
    with pytest.raises(StoreError):
        service.intake.submit(grooming("c1"), []).result()
    monkeypatch.setattr(service.stores.ledger, "accept", real)
    assert service.intake.submit(grooming("c1"), []).result().accepted == 5
    service.settle()
    assert len(service.stores.ledger.found()) == 4


def test_text_is_nowhere_in_clear(
    make_service: Callable[..., Service], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Not in the database, its log, the metrics, the traces, the logs or the errors."""
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    caplog.set_level(logging.DEBUG)
    service = make_service()
    service.start()
    events = grooming()
    events.append(Message.__call__(**{**_fields(events[-1]), "id": "edit", "text": CANARY}))
    service.intake.submit(events, []).result()
    service.settle()
    found = service.stores.ledger.found()
    assert len(found) == 4
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
    text = caplog.text + service.metrics.page().decode()
    told = json.dumps([json.loads(span.to_json()) for span in spans.get_finished_spans()])
    assert {span.name for span in spans.get_finished_spans()} >= {"read", "keep", "fold"}
    assert CANARY not in text
    assert CANARY not in told
    assert "c1-m0" not in told  # nor ids


def _fields(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def test_text_and_keys_are_in_no_output_of_the_process(tmp_path: Path):
    server = Server(tmp_path / "data", environ={"LAMPPOST_DEBUG": "1"})
    server.client().send(grooming())
    raw(server, "POST", "/v1/events", f'{{"type":"{CANARY}","text":"{CANARY}"}}'.encode())
    raw(server, "POST", f"/v1/events?{CANARY}=1", CANARY.encode(), media=f"text/{CANARY}")
    raw(server, "GET", "/v1/keys", key=f"lp_x_{CANARY}")
    _, _, told = raw(server, "POST", "/v1/keys", json.dumps({"name": 1, "x": CANARY}).encode(),
                     media="application/json")  # fmt: skip
    assert CANARY not in json.dumps(told)
    page = raw(server, "GET", "/metrics", key="")[2].decode()
    server.stop()
    assert CANARY not in page
    assert CANARY not in server.errors()
    assert server.key.rpartition("_")[2] not in server.errors()
    for path in server.data.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def test_rate_limits(tmp_path: Path):
    server = Server(tmp_path / "data", "--rate", "5")
    statuses = [raw(server, "GET", "/v1/policies")[0] for _ in range(15)]
    assert statuses.count(200) in range(10, 13)
    assert statuses[-1] == 429
    status, headers, _ = raw(server, "GET", "/v1/policies")
    assert status == 429
    assert int(headers["retry-after"]) >= 1
    statuses = [raw(server, "GET", "/v1/policies", key="lp_x_y")[0] for _ in range(40)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    server.stop()


def test_a_stopped_service_has_written_everything(tmp_path: Path):
    server = Server(tmp_path / "data")
    for number in range(20):
        server.client().send(grooming(f"s{number}", f"x{number}"))
    assert server.stop() == 0
    stores = open_stores(f"sqlite:///{server.data / 'lamppost.db'}")
    assert stores.ledger.counts()["findings"] == 80
    progress = stores.ledger.progress(0)
    assert progress is not None
    assert progress.seq == stores.ledger.newest()
    stores.close()


@pytest.mark.skipif(shutil.which("true") is None or not hasattr(os, "fork"), reason="POSIX only")
def test_two_workers_on_postgresql(tmp_path: Path, postgres_url: str):
    """Both take events, each folds its partitions; when one is killed the other takes over."""
    server = Server(tmp_path / "data", "--store", postgres_url, "--workers", "2")
    client = server.client()
    for number in range(40):
        client.send(grooming(f"w{number}", f"x{number}", f"kid{number}"))
    until(lambda: len(list(client.findings(level="urgent"))) == 40)
    children = subprocess.run(
        ["pgrep", "-P", str(server.process.pid), "-f", "lamppost"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    os.kill(int(children[0]), 9)
    for number in range(40, 60):
        server.client().send(grooming(f"w{number}", f"x{number}", f"kid{number}"))
    fresh = server.client()
    until(lambda: len(list(fresh.findings(level="urgent"))) == 60)
    found = [row.finding.id for row in fresh.findings()]
    assert len(found) == len(set(found)) == 240
    assert fresh.account("x5").level == "urgent"
    assert server.stop() == 0


def schemathesis(server: Server, folder: Path, *options: str) -> None:
    """Ask every route what its description allows and what it does not; no answer is a fault."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "run",
            f"{server.url}/openapi.json", "--url", server.url,
            "-H", f"Authorization: Bearer {server.key}",
            "--checks", "not_a_server_error,content_type_conformance,status_code_conformance",
            "--suppress-health-check", "all", "--seed", "7", *options,
        ],
        capture_output=True, text=True, check=False, cwd=folder, timeout=1500,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    assert "fault" not in server.errors()


def test_no_answer_is_a_fault(tmp_path: Path):
    """Every route of the API, `/metrics` and the keys too: no 5xx, no answer that is not told."""
    server = Server(tmp_path / "data")
    server.client().send(grooming())
    schemathesis(server, tmp_path, "--phases", "coverage,fuzzing", "--max-examples", "3")
    for path in ("/report", "/report/answer"):  # pages, which the description leaves out
        assert raw(server, "GET", path, key="")[0] == 200
    page = raw(server, "GET", "/metrics", key="")[2].decode()
    asked = set(re.findall(r'requests_total\{route="([^"]+)"', page))
    declared = {path for handler in all_routes() for path in handler.paths}
    unasked = {re.sub(r":\w+}", "}", path) for path in declared} - {
        re.sub(r":\w+}", "}", path) for path in asked
    }
    assert unasked == set()
    server.stop()


@pytest.mark.scale
def test_no_answer_is_a_fault_however_long_it_is_asked(tmp_path: Path):
    """The same, deeper, following ids from answers to further requests."""
    for which in (("--exclude-path-regex", "^/v1/keys"), ("--include-path-regex", "^/v1/keys")):
        server = Server(tmp_path / which[0].strip("-")[:7])
        server.client().send(grooming())
        schemathesis(server, tmp_path, "--max-examples", "60", *which)
        server.stop()
