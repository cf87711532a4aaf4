"""A flood: what comes too fast or too large is refused with a reason, and the service lives on."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .test_secrets import LAMPPOST

LINE = (
    b'{"type":"message","id":"m%d","conversation_id":"c1","sender_id":"a9","recipient_ids":["a1"],'
    b'"sent_at":"2026-03-01T21:00:00Z","text":"hello"}'
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    """A service that allows two requests a second and a body of 1 MiB."""
    process = subprocess.Popen(
        [LAMPPOST, "serve", "--data", str(tmp_path_factory.mktemp("flood") / "data"), "--port", "0",
         "--json", "--rate", "2", "--max-body", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=30)
    finally:
        process.kill()


def post(served: dict[str, str], body: bytes, key: str = "") -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers, answer."""
    connection = http.client.HTTPConnection(urlsplit(served["url"]).netloc, timeout=20)
    try:
        connection.request(
            "POST", "/v1/events", body,
            {"authorization": f"Bearer {key or served['api_key']}",
             "content-type": "application/x-ndjson"},
        )  # fmt: skip
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_too_many_requests_are_told_when_to_come_back(served: dict[str, str]):
    answers = [post(served, LINE % number) for number in range(20)]
    states = [status for status, _, _ in answers]
    assert 202 in states
    assert 429 in states
    assert set(states) <= {202, 429}
    refused = next(headers for status, headers, _ in answers if status == 429)
    assert int(refused["retry-after"]) >= 1


def test_too_large_a_body_is_refused(served: dict[str, str]):
    status, _, said = post(served, b"x" * (3 << 20))
    assert status in (413, 429)
    assert said


def test_guesses_at_keys_are_slowed_down(served: dict[str, str]):
    states = {post(served, b"", f"lp_000000000000_{number:048}")[0] for number in range(60)}
    assert states <= {401, 429}
    assert 429 in states


def test_the_service_lives_on(served: dict[str, str]):
    connection = http.client.HTTPConnection(urlsplit(served["url"]).netloc, timeout=20)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_the_folder_is_private(tmp_path: Path):
    data = tmp_path / "new" / "data"
    process = subprocess.Popen(
        [LAMPPOST, "serve", "--data", str(data), "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert data.stat().st_mode & 0o077 == 0
        assert (data / "keys").stat().st_mode & 0o077 == 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
