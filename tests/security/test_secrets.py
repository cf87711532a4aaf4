"""A running service keeps its secrets and its people's words to itself."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from cases.conftest import CANARY

LAMPPOST = str(Path(sys.executable).with_name("lamppost"))
SUBJECT = "account-quartz-7731"
MESSAGES = 30


@dataclass
class Deployment:
    """A service that has had a hard day, and what it left behind."""

    data: Path
    url: str
    api_key: str
    answers: list[bytes]
    log: bytes = b""


def ask(
    deployment: Deployment, path: str, body: bytes | None = None, key: str | None = None
) -> int:
    """One request; its answer is kept."""
    request = urllib.request.Request(deployment.url + path, data=body)
    request.add_header("authorization", f"Bearer {key or deployment.api_key}")
    request.add_header("content-type", "application/x-ndjson")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            deployment.answers.append(answer.read())
            return int(answer.status)
    except urllib.error.HTTPError as error:
        deployment.answers.append(error.read())
        return error.code


def events() -> bytes:
    """Ordinary events, worrying ones, and broken lines, all with the canary in their text."""
    lines: list[bytes] = [json.dumps({"type": "account", "id": "a1", "age": 13}).encode()]
    for number in range(MESSAGES):
        text = f"do not tell your mum, it is our secret {CANARY} {number}"
        lines.append(json.dumps({
            "type": "message", "id": f"m{number}", "conversation_id": "c1", "sender_id": SUBJECT,
            "recipient_ids": ["a1"], "sent_at": f"2026-03-01T21:{number:02}:00Z", "text": text,
        }).encode())  # fmt: skip
    lines.append(f'{{"type":"message","text":"{CANARY}"'.encode())
    lines.append(json.dumps({"type": "message", "id": 7, "text": CANARY}).encode())
    lines.append(b'{"type":"message","text":"' + CANARY.encode() + b'\xff"}')
    return b"\n".join(lines)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Serve, send, ask wrongly, stop."""
    data = tmp_path_factory.mktemp("served") / "data"
    environ = {name: value for name, value in os.environ.items() if "LAMPPOST" not in name}
    process = subprocess.Popen(
        [LAMPPOST, "serve", "--data", str(data), "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**environ, "LAMPPOST_DEBUG": "1", "LAMPPOST_SECRET": "5e" * 32},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline() or b"{}")
        made = Deployment(data, first["url"], first["api_key"], [])
        assert ask(made, "/v1/events", events()) in (202, 400, 422)
        good = b"\n".join(events().split(b"\n")[: MESSAGES + 1])
        assert ask(made, "/v1/events", good) == 202
        assert ask(made, "/v1/findings") == 200
        for key in ("nonsense", made.api_key[:-1] + "x", CANARY.replace(" ", "")):
            assert ask(made, "/v1/findings", key=key) == 401
        for path in (f"/v1/accounts/{SUBJECT}", "/v1/relationships", "/v1/nothing", "/metrics"):
            assert ask(made, path) < 500
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        made.log = out + err
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    return made


def files(folder: Path) -> list[Path]:
    """Every file of a deployment."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_no_secret_is_in_a_log(deployment: Deployment):
    secrets = [deployment.api_key.rsplit("_", 1)[-1].encode(), b"5e" * 32, bytes([0x5E]) * 32]
    keys = deployment.data / "keys"
    secrets.append((keys / "signing.key").read_bytes())
    for name in ("master.json", "shred.json"):
        text = json.loads((keys / name).read_bytes())
        found = list((text.get("keys") or text["secrets"]).values())[:50]
        secrets += [item.encode() for item in found] + [base64.b64decode(item) for item in found]
    for secret in secrets:
        assert secret not in deployment.log
        assert secret not in b"".join(deployment.answers)


def test_an_api_key_is_not_in_the_database(deployment: Deployment):
    word = deployment.api_key.rsplit("_", 1)[-1].encode()
    for path in files(deployment.data):
        assert word not in path.read_bytes(), path


def test_no_words_are_in_logs_answers_or_files(deployment: Deployment):
    assert CANARY.encode() not in deployment.log
    assert CANARY.encode() not in b"".join(deployment.answers)
    for path in files(deployment.data):
        assert CANARY.encode() not in path.read_bytes(), path


def chain(deployment: Deployment) -> list[dict[str, object]]:
    """Rows of the audit chain."""
    done = subprocess.run(
        [LAMPPOST, "audit", "show", "--data", str(deployment.data), "--limit", "1000"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_a_key_reads_is_in_the_chain(deployment: Deployment):
    rows = chain(deployment)
    seen = {str(row["subject"]) for row in rows if row["act"] == "view"}
    assert {"findings", "risk"} <= seen
    paths = [json.loads(str(row["details"]))["paths"] for row in rows if row["act"] == "view"]
    assert any(f"/v1/accounts/{SUBJECT}" in group for group in paths)
    actors = {str(row["actor"]) for row in rows if row["act"] == "view"}
    assert len(actors) == 1
    assert next(iter(actors)).startswith("key ")


def test_acts_on_the_command_line_are_in_the_chain(deployment: Deployment):
    subprocess.run(
        [LAMPPOST, "keys", "make", "chat", "--scope", "events:write", "--data",
         str(deployment.data)],
        capture_output=True, check=True, timeout=60,
        env={**os.environ, "LAMPPOST_SECRET": "5e" * 32},
    )  # fmt: skip
    last = chain(deployment)[-1]
    assert last["act"] == "key.make"
    assert str(last["actor"]).startswith("user ")


def test_after_an_erasure_nothing_of_the_account_is_left(deployment: Deployment, tmp_path: Path):
    receipt = tmp_path / "receipt.json"
    done = subprocess.run(
        [LAMPPOST, "vault", "erase", SUBJECT, "--by", "Lee Lead", "--reason", "letter 12",
         "--data", str(deployment.data), "--out", str(receipt)],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(receipt.read_bytes())
    assert said["removed"]["events"] == MESSAGES
    assert said["removed"]["sealed_texts"] == MESSAGES
    assert said["searched_for"] == MESSAGES
    assert said["searched"]["hits"] == []
    named = sum(SUBJECT in json.dumps(row) for row in chain(deployment))
    for path in files(deployment.data):
        data = path.read_bytes()
        assert CANARY.encode() not in data, path
        assert data.count(SUBJECT.encode()) <= 2 * named, path  # the chain outlives the account
    verified = subprocess.run(
        [LAMPPOST, "audit", "verify", "--data", str(deployment.data)],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout
