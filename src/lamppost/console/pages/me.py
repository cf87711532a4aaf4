"""What somebody has read, and looking after oneself."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from litestar import get, post

from lamppost.cases.exposure import by_day
from lamppost.console.asking import Answer, Asked, go, page, visit_of
from lamppost.console.pages.dashboard import _ms
from lamppost.console.security import SIGNED_IN
from lamppost.console.shown import ROOT
from lamppost.core.times import DAY

DAYS: Final = 14


@get("/me", opt={"right": SIGNED_IN}, sync_to_thread=True)
def show_me(request: Asked) -> Answer:
    """Exposure of the person, by day."""
    visit = visit_of(request)
    desk = visit.console.desk
    now = visit.console.clock()
    reads = visit.may("case.reveal")
    reveals = desk.store.reveals(now - DAYS * DAY, now + 1, visit.me.id) if reads else []
    return page(
        request,
        "me.html.j2",
        reads=reads,
        today=desk.exposure(visit.who) if reads else None,
        days=[(_ms(row.day), row) for row in by_day(reveals, UTC)],
        email=visit.me.email,
        roles=sorted(visit.me.roles),
    )


@post("/me/sessions", opt={"right": SIGNED_IN}, status_code=200, sync_to_thread=True)
def end_others(request: Asked) -> Answer:
    """Sign out everywhere else."""
    visit = visit_of(request)
    keep = visit.session.id_hash if visit.session is not None else ""
    ended = visit.console.door.store.end_sessions(visit.me.id, but=keep)
    visit.console.note(visit.me.id, "staff.sign_out", visit.me.id, {"others": ended})
    return go(request, f"{ROOT}/me", said=visit.t("me.sessions_done", ended))


HANDLERS: Final = [show_me, end_others]
