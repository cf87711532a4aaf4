"""The pages as handlers of the service: what guards every request, and how faults are told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from litestar import MediaType, Response, Router
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from lamppost.console import asking, pages
from lamppost.console.asking import DOOR, LOOK, SAID, SESSION, Answer, Asked, Visit, visit_of
from lamppost.console.desk import Console
from lamppost.console.door.enter import Door
from lamppost.console.door.oidc import Oidc, Provider
from lamppost.console.pages import door
from lamppost.console.pages.audit import verified
from lamppost.console.security import (
    HALF,
    HEADERS,
    HSTS,
    PUBLIC,
    SIGNED_IN,
    Refused,
    cookie_name,
    forgery_token,
    new_token,
)
from lamppost.console.shown import ROOT, now_ms, render
from lamppost.console.wording import choose, words
from lamppost.core.errors import (
    ConflictError,
    LamppostError,
    PolicyError,
    ReauthenticationError,
    RightError,
    StoreError,
    UsageError,
)
from lamppost.service.guard import PERSON

if TYPE_CHECKING:
    from lamppost.service.runtime import Service

_log: Final = logging.getLogger("lamppost.console")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY: Final = 1 << 20
HALF_FOR: Final = 10 * 60_000
"""How long somebody may take between password and code, ms."""


def make_console(console: Console) -> list[Any]:
    """Handlers of the pages: `/` leads to them, everything else is under `/console`."""

    def known(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        guard(console, connection, handler)

    common: dict[str, Any] = {
        "guards": [known],
        "before_request": whole,
        "exception_handlers": {
            Refused: refused,
            LamppostError: failed,
            HTTPException: http,
            Exception: fault,
        },
        "middleware": [_headed(console)],
        "opt": {"scope": PERSON},
        "request_max_body_size": MAX_BODY,
        "include_in_schema": False,
    }
    return [
        Router("/", route_handlers=[door.outside], **common),
        Router(ROOT, route_handlers=pages.HANDLERS, **common),
    ]


def _headed(console: Console) -> Callable[[Any], Any]:
    """Middleware that sends the headers of `security` with every answer, faults too."""

    def around(app: Any) -> Any:
        async def headed(scope: Any, receive: Any, send: Any) -> None:
            extra = dict(HEADERS)
            if _secure(console, scope):
                extra["Strict-Transport-Security"] = HSTS

            async def sent(message: Any) -> None:
                if message["type"] == "http.response.start":
                    known = {bytes(name).lower() for name, _ in message["headers"]}
                    message["headers"] = [
                        *message["headers"],
                        *(
                            (name.lower().encode(), value.encode())
                            for name, value in extra.items()
                            if name.lower().encode() not in known
                        ),
                    ]
                await send(message)

            await app(scope, receive, sent)

        return headed

    return around


def _secure(console: Console, scope: Any) -> bool:
    return console.behind_https or scope.get("scheme") == "https"


# --- before a route ---------------------------------------------------------------------------


def guard(
    console: Console, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Find out who visits, and whether they may. Nothing of the body is read before."""
    if handler.opt.get("asset"):
        return
    if connection.scope.get("method") == "OPTIONS":
        raise Refused(405, "fault.http_405")
    visit = _visit(console, connection)
    asking.remember(connection, visit)
    right = handler.opt.get("right")
    if right == PUBLIC:
        return
    if right == HALF:
        if not visit.half.get("staff"):
            raise Refused(401, "fault.sign_in")
        return
    if visit.staff is None:
        raise Refused(401, "fault.sign_in")
    if right == SIGNED_IN:
        return
    if right is None or not visit.may(right):
        raise Refused(403, "fault.right")


def _visit(console: Console, connection: ASGIConnection[Any, Any, Any, Any]) -> Visit:
    secure = _secure(console, connection.scope)
    cookies = connection.cookies
    look = cookies.get(cookie_name(LOOK, secure=secure), "").partition(".")
    token = cookies.get(cookie_name(SESSION, secure=secure), "")
    found = console.door.find(token) if token else None
    chosen = look[0] or (found[1].language if found else "")
    visit = Visit(
        console=console,
        t=words(choose(chosen, connection.headers.get("accept-language", ""))),
        theme=look[2] if look[2] in ("light", "dark") else "auto",
        csrf="",
        secure=secure,
        address=connection.client.host if connection.client else "",
        path=connection.url.path,
    )
    kind, _, text = cookies.get(cookie_name(SAID, secure=secure), "").partition(".")
    if kind in ("good", "bad", "warn") and text and connection.scope["method"] == "GET":  # type: ignore[typeddict-item]
        visit.said = (kind, unquote(text)[:400])
        visit.forget(SAID)
    if found is not None:
        visit.session, visit.staff = found
        visit.csrf = forgery_token(visit.session.csrf_secret.encode(), "session")
        return visit
    if token:
        visit.forget(SESSION)
    half = console.unseal("door", cookies.get(cookie_name(DOOR, secure=secure), ""))
    if half is None or half.get("until", 0) < console.clock():
        half = stand(visit, {})
    visit.half = half
    visit.csrf = forgery_token(console.door_key, half["id"])
    return visit


