"""Search through people, cases, notes, decisions and appeals."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from litestar import get

from lamppost.cases.search import KINDS
from lamppost.console.asking import Answer, Asked, asked, number_asked, page, visit_of
from lamppost.console.shown import ROOT

PAGE: Final = 25


@get("/search", opt={"right": "search"}, sync_to_thread=True)
def show_search(request: Asked) -> Answer:
    """What holds every word that was asked for."""
    visit = visit_of(request)
    text, kind = asked(request, "q"), asked(request, "kind", 16)
    kinds = [kind] if kind in KINDS else list(KINDS)
    offset = number_asked(request, "offset")
    rows, total = [], 0
    if text:
        found = visit.console.desk.search(visit.who, text, kinds=kinds, offset=offset, limit=PAGE)
        total = found.total
        rows = [
            {
                "kind": hit.kind,
                "at": hit.at,
                "excerpt": hit.excerpt,
                "account": hit.account,
                "link": f"{ROOT}/cases/{quote(hit.case_id, safe='')}"
                if hit.case_id
                else f"{ROOT}/accounts/{quote(hit.account, safe='')}",
            }
            for hit in found.hits
        ]
    here = {"q": text, "kind": kind if kind in KINDS else ""}
    more = f"?{urlencode({**here, 'offset': offset + PAGE})}" if offset + PAGE < total else ""
    return page(
        request,
        "search.html.j2",
        rows=rows,
        total=total,
        text=text,
        kind=here["kind"],
        kinds=KINDS,
        more=more,
    )


HANDLERS: Final = [show_search]
