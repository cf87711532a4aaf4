"""The page of a case: look, reveal, write, decide."""

from __future__ import annotations

import secrets
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import MediaType, Response, get, post

from lamppost.cases.case import CaseFile, Decision
from lamppost.cases.decisions import ACTS, HEAVY, JUDGEMENTS, MIN_REASON
from lamppost.console import casepage
from lamppost.console.asking import (
    Answer,
    Asked,
    Visit,
    asked,
    fields_of,
    go,
    page,
    text_of,
    texts_of,
    visit_of,
)
from lamppost.console.drafts import Draft
from lamppost.console.naming import age_words, side_of
from lamppost.console.security import Refused
from lamppost.console.shown import ROOT, now_ms
from lamppost.core.errors import ConflictError, ReauthenticationError, UsageError
from lamppost.core.levels import Level


@get("/cases/{case_id:str}", opt={"right": "case.read"}, sync_to_thread=True)
def show_case(request: Asked, case_id: str) -> Answer:
    """A case."""
    return _show(request, case_id)


def _show(
    request: Asked,
    case_id: str,
    *,
    status: int = 200,
    fault: str = "",
    faults: dict[str, str] | None = None,
) -> Answer:
    visit = visit_of(request)
    console, t = visit.console, visit.t
    file = _file(visit, case_id)
    wanted = asked(request, "with")
    shown = casepage.build(visit, file, wanted)
    case = file.case
    now = now_ms()
    holder = case.held_by(now)
    draft = console.drafts.get(visit.me.id, case_id) if visit.may("case.decide") else None
    names = _Names(visit)
    return page(
        request,
        "case.html.j2",
        status=status,
        fault=fault,
        faults=faults or {},
        page=shown,
        case=case,
        file=file,
        wanted=shown.chosen.id if shown.chosen else "",
        short=t("case.short", number=case.number),
        talk=shown.talk,
        holder=names(holder) if holder else "",
        mine=holder == visit.me.id,
        until=t.clock(case.claimed_until),
        draft=draft,
        acts=list(ACTS),
        heavy=sorted(HEAVY),
        judgements=JUDGEMENTS,
        least=MIN_REASON,
        proposed=file.proposed,
        names=names,
        token=secrets.token_urlsafe(12),
        decisions=[_decision(visit, item, names) for item in reversed(file.decisions)],
        appeals=file.appeals,
        can=_rights(visit, file),
        level_word=lambda n: Level(n).word,
        reports=[link.other for link in file.links if link.kind == "report"],
        headline_of_case=lambda other: casepage.headline_of_case(visit, other),
    )


