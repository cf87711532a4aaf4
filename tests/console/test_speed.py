"""How fast the pages answer, over HTTP, with 100,000 events and 1,000 open cases in the store."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from lamppost.client.http import Client
from lamppost.events.vocabulary import Event
from service.conftest import Server, message

from .conftest import Office, case_ids, said, story

CASES = 1_000
LOOKS = 25


@pytest.mark.scale
def test_pages_answer_at_once(
    new_server: Callable[..., Server], capsys: pytest.CaptureFixture[str]
):
    office = Office(new_server())
    person = office.add("reviewer")
    events: list[Event] = []
    for number in range(CASES):
        events += story(f"k{number}", f"a{number}", f"kid{number}")
    for number in range(92_000):
        room = f"{number % 4600}"
        events.append(
            message(f"o{number}", f"r{room}", f"p{room}", f"q{room}", "see you at football later")
        )
    with Client(office.server.url, office.server.key) as client:
        client.send(events)
    deadline = time.monotonic() + 300
    while "1,000 open cases" not in said(person.text("/queue")):
        assert time.monotonic() < deadline
        time.sleep(1)
    first = case_ids(person.text("/queue"))[0]
    took = {}
    for path in ("/queue", "/queue?offset=950", f"/cases/{first}", "/search?q=a77"):
        times = []
        for _ in range(LOOKS):
            start = time.perf_counter()
            person.text(path)
            times.append((time.perf_counter() - start) * 1000)
        took[path] = sorted(times)[LOOKS // 2]
    with capsys.disabled():
        print("", *(f"{path}: {ms:.0f} ms" for path, ms in took.items()), sep="\n  ")  # noqa: T201
    assert took["/queue"] < 100
    assert took["/queue?offset=950"] < 100
    assert took[f"/cases/{first}"] < 200
