"""Load a service and print figures: events a second, time to acceptance, lag, memory.

    python scripts/load.py --seconds 120 --senders 20 --batch 100 --rate 5000
    python scripts/load.py --store postgresql://user@host/name --workers 2 --rate 0

Starts `lamppost serve` in a fresh folder, unless `--url` and `--key` name one that runs. `--rate`
is the events offered a second, over all senders; 0 sends the next batch as soon as the last was
accepted. The senders share the machine with the service. Messages are random words.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

WORDS = (
    "the a and you i we they it is was are will can do did not so but or if when what who where "
    "school game play level team friend today tomorrow later really nice cool funny map build "
    "song video book homework teacher bus train home dinner pizza cat dog football match win lose "
    "think know like want need see look go come make take give find tell ask try"
).split()
SAYINGS = (
    "how old are you?",
    "do not tell your mum",
    "i am 13",
    "are you alone?",
    "let us meet up",
)
MARK = b"@@@@@@@@@@@@"


@dataclass
class Figures:
    """What the senders met."""

    times: list[float] = field(default_factory=list)
    accepted: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def bodies(count: int, batch: int, rooms: int, seed: int) -> list[bytes]:
    """Batches with a mark in each id, to be made unique by replacing it."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        lines = []
        for place in range(batch):
            room = rng.randrange(rooms)
            one, other = (f"a{room * 2}", f"a{room * 2 + 1}")
            if rng.random() < 0.5:
                one, other = other, one
            words = rng.choices(WORDS, k=max(1, int(rng.gauss(11.5, 4))))
            text = rng.choice(SAYINGS) if rng.random() < 0.01 else " ".join(words)
            lines.append(
                json.dumps(
                    {
                        "type": "message", "id": f"{MARK.decode()}-{number}-{place}",
                        "conversation_id": f"c{room}", "sender_id": one, "recipient_ids": [other],
                        "sent_at": f"2026-03-01T{rng.randrange(24):02}:{rng.randrange(60):02}:00Z",
                        "text": text,
                    },
                    separators=(",", ":"),
                )
            )  # fmt: skip
        made.append("\n".join(lines).encode())
    return made


def send(
    url: str, key: str, batches: list[bytes], batch: int, figures: Figures, end: float,
    pause: float, offset: float, name: int,
) -> None:  # fmt: skip
    """One sender: a connection kept open, a batch at a time."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    due = time.monotonic() + offset
    number = 0
    while (now := time.monotonic()) < end:
        if pause:
            if now < due:
                time.sleep(due - now)
            due += pause
        nonce = f"{name:03}{number:09}".encode()
        body = batches[number % len(batches)].replace(MARK, nonce)
        number += 1
        started = time.perf_counter()
        try:
            connection.request("POST", "/v1/events", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            with figures.lock:
                figures.refused[0] = figures.refused.get(0, 0) + 1
            continue
        took = time.perf_counter() - started
        with figures.lock:
            if answer.status == 202:
                figures.times.append(took)
                figures.accepted += batch
            else:
                figures.refused[answer.status] = figures.refused.get(answer.status, 0) + 1
        if answer.status in (429, 503):
            time.sleep(float(answer.headers.get("Retry-After", "1")))


def figure(url: str, name: str) -> float:
    """One figure of the service."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    found = re.search(rf"^lamppost_{name} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def family(pid: int) -> list[Path]:
    """Folders in /proc of a process and its children."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if status.parent.name == str(pid) or f"\nPPid:\t{pid}\n" in status.read_text():
                found.append(status.parent)
    return found


def resident(pid: int) -> float:
    """Resident memory of a process and its children, MiB."""
    total = 0.0
    for folder in family(pid):
        with contextlib.suppress(OSError):
            found = re.search(r"VmRSS:\s+(\d+) kB", (folder / "status").read_text())
            total += int(found[1]) / 1024 if found else 0.0
    return total


def worked(pid: int) -> float:
    """Seconds of processor time that a process and its children have used."""
    total = 0
    for folder in family(pid):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def share(times: list[float], part: float) -> float:
    """A quantile in milliseconds."""
    return 1000 * sorted(times)[min(len(times) - 1, int(part * len(times)))] if times else 0.0


def main() -> int:
    """Run and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--senders", type=int, default=20)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rate", type=float, default=5000)
    parser.add_argument("--rooms", type=int, default=5000)
    parser.add_argument("--store", default="")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--url", default="")
    parser.add_argument("--key", default="")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lamppost-load-"))
    server = None
    url, key = options.url, options.key
    if not url:
        command = [
            str(Path(sys.executable).with_name("lamppost")), "serve", "--data", str(folder),
            "--port", "0", "--rate", "0", "--json", "--workers", str(options.workers),
        ]  # fmt: skip
        if options.store:
            command += ["--store", options.store]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert server.stdout is not None
        first = json.loads(server.stdout.readline())
        url, key = first["url"], first["api_key"]
    try:
        batches = bodies(200, options.batch, options.rooms, 1)
        figures = Figures()
        pause = options.senders * options.batch / options.rate if options.rate else 0.0
        memory: list[float] = []
        used = worked(server.pid) if server else 0.0
        started = time.monotonic()
        end = started + options.seconds
        threads = [
            threading.Thread(
                target=send,
                args=(url, key, batches, options.batch, figures, end, pause,
                      pause * number / options.senders, number),
            )
            for number in range(options.senders)
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        while time.monotonic() < end:
            time.sleep(min(5.0, max(0.0, end - time.monotonic())))
            memory.append(resident(server.pid) if server else 0.0)
        for thread in threads:
            thread.join()
        took = time.monotonic() - started
        while figure(url, "events_unscored") > 0 and time.monotonic() - end < 60:
            time.sleep(0.05)
        settled = time.monotonic() - started
        used = worked(server.pid) - used if server else 0.0
        print(
            json.dumps(
                {
                    "seconds": round(took, 1),
                    "accepted": figures.accepted,
                    "accepted_per_second": round(figures.accepted / took),
                    "scored_per_second": round(figures.accepted / settled),
                    "lag_at_end_seconds": round(settled - took, 2),
                    "p50_ms": round(share(figures.times, 0.5), 1),
                    "p95_ms": round(share(figures.times, 0.95), 1),
                    "p99_ms": round(share(figures.times, 0.99), 1),
                    "max_ms": round(share(figures.times, 1.0), 1),
                    "refused": figures.refused,
                    "processor_us_per_event": round(1e6 * used / max(1, figures.accepted), 1),
                    "memory_mib": [round(value) for value in memory],
                }
            )
        )
    finally:
        if server is not None:
            server.terminate()
            server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
