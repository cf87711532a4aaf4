"""The report button over HTTP: it keeps, places, answers; floods and canaries."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from lamppost.cases.rights import Who
from lamppost.client import Client
from lamppost.events.vocabulary import Account
from lamppost.protect.button import LANGUAGES, digest, receipt_from, tidy, words
from lamppost.service.runtime import Service

from .conftest import CANARY, Server, message

LEAD = Who("lead", "Lead", frozenset({"lead"}))
FORM = {"kind": "meet", "safe": "unsure", "token": ""}


def sent(server: Server, **fields: str) -> httpx.Response:
    """What a browser without script sends."""
    data = {**FORM, "token": secrets.token_urlsafe(24), "country": "GB", **fields}
    return httpx.post(f"{server.url}/report", data=data, timeout=30)


def code_in(html: str) -> str:
    """The code that a receipt shows."""
    found = re.search(r'class="code"[^>]*>([0-9A-Z-]{19})<', html)
    assert found, html[:2000]
    return found[1]


def api(server: Server, path: str, json: object, *, key: bool = False) -> httpx.Response:
    """A call of the API."""
    headers = {"authorization": f"Bearer {server.key}"} if key else {}
    return httpx.post(f"{server.url}{path}", json=json, headers=headers, timeout=30)


def ticket(server: Server, reporter: str, about: str, conversation: str = "") -> str:
    """A ticket of the platform."""
    body = {"reporter_id": reporter, "target_id": about, "conversation_id": conversation}
    answer = api(server, "/v1/reports/tickets", body, key=True)
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket"]


def test_a_form_sent_twice_is_kept_once_and_answered_by_its_code(server: Server):
    token = secrets.token_urlsafe(24)
    first, second = (sent(server, token=token, words=CANARY) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert code_in(first.text) == code_in(second.text)
    found = api(server, "/v1/reports/answer", {"code": code_in(first.text).lower()})
    assert found.json()["status"] == "received"
    assert api(server, "/v1/reports/answer", {"code": "0" * 16}).status_code == 400
    page = httpx.post(f"{server.url}/report/answer", data={"code": code_in(first.text)})
    assert 'aria-current="step"' in page.text


def test_a_report_without_an_answer_keeps_what_was_written(server: Server):
    answer = sent(server, kind="", words="my own sentence")
    assert answer.status_code == 400
    assert "my own sentence" in answer.text
    assert words("en")("need") in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_number_to_call_is_in_every_page(server: Server, language: str):
    for path in ("/report", "/report/answer"):
        page = httpx.get(f"{server.url}{path}", params={"lang": language, "country": "GB"})
        assert "tel:999" in page.text
        assert f'lang="{language}"' in page.text
        assert len(page.content) < 50_000
        assert "<script" not in page.text
        assert not re.search(r"""(src|@import|url\()""", page.text)
    page = httpx.get(f"{server.url}/report", params={"lang": language, "country": "TV"})
    assert "tel:" not in page.text.split("danger")[0]


def test_a_child_in_danger_sees_the_number_when_nothing_can_be_kept(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
):
    from litestar.testing import TestClient

    from lamppost.core.errors import StoreError
    from lamppost.service.app import make_app

    service = make_service()
    service.start()

    def full(*_: object, **__: object) -> str:
        raise StoreError("the disk is full")

    monkeypatch.setattr(service.child_reports, "take", full)
    with TestClient(make_app(service, max_body=1 << 20).litestar) as client:
        data = {**FORM, "safe": "no", "country": "GB", "words": "please help"}
        answer = client.post("/report", data=data)
    assert answer.status_code == 503
    assert "tel:999" in answer.text
    assert '<details class="danger" open' in answer.text
    assert "please help" in answer.text


def test_a_thousand_malicious_reports_raise_one_notice_and_a_genuine_one_is_found(
    make_service: Callable[..., Service], tmp_path: Path
):
    server = Server(tmp_path / "flood")
    with Client(server.url, server.key) as client:
        client.send([
            Account(id="kid", age=12), Account(id="target", age=30),
            message("m1", "room", "target", "kid", "hello there"),
            message("m2", "room", "kid", "target", "hi", 1),
        ])  # fmt: skip
    time.sleep(4)  # states are written within three seconds

    def one(number: int) -> int:
        return sent(server, about="target", safe="no", words=f"made up {number}").status_code

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(one, range(500)))
        lonely = sent(server, about="target", words="a genuine one, without a ticket")
        child = sent(server, ticket=ticket(server, "kid", "target", "room"), named="1",
                     show_chat="1")  # fmt: skip
        last = list(pool.map(one, range(500)))
    assert {*first, *last} == {200}
    codes = [code_in(answer.text) for answer in (lonely, child)]
    deadline = time.monotonic() + 120
    with httpx.Client(
        base_url=server.url, headers={"authorization": f"Bearer {server.key}"}
    ) as http:
        assert http.get("/v1/accounts/target").status_code in (200, 404)
        risk = http.get("/v1/relationships", params={"account": "target"}).text
    server.stop()
    service = make_service(data=str(tmp_path / "flood"))
    service.start()
    while service.cases.child_reports.new(1) and time.monotonic() < deadline:
        time.sleep(0.2)
    reports, store = service.child_reports, service.cases.child_reports
    notices = reports.notices(LEAD)
    assert [notice.about for notice in notices] == ["target"]
    _, held = reports.find(LEAD, state="held")
    _, joined = reports.find(LEAD, state="case")
    assert held + joined == 1002
    assert joined <= 11
    assert notices[0].count == held
    cases = service.cases.store.touching("target")
    assert len(cases) == 1
    assert cases[0].status == "open"
    assert cases[0].outcome == ()
    assert '"level":"high"' not in risk
    assert '"level":"urgent"' not in risk
    genuine = store.by_code(digest(codes[1]))
    assert genuine is not None
    assert (genuine.state, genuine.reporter, genuine.contact) == ("case", "kid", True)
    assert reports.find(LEAD, about="target", limit=1)[0][0].id == genuine.id
    kept = store.by_code(digest(codes[0]))
    assert kept is not None
    reports.reply(LEAD, kept.id, "looking", "We read it. Thank you.")
    answer = reports.answer(codes[0])
    assert answer is not None
    assert answer.words == ("We read it. Thank you.",)


def test_what_a_child_writes_and_who_it_is_stay_in_the_vault(tmp_path: Path):
    server = Server(tmp_path / "canary")
    fields = {"words": f"words {CANARY}", "name": f"name {CANARY}", "reach": f"reach {CANARY}"}
    for extra in ({"named": "1"}, {"named": ""}):
        answer = sent(server, about="someone", **fields, **extra)
        assert answer.status_code == 200
        assert CANARY not in answer.text
    hidden = sent(server, ticket=ticket(server, "hidden-child", "someone"), named="")
    assert hidden.status_code == 200
    headers = {"authorization": f"Bearer {server.key}"}
    time.sleep(2)
    for path in ("/v1/findings", "/v1/relationships?account=someone", "/v1/accounts/someone",
                 "/v1/network/someone", "/metrics"):  # fmt: skip
        said = httpx.get(f"{server.url}{path}", headers=headers).text
        assert CANARY not in said
        assert "hidden-child" not in said
    server.stop()
    for path in (tmp_path / "canary").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert CANARY.encode() not in data, path.name
            assert b"hidden-child" not in data, path.name
    assert CANARY not in server.errors()


def test_a_school_behind_one_address_is_never_refused(make_service: Callable[..., Service]):
    from litestar.testing import TestClient

    from lamppost.service.app import make_app

    service = make_service(requests_per_second=500.0)
    service.start()
    with TestClient(make_app(service, max_body=1 << 20).litestar) as client:
        states = [
            client.post("/v1/reports", json={"kind": "other", "safe": "yes", "about": f"a{n}"})
            for n in range(90)
        ]
    assert {answer.status_code for answer in states} == {201}
    crowded = [service.cases.child_reports.by_code(digest(a.json()["code"])) for a in states]
    assert 20 <= sum(report.crowded for report in crowded if report is not None) <= 31


def test_guesses_at_codes_are_slowed_down_in_plain_words(make_service: Callable[..., Service]):
    from litestar.testing import TestClient

    from lamppost.service.app import make_app

    service = make_service(requests_per_second=500.0)
    service.start()
    with TestClient(make_app(service, max_body=1 << 20).litestar) as client:
        pages = [client.post("/report/answer", data={"code": "0" * 16}) for _ in range(70)]
    assert pages[0].status_code == 200
    assert words("en")("answer.wrong") in pages[0].text
    assert pages[-1].status_code == 429
    assert words("en")("answer.later") in pages[-1].text
    assert "Retry-After" in pages[-1].headers


def test_codes_have_80_bits_and_forgive_how_a_child_types():
    code = receipt_from(b"s" * 32, "token")
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert tidy(f" {code.lower().replace('-', ' ')} ") == code.replace("-", "")
    assert receipt_from(b"t" * 32, "token") != code
    assert tidy("OIL0" * 4) == "0110" * 4
    assert tidy("short") == ""


def test_every_language_says_the_same():
    english = words("en").messages
    for language in LANGUAGES:
        other = words(language).messages
        assert set(other) == set(english)
        named = [k for k in english if ("{" in english[k]) != ("{" in other[k])]
        assert named == []
