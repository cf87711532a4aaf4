"""What children sent with the report button: read, answered, joined to a case."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from litestar import get, post

from lamppost.console.asking import Answer, Asked, asked, go, number_asked, page, text_of, visit_of
from lamppost.console.security import Refused
from lamppost.console.shown import ROOT
from lamppost.core.errors import UsageError
from lamppost.protect.button import STATUSES

PAGE: Final = 50
VIEWS: Final = ("all", "case", "waiting", "held")


@get("/told", opt={"right": "told.read"}, sync_to_thread=True)
def show_all(request: Asked) -> Answer:
    """Reports of children and notices of floods."""
    visit = visit_of(request)
    reports = visit.console.service.child_reports
    view = asked(request, "view", 16)
    view = view if view in VIEWS else "all"
    about = asked(request, "about")
    offset = number_asked(request, "offset")
    state: Any = None if view == "all" else view
    found, total = reports.find(
        visit.who, state=state, about=about or None, limit=PAGE, offset=offset
    )
    return page(
        request, "told.html.j2", reports=found, total=total, view=view, views=VIEWS, about=about,
        notices=reports.notices(visit.who), more=offset + PAGE if offset + PAGE < total else 0,
    )  # fmt: skip


@get("/told/{report:str}", opt={"right": "told.read"}, sync_to_thread=True)
def show_one(request: Asked, report: str) -> Answer:
    """One report, its words covered."""
    return _one(request, report, {})


def _one(request: Asked, identifier: str, parts: dict[str, str]) -> Answer:
    visit = visit_of(request)
    try:
        found = visit.console.service.child_reports.look(visit.who, identifier)
    except UsageError:
        raise Refused(404, "fault.http_404") from None
    return page(
        request, "told_one.html.j2", report=found, parts_shown=parts, statuses=STATUSES,
        covered=any(not item.startswith("a:") for item in found.sealed) and not parts,
        can_reveal=visit.may("case.reveal"),
    )  # fmt: skip


@post(
    "/told/{report:str}/reveal", opt={"right": "case.reveal"}, status_code=200,
    sync_to_thread=True,
)  # fmt: skip
def reveal(request: Asked, report: str) -> Answer:
    """Show what the child wrote; written down and counted before it is sent."""
    visit = visit_of(request)
    try:
        opened = visit.console.service.child_reports.reveal(visit.who, report)
    except UsageError:
        raise Refused(404, "fault.http_404") from None
    shown = {piece.evidence.event_id.rpartition(".")[2]: piece.evidence.text for piece in opened}
    return _one(request, report, shown)


@post(
    "/told/{report:str}/answer", opt={"right": "told.answer"}, status_code=200,
    sync_to_thread=True,
)  # fmt: skip
def reply(request: Asked, report: str) -> Answer:
    """Tell the child what happened."""
    visit = visit_of(request)
    visit.console.service.child_reports.reply(
        visit.who, report, text_of(request, "status", 16), text_of(request, "answer", 1000)
    )
    return go(request, f"{ROOT}/told/{quote(report, safe='')}", said=visit.t("told.answered"))


@post("/told/{report:str}/name", opt={"right": "told.answer"}, status_code=200, sync_to_thread=True)
def name(request: Asked, report: str) -> Answer:
    """Say which account is meant: the report then goes into its case."""
    visit = visit_of(request)
    done = visit.console.service.child_reports.name(
        visit.who, report, text_of(request, "account", 256)
    )
    visit.console.desk.publish()
    to = f"{ROOT}/cases/{done.case_id}" if done.case_id else f"{ROOT}/told"
    return go(request, to, said=visit.t("told.named"))


@post(
    "/told/floods/{notice:str}", opt={"right": "told.answer"}, status_code=200,
    sync_to_thread=True,
)  # fmt: skip
def seen(request: Asked, notice: str) -> Answer:
    """Close the notice of a flood."""
    visit = visit_of(request)
    visit.console.service.child_reports.seen(visit.who, notice)
    return go(request, f"{ROOT}/told", said=visit.t("told.seen"))


HANDLERS: Final = [show_all, show_one, reveal, reply, name, seen]
