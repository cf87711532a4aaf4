"""The door, tried from outside: first start, password, code, lock-out, sessions, forged forms."""

from __future__ import annotations

import base64
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from lamppost.cases.staff import Staff
from lamppost.console.door import passwords, second_factor
from lamppost.console.door.enter import CLOSED, TRIES, Door
from lamppost.console.security import IDLE, LONGEST, Refused, hash_of
from lamppost.core.errors import UsageError
from service.conftest import Server

from .conftest import PASSWORD, Office, Person


def test_the_first_word_makes_one_admin_and_works_once(office: Office):
    word = office.server.first["sign_in"]
    second = Person(office.server.url)
    answer = second.send(
        "/first", word=word, name="Eve", login="eve@lamppost.invalid", password=PASSWORD
    )
    assert answer.status_code == 403
    assert "one-time word is wrong" in answer.text
    assert "Eve" not in office["admin"].text("/people")


def test_a_page_asks_to_sign_in_and_comes_back(office: Office):
    stranger = Person(office.server.url)
    answer = stranger.get("/cases/C1?with=x")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in?to=/console/cases/C1%3Fwith%3Dx"
    for elsewhere in ("https://evil.invalid/", "//evil.invalid", "/console/..//evil", "/other"):
        page = stranger.text(f"/sign-in?to={elsewhere}")
        assert 'name="to" value="/console/"' in page, elsewhere


