"""Looking, revealing and deciding, from outside: what is masked, counted, refused and kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest

from service.conftest import Server

from .conftest import SECRET_WORDS, Office, Person, said, story

REASON = "The messages move from flattery to secrecy and a meeting."


@pytest.fixture(scope="module")
def desk(new_server: Callable[..., Server]) -> Office:
    """An office whose cases are decided here."""
    made = Office(new_server())
    for role, name in (
        ("reviewer", "rita"),
        ("reviewer", "ravi"),
        ("lead", "lena"),
        ("lead", "leo"),
        ("auditor", "auditor"),
    ):
        made.add(role, name)
    events = []
    for number in range(8):
        events += story(f"c{number}", f"a{number}", f"kid{number}", explicit=number == 0)
    made.tell(events, 8)
    return made


def fields(page: str) -> dict[str, str]:
    """Hidden fields of the decision form of a page."""
    form = page[page.index('id="decision"') :]
    return {
        name: re.search(rf'name="{name}" value="([^"]*)"', form)[1]  # type: ignore[index]
        for name in ("version", "token")
    }


def case_of(office: Office, account: str) -> str:
    """The page of the case about an account."""
    found = re.search(
        r'href="(/console)?(/cases/[^"?#]+)"', office["auditor"].text(f"/queue?account={account}")
    )
    assert found, account
    return found[2]


def decide(person: Person, path: str, acts: str | list[str], **more: str):
    """Take a case and send a decision."""
    person.send(f"{path}/claim", path)
    form = {
        "act": acts,
        "judgement": "harmful",
        "reason": REASON,
        **fields(person.text(path)),
        **more,
    }
    return person.send(f"{path}/decide", path, **form)


def test_words_are_not_in_the_page_before_they_are_revealed(desk: Office):
    person, path = desk["rita"], case_of(desk, "a0")
    page = person.text(path)
    for word in (*SECRET_WORDS.split(), "mature", "parents"):
        assert word not in said(page), word
        assert word not in page, word
    assert "Covered" in page
    for role in ("auditor", "lena"):
        assert "kestrel" not in desk[role].text(path)


def test_the_lines_sum_to_the_total(desk: Office):
    page = desk["rita"].text(case_of(desk, "a0"))
    lines = [float(bits) for bits in re.findall(r'data-bits="([^"]+)"', page)]
    total = float(re.search(r'data-total="([^"]+)"', page)[1])  # type: ignore[index]
    assert len(lines) > 5
    assert sum(lines) == pytest.approx(total, abs=1e-9)
    shown = [
        float(text.replace("−", "-"))
        for text in re.findall(r'<td class="num">([+−][0-9.]+)</td>', page)
    ]
    assert sum(shown) == pytest.approx(total, abs=0.05)


def test_each_reveal_is_counted_and_written_down(desk: Office):
    person, path = desk["ravi"], case_of(desk, "a0")

    def counted() -> int:
        return int(re.search(r"(\d+) messages? revealed today", said(person.text("/me")))[1])  # type: ignore[index]

    page = person.text(path)
    items = re.findall(r"items/([0-9a-f]{40})/reveal", page)
    assert counted() == 0
    part = person.part(f"{path}/items/{items[0]}/reveal", path)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert counted() == 1
    explicit = re.search(r"masked explicit.*?items/([0-9a-f]{40})/reveal", page, re.DOTALL)[1]  # type: ignore[index]
    whole = person.part(f"{path}/reveal-all", path)
    assert "zeppelin" in whole.text
    assert f"items/{explicit}/reveal" in whole.text, "sexual content stays covered"
    assert counted() == 1 + len(items) - 1
    alone = person.part(f"{path}/items/{explicit}/reveal", path)
    assert 'class="words mono"' in alone.text
    assert counted() == 1 + len(items)
    assert "kestrel" not in person.part(f"{path}/cover", path).text
    assert "kestrel" not in person.text(path)
    audit = said(desk["auditor"].text(f"/audit?act=vault.open&who={person.id}"))
    assert audit.count("vault.open") >= 3
    assert "kestrel" not in audit
    exposures = said(desk["lena"].text("/dashboard"))
    assert re.search(rf"Ravi \d+ \w+ \d+ {1 + len(items)} 1 1", exposures), exposures[-400:]


def test_two_claim_at_once_and_one_holds_it(desk: Office):
    path = case_of(desk, "a1")
    answers: dict[str, str] = {}
    tokens = {name: desk[name].token(path) for name in ("rita", "ravi", "lena")}
    start = threading.Barrier(len(tokens))

    def claim(name: str) -> None:
        start.wait()
        found = desk[name].http.post(f"/console{path}/claim", data={"csrf": tokens[name]})
        answers[name] = "" if found.status_code == 303 else said(found.text)

    threads = [threading.Thread(target=claim, args=(name,)) for name in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [name for name, text in answers.items() if not text]
    assert len(winners) == 1
    for name, text in answers.items():
        if name != winners[0]:
            assert f"{winners[0].title()} works on this case and holds it until" in text
            assert 'id="decision"' not in desk[name].text(path)
    desk[winners[0]].send(f"{path}/hand-over", path)
    assert desk["rita"].send(f"{path}/claim", path).status_code == 303


def test_a_case_that_changed_meanwhile_is_not_decided_unseen(desk: Office):
    person, path = desk["rita"], case_of(desk, "a2")
    person.send(f"{path}/claim", path)
    before = fields(person.text(path))
    desk.tell(story("c2-more", "a2", "another-kid", 10), 0)
    for _ in range(100):
        if fields(person.text(path))["version"] != before["version"]:
            break
        __import__("time").sleep(0.2)
    form = {"act": "watch", "judgement": "harmful", "reason": REASON, **before}
    answer = person.send(f"{path}/decide", path, **form)
    assert answer.status_code == 409
    assert "changed while you had it open" in said(answer.text)
    assert REASON in answer.text, "what was written is kept"
    answer = person.send(f"{path}/decide", path, **{**form, **fields(person.text(path))})
    assert answer.status_code == 303


def test_a_form_sent_twice_and_two_tabs_decide_once(desk: Office):
    person, path = desk["ravi"], case_of(desk, "a3")
    person.send(f"{path}/claim", path)
    form = {"act": "warn", "judgement": "harmful", "reason": REASON, **fields(person.text(path))}
    other_tab = fields(person.text(path))
    token = person.token(path)
    first = person.http.post(f"/console{path}/decide", data={"csrf": token, **form})
    again = person.http.post(f"/console{path}/decide", data={"csrf": token, **form})
    assert (first.status_code, again.status_code) == (303, 303)
    tab = person.http.post(f"/console{path}/decide", data={"csrf": token, **form, **other_tab})
    assert tab.status_code == 409
    assert "decided meanwhile and is closed" in said(tab.text)
    page = said(person.text(path))
    assert page.count(REASON) == 1


def test_a_browser_closed_in_the_middle_loses_nothing(desk: Office):
    person, path = desk["rita"], case_of(desk, "a4")
    person.send(f"{path}/claim", path)
    mine = "I have written half of a sentence about the"
    kept = person.part(
        f"{path}/draft", path, act=["warn", "refer_support"], judgement="harmful", reason=mine
    )
    assert kept.text == "Draft kept"
    page = person.text(path)
    assert mine in page
    assert 'value="warn" checked' in page
    assert 'value="refer_support" checked' in page
    assert mine not in desk["lena"].text(path), "a draft is its writer's"
    person.send(f"{path}/hand-over", path)
    assert mine not in person.text(path)
    person.send(f"{path}/claim", path)
    assert mine in person.text(path)
    data = b"".join(p.read_bytes() for p in desk.server.data.glob("lamppost.db*"))
    assert mine.encode() not in data, "drafts are sealed"


def test_what_is_missing_is_said_beside_its_field(desk: Office):
    person, path = desk["lena"], case_of(desk, "a5")
    person.send(f"{path}/claim", path)
    answer = person.send(f"{path}/decide", path, reason="short", **fields(person.text(path)))
    assert answer.status_code == 400
    for text in ("Choose what to do", "Say what the signs were", "at least 10 characters"):
        assert text in answer.text
    assert ">short<" in answer.text
    answer = person.send(
        f"{path}/decide",
        path,
        act=["no_action", "warn"],
        judgement="ordinary",
        reason=REASON,
        **fields(person.text(path)),
    )
    assert "goes with nothing else" in answer.text
    person.send(f"{path}/hand-over", path)


def test_a_heavy_decision_needs_a_second_person_and_may_be_appealed(desk: Office):
    path = case_of(desk, "a6")
    assert decide(desk["lena"], path, ["suspend", "report"]).status_code == 303
    page = desk["lena"].text(path)
    assert "Waits for a second person" in page
    form = {
        "decision": re.search(r'name="decision" value="([^"]+)"', page)[1],  # type: ignore[index]
        "version": re.search(r'name="version" value="(\d+)"', page)[1],  # type: ignore[index]
        "reason": "I read it too and agree with it.",
    }
    for name in ("lena", "rita"):
        assert desk[name].send(f"{path}/confirm", path, **form).status_code == 403, name
    assert desk["leo"].send(f"{path}/confirm", path, **form).status_code == 303
    late = desk["leo"].send(f"{path}/confirm", path, **form)
    assert late.status_code == 409
    assert "settled already" in said(late.text)
    assert "Confirmed by Leo" in desk["rita"].text(path)
    desk["rita"].send(f"{path}/appeal", path, words="I only asked about football training.")
    for name in ("lena", "leo"):
        assert "You decided this yourself" in desk[name].text("/appeals")
    assert "A lead answers" in desk["rita"].text("/appeals")
    desk.add("lead", "nora")
    shown = desk["nora"].text("/appeals")
    appeal = re.search(r"/appeals/([a-z0-9]+)", shown)[1]  # type: ignore[index]
    case = re.search(r'name="case" value="([^"]+)"', shown)[1]  # type: ignore[index]
    answer = desk["nora"].send(
        f"/appeals/{appeal}",
        "/appeals",
        case=case,
        outcome="overturned",
        answer="The context explains it.",
    )
    assert answer.status_code == 303
    assert "Overturned" in said(desk["rita"].text(path))


def test_the_audit_page_verifies_the_chain(desk: Office):
    answer = desk["auditor"].send("/audit/verify", "/audit")
    assert "The chain is sound" in answer.text
