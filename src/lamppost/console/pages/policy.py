"""Versions of the policy: add, test, run in shadow, deploy."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import get, post

from lamppost.cases.rights import need_fresh
from lamppost.console.asking import Answer, Asked, Visit, go, page, text_of, visit_of
from lamppost.console.security import Refused
from lamppost.console.shown import ROOT
from lamppost.core.access import PolicyRow
from lamppost.core.errors import LamppostError, ReauthenticationError
from lamppost.service.policies import Backtest

_MOST: Final = 200_000


@get("/policy", opt={"right": "policy.read"}, sync_to_thread=True)
def show_policy(request: Asked) -> Answer:
    """Every version, newest first."""
    return _show(request, 200, "", "")


def _show(request: Asked, status: int, fault: str, text: str) -> Answer:
    visit = visit_of(request)
    rows = [_row(visit, row) for row in reversed(visit.console.service.policies.all())]
    live = visit.console.service.policies.live()
    return page(
        request,
        "policy.html.j2",
        status=status,
        rows=rows,
        faults={"policy": fault} if fault else {},
        text=text or (rows[0]["row"].body if rows else ""),
        live=live,
        can_write=visit.may("policy.write"),
        can_deploy=visit.may("policy.deploy"),
    )


def _row(visit: Visit, row: PolicyRow) -> dict[str, Any]:
    backtest = msgspec.json.decode(row.backtest, type=Backtest) if row.backtest else None
    return {
        "row": row,
        "backtest": backtest,
        "by": visit.console.who(row.created_by, visit.t),
        "deployed_by": visit.console.who(row.deployed_by or "", visit.t),
    }


def _by(visit: Visit) -> str:
    return visit.me.id


@post("/policy", opt={"right": "policy.write"}, status_code=200, sync_to_thread=True)
def add(request: Asked) -> Answer:
    """Check a policy and keep it as a draft."""
    visit = visit_of(request)
    text = text_of(request, "policy", _MOST)
    try:
        row = visit.console.service.policies.add(text + "\n", by=_by(visit))
    except LamppostError as error:
        return _show(request, 400, visit.t("policy.not_taken", why=str(error)), text)
    visit.console.note(visit.me.id, "policy.add", str(row.version), {"digest": row.digest})
    return go(request, f"{ROOT}/policy", said=visit.t("policy.added", version=row.version))


def _known(visit: Visit, version: int) -> None:
    if visit.console.service.stores.policies.policy(version) is None:
        raise Refused(404, "fault.http_404")


@post(
    "/policy/{version:int}/test",
    opt={"right": "policy.write"},
    status_code=200,
    sync_to_thread=True,
)
def test(request: Asked, version: int) -> Answer:
    """Test a version on the stored events."""
    visit = visit_of(request)
    _known(visit, version)
    result = visit.console.service.policies.backtest(version)
    visit.console.note(visit.me.id, "policy.backtest", str(version), {"seen": result.seen})
    return go(request, f"{ROOT}/policy#v{version}", said=visit.t("policy.tested"))


@post(
    "/policy/{version:int}/shadow",
    opt={"right": "policy.write"},
    status_code=200,
    sync_to_thread=True,
)
def shadow(request: Asked, version: int) -> Answer:
    """Run a version in shadow."""
    visit = visit_of(request)
    _known(visit, version)
    visit.console.service.policies.put_in_shadow(version, by=_by(visit))
    visit.console.note(visit.me.id, "policy.shadow", str(version), {})
    return go(request, f"{ROOT}/policy", said=visit.t("policy.shadowed"))


@post(
    "/policy/{version:int}/deploy",
    opt={"right": "policy.deploy"},
    status_code=200,
    sync_to_thread=True,
)
def deploy(request: Asked, version: int) -> Answer:
    """Make a version the live one: a heavy act, after a look at its test."""
    visit = visit_of(request)
    _known(visit, version)
    seen = text_of(request, "seen", 64)
    try:
        need_fresh(visit.who, visit.console.clock())
    except ReauthenticationError:
        return go(request, f"{ROOT}/again?to={quote(f'{ROOT}/policy', safe='/')}")
    try:
        visit.console.service.policies.deploy(version, seen=seen, by=_by(visit))
    except LamppostError as error:
        said = visit.t("fault.refused", why=str(error))
        return go(request, f"{ROOT}/policy", said=said, kind="bad")
    visit.console.note(visit.me.id, "policy.deploy", str(version), {"seen": seen})
    visit.console.service.webhooks.tell("policy.deployed", str(version), {"version": version})
    return go(request, f"{ROOT}/policy", said=visit.t("policy.deployed_done"))


HANDLERS: Final = [show_policy, add, test, shadow, deploy]
