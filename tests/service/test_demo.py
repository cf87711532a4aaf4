"""The demonstration, from outside: built once, served, ended in order."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from pathlib import Path

import httpx

from lamppost.cases.case import QueueFilter
from lamppost.service import demo
from lamppost.service.runtime import Settings
from lamppost.wiring import verify_audit

from .conftest import LAMPPOST


def test_the_demonstration_has_a_queue_with_words_to_read_and_ends_on_a_signal(tmp_path: Path):
    data = tmp_path / "demo"
    built = demo.build(data, accounts=150, days=14)
    assert built == demo.build(data)
    service = demo.open_service(Settings(data=str(data)))
    service.start()
    try:
        store = service.cases.store
        queue = store.queue(QueueFilter(), 0).items
        closed = store.queue(QueueFilter(closed=True), 0).items
        assert {case.id for case in [*queue, *closed]} == set(built.cases)
        accounts = [case.account for case in queue]
        assert len(accounts) == len(set(accounts))
        file = store.file(queue[0].id)
        sealed = [piece for piece in file.pieces if piece.item]  # a deletion has no words
        assert sealed
        assert {row.conversation for row in file.findings} <= {p.conversation for p in file.pieces}
        you = service.cases.staff.staff("demo-you").who()
        shown = service.desk.reveal(you, queue[0].id)
        assert len(shown) == len(sealed)
        assert service.desk.exposure(you).today.pieces == len(shown)
        assert service.open_cases() == 0
    finally:
        service.stop()
    assert verify_audit(service.cases.database, data / "keys").sound

    process = subprocess.Popen(
        [LAMPPOST, "demo", "--data", str(data), "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = json.loads(process.stdout.readline())
        assert line["cases"] == built.cases
        assert line["sign_in"].startswith(line["url"])
        with urllib.request.urlopen(f"{line['url']}/readyz") as answer:
            assert answer.status == 200
        with httpx.Client(follow_redirects=True) as browser:  # the address signs in, once
            assert browser.get(line["sign_in"]).url.path == "/console/queue"
        with httpx.Client(follow_redirects=True) as another:
            assert another.get(line["sign_in"]).status_code == 403
            assert another.get(f"{line['url']}/console/queue").url.path == "/console/sign-in"
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("mine")
    done = subprocess.run(
        [LAMPPOST, "demo", "--data", str(tmp_path), "--no-serve"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "holds no demonstration" in done.stderr
