"""The audit chain: read it, verify it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from litestar import get, post

from lamppost.cases.audit import EVERYTHING, Anchor, Checkpoint, Verdict
from lamppost.cases.audit import verify as walk
from lamppost.cases.keys import Signer, good_signature
from lamppost.cases.ports import AuditStore
from lamppost.console.asking import Answer, Asked, asked, number_asked, page, visit_of

PAGE: Final = 50
_LOOKED: Final = 20_000
"""Most rows that one page looks through for those asked for."""


@get("/audit", opt={"right": "audit.read"}, sync_to_thread=True)
def show_audit(request: Asked) -> Answer:
    """The newest rows."""
    return _show(request, None)


@post("/audit/verify", opt={"right": "audit.read"}, status_code=200, sync_to_thread=True)
def verify(request: Asked) -> Answer:
    """Verify the whole chain against its signed checkpoints."""
    visit = visit_of(request)
    verdict = visit.console.verify()
    visit.console.note(visit.me.id, "audit.verify", "audit", {"sound": verdict.sound})
    return _show(request, verdict)


def _show(request: Asked, verdict: Verdict | None) -> Answer:
    visit = visit_of(request)
    console = visit.console
    who, act = asked(request, "who", 64), asked(request, "act", 64)
    table = console.audit
    last = table.last()
    top = last.seq if last is not None else 0
    before = number_asked(request, "before", top + 1, 2**53)
    rows: list[dict[str, Any]] = []
    floor = max(0, before - 1 - _LOOKED)
    step = PAGE * 4
    high = before
    while high > floor + 1 and len(rows) <= PAGE:
        low = max(floor, high - step - 1)
        found = [row for row in table.rows(after=low, limit=high - low - 1) if row.seq < high]
        rows += [
            {"row": row, "who": console.who(row.actor, visit.t)}
            for row in reversed(found)
            if (not who or row.actor == who) and row.act.startswith(act)
        ]
        high = low + 1
    more = ""
    if len(rows) > PAGE:
        rows = rows[:PAGE]
        more = f"?{urlencode({'who': who, 'act': act, 'before': rows[-1]['row'].seq})}"
    people = [(staff.id, staff.name) for staff in console.door.store.all()]
    if not verdict:
        console.service.viewlog.saw(visit.me.id, "audit", "/console/audit", search=bool(who or act))
    return page(
        request,
        "audit.html.j2",
        rows=rows,
        more=more,
        verdict=verdict,
        asked={"who": who, "act": act},
        people=people,
    )


def verified(table: AuditStore, anchor: Anchor, signer: Signer) -> Verdict:
    """Walk the whole chain and compare it with its signed checkpoints."""

    def signed(mark: Checkpoint) -> bool:
        try:
            return good_signature(signer.public, bytes.fromhex(mark.signature), mark.message)
        except ValueError:
            return False

    return walk(table.rows(after=EVERYTHING), anchor.read(), signed)


HANDLERS: Final = [show_audit, verify]
