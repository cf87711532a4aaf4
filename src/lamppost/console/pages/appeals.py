"""Appeals: somebody asks for a decision to be looked at again."""

from __future__ import annotations

import secrets
from typing import Any, Final

from litestar import get, post

from lamppost.console.asking import Answer, Asked, go, page, text_of, visit_of
from lamppost.console.casepage import headline_of_case
from lamppost.console.shown import ROOT
from lamppost.core.errors import ConflictError, RightError

LEAST: Final = 10


@get("/appeals", opt={"right": "appeal.record"}, sync_to_thread=True)
def show_appeals(request: Asked) -> Answer:
    """Open appeals, and those that were answered."""
    return _show(request, 200, {})


def _show(request: Asked, status: int, faults: dict[str, str]) -> Answer:
    visit = visit_of(request)
    store, t = visit.console.desk.store, visit.t
    rows: list[dict[str, Any]] = []
    for item in store.appeals():
        file = store.file(item.case_id)
        if file is None:
            continue
        decision = next((one for one in file.decisions if one.id == item.decision_id), None)
        clock = next((c for c in file.clocks if c.kind == "appeal" and c.stopped_at is None), None)
        rows.append(
            {
                "appeal": item,
                "case": file.case,
                "headline": headline_of_case(visit, file.case),
                "short": t("case.short", number=file.case.number),
                "decision": decision,
                "by": visit.console.name_of(decision.by if decision else None, t),
                "due": clock.due_at if clock else 0,
                "own": decision is not None and visit.me.id in (decision.by, decision.reviewed_by),
            }
        )
    done = [
        {"appeal": item, "by": visit.console.name_of(item.answered_by, t)}
        for item in store.appeals(answered=True, limit=20)
    ]
    return page(
        request,
        "appeals.html.j2",
        status=status,
        rows=rows,
        done=done,
        faults=faults,
        can_answer=visit.may("appeal.answer"),
        token=secrets.token_urlsafe(12),
    )


@post("/appeals/{appeal:str}", opt={"right": "appeal.answer"}, status_code=200, sync_to_thread=True)
def answer(request: Asked, appeal: str) -> Answer:
    """Answer an appeal."""
    from lamppost.console.app import conflict

    visit = visit_of(request)
    words, outcome = text_of(request, "answer"), text_of(request, "outcome", 16)
    if len(words) < LEAST or outcome not in ("upheld", "overturned"):
        return _show(request, 400, {appeal: visit.t("fault.reason")})
    try:
        visit.console.desk.answer_appeal(
            visit.who,
            text_of(request, "case", 64),
            appeal,
            overturn=outcome == "overturned",
            answer=words,
            token=text_of(request, "token", 64) or None,
        )
    except ConflictError as error:
        return go(request, f"{ROOT}/appeals", said=conflict(visit, error), kind="bad")
    except RightError:
        return go(request, f"{ROOT}/appeals", said=visit.t("appeals.own"), kind="bad")
    return go(request, f"{ROOT}/appeals", said=visit.t("appeals.done"))


HANDLERS: Final = [show_appeals, answer]
