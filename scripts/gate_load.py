"""Build a graph of a million accounts and ask the contact gate on one core.

Prints memory per account, checks per second and the slowest of them, and with `--write` puts the
figures into docs/contact-gate.md. Friends, rooms and devices are drawn at random, within the
bounds that the graph keeps.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Account, Room, Session
from lamppost.history.graph import FRIENDS, ContactGraph
from lamppost.protect.gate import PURPOSES, Asked, Gate

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "contact-gate.md"
STARTS: Final = "<!-- speed, made by scripts/gate_load.py -->"
ENDS: Final = "<!-- end of speed -->"
START: Final = datetime(2026, 3, 1, tzinfo=UTC)


def resident() -> int:
    """Bytes of memory this process holds now."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def build(accounts: int, rng: random.Random) -> ContactGraph:
    """A graph in which everybody has an age, friends, rooms and a device."""
    graph = ContactGraph()
    for number in range(accounts):
        age = rng.randint(9, 17) if number % 5 < 2 else rng.randint(18, 70)
        graph.apply(Account(id=f"account-{number:012d}", age=age, created_at=START))
        graph.apply(
            Session(id="s", account_id=f"account-{number:012d}", started_at=START,
                    device=f"device-{number // 2:012d}")
        )  # fmt: skip
    origins = ("search", "suggestion", "group", "game")
    for number in range(accounts):
        for _ in range(min(FRIENDS, int(rng.expovariate(1 / 5)))):
            other = (number + int(rng.gauss(0, 400))) % accounts
            if other != number:
                graph.link(f"account-{number:012d}", f"account-{other:012d}",
                           origins[other % 4])  # fmt: skip
    for number in range(0, accounts, 20):
        members = [f"account-{(number + step) % accounts:012d}" for step in range(30)]
        graph.apply(Room(id="o", room_id=f"room-{number}", actor_id=members[0],
                         action="created", member_ids=members, at=START))  # fmt: skip
    return graph


def full(count: int = 2_000) -> float:
    """Bytes per account when every bound is reached."""
    gc.collect()
    before = resident()
    graph = ContactGraph()
    for number in range(count):
        name = f"full-{number:012d}"
        for step in range(1, FRIENDS // 2 + 1):
            graph.link(name, f"full-{(number + step) % count:012d}", "game")
        for step in range(40):
            graph.apply(Room(id="o", room_id=f"r-{(number + step) % count}", actor_id=name,
                             action="joined", at=START))  # fmt: skip
            graph.ask(name, f"full-{(number + 200 + step) % count:012d}", to_ms(START))
        for step in range(4):
            graph.apply(Session(id="s", account_id=name, started_at=START,
                                device=f"d-{(number + step) % count}"))  # fmt: skip
    gc.collect()
    used = (resident() - before) / count
    assert len(graph) == count
    return used


def served(questions: int = 3_000) -> tuple[float, float]:
    """Half and 99 of 100 answers of a service, in milliseconds, asked one by one over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "lamppost", "serve", "--data", folder, "--port", "0",
                   "--rate", "0", "--json"]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                first = json.loads(process.stdout.readline())
                took = asked_over_http(first["url"], first["api_key"], questions)
            finally:
                process.terminate()
                process.wait(30)
    took.sort()
    return took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000


def asked_over_http(url: str, key: str, questions: int) -> list[float]:
    """Send accounts, wait for the graph, ask."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    events = "\n".join(
        json.dumps({"type": "account", "id": f"a{number}", "age": 11 if number % 2 else 40})
        for number in range(2_000)
    )
    connection.request("POST", "/v1/events", events.encode(),
                       {**head, "Content-Type": "application/x-ndjson"})  # fmt: skip
    connection.getresponse().read()
    took: list[float] = []
    ready = False
    while len(took) < questions:
        body = {"actor_id": f"a{len(took) % 1000 * 2}", "target_id": f"a{len(took) % 999 * 2 + 1}",
                "purpose": "message"}  # fmt: skip
        start = time.perf_counter()
        connection.request("POST", "/v1/contacts/check", json.dumps(body).encode(), head)
        answer = connection.getresponse()
        data = json.loads(answer.read())
        if not ready:
            ready = data.get("outcome") == "deny"
            time.sleep(0.1)
            continue
        took.append(time.perf_counter() - start)
    connection.close()
    return took


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--checks", type=int, default=200_000)
    parser.add_argument("--write", action="store_true", help="write the figures into the page")
    given = parser.parse_args()
    gc.disable()
    rng = random.Random(7)
    half, slow = served()
    most = full()
    before = resident()
    began = time.process_time()
    graph = build(given.accounts, rng)
    built = time.process_time() - began
    each = (resident() - before) / given.accounts
    gate = Gate(graph)
    questions = []
    for _ in range(given.checks):
        number = rng.randrange(given.accounts)
        other = (number + int(rng.gauss(0, 400))) % given.accounts
        questions.append(
            Asked(actor_id=f"account-{number:012d}", target_id=f"account-{other:012d}",
                  purpose=rng.choice(PURPOSES), origin="search")
        )  # fmt: skip
    now = to_ms(START)
    took = []
    began = time.process_time()  # of this core: others may be busy beside it
    for asked in questions:
        start = time.process_time()
        gate.check(asked, now)
        took.append(time.process_time() - start)
    rate = given.checks / (time.process_time() - began)
    took.sort()
    text = (
        f"| measured on one core of {platform.machine()}, Python {platform.python_version()} | |\n"
        "| --- | --- |\n"
        f"| accounts | {given.accounts:,}, built in {built:.0f} s |\n"
        f"| memory per account | {each:,.0f} bytes; {most:,.0f} with every bound reached |\n"
        f"| checks per second | {rate:,.0f} |\n"
        f"| 99 of 100 checks within | {took[int(len(took) * 0.99)] * 1e6:,.0f} microseconds |\n"
        f"| over HTTP, one by one | half within {half:.1f} ms, 99 of 100 within {slow:.1f} ms, "
        "on two cores with "
        f"{os.getloadavg()[0]:.0f} other processes that wanted them |\n"
    )
    print(text)
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        start_, rest = page.split(STARTS)
        PAGE.write_text(
            f"{start_}{STARTS}\n\n{text}\n{ENDS}{rest.split(ENDS)[1]}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
