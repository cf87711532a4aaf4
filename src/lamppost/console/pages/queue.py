"""The queue: what is to be looked at, in the order to be worked."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from litestar import get, post

from lamppost.cases.case import Case, QueueFilter
from lamppost.console.asking import (
    Answer,
    Asked,
    Visit,
    asked,
    go,
    number_asked,
    page,
    text_of,
    texts_of,
    visit_of,
)
from lamppost.console.casepage import children_words, headline_of_case, signs_of_case, tags_of
from lamppost.console.shown import ROOT, now_ms
from lamppost.core.errors import ConflictError
from lamppost.core.levels import Level

PAGE: Final = 25
VIEWS: Final = ("all", "unclaimed", "mine", "review", "overdue", "closed")


@get("/queue", opt={"right": "queue.read"}, sync_to_thread=True)
def show_queue(request: Asked) -> Answer:
    """A page of the queue."""
    visit = visit_of(request)
    desk = visit.console.desk
    view = asked(request, "view", 16) or "all"
    view = view if view in VIEWS else "all"
    level = asked(request, "level", 16)
    level = level if level in [item.word for item in Level] else ""
    account = asked(request, "account")
    under = number_asked(request, "under", 0, 18)
    offset = number_asked(request, "offset")
    wanted = QueueFilter(
        status="review" if view == "review" else None,
        level=int(Level.parse(level)) if level else 0,
        mine=visit.me.id if view == "mine" else None,
        unclaimed=view == "unclaimed",
        overdue=view == "overdue",
        closed=view == "closed",
        account=account or None,
        child_under=under or None,
        offset=offset,
        limit=PAGE,
    )
    found = desk.queue(visit.who, wanted)
    rows = rows_of(visit, found.items)
    query = {"view": view, "level": level, "account": account, "under": under or ""}
    here = {name: value for name, value in query.items() if value}
    return page(
        request,
        "queue.html.j2",
        rows=rows,
        found=found.total,
        asked=query,
        views=VIEWS,
        ages=(10, 13, 16, 18),
        filtered=bool(level or account or under),
        people=_people(visit) if visit.may("case.assign") else [],
        more=f"?{urlencode({**here, 'offset': offset + PAGE})}"
        if offset + PAGE < found.total
        else "",
        before=f"?{urlencode({**here, 'offset': max(0, offset - PAGE)})}" if offset else "",
        can_claim=visit.may("case.claim"),
        can_assign=visit.may("case.assign") and view != "closed",
    )


def rows_of(visit: Visit, cases: list[Case]) -> list[dict[str, Any]]:
    """Cases as rows."""
    now = now_ms()
    t, console = visit.t, visit.console
    rows = []
    for case in cases:
        holder = case.held_by(now)
        rows.append(
            {
                "id": case.id,
                "short": t("case.short", number=case.number),
                "level": case.word,
                "account": case.account,
                "headline": headline_of_case(visit, case),
                "signs": signs_of_case(visit, case),
                "children": children_words(case, t),
                "tags": [tag for tag in tags_of(case, t) if tag["kind"] != "bad"],
                "holder": console.name_of(holder, t) if holder else "",
                "assigned": console.name_of(case.assigned_to, t) if case.assigned_to else "",
                "mine": visit.me.id in (holder, case.assigned_to),
                "changed_at": case.changed_at,
                "due_at": 0 if case.status == "closed" else case.due_at,
                "outcome": [t(f"act.{act}") for act in case.outcome],
            }
        )
    return rows


def _people(visit: Visit) -> list[dict[str, str]]:
    return [
        {"id": staff.id, "name": staff.name}
        for staff in visit.console.door.store.all()
        if staff.disabled_at is None and staff.who().may("case.decide")
    ]


@post("/queue/next", opt={"right": "case.claim"}, status_code=200, sync_to_thread=True)
def take_next(request: Asked) -> Answer:
    """Take the first case that is free, or given to this person."""
    visit = visit_of(request)
    desk = visit.console.desk
    for wanted in (QueueFilter(mine=visit.me.id, limit=20), QueueFilter(unclaimed=True, limit=20)):
        for case in desk.queue(visit.who, wanted).items:
            if case.status != "open":
                continue
            try:
                taken = desk.claim(visit.who, case.id)
            except ConflictError:
                continue
            said = visit.t("queue.took", until=visit.t.clock(taken.claimed_until))
            return go(request, f"{ROOT}/cases/{case.id}", said=said)
    return go(request, f"{ROOT}/queue", said=visit.t("queue.empty_next"), kind="warn")


@post("/queue/assign", opt={"right": "case.assign"}, status_code=200, sync_to_thread=True)
def assign(request: Asked) -> Answer:
    """Give the chosen cases to a person, or back to the queue."""
    visit = visit_of(request)
    done = visit.console.desk.assign(
        visit.who, texts_of(request, "case"), text_of(request, "to", 64) or None
    )
    return _told(request, done, "queue.assigned")


@post("/queue/move", opt={"right": "case.assign"}, status_code=200, sync_to_thread=True)
def move(request: Asked) -> Answer:
    """Put a case before all others, or let it take its own place again."""
    visit = visit_of(request)
    up, down = text_of(request, "up", 64), text_of(request, "down", 64)
    desk = visit.console.desk
    done = desk.reorder(visit.who, [up]) if up else desk.unrank(visit.who, [down])
    return _told(request, done, "queue.moved_n")


def _told(request: Asked, done: list[Any], key: str) -> Answer:
    t = visit_of(request).t
    good = sum(not item.refused for item in done)
    said = t(key, good)
    refused = [item for item in done if item.refused]
    if refused:
        said += " " + t("queue.not_done", len(refused))
    return go(request, f"{ROOT}/queue", said=said, kind="warn" if refused else "good")


HANDLERS: Final = [show_queue, take_next, assign, move]
