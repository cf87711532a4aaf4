"""A service in this process, and one that runs as its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lamppost.client import Client
from lamppost.events.vocabulary import Account, Event, Message
from lamppost.pipeline import Engine
from lamppost.service.runtime import Service, Settings
from lamppost.wiring import build_engine

LAMPPOST = str(Path(sys.executable).with_name("lamppost"))
START = datetime(2026, 3, 1, 21, 0, tzinfo=UTC)
CANARY = "kestrel-umbrella-4711"
"""Words that must turn up nowhere."""
SAID = (
    "you are so mature for your age, how old are you?",
    "do not tell your mum about us, delete this chat",
    "send me a pic of you",
    "let us meet up tomorrow alone, keep it secret from your parents",
)


def grooming(room: str = "c1", actor: str = "a9", child: str = "a1") -> list[Event]:
    """Invented events that rise to the highest level."""
    events: list[Event] = [Account(id=child, age=13, country="GB")]
    for number, text in enumerate(SAID):
        events.append(message(f"{room}-m{number}", room, actor, child, f"{text} {CANARY}", number))
    return events


def message(
    name: str, room: str, sender: str, other: str, text: str = "hello there", minute: int = 0
) -> Message:
    """One message."""
    return Message(
        id=name, conversation_id=room, sender_id=sender, recipient_ids=[other] if other else [],
        sent_at=START + timedelta(minutes=minute), text=text,
    )  # fmt: skip


OPEN: list[Client] = []
RUNNING: list[Server] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close every client that a test has opened, and kill what it left running."""
    before = set(RUNNING)
    yield
    while OPEN:
        OPEN.pop().close()
    for left in set(RUNNING) - before:
        left.kill()


class Server:
    """`lamppost serve` in its own process."""

    def __init__(self, data: Path, *options: str, environ: dict[str, str] | None = None) -> None:
        self.data = data
        self.key = ""
        self._options = options
        self._environ = environ or {}
        self.start()

    def start(self, **extra: object) -> None:
        """Start it, and wait until it takes requests."""
        self.log = (self.data.parent / f"{self.data.name}.log").open("ab")
        self.process = subprocess.Popen(
            [LAMPPOST, "serve", "--data", str(self.data), "--port", "0", "--rate", "0", "--json",
             *self._options],
            stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **self._environ}, **extra,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors()
        first = json.loads(line)
        self.url = first["url"]
        self.first = first
        self.key = first.get("api_key", self.key)
        RUNNING.append(self)

    def client(self, key: str | None = None, **options: int) -> Client:
        """A client with the first key or another."""
        made = Client(self.url, self.key if key is None else key, **options)
        OPEN.append(made)
        return made

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self._gone()

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self._gone()

    def _gone(self) -> int:
        code = self.process.wait(30)
        RUNNING.remove(self)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.log.close()
        return code

    def errors(self) -> str:
        """What it said on stderr."""
        return (self.data.parent / f"{self.data.name}.log").read_text()


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine, built once."""
    return build_engine()


@pytest.fixture
def make_service(tmp_path: Path, engine: Engine) -> Iterator[Callable[..., Service]]:
    """Makes services in this process over one data folder; all are stopped at the end."""
    made: list[Service] = []

    def make(**settings: object) -> Service:
        options = {"data": str(tmp_path / "data"), "allow_private_webhooks": True, **settings}
        pauses = options.pop("pauses", (0.05, 0.05, 0.05))
        service = Service(Settings(**options), engine=engine, pauses=pauses)  # type: ignore[arg-type]
        made.append(service)
        return service

    yield make
    for service in made:
        if not service._ending.is_set():
            service.stop()


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """A started service in this process."""
    made = make_service()
    made.start()
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service as its own process, shared by the tests of a module."""
    made = Server(tmp_path_factory.mktemp("service") / "data", "--allow-loopback-webhooks")
    yield made
    made.stop()
