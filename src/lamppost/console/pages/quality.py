"""Blind second readings, golden cases, agreement."""

from __future__ import annotations

import secrets
from typing import Final

from litestar import get, post

from lamppost.cases.case import CaseFile
from lamppost.cases.decisions import ACTS, JUDGEMENTS
from lamppost.console import casepage
from lamppost.console.asking import (
    Answer,
    Asked,
    Visit,
    go,
    page,
    text_of,
    texts_of,
    visit_of,
)
from lamppost.console.security import Refused
from lamppost.console.shown import ROOT
from lamppost.core.errors import UsageError


@get("/quality", opt={"right": "quality.read"}, sync_to_thread=True)
def show_quality(request: Asked) -> Answer:
    """What is to be read, and how well people agree."""
    visit = visit_of(request)
    console = visit.console
    agreement = None
    if visit.may("quality.manage"):
        agreement = [
            {
                "person": visit.t("quality.everybody")
                if row.person == "*"
                else console.name_of(row.person, visit.t),
                "row": row,
            }
            for row in console.desk.agreement(visit.who)
        ]
    samples = console.desk.samples(visit.who)
    return page(
        request,
        "quality.html.j2",
        samples=samples,
        agreement=agreement,
        manage=visit.may("quality.manage"),
    )


@get("/quality/{sample:str}", opt={"right": "quality.read"}, sync_to_thread=True)
def show_sample(request: Asked, sample: str) -> Answer:
    """A case to be read again without the first answer."""
    return _sample(request, sample, 200, {})


def _sample(request: Asked, sample: str, status: int, faults: dict[str, str]) -> Answer:
    visit = visit_of(request)
    try:
        file = visit.console.desk.open_sample(visit.who, sample)
    except UsageError:
        raise Refused(404, "fault.http_404") from None
    shown = casepage.build(visit, file)
    return page(
        request,
        "sample.html.j2",
        status=status,
        page=shown,
        case=file.case,
        sample=sample,
        talk=shown.talk,
        can={"reveal": visit.may("case.reveal")},
        faults=faults,
        wanted=shown.chosen.id if shown.chosen else "",
        acts=list(ACTS),
        judgements=JUDGEMENTS,
        token=secrets.token_urlsafe(12),
    )


@post("/quality/{sample:str}", opt={"right": "quality.read"}, status_code=200, sync_to_thread=True)
def read_sample(request: Asked, sample: str) -> Answer:
    """Give a second reading; the first answer is told afterwards."""
    visit = visit_of(request)
    t = visit.t
    acts, judgement = texts_of(request, "act", 20), text_of(request, "judgement", 16)
    faults = {}
    if not acts:
        faults["act"] = t("fault.choose_act")
    if "no_action" in acts and set(acts) - {"no_action", "refer_support"}:
        faults["act"] = t("fault.no_action_alone")
    if not judgement:
        faults["judgement"] = t("fault.choose_judgement")
    if faults:
        return _sample(request, sample, 400, faults)
    desk = visit.console.desk
    desk.read_sample(
        visit.who,
        sample,
        judgement=judgement,
        acts=acts,
        reason=text_of(request, "reason"),
        token=text_of(request, "token", 64) or None,
    )
    first = desk.store.sample(sample)
    answer = t(f"judgement.{first.judgement}") if first is not None else ""
    return go(request, f"{ROOT}/quality", said=t("quality.answered", answer=answer))


@post("/quality", opt={"right": "quality.manage"}, status_code=200, sync_to_thread=True)
def golden(request: Asked) -> Answer:
    """Make a decided case a golden one."""
    visit = visit_of(request)
    try:
        file = _numbered(visit, text_of(request, "number", 16))
        visit.console.desk.make_golden(visit.who, file.case.id)
    except UsageError:
        said = visit.t("quality.golden_not")
        return go(request, f"{ROOT}/quality", said=said, kind="bad")
    return go(request, f"{ROOT}/quality", said=visit.t("quality.golden_done"))


def _numbered(visit: Visit, number: str) -> CaseFile:
    """The case of a number."""
    found = visit.console.desk.search(visit.who, number, kinds=["case"], limit=50).hits
    for hit in found:
        file = visit.console.desk.store.file(hit.case_id)
        if file is not None and str(file.case.number) == number.strip():
            return file
    raise UsageError("there is no such case", where="number")


HANDLERS: Final = [show_quality, show_sample, read_sample, golden]
