"""The canary: private text is in the report asked for, and nowhere else at all."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .conftest import Ran, spawn

CANARY = "zqxcanary"
WORDS = f"don't tell your mum, this is our secret {CANARY}text"
NAME = f"Jay {CANARY}name"
FILE = f"{CANARY}file.jpg"


def chat(extra: str = "") -> str:
    rows = [f"[14/09/2026, 16:{minute:02}:11] {NAME}: {WORDS} {minute}" for minute in range(20)]
    rows.append("[14/09/2026, 16:40:11] Mia: i dont want to")
    rows.append(f"[14/09/2026, 16:41:11] {NAME}: \u200e<attached: {FILE}>")
    return "\r\n".join(rows) + "\r\n" + extra


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "WhatsApp Chat - export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_chat.txt", chat())
    return path


def elsewhere(home: Path, but: set[Path]) -> list[str]:
    """Files under `home`, other than `but`, with the canary in their name or content."""
    found = []
    for path in home.rglob("*"):
        if path in but or not path.is_file():
            continue
        if CANARY in path.name or CANARY.encode() in path.read_bytes():
            found.append(str(path.relative_to(home)))
    return found


def hidden(ran: Ran) -> bool:
    return CANARY not in ran.err


def test_it_is_in_the_report_and_nowhere_else(good: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    ran = spawn(["scan", good, "--child", "Mia", "--html", page, "--json", data], tmp_path)
    assert ran.code == 0
    assert f"{CANARY}text" in ran.out
    assert f"{CANARY}text" in page.read_text()
    assert f"{CANARY}text" in data.read_text()
    assert hidden(ran)
    assert elsewhere(tmp_path, {good, page, data}) == []


def test_redacted_reports_hold_no_name(good: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    ran = spawn(["scan", good, "--redact", "--html", page, "--json", data], tmp_path)
    assert ran.code == 0
    for text in (ran.out, ran.err, page.read_text(), data.read_text()):
        assert f"{CANARY}name" not in text
        assert FILE not in text
        assert good.name not in text


def test_scores_hold_no_text(good: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    assert hidden(spawn(["import", good, "--out", events], tmp_path))
    out, accounts, children = (tmp_path / name for name in ("scores", "accounts", "children"))
    ran = spawn(
        ["score", events, "--out", out, "--accounts", accounts, "--children", children], tmp_path
    )
    assert ran.code == 0
    assert hidden(ran)
    for path in (out, accounts, children):
        assert f"{CANARY}text" not in path.read_text()
        assert FILE not in path.read_text()
    assert elsewhere(tmp_path, {good, events, out, accounts, children}) == []


def malformed() -> Iterator[tuple[str, bytes]]:
    message = {
        "type": "message",
        "id": "1",
        "conversation_id": "c",
        "sender_id": "a",
        "recipient_ids": ["b"],
        "sent_at": "2026-03-01T21:14:03Z",
        "text": WORDS,
    }
    good_line = json.dumps(message).encode()
    yield "broken.ndjson", good_line + b"\n" + good_line[:-9] + b"\n"
    yield "time.ndjson", json.dumps(message | {"sent_at": WORDS}).encode() + b"\n"
    yield "type.ndjson", json.dumps(message | {"type": WORDS}).encode() + b"\n"
    yield "list.ndjson", json.dumps(message | {"labels": {WORDS: 1}}).encode() + b"\n"
    yield "latin.ndjson", good_line.replace(b"secret", b"\xff\xfe") + b"\n"
    yield "result.json", json.dumps({"name": NAME, "messages": [{"text": WORDS}]}).encode()[:-3]
    yield (
        "result2.json",
        (
            b'{"name": "x", "type": "personal_chat", "id": 1, "messages": [{"id": 1, "type": '
            b'"message",'
            b' "date": "'
            + WORDS.encode()
            + b'", "from": "a", "from_id": "user1", "text": "'
            + WORDS.encode()
            + b'"}, {"id": '
        ),
    )
    yield "chat.zip", b"PK\x03\x04" + WORDS.encode()
    yield "notes.txt", WORDS.encode()
    yield "table.csv", f"a,b\n{WORDS},{NAME}\n".encode()
    yield "_chat.txt", chat("[99/99/2026, 77:77:77] " + WORDS + "\n").encode("utf-16")


@pytest.mark.parametrize(("name", "data"), list(malformed()), ids=lambda item: str(item)[:20])
def test_malformed_input_shows_nothing(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    calls = (["scan"], ["import"], ["score"], ["score", "--strict"])
    with ThreadPoolExecutor(2) as pool:
        for ran in pool.map(lambda call: spawn([*call, path], tmp_path), calls):
            assert hidden(ran), ran.err
            assert "Traceback" not in ran.err
            assert "a fault inside" not in ran.err, ran.err
    assert elsewhere(tmp_path, {path}) == []


def test_quarantine_holds_raw_lines_only_when_asked_for(tmp_path: Path) -> None:
    path, kept = tmp_path / "events.ndjson", tmp_path / "kept"
    path.write_bytes(next(data for name, data in malformed() if name == "time.ndjson"))
    ran = spawn(["score", path, "--quarantine", kept], tmp_path)
    assert hidden(ran)
    assert kept.exists()
    assert CANARY not in kept.read_text()  # base64
    assert elsewhere(tmp_path, {path}) == []
