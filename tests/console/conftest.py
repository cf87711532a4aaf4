"""A really running service with its pages, cases in it, and people who sign in from outside."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from lamppost.client.http import Client
from lamppost.events.vocabulary import Account, Event, Message
from service.conftest import Server

ROLES = ("reviewer", "lead", "reporter", "auditor", "policy", "admin")
PASSWORD = "lantern-orchard-kettle-92"
SECRET_WORDS = "kestrel zeppelin marzipan"
"""Words of a message; they must be in no page before somebody reveals them."""
SAID = (
    (True, "you are so mature for your age, how old are you?"),
    (False, "i am 13"),
    (True, f"do not tell your mum about us, delete this chat. {SECRET_WORDS}"),
    (True, "send me a pic of you"),
    (False, "i do not want to, please stop"),
    (True, "let us meet up tomorrow alone, keep it secret from your parents"),
)


def story(
    room: str,
    actor: str,
    child: str,
    age: int = 13,
    *,
    start: datetime | None = None,
    explicit: bool = False,
    lines: int = len(SAID),
) -> list[Event]:
    """Invented events about one relationship that rises to the highest level."""
    begin = start if start is not None else datetime.now(UTC) - timedelta(hours=5)
    events: list[Event] = [
        Account(id=child, age=age, age_confidence="standard", country="GB"),
        Account(id=actor, age=34, age_confidence="asserted", country="GB"),
    ]
    for number, (by_actor, text) in enumerate(SAID[:lines]):
        events.append(
            Message(
                id=f"{room}-m{number}",
                conversation_id=room,
                sender_id=actor if by_actor else child,
                recipient_ids=[child if by_actor else actor],
                sent_at=begin + timedelta(minutes=number),
                text=text,
            )
        )
    if explicit:
        events.append(
            Message(
                id=f"{room}-x",
                conversation_id=room,
                sender_id=actor,
                recipient_ids=[child],
                sent_at=begin + timedelta(minutes=30),
                text=f"(neutral stand-in) {SECRET_WORDS}",
                labels=["sexual"],
            )
        )
    return events


VISITORS: list[httpx.Client] = []


class Person:
    """Somebody at a browser without pictures: keeps cookies, sends forms as a page would."""

    def __init__(self, url: str, **headers: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30, headers=headers)
        VISITORS.append(self.http)
        self.email = ""
        self.secret = ""
        self.last_step = 0
        self.id = ""

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page."""
        return self.http.get(f"/console{path}", **options)

    def text(self, path: str) -> str:
        """The HTML of a page that must be there."""
        found = self.get(path)
        assert found.status_code == 200, (path, found.status_code, found.headers.get("location"))
        return found.text

    def send(self, path: str, page: str = "", **fields: Any) -> httpx.Response:
        """Send a form that a page shows."""
        token = self.token(page or path)
        return self.http.post(f"/console{path}", data={"csrf": token, **fields})

    def token(self, page: str) -> str:
        """The token against forged requests of a page."""
        found = self.get(page)
        match = re.search(r'name="csrf" value="([0-9a-f]{64})"', found.text)
        assert match, (page, found.status_code, found.text[:400])
        return match[1]

    def part(self, path: str, page: str, **fields: Any) -> httpx.Response:
        """What htmx would ask for."""
        headers = {"hx-request": "true", "x-lamppost-csrf": self.token(page)}
        return self.http.post(f"/console{path}", data=fields, headers=headers)

    def code(self) -> str:
        """A code that was not used yet; waits for the next one when it must."""
        totp = pyotp.TOTP(self.secret)
        step = int(time.time()) // 30
        if step + 1 <= self.last_step:
            time.sleep((self.last_step + 0) * 30 - time.time() + 0.2)
            step = int(time.time()) // 30
        self.last_step = max(step, self.last_step + 1)
        return totp.generate_otp(self.last_step)

    def join(self, word: str, *, name: str = "", email: str = "") -> None:
        """Use a one-time word: password, second factor, session."""
        answer = self.send(
            "/first", f"/first?word={word}", word=word, name=name, login=email, password=PASSWORD
        )
        assert answer.status_code == 303, answer.text
        shown = self.text("/enrol")
        self.email = email
        self.secret = re.search(r"<code>([A-Z2-7 ]+)</code>", shown)[1].replace(" ", "")  # type: ignore[index]
        answer = self.send("/enrol", code=self.code())
        assert answer.status_code == 303, answer.text

    def sign_in(self) -> None:
        """Password, then code."""
        answer = self.send("/sign-in", login=self.email, password=PASSWORD)
        assert answer.headers["location"].endswith("/code"), answer.text
        answer = self.send("/code", code=self.code())
        assert answer.status_code == 303, answer.text

    def cookie(self) -> str:
        """The session's cookie."""
        return self.http.cookies.get("lamppost") or ""


class Office:
    """A service, its people and its cases."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.people: dict[str, Person] = {}
        admin = Person(server.url)
        admin.join(server.first["sign_in"], name="Ada Admin", email="admin@lamppost.invalid")
        self.people["admin"] = admin

    def add(self, role: str, name: str = "") -> Person:
        """A person with a role, signed in."""
        name = name or role
        email = f"{name.lower().replace(' ', '.')}@lamppost.invalid"
        admin = self.people["admin"]
        answer = admin.send("/people", name=name.title(), email=email, role=role)
        word = re.search(r'<code class="word">([^<]+)</code>', answer.text)
        assert word, answer.text
        person = Person(self.server.url)
        person.join(unescape(word[1]), email=email)
        person.id = re.search(  # type: ignore[index]
            rf"{re.escape(email)}.*?/people/([0-9a-f]+)/roles", admin.text("/people"), re.DOTALL
        )[1]
        self.people[name] = person
        return person

    def tell(self, events: list[Event], cases: int) -> list[str]:
        """Send events and wait until there are so many cases; their ids."""
        with Client(self.server.url, self.server.key) as client:
            client.send(events)
        reader = self.people.get("auditor") or self.people["reviewer"]
        deadline = time.monotonic() + 60
        while True:
            found = case_ids(reader.text("/queue"))
            if len(found) >= cases:
                return found
            assert time.monotonic() < deadline, self.server.errors()
            time.sleep(0.3)

    def __getitem__(self, name: str) -> Person:
        return self.people[name]


def case_ids(html: str) -> list[str]:
    """Ids of cases that a page links to, each once."""
    return list(dict.fromkeys(re.findall(r'href="/console/cases/([^"?#]+)"', html)))


def said(html: str) -> str:
    """Text of a page without its markup, spaces made one."""
    bare = re.sub(r"<(script|style).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


@pytest.fixture(scope="module")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts services; all end with the module."""
    made: list[Server] = []

    def start(*options: str, **extra: Any) -> Server:
        folder: Path = tmp_path_factory.mktemp("console") / "data"
        made.append(Server(folder, *options, **extra))
        return made[-1]

    yield start
    for server in made:
        server.stop()
    while VISITORS:
        VISITORS.pop().close()


@pytest.fixture(scope="module")
def office(new_server: Callable[..., Server]) -> Office:
    """A service with a person of each role and three cases."""
    made = Office(new_server())
    for role in ROLES:
        if role != "admin":
            made.add(role)
    made.add("lead", "second lead")
    events = [
        *story("c1", "a9", "kid1", explicit=True),
        *story("c2", "a9", "kid2", 11, lines=5),
        *story("c3", "b7", "kid1"),
        *story("c4", "d4", "kid4", 12),
    ]
    made.tell(events, 3)
    return made