def stand(visit: Visit, more: dict[str, Any]) -> dict[str, Any]:
    """A new cookie for somebody who stands at the door."""
    until = visit.console.clock() + HALF_FOR
    half = {"id": new_token(), "until": until, **more}
    visit.cookie(DOOR, visit.console.seal("door", half), seconds=HALF_FOR // 1000)
    return half


async def whole(request: Asked) -> None:
    """Read the form of an unsafe request, and refuse one that another site has made."""
    if request.method in _SAFE:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "fault.forged")
    origin = request.headers.get("origin", "")
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Refused(403, "fault.forged")
    form = await request.form()
    asking.keep_form(request, form)
    given = request.headers.get("x-lamppost-csrf") or form.get("csrf", "")
    wanted = visit_of(request).csrf
    if not isinstance(given, str) or not asking.same(given, wanted):
        raise Refused(403, "fault.forged")


# --- faults -----------------------------------------------------------------------------------


def _told(request: Asked, status: int, text: str, hint: str = "") -> Answer:
    """A fault in the reader's language; the visit may be unknown when it comes early."""
    visit: Visit | None = request.scope.get("lamppost_visit")  # type: ignore[assignment]
    t = visit.t if visit else words(choose("", request.headers.get("accept-language", "")))
    cookies = visit.cookies if visit else []
    body = render(
        "fault.html.j2",
        t=t,
        theme=visit.theme if visit else "auto",
        csrf=visit.csrf if visit else "",
        said=None,
        path=f"{ROOT}/",
        text=text,
        hint=hint,
        title=t(f"fault.title_{status}") if t.has(f"fault.title_{status}") else t("fault.title"),
        to=f"{ROOT}/",
        back=t("fault.back"),
    )
    return Response(body, status_code=status, media_type=MediaType.HTML, cookies=cookies)


def refused(request: Asked, error: Refused) -> Answer:
    """A person may not do this, or must sign in first."""
    if error.status_code == 401 and not asking.wants_part(request):
        to = request.url.path if request.method == "GET" else f"{ROOT}/"
        query = request.scope["query_string"].decode("latin-1") if request.method == "GET" else ""
        to = quote(f"{to}?{query}" if query else to, safe="/")
        return asking.go(request, f"{ROOT}/sign-in?to={to}")
    visit: Visit | None = request.scope.get("lamppost_visit")  # type: ignore[assignment]
    t = visit.t if visit else words("en")
    return _told(request, error.status_code, t(error.reason))


def failed(request: Asked, error: LamppostError) -> Answer:
    """A refusal of the domain, in the reader's words where there are some."""
    visit: Visit | None = request.scope.get("lamppost_visit")  # type: ignore[assignment]
    if visit is None:
        return _told(request, 503, words("en")("fault.store"))
    t = visit.t
    if isinstance(error, ReauthenticationError):
        back = asking.text_of(request, "back") if request.method == "POST" else visit.path
        return asking.go(request, f"{ROOT}/again?to={quote(asking.ours(back), safe='/#')}")
    if isinstance(error, ConflictError):
        return _told(request, 409, conflict(visit, error))
    status = next(
        (
            status
            for kind, status in (
                (RightError, 403),
                (UsageError, 400),
                (PolicyError, 409),
                (StoreError, 503),
            )
            if isinstance(error, kind)
        ),
        500,
    )
    if isinstance(error, RightError):
        return _told(request, 403, t("fault.right"))
    if status >= 500:
        _log.error("%s: %s", error.code, error)
        return _told(request, status, t("fault.store"))
    return _told(request, status, t("fault.refused", why=str(error)))


def conflict(visit: Visit, error: ConflictError) -> str:
    """Who or what was faster, in the reader's words."""
    key = f"conflict.{error.kind}"
    if not visit.t.has(key):
        return error.message
    facts = error.facts
    return visit.t(
        key,
        name=visit.console.name_of(str(facts.get("by", "")), visit.t),
        until=visit.t.clock(int(facts.get("until", 0))),
        at=visit.t.moment(int(facts.get("at", 0))),
        other=visit.t("case.short", number=str(facts.get("other", ""))),
    )


def http(request: Asked, error: HTTPException) -> Answer:
    """A fault that the framework found."""
    visit: Visit | None = request.scope.get("lamppost_visit")  # type: ignore[assignment]
    t = visit.t if visit else words(choose("", request.headers.get("accept-language", "")))
    key = f"fault.http_{error.status_code}"
    found = _told(request, error.status_code, t(key if t.has(key) else "fault.form"))
    for name, value in (error.headers or {}).items():
        found.headers[name] = value
    return found


def fault(request: Asked, error: Exception) -> Answer:
    """Anything else: its type and place are logged, its message never."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "?"
    _log.error("a fault inside the console: %s at %s", type(error).__name__, place)
    visit: Visit | None = request.scope.get("lamppost_visit")  # type: ignore[assignment]
    t = visit.t if visit else words("en")
    return _told(request, 500, t("fault.inside"))


def review_pages(
    *,
    behind_https: bool = False,
    provider: Provider | None = None,
    demonstration: bool = False,
) -> Callable[[Service], list[Any]]:
    """What makes the pages of a service; `behind_https`: a proxy in front of it speaks https.

    In a `demonstration` a one-time word signs in at once, without password and second factor:
    everybody in it is invented, and it listens on this machine only.
    """

    def make(service: Service) -> list[Any]:
        cases, desk = service.cases, service.desk
        door_ = Door(cases.staff, service.stores.settings, service.secrets, service.note, now_ms)
        return make_console(
            Console(
                service=service,
                desk=desk,
                door=door_,
                oidc=Oidc(provider, now_ms) if provider is not None else None,
                behind_https=behind_https,
                audit=cases.table,
                verify=lambda: verified(cases.table, cases.anchor, cases.signer),
                clock=now_ms,
                demonstration=demonstration,
            )
        )

    return make
