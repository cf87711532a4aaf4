"""Accounts of staff: add, change, reset, disable. Nobody changes their own."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import get, post

from lamppost.cases.rights import ROLES, Role, need_fresh
from lamppost.cases.staff import Staff
from lamppost.console.asking import Answer, Asked, Visit, go, page, text_of, texts_of, visit_of
from lamppost.console.security import Refused
from lamppost.console.shown import ROOT
from lamppost.core.errors import ReauthenticationError, UsageError


@get("/people", opt={"right": "people.manage"}, sync_to_thread=True)
def show_people(request: Asked) -> Answer:
    """Everybody."""
    return _show(request, 200, {})


def _show(
    request: Asked, status: int, faults: dict[str, str], word: tuple[str, str] | None = None
) -> Answer:
    visit = visit_of(request)
    now = visit.console.clock()
    rows = [_row(visit, staff, now) for staff in visit.console.door.store.all()]
    return page(
        request,
        "people.html.j2",
        status=status,
        rows=rows,
        roles=list(ROLES),
        faults=faults,
        word=word,
    )


def _row(visit: Visit, staff: Staff, now: int) -> dict[str, Any]:
    state = "active"
    if staff.disabled_at is not None:
        state = "disabled"
    elif staff.invite_hash is not None:
        state = "invited"
    second = "oidc" if staff.oidc_subject else ("yes" if staff.totp_secret_sealed else "no")
    return {
        "staff": staff,
        "state": state,
        "second": second,
        "self": staff.id == visit.me.id,
        "locked": visit.t.clock(staff.locked_until) if staff.locked_until > now else "",
    }


def _fresh(request: Asked) -> Answer | None:
    """A way to prove oneself again, where that is needed."""
    visit = visit_of(request)
    try:
        need_fresh(visit.who, visit.console.clock())
    except ReauthenticationError:
        return go(request, f"{ROOT}/again?to={quote(f'{ROOT}/people', safe='/')}")
    return None


def _roles(request: Asked) -> frozenset[Role]:
    return frozenset(role for role in ROLES if role in texts_of(request, "role", 10))


def _other(visit: Visit, identifier: str) -> Staff:
    staff = visit.console.door.store.staff(identifier)
    if staff is None:
        raise Refused(404, "fault.http_404")
    if staff.id == visit.me.id:
        raise Refused(403, "people.self")
    return staff


@post("/people", opt={"right": "people.manage"}, status_code=200, sync_to_thread=True)
def add(request: Asked) -> Answer:
    """Add a person; their one-time word is shown this once."""
    again = _fresh(request)
    if again is not None:
        return again
    visit = visit_of(request)
    name, email, roles = (
        text_of(request, "name", 64),
        text_of(request, "email", 254),
        _roles(request),
    )
    if not roles:
        return _show(request, 400, {"role": visit.t("people.choose_role")})
    try:
        staff, word = visit.console.door.invite(
            visit.me.id, name=name or email, email=email, roles=roles
        )
    except UsageError:
        return _show(request, 400, {"email": visit.t("fault.login_not_taken")})
    return _show(request, 200, {}, (staff.name, word))


@post(
    "/people/{identifier:str}/roles",
    opt={"right": "people.manage"},
    status_code=200,
    sync_to_thread=True,
)
def change_roles(request: Asked, identifier: str) -> Answer:
    """Change what a person may do; it counts from their next request on."""
    again = _fresh(request)
    if again is not None:
        return again
    visit = visit_of(request)
    staff, roles = _other(visit, identifier), _roles(request)
    if not roles:
        return _show(request, 400, {staff.id: visit.t("people.choose_role")})
    visit.console.door.store.change(
        staff.id, lambda one: msgspec.structs.replace(one, roles=frozenset(roles))
    )
    visit.console.note(visit.me.id, "staff.roles", staff.id, {"roles": sorted(roles)})
    return go(request, f"{ROOT}/people", said=visit.t("people.saved"))


@post(
    "/people/{identifier:str}/reset",
    opt={"right": "people.manage"},
    status_code=200,
    sync_to_thread=True,
)
def reset(request: Asked, identifier: str) -> Answer:
    """A new one-time word; password, second factor and sessions end."""
    again = _fresh(request)
    if again is not None:
        return again
    visit = visit_of(request)
    staff = _other(visit, identifier)
    word = visit.console.door.invite_again(visit.me.id, staff.id)
    return _show(request, 200, {}, (staff.name, word))


@post(
    "/people/{identifier:str}/disable",
    opt={"right": "people.manage"},
    status_code=200,
    sync_to_thread=True,
)
def disable(request: Asked, identifier: str) -> Answer:
    """Disable an account, or enable it again; its sessions end at once."""
    again = _fresh(request)
    if again is not None:
        return again
    visit = visit_of(request)
    staff = _other(visit, identifier)
    at = visit.console.clock() if staff.disabled_at is None else None
    visit.console.door.store.change(
        staff.id, lambda one: msgspec.structs.replace(one, disabled_at=at)
    )
    visit.console.door.store.end_sessions(staff.id)
    act = "staff.enable" if at is None else "staff.disable"
    visit.console.note(visit.me.id, act, staff.id, {})
    said = "people.is_enabled" if at is None else "people.is_disabled"
    return go(request, f"{ROOT}/people", said=visit.t(said))


HANDLERS: Final = [show_people, add, change_roles, reset, disable]