def test_nobody_is_told_whether_an_address_is_known(office: Office):
    stranger = Person(office.server.url)
    texts = set()
    for email in ("reporter@lamppost.invalid", "nobody@lamppost.invalid"):
        answer = stranger.send("/sign-in", login=email, password="wrong password here")
        assert answer.status_code == 403
        texts.add(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(texts) == 1


def test_a_session_is_new_at_every_sign_in_and_ends_at_sign_out(office: Office):
    person = office.add("reviewer", "session tester")
    old = person.cookie()
    planted = Person(office.server.url)
    planted.email, planted.secret, planted.last_step = person.email, person.secret, person.last_step
    planted.http.cookies.set(
        "lamppost", "planted-by-somebody-else-000000000000", domain="127.0.0.1", path="/"
    )
    planted.sign_in()
    assert planted.cookie() not in ("planted-by-somebody-else-000000000000", old)
    token = planted.cookie()
    planted.send("/sign-out", "/me")
    planted.http.cookies.clear()
    planted.http.cookies.set("lamppost", token, domain="127.0.0.1", path="/")
    assert planted.get("/me").status_code == 303


def test_a_code_counts_once_and_too_many_tries_close_the_account(office: Office):
    person = office.add("reviewer", "locked one")
    other = Person(office.server.url)
    other.email, other.secret = person.email, person.secret
    answer = other.send("/sign-in", login=person.email, password=PASSWORD)
    used = __import__("pyotp").TOTP(person.secret).generate_otp(person.last_step)
    for number in range(TRIES):
        answer = other.send("/code", code=used)
        assert answer.status_code == 403, number
    right = person.code()
    assert other.send("/code", code=right).status_code == 429
    assert person.get("/me").status_code == 303, "its sessions end too"
    assert other.send("/sign-in", login=person.email, password=PASSWORD).status_code == 429


def test_forms_of_other_sites_are_refused(office: Office):
    person = office["reviewer"]
    url = "/console/queue/next"
    assert person.http.post(url).status_code == 403
    assert person.http.post(url, data={"csrf": "0" * 64}).status_code == 403
    good = {"csrf": person.token("/queue")}
    for headers in ({"origin": "https://evil.invalid"}, {"sec-fetch-site": "cross-site"}):
        assert person.http.post(url, data=good, headers=headers).status_code == 403
    other = office["lead"].token("/queue")
    assert person.http.post(url, data={"csrf": other}).status_code == 403


def test_one_address_is_slowed_down(new_server: Callable[..., Server]):
    stranger = Person(new_server("--rate", "500").url)
    token = stranger.token("/first")
    fields = {"csrf": token, "word": "x", "login": "x@y", "password": PASSWORD}
    found = [stranger.http.post("/console/first", data=fields) for _ in range(40)]
    assert found[-1].status_code == 429
    assert int(found[-1].headers["retry-after"]) >= 1


def test_headers_and_cookies(new_server: Callable[..., Server], office: Office):
    for path in ("/sign-in", "/nothing", "/static/console.css", "/queue"):
        headers = Person(office.server.url).get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    safe = Person(new_server("--behind-https").url)
    cookies = safe.get("/sign-in").headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
            assert word in cookie
        assert "Domain" not in cookie
    assert "max-age" in safe.get("/sign-in").headers["strict-transport-security"]


def test_a_role_taken_away_and_a_person_disabled_count_at_once(office: Office):
    person = office.add("reviewer", "short stay")
    assert person.get("/queue").status_code == 200
    admin = office["admin"]
    admin.send(f"/people/{person.id}/roles", "/people", role="policy")
    assert person.get("/queue").status_code == 403
    admin.send(f"/people/{person.id}/disable", "/people")
    assert person.get("/me").status_code == 303
    answer = person.send("/sign-in", login=person.email, password=PASSWORD)
    assert answer.status_code == 403


def test_nobody_changes_their_own_rights(office: Office):
    admin = office["admin"]  # whose id is on no page, so ask the store
    path = next(Path(office.server.data).glob("*.db"))
    with sqlite3.connect(path) as database:
        (identifier,) = database.execute(
            "SELECT id FROM staff WHERE email = ?", (admin.email,)
        ).fetchone()
    for act in ("roles", "disable", "reset"):
        answer = admin.send(f"/people/{identifier}/{act}", "/people", role="lead")
        assert answer.status_code == 403, act


def test_nothing_secret_is_kept_in_clear(office: Office):
    data = b"".join(path.read_bytes() for path in Path(office.server.data).glob("lamppost.db*"))
    for person in office.people.values():
        assert PASSWORD.encode() not in data
        assert person.secret.encode() not in data
        assert base64.b32decode(person.secret) not in data
        if person.cookie():
            assert person.cookie().encode() not in data


# --- in one process, with a clock that can be moved --------------------------------------------


class Shelf:
    """Staff and sessions in memory, as the port asks."""

    def __init__(self) -> None:
        self.people: dict[str, Staff] = {}
        self.sessions: dict[str, object] = {}

    def staff(self, identifier: str):
        return self.people.get(identifier)

    def by_email(self, email: str):
        return next((s for s in self.people.values() if s.email == email), None)

    def change(self, identifier: str, make):
        self.people[identifier] = make(self.people[identifier])
        return self.people[identifier]

    def put_session(self, session):
        self.sessions[session.id_hash] = session

    def session(self, name: str):
        return self.sessions.get(name)

    def end_session(self, name: str):
        self.sessions.pop(name, None)

    def end_sessions(self, staff_id: str, *, but: str = "") -> int:
        gone = [n for n, s in self.sessions.items() if s.staff_id == staff_id and n != but]
        for name in gone:
            del self.sessions[name]
        return len(gone)

    def expire_sessions(self, now: int) -> int:
        return 0


@pytest.fixture
def door():
    shelf = Shelf()
    clock = [1_800_000_000_000]
    made = Door(shelf, None, None, lambda *_: None, lambda: clock[0])  # type: ignore[arg-type]
    staff = Staff(
        id="s1",
        name="S",
        email="s@x",
        roles=frozenset({"lead"}),
        created_at=0,
        password_hash=passwords.hashed(PASSWORD),
    )
    shelf.people["s1"] = staff
    return made, shelf, clock, staff


def test_sessions_end_when_idle_and_in_any_case(door):
    made, _, clock, staff = door
    token, _ = made.begin(staff)
    for _ in range(LONGEST // (IDLE - 1000)):
        clock[0] += IDLE - 1000
        assert made.find(token) is not None
    clock[0] += IDLE - 1000
    assert made.find(token) is None
    token, _ = made.begin(staff)
    clock[0] += IDLE
    assert made.find(token) is None


def test_only_a_digest_of_the_cookie_is_kept(door):
    made, shelf, _, staff = door
    token, session = made.begin(staff)
    assert token not in str(shelf.sessions)
    assert session.id_hash == hash_of(token)
    again, _ = made.begin(staff, session)
    assert made.find(token) is None
    assert made.find(again) is not None


def test_a_closed_account_opens_again_after_its_time(door):
    made, _, clock, _ = door
    for _ in range(TRIES):
        with pytest.raises(Refused, match="password"):
            made.password("s@x", "not the password")
    with pytest.raises(Refused, match="closed"):
        made.password("s@x", PASSWORD)
    clock[0] += CLOSED
    assert made.password("s@x", PASSWORD).id == "s1"


def test_an_unknown_address_closes_like_a_known_one(door):
    made, _, clock, _ = door
    for _ in range(TRIES):
        with pytest.raises(Refused, match="password"):
            made.password("nobody@x", "whatever it is")
    with pytest.raises(Refused, match="closed"):
        made.password("nobody@x", "whatever it is")
    clock[0] += CLOSED
    with pytest.raises(Refused, match="password"):
        made.password("nobody@x", "whatever it is")


def test_codes_are_good_for_a_minute_and_a_half_and_once():
    import pyotp

    secret = second_factor.new_secret()
    now = 1_800_000_015_000
    step = now // 1000 // 30
    totp = pyotp.TOTP(secret)
    for shift, good in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = second_factor.step_of(secret, totp.generate_otp(step + shift), now, 0)
        assert (found is not None) == good, shift
    code = totp.generate_otp(step)
    assert second_factor.step_of(secret, code, now, step) is None
    assert second_factor.step_of(secret, "٠" * 6, now, 0) is None
    assert "<svg" in second_factor.picture(secret, "a@b")


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaaa", "s@lamp.invalid-2026"])
def test_weak_passwords_are_not_taken(weak: str):
    with pytest.raises(UsageError):
        passwords.hashed(weak, "s@lamp.invalid")


# --- a real identity provider ------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory):
    """`oidc-provider-mock` in its own process."""
    import socket
    import subprocess
    import sys

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    claims = [
        {
            "sub": "u1",
            "email": "oidc.reviewer@lamppost.invalid",
            "email_verified": True,
            "name": "Olga",
        },
        {"sub": "u2", "email": "stranger@lamppost.invalid", "email_verified": True},
        {"sub": "u3", "email": "admin@lamppost.invalid", "email_verified": False},
    ]
    command = [
        str(Path(sys.executable).with_name("oidc-provider-mock")),
        "-p",
        str(port),
        "-n",
        "true",
    ]
    for claim in claims:
        command += ["--user-claims", msgspec.json.encode(claim).decode()]
    log = (tmp_path_factory.mktemp("oidc") / "log").open("ab")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            httpx.get(f"{url}/.well-known/openid-configuration")
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(10)
    log.close()


@pytest.fixture(scope="module")
def oidc_office(new_server: Callable[..., Server], provider: str) -> Office:
    made = Office(
        new_server(
            "--oidc-issuer",
            provider,
            "--oidc-client",
            "lamppost",
            "--oidc-name",
            "Harbour ID",
            environ={"LAMPPOST_OIDC_SECRET": "not-a-secret"},
        )
    )
    made["admin"].send(
        "/people", name="Olga", email="oidc.reviewer@lamppost.invalid", role="reviewer"
    )
    return made


def through(office: Office, subject: str) -> tuple[Person, httpx.Response]:
    """Go to the provider, sign in there as a subject, and come back."""
    person = Person(office.server.url)
    assert "Harbour ID" in person.text("/sign-in")
    leave = person.get("/oidc/start")
    place = leave.headers["location"]
    assert "code_challenge_method=S256" in place
    assert "nonce=" in place
    with httpx.Client(timeout=20) as browser:
        back = browser.post(place, data={"sub": subject})
    return person, person.http.get(back.headers["location"])


def test_the_identity_provider_says_who_and_lamppost_says_what(oidc_office: Office):
    person, answer = through(oidc_office, "u1")
    assert answer.status_code == 303, answer.text
    assert person.get("/queue").status_code == 200
    assert person.get("/people").status_code == 403


@pytest.mark.parametrize("subject", ["u2", "u3"])
def test_who_was_not_added_or_has_no_verified_address_stays_out(oidc_office: Office, subject: str):
    person, answer = through(oidc_office, subject)
    assert answer.status_code == 403
    assert "nobody has added you" in answer.text
    assert person.get("/queue").status_code == 303


def test_a_sign_in_begun_elsewhere_is_refused(oidc_office: Office):
    person = Person(oidc_office.server.url)
    assert person.get("/oidc/back?code=x&state=y").status_code == 403
    leave = person.get("/oidc/start").headers["location"]
    with httpx.Client(timeout=20) as browser:
        back = browser.post(leave, data={"sub": "u1"}).headers["location"]
    victim = Person(oidc_office.server.url)
    assert victim.http.get(back).status_code == 403
    assert person.http.get(re.sub(r"state=[^&]+", "state=other", back)).status_code == 403
