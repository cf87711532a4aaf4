"""Every route states its right; no role reaches a page, search or export that is not its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lamppost.cases.rights import RIGHTS
from lamppost.cases.rights import ROLES as TABLE
from lamppost.console import pages
from lamppost.console.security import HALF, PUBLIC, SIGNED_IN

from .conftest import ROLES, SECRET_WORDS, Office, Person, case_ids

OPEN_TO_ALL = {
    "/sign-in",
    "/first",
    "/oidc/start",
    "/oidc/back",
    "/sign-out",
    "/look",
    "/static/{name:str}",
    "/{rest:path}",
}
"""Every route that needs no person. A new one is added here on purpose, or not at all."""

EXPECTED = {
    ("GET", "/queue"): {"reviewer", "lead", "reporter", "auditor"},
    ("GET", "/cases/C1"): {"reviewer", "lead", "reporter", "auditor"},
    ("GET", "/accounts/kid1"): {"reviewer", "lead", "reporter", "auditor"},
    ("GET", "/told"): {"reviewer", "lead"},
    ("GET", "/search?q=a9"): {"reviewer", "lead", "reporter", "auditor"},
    ("GET", "/dashboard"): {"lead", "auditor", "policy"},
    ("GET", "/labels.ndjson"): {"lead", "auditor", "policy"},
    ("GET", "/cases/C1/export"): {"lead", "auditor"},
    ("GET", "/quality"): {"reviewer", "lead"},
    ("GET", "/appeals"): {"reviewer", "lead"},
    ("GET", "/policy"): {"lead", "auditor", "policy", "admin"},
    ("GET", "/people"): {"admin"},
    ("GET", "/audit"): {"auditor"},
    ("GET", "/me"): set(ROLES),
    ("POST", "/cases/C1/reveal-all"): {"reviewer", "lead", "reporter"},
    ("POST", "/cases/C1/cover"): {"reviewer", "lead", "reporter"},
    ("POST", "/queue/assign"): {"lead"},
    ("POST", "/queue/move"): {"lead"},
    ("POST", "/audit/verify"): {"auditor"},
}
"""Written down by hand, so that a slip in the table of rights shows."""


def routes() -> Iterator[tuple[str, str, str]]:
    """Method, path and right of every route."""
    for handler in pages.HANDLERS:
        right = handler.opt.get("right")
        for path in handler.paths:
            for method in handler.http_methods:
                yield str(method), path, right


def test_every_route_states_a_right_that_exists():
    found = list(routes())
    assert len(found) > 45
    for method, path, right in found:
        assert right in (PUBLIC, HALF, SIGNED_IN, *RIGHTS), (method, path, right)
    assert {path for _, path, right in found if right == PUBLIC} == OPEN_TO_ALL


def test_whatever_changes_something_is_not_a_get():
    words = ("claim", "hand-over", "reveal", "decide", "assign", "move", "notes", "draft", "deploy")
    for method, path, _ in routes():
        if path.rsplit("/", 1)[-1].startswith(words):
            assert method == "POST", path


def ask(person: Person, method: str, path: str) -> int:
    """The status of a request with a right token, as htmx or a form would send it."""
    if method == "GET":
        return person.get(path).status_code
    token = person.token("/me")
    return person.http.post(f"/console{path}", data={"csrf": token}).status_code


@pytest.mark.parametrize("role", ROLES)
def test_the_matrix_from_outside(office: Office, role: str):
    person = office[role]
    for (method, path), allowed in EXPECTED.items():
        status = ask(person, method, path)
        assert (status in (200, 303)) == (role in allowed), (role, method, path, status)
        assert role in allowed or status == 403


def place(path: str) -> str:
    """A path with something in its holes that is there, or could be."""
    path = path.replace("{case_id:str}", "C1").replace("{version:int}", "1")
    return re.sub(r"\{[a-z_]+:(str|path)\}", "x", path)


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_no_route_opens_without_its_right(office: Office, role: str):
    """Every route there is, asked by every role that lacks its right: nothing but a refusal."""
    person = Person(office.server.url) if role == "nobody" else office[role]
    token = "" if role == "nobody" else person.token("/me")
    for method, path, right in routes():
        if right in (PUBLIC, SIGNED_IN) and role != "nobody":
            continue
        if right == PUBLIC or (role != "nobody" and right in TABLE.get(role, ())):
            continue
        options = {"data": {"csrf": token}} if method == "POST" else {}
        answer = person.http.request(method, f"/console{place(path)}", **options)
        refused = answer.status_code == 403 or (
            answer.status_code == 303 and "/sign-in" in answer.headers["location"]
        )
        assert refused, (role, method, path, answer.status_code)
        assert "grooming" not in answer.text


def test_searches_show_only_what_a_role_may_open(office: Office):
    note = "harbourmaster spoke with the school"
    office["reviewer"].send("/cases/C1/notes", "/cases/C1", text=note)
    found = office["auditor"].text("/search?q=harbourmaster")
    assert case_ids(found) == ["C1"]
    assert SECRET_WORDS.split()[0] not in office["lead"].text(
        f"/search?q={SECRET_WORDS.split()[0]}"
    ).replace(f'value="{SECRET_WORDS.split()[0]}"', "")
    for role in ("policy", "admin"):
        answer = office[role].get("/search?q=harbourmaster")
        assert answer.status_code == 403
        assert note not in answer.text


def test_exports_hold_no_names_and_no_words(office: Office):
    for path in ("/labels.ndjson", "/cases/C1/export"):
        body = office["lead"].text(path)
        for word in ("a9", "kid1", "C1", *SECRET_WORDS.split()):
            assert word not in body


def test_menus_show_what_the_role_may_open(office: Office):
    for role in ROLES:
        page = office[role].text("/me")
        for path in re.findall(r'data-go="."', page):
            assert path
        for link in re.findall(r'<a href="/console(/[a-z]+)"[^>]*data-go', page):
            assert office[role].get(link).status_code == 200, (role, link)


def test_the_api_takes_no_cookie_and_the_pages_no_key(office: Office):
    person = office["lead"]
    assert person.http.get("/v1/findings").status_code == 401
    with_key = Person(office.server.url, authorization=f"Bearer {office.server.key}")
    assert with_key.get("/queue").status_code == 303