class _Names:
    """Names of staff, each looked up once for a page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._known: dict[str | None, str] = {}

    def __call__(self, identifier: str | None) -> str:
        """The name of a person."""
        if identifier not in self._known:
            self._known[identifier] = self._visit.console.name_of(identifier, self._visit.t)
        return self._known[identifier]


def _rights(visit: Visit, file: CaseFile) -> dict[str, bool]:
    proposed = file.proposed
    return {
        "reveal": visit.may("case.reveal"),
        "claim": visit.may("case.claim"),
        "decide": visit.may("case.decide"),
        "note": visit.may("case.note"),
        "confirm": visit.may("case.confirm")
        and proposed is not None
        and proposed.by != visit.me.id,
        "back": proposed is not None and (visit.may("case.confirm") or proposed.by == visit.me.id),
        "reopen": visit.may("case.reopen"),
        "appeal": visit.may("appeal.record") and file.final is not None,
        "report": visit.may("report.file")
        and file.final is not None
        and "report" in file.final.acts,
    }


def _decision(visit: Visit, item: Decision, names: _Names) -> dict[str, Any]:
    t = visit.t
    second = ""
    if item.reviewed_by and item.state == "final":
        second = t("case.confirmed_by", name=names(item.reviewed_by), reason=item.review_reason)
    elif item.reviewed_by:
        second = t("case.returned_by", name=names(item.reviewed_by), reason=item.review_reason)
    return {
        "title": t.listed([t(f"act.{act}") for act in item.acts]),
        "signs": t(f"judgement.{item.judgement}"),
        "status": t(f"decision.{item.state}"),
        "reason": item.reason,
        "by": names(item.by),
        "at": item.at,
        "second": second,
    }


def _file(visit: Visit, case_id: str) -> CaseFile:
    try:
        return visit.console.desk.open(visit.who, case_id)
    except UsageError:
        raise Refused(404, "fault.http_404") from None


def _here(case_id: str, part: str = "") -> str:
    return f"{ROOT}/cases/{quote(case_id, safe='')}{f'#{part}' if part else ''}"


# --- whose it is ------------------------------------------------------------------------------


@post(
    "/cases/{case_id:str}/claim", opt={"right": "case.claim"}, status_code=200, sync_to_thread=True
)
def claim(request: Asked, case_id: str) -> Answer:
    """Take the case, or hold on to it."""
    visit = visit_of(request)
    try:
        case = visit.console.desk.claim(visit.who, case_id)
    except ConflictError as error:
        return _conflict(request, case_id, error)
    said = visit.t("queue.took", until=visit.t.clock(case.claimed_until))
    return go(request, _here(case_id), said=said)


@post(
    "/cases/{case_id:str}/hand-over",
    opt={"right": "case.claim"},
    status_code=200,
    sync_to_thread=True,
)
def hand_over(request: Asked, case_id: str) -> Answer:
    """Give the case back; nobody asks why."""
    visit = visit_of(request)
    visit.console.desk.hand_over(visit.who, case_id)
    return go(request, f"{ROOT}/queue", said=visit.t("decide.handed"))


def _conflict(request: Asked, case_id: str, error: ConflictError) -> Answer:
    from lamppost.console.app import conflict

    return _show(request, case_id, status=409, fault=conflict(visit_of(request), error))


# --- the words --------------------------------------------------------------------------------


def _talk(request: Asked, case_id: str, texts: dict[str, str]) -> tuple[CaseFile, list[Any]]:
    visit = visit_of(request)
    file = visit.console.desk.store.file(case_id)
    if file is None:
        raise Refused(404, "fault.http_404")
    wanted = text_of(request, "with", 64)
    return file, casepage.talk_of(visit, file, wanted, texts=texts)


def _part(request: Asked, case_id: str, texts: dict[str, str], item: str) -> Answer:
    file, talk = _talk(request, case_id, texts)
    piece = next((piece for piece in talk if piece.item == item), None)
    if piece is None:
        raise Refused(404, "fault.http_404")
    return page(
        request,
        "_piece.html.j2",
        case=file.case,
        piece=piece,
        fresh=True,
        wanted=text_of(request, "with", 64),
        can={"reveal": True},
    )


def _whole(request: Asked, case_id: str, texts: dict[str, str]) -> Answer:
    file, talk = _talk(request, case_id, texts)
    return page(
        request,
        "_talk_list.html.j2",
        case=file.case,
        talk=talk,
        fresh=False,
        wanted=text_of(request, "with", 64),
        can={"reveal": True},
    )


@post(
    "/cases/{case_id:str}/items/{item:str}/reveal",
    opt={"right": "case.reveal"},
    status_code=200,
    sync_to_thread=True,
)
def reveal(request: Asked, case_id: str, item: str) -> Answer:
    """Show the words of one message; written down and counted before they are sent."""
    visit = visit_of(request)
    opened = visit.console.desk.reveal(visit.who, case_id, [item])
    return _part(request, case_id, {piece.item: piece.evidence.text for piece in opened}, item)


@post(
    "/cases/{case_id:str}/items/{item:str}/cover",
    opt={"right": "case.reveal"},
    status_code=200,
    sync_to_thread=True,
)
def cover_one(request: Asked, case_id: str, item: str) -> Answer:
    """Take the words of one message out of the page again."""
    return _part(request, case_id, {}, item)


@post(
    "/cases/{case_id:str}/reveal-all",
    opt={"right": "case.reveal"},
    status_code=200,
    sync_to_thread=True,
)
def reveal_all(request: Asked, case_id: str) -> Answer:
    """Show the words of the conversation, but for what is marked as sexual content."""
    visit = visit_of(request)
    _, talk = _talk(request, case_id, {})
    items = [piece.item for piece in talk if piece.item and not piece.explicit]
    opened = visit.console.desk.reveal(visit.who, case_id, items) if items else []
    return _whole(request, case_id, {piece.item: piece.evidence.text for piece in opened})


@post(
    "/cases/{case_id:str}/cover", opt={"right": "case.reveal"}, status_code=200, sync_to_thread=True
)
def cover(request: Asked, case_id: str) -> Answer:
    """Take all words out of the page again."""
    return _whole(request, case_id, {})


# --- writing and deciding ---------------------------------------------------------------------


@post(
    "/cases/{case_id:str}/notes", opt={"right": "case.note"}, status_code=200, sync_to_thread=True
)
def note(request: Asked, case_id: str) -> Answer:
    """Write a note."""
    visit = visit_of(request)
    token = text_of(request, "token", 64) or None
    visit.console.desk.note(visit.who, case_id, text_of(request, "text", 8000), token=token)
    return go(request, _here(case_id, "notes"), said=visit.t("case.noted"))


def _draft(request: Asked) -> Draft:
    form = {
        name.removeprefix("label:"): text_of(request, name, 16)
        for name in fields_of(request)
        if name.startswith("label:") and text_of(request, name, 16)
    }
    return Draft(
        at=now_ms(),
        acts=texts_of(request, "act", 20),
        judgement=text_of(request, "judgement", 16),
        reason=text_of(request, "reason", 4000),
        labels=form,
    )


@post(
    "/cases/{case_id:str}/draft", opt={"right": "case.decide"}, status_code=200, sync_to_thread=True
)
def keep_draft(request: Asked, case_id: str) -> Answer:
    """Keep what was written of a decision."""
    visit = visit_of(request)
    visit.console.drafts.keep(visit.me.id, case_id, _draft(request))
    return Response(visit.t("decide.saved"), media_type=MediaType.HTML, status_code=200)


@post(
    "/cases/{case_id:str}/decide",
    opt={"right": "case.decide"},
    status_code=200,
    sync_to_thread=True,
)
def decide(request: Asked, case_id: str) -> Answer:
    """Decide the case as it was shown. Whatever stands in the way, the draft is kept."""
    visit = visit_of(request)
    t, console = visit.t, visit.console
    draft = _draft(request)
    console.drafts.keep(visit.me.id, case_id, draft)
    faults = {}
    if not draft.acts:
        faults["act"] = t("fault.choose_act")
    if not draft.judgement:
        faults["judgement"] = t("fault.choose_judgement")
    if len(draft.reason) < MIN_REASON:
        faults["reason"] = t("fault.reason")
    if "no_action" in draft.acts and set(draft.acts) - {"no_action", "refer_support"}:
        faults["act"] = t("fault.no_action_alone")
    if faults:
        return _show(request, case_id, status=400, faults=faults)
    try:
        made = console.desk.decide(
            visit.who,
            case_id,
            version=int(text_of(request, "version", 9) or 0),
            acts=draft.acts,
            judgement=draft.judgement,
            reason=draft.reason,
            labels=draft.labels,
            token=text_of(request, "token", 64) or None,
        )
    except ConflictError as error:
        return _conflict(request, case_id, error)
    except ReauthenticationError:
        return go(request, f"{ROOT}/again?to={quote(_here(case_id, 'decide'), safe='/#')}")
    console.drafts.drop(visit.me.id, case_id)
    key = "decide.done" if made.state == "final" else "decide.proposed"
    return go(request, f"{ROOT}/queue", said=t(key))


@post(
    "/cases/{case_id:str}/confirm",
    opt={"right": "case.confirm"},
    status_code=200,
    sync_to_thread=True,
)
def confirm(request: Asked, case_id: str) -> Answer:
    """Be the second person for a heavy decision."""
    visit = visit_of(request)
    try:
        visit.console.desk.confirm(
            visit.who,
            case_id,
            text_of(request, "decision", 64),
            version=int(text_of(request, "version", 9) or 0),
            reason=text_of(request, "reason"),
            token=text_of(request, "token", 64) or None,
        )
    except ConflictError as error:
        return _conflict(request, case_id, error)
    except ReauthenticationError:
        return go(request, f"{ROOT}/again?to={quote(_here(case_id, 'decide'), safe='/#')}")
    return go(request, f"{ROOT}/queue", said=visit.t("decide.confirmed"))


@post(
    "/cases/{case_id:str}/return",
    opt={"right": "case.decide"},
    status_code=200,
    sync_to_thread=True,
)
def send_back(request: Asked, case_id: str) -> Answer:
    """Return a heavy decision; its author may take it back too."""
    visit = visit_of(request)
    reason = text_of(request, "reason")
    if len(reason) < MIN_REASON:
        return _show(request, case_id, status=400, faults={"second": visit.t("fault.reason")})
    try:
        visit.console.desk.send_back(
            visit.who,
            case_id,
            text_of(request, "decision", 64),
            reason=reason,
            token=text_of(request, "token", 64) or None,
        )
    except ConflictError as error:
        return _conflict(request, case_id, error)
    return go(request, f"{ROOT}/queue", said=visit.t("decide.returned"))


@post(
    "/cases/{case_id:str}/reopen",
    opt={"right": "case.reopen"},
    status_code=200,
    sync_to_thread=True,
)
def reopen(request: Asked, case_id: str) -> Answer:
    """Open a closed case again."""
    visit = visit_of(request)
    reason = text_of(request, "reason")
    if len(reason) < MIN_REASON:
        return _show(request, case_id, status=400, faults={"reopen": visit.t("fault.reason")})
    try:
        visit.console.desk.reopen(
            visit.who, case_id, reason=reason, token=text_of(request, "token", 64) or None
        )
    except ConflictError as error:
        return _conflict(request, case_id, error)
    return go(request, _here(case_id), said=visit.t("decide.reopened"))


@post(
    "/cases/{case_id:str}/appeal",
    opt={"right": "appeal.record"},
    status_code=200,
    sync_to_thread=True,
)
def appeal(request: Asked, case_id: str) -> Answer:
    """Write down that somebody appeals."""
    visit = visit_of(request)
    try:
        visit.console.desk.record_appeal(
            visit.who,
            case_id,
            text_of(request, "words"),
            token=text_of(request, "token", 64) or None,
        )
    except ConflictError as error:
        return _conflict(request, case_id, error)
    return go(request, _here(case_id), said=visit.t("decide.appealed"))


@post(
    "/cases/{case_id:str}/report-filed",
    opt={"right": "report.file"},
    status_code=200,
    sync_to_thread=True,
)
def report_filed(request: Asked, case_id: str) -> Answer:
    """Note that a person has filed a report; its clock stops."""
    visit = visit_of(request)
    number = text_of(request, "number", 200)
    if not number:
        return _show(request, case_id, status=400)
    visit.console.desk.reported(
        visit.who, case_id, number, token=text_of(request, "token", 64) or None
    )
    return go(request, _here(case_id), said=visit.t("decide.report_noted"))


# --- what else there is -----------------------------------------------------------------------


@get("/cases/{case_id:str}/export", opt={"right": "labels.export"}, sync_to_thread=True)
def export(request: Asked, case_id: str) -> Answer:
    """Labels of a case without text or names, as NDJSON."""
    visit = visit_of(request)
    file = _file(visit, case_id)
    rows = [
        msgspec.json.encode(
            {
                "detector": item.detector,
                "version": item.version,
                "language": item.language,
                "label": item.label,
                "bits": item.bits,
            }
        )
        for item in file.labels
        if item.counts
    ]
    visit.console.note(visit.me.id, "export.case", case_id, {"rows": len(rows)})
    return Response(
        b"".join(row + b"\n" for row in rows),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="labels.ndjson"'},
    )


@get("/accounts/{account:str}", opt={"right": "case.read"}, sync_to_thread=True)
def account(request: Asked, account: str) -> Answer:
    """Somebody around a case: who writes to them, whom they write to, and their cases."""
    visit = visit_of(request)
    desk, t = visit.console.desk, visit.t
    cases = desk.about(visit.who, account)
    found = visit.console.service.views.relationships(
        None, account, Level.NONE, None, casepage.AROUND
    ).items
    towards = [row for row in found if row.target_id == account]
    mine = [row for row in found if row.actor_id == account]
    names = {account, *(row.actor_id for row in found), *(row.target_id for row in found)}
    people = casepage.people_of(visit, sorted(names)[:400])
    if not found and not cases and account not in people:
        raise Refused(404, "fault.http_404")
    back = asked(request, "from")
    from lamppost.console.pages.queue import rows_of

    return page(
        request,
        "account.html.j2",
        account=account,
        age=age_words(people.get(account), t),
        child=side_of(people.get(account)) == "child",
        back=back,
        towards=casepage.around(visit, account, towards, people, towards=True),
        mine=casepage.around(visit, account, mine, people),
        cases=rows_of(visit, cases[:20]),
    )


HANDLERS: Final = [
    show_case,
    claim,
    hand_over,
    reveal,
    cover_one,
    reveal_all,
    cover,
    note,
    keep_draft,
    decide,
    confirm,
    send_back,
    reopen,
    appeal,
    report_filed,
    export,
    account,
]
