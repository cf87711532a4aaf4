"""Whatever the server does, at every step: exactly one finish, and the number is the right one."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.conftest import Office
from lamppost.adapters.cybertip import Ncmec
from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.filings import SqlFilings
from lamppost.cases.rights import Who
from lamppost.core.errors import (
    ApiError,
    ConflictError,
    ReauthenticationError,
    RightError,
    UnansweredError,
    UsageError,
)
from lamppost.core.times import DAY
from lamppost.reports.cybertip.schema import FileDetails
from lamppost.reports.filing.cybertip import Filed, Filing, Part

from .test_cybertip_xml import full

LEAD = frozenset({"lead"})
CHAT = [
    Part("chat.csv", b"a,b\n", FileDetails(report_id=0, file_id="", file_viewed_by_esp=False)),
    Part("more.csv", b"c,d\n", FileDetails(report_id=0, file_id="", file_viewed_by_esp=True)),
]
STEPS = ("submit", "upload", "fileinfo", "finish")
FAULTS = ("before", "after", "500", "code:1000")


class Room:
    """A filing with its log in a database, and the server in another process."""

    names = itertools.count(1)

    def __init__(self, office: Office, url: str) -> None:
        self.office, self.url = office, url
        self.log = SqlFilings(office.database)
        self.id = f"filing-{next(self.names)}"
        self.clients: list[Ncmec] = []
        self.tell("reset")

    def tell(self, what: str, text: str = "") -> dict[str, Any]:
        found: dict[str, Any] = httpx.post(f"{self.url}/test/{what}", content=text).json()
        return found

    def filing(self, word: str = "secret") -> Filing:
        """As a new process has it."""
        self.clients.append(Ncmec(self.url, "esp", word, seconds=5))
        return Filing(
            self.id, authority=self.clients[-1], log=self.log,
            journal=self.office.journal, clock=self.office.clock,
        )  # fmt: skip

    def who(self, role: str = "lead") -> Who:
        return Who("lee", "Lee Lead", frozenset({role}), self.office.clock.now)

    def until_filed(self) -> Filed:
        for _ in range(4):
            try:
                return self.filing().file(self.who(), full(), CHAT)
            except UnansweredError:
                continue
        raise AssertionError(self.log.steps(self.id))

    def sound(self, filed: Filed) -> None:
        """One finish, of the report named, with each file once and described."""
        state = self.tell("state")
        assert state["finishes"] == [filed.number]
        report = state["reports"][filed.number]
        assert len(report["files"]) == 2
        assert sorted(report["described"]) == sorted(report["files"])


@pytest.fixture(scope="module")
def room_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    folder = tmp_path_factory.mktemp("filing")
    database = Database(f"sqlite:///{folder / 'lamppost.db'}")
    database.migrate()
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("cybertip_server.py"))],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    yield Office(database, folder), f"http://127.0.0.1:{int(server.stdout.readline())}"
    server.kill()
    server.wait()
    server.stdout.close()
    database.close()


@pytest.fixture
def room(room_once: tuple[Office, str]) -> Iterator[Room]:
    made = Room(*room_once)
    yield made
    for client in made.clients:
        client.close()


def test_a_report_is_filed_once_and_asked_again_says_so(room: Room):
    first = room.until_filed()
    room.sound(first)
    assert room.until_filed() == first
    room.sound(first)
    with pytest.raises(ConflictError, match="priorCTReports"):
        room.filing().retract(room.who())


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_step_leaves_exactly_one_finish(room: Room, step: str, fault: str):
    room.tell("fault", f"{step} {fault}\nretract {fault}")
    room.sound(room.until_filed())


@pytest.mark.parametrize("at", range(1, 13))
def test_a_crash_after_any_line_of_the_log_leaves_exactly_one_finish(room: Room, at: int):
    """The process dies just after a step was written down; another one goes on."""
    filing = room.filing()
    write = room.log.write

    def dying(step: Any) -> None:
        write(step)
        if step.number == at:
            raise KeyboardInterrupt

    filing._log = type("Log", (), {"steps": room.log.steps, "write": staticmethod(dying)})()
    with pytest.raises(KeyboardInterrupt):
        filing.file(room.who(), full(), CHAT)
    room.sound(room.until_filed())


def test_an_expired_report_is_opened_anew_and_said(room: Room):
    room.tell("fault", "finish code:4100")
    room.tell("fault", "upload code:4200")
    with pytest.raises(ApiError, match="4200"):
        room.filing().file(room.who(), full(), CHAT)
    assert room.filing().expires_at() is not None
    room.tell("clock", "90000")
    room.office.clock.now += DAY + 1
    with pytest.raises(ApiError, match="4100"):
        room.filing().file(room.who(), full(), CHAT)
    assert any(step.act == "expire" for step in room.log.steps(room.id))
    room.sound(room.until_filed())


def test_a_report_lost_after_finish_is_for_a_person(room: Room):
    """Nothing is opened anew when it might have been filed."""
    room.tell("fault", "finish before")
    with pytest.raises(UnansweredError):
        room.filing().file(room.who(), full(), CHAT)
    room.tell("clock", "90000")
    for _ in range(2):
        with pytest.raises(ConflictError, match="does not know"):
            room.filing().file(room.who(), full(), CHAT)
    assert room.tell("state")["finishes"] == []


def test_two_at_once_finish_once(room: Room):
    one, two = room.filing(), room.filing()
    steps = room.log.steps
    calls = iter([steps(room.id), steps(room.id)])
    log = type("Log", (), {"steps": lambda _, name: next(calls), "write": room.log.write})()
    one._log = two._log = log
    filed = one.file(room.who(), full(), CHAT)
    with pytest.raises(ConflictError, match="somebody else"):
        two.file(room.who(), full(), CHAT)
    room.sound(filed)


def test_who_may_and_with_what(room: Room):
    with pytest.raises(RightError):
        room.filing().file(room.who("reviewer"), full(), CHAT)
    with pytest.raises(ReauthenticationError):
        room.filing().file(Who("lee", "Lee Lead", LEAD), full(), CHAT)
    with pytest.raises(ApiError, match="credentials"):
        room.filing("wrong").file(room.who(), full(), CHAT)
    with pytest.raises(UsageError, match="encrypted"):
        Ncmec("http://report.cybertip.org/ispws", "esp", "secret")
    room.sound(room.until_filed())
