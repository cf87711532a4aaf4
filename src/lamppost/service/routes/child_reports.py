"""The report button: `POST /v1/reports`, the pages `/report` and `/report/answer`, and tickets.

Anybody may use it, without sign-in. No address is ever locked out: a school is one address. What
comes from one address beyond its measure is kept all the same, and only raises no case by itself
(`protect.button.flood`). Only what would fill the disk is refused, with the number to call.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import TooManyRequestsException
from litestar.params import JSONBody
from msgspec import Meta

from lamppost.core.errors import InputError, LamppostError, StoreError, UsageError
from lamppost.protect.button import About, Answer, Sent, choose, country_from
from lamppost.protect.button import page as pages
from lamppost.protect.support import Support, support_for
from lamppost.service.faults import COMMON
from lamppost.service.guard import PUBLIC, service_of, slow_down
from lamppost.service.runtime import Service
from lamppost.wiring import now_ms

MAX_BODY: Final = 1 << 16
TICKET_HOURS: Final = 24
_HOUR: Final = 3_600_000
_CARRIED: Final = {"ticket": 4_000, "about": 256, "conversation": 256, "country": 2, "lang": 8}
_log: Final = logging.getLogger("lamppost.service")
_Asked = Request[Any, Any, Any]


class Receipt(msgspec.Struct, frozen=True):
    """The code with which the child comes back. It is shown this once."""

    code: str


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code."""

    code: Annotated[str, Meta(max_length=64)]


class Happened(msgspec.Struct, frozen=True):
    """What happened to a report; `words` were written to the child by a person."""

    status: Literal["received", "looking", "done", "more"]
    at: int
    words: list[str]


class Vouched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is signed in at the platform, and whom and which conversation the button is beside."""

    reporter_id: Annotated[str, Meta(min_length=1, max_length=256)]
    target_id: Annotated[str, Meta(max_length=256)] = ""
    conversation_id: Annotated[str, Meta(max_length=256)] = ""


class Ticket(msgspec.Struct, frozen=True):
    """A sealed ticket, and the path of the form that carries it."""

    ticket: str
    path: str
    expires_at: int


# --- the API ----------------------------------------------------------------------------------


@post(
    "/v1/reports", opt={"scope": PUBLIC}, status_code=201, responses=COMMON, sync_to_thread=True,
    request_max_body_size=MAX_BODY, security=[], summary="Report, without sign-in",
)  # fmt: skip
def send_report(request: _Asked, data: JSONBody[Sent]) -> Receipt:
    """Keep a report of a child and give it a code. 429 only when the whole service is flooded."""
    return Receipt(_take(request, data))


@post(
    "/v1/reports/answer", opt={"scope": PUBLIC}, status_code=200, responses=COMMON,
    sync_to_thread=True, request_max_body_size=MAX_BODY, security=[],
    summary="What happened to a report",
)  # fmt: skip
def ask_report(request: _Asked, data: JSONBody[Code]) -> Happened:
    """What happened to the report of a code; 400 for a code that is not known."""
    found = _answer(request, data.code)
    if found is None:
        raise UsageError("is not known", where="code")
    return Happened(found.status, found.at, list(found.words))


@post(
    "/v1/reports/tickets", opt={"scope": "reports:vouch"}, status_code=201, responses=COMMON,
    sync_to_thread=False, summary="Vouch for who uses the report button",
)  # fmt: skip
def make_ticket(request: _Asked, data: JSONBody[Vouched]) -> Ticket:
    """A ticket for one signed-in person, good for a day; nobody can read or change it."""
    until = now_ms() + TICKET_HOURS * _HOUR
    about = About(
        reporter=data.reporter_id, about=data.target_id, conversation=data.conversation_id,
        until=until,
    )  # fmt: skip
    sealed = service_of(request).secrets.seal("report ticket", msgspec.json.encode(about))
    text = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    return Ticket(text, f"/report?ticket={text}", until)


def _take(request: _Asked, sent: Sent) -> str:
    service = service_of(request)
    vouched = _vouched(service, sent.ticket) if sent.ticket else None
    crowded = False
    if vouched is not None:
        crowded = bool(service.address.take(f"person {vouched.reporter}"))
    else:
        host = request.client.host if request.client else ""
        crowded = bool(service.address.take(f"address {host}"))
        wait = service.everybody.take("everybody")
        if wait:
            service.metrics.refused.labels("reports").inc()
            raise slow_down(wait)
    return service.child_reports.take(sent, vouched, crowded=crowded)


def _vouched(service: Service, ticket: str) -> About | None:
    """What a ticket says, if it is ours and not too old."""
    try:
        sealed = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        about = msgspec.json.decode(service.secrets.open("report ticket", sealed), type=About)
    except (ValueError, StoreError, msgspec.DecodeError):
        return None
    return about if about.until >= now_ms() else None


def _answer(request: _Asked, code: str) -> Answer | None:
    """Guesses of one address are slowed down; 80 bits would do without."""
    service = service_of(request)
    host = request.client.host if request.client else ""
    wait = service.codes.take(host, 0)
    if wait:
        raise slow_down(wait)
    found = service.child_reports.answer(code)
    if found is None:
        service.codes.take(host)
    return found


# --- the pages --------------------------------------------------------------------------------


@get("/report", opt={"scope": PUBLIC}, include_in_schema=False, sync_to_thread=False)
def show_form(request: _Asked) -> Response[str]:
    """The form. It touches no store: it is there when everything else fails."""
    given = {name: str(value) for name, value in request.query_params.items()}
    place = _place(request, given)
    stale = bool(given.get("ticket")) and "ticket" not in place.context
    values = {"safe": "no"} if given.get("danger") else {}
    return _html(pages.form_page(place, _token(), values=values, fault="link" if stale else ""))


@post(
    "/report", opt={"scope": PUBLIC}, include_in_schema=False, request_max_body_size=MAX_BODY,
)  # fmt: skip
async def send_form(request: _Asked) -> Response[str]:
    """Keep what was sent, or show the form again with what was written in it."""
    form = await _form(request)
    place = _place(request, form)
    token = form.get("token", "") or _token()
    again: dict[str, Any] = {"values": {**form, "show_chat": form.get("show_chat", "")}}
    missing = [name for name in ("kind", "safe") if not form.get(name)]
    if missing:
        return _html(pages.form_page(place, token, missing=missing, **again), 400)
    try:
        sent = _sent(form, place)
    except msgspec.ValidationError:
        return _html(pages.form_page(place, _token(), fault="long", **again), 400)
    try:
        code = await _in_thread(_take, request, sent)
    except TooManyRequestsException as error:
        return _html(pages.form_page(place, token, fault="busy", **again), 429, error.headers)
    except Exception as error:  # whatever it is, the child keeps its words and gets the number
        _log.error("a report could not be kept: %s", type(error).__name__)
        return _html(pages.form_page(place, token, fault="broken", **again), 503)
    return _html(pages.sent_page(place, code, danger=sent.safe == "no"))


@get("/report/answer", opt={"scope": PUBLIC}, include_in_schema=False, sync_to_thread=False)
def show_answer(request: _Asked) -> Response[str]:
    """Ask for the code."""
    given = {name: str(value) for name, value in request.query_params.items()}
    return _html(pages.answer_page(_place(request, given)))


@post(
    "/report/answer", opt={"scope": PUBLIC}, include_in_schema=False,
    request_max_body_size=MAX_BODY,
)  # fmt: skip
async def send_code(request: _Asked) -> Response[str]:
    """What happened to the report of a code. The code comes in a body, so no log holds it."""
    form = await _form(request)
    place = _place(request, form)
    try:
        found = await _in_thread(_answer, request, form.get("code", "")[:64])
    except TooManyRequestsException as error:
        return _html(pages.answer_page(place, later=True), 429, error.headers)
    except LamppostError:
        return _html(pages.answer_page(place, later=True), 503)
    return _html(pages.answer_page(place, answer=found, wrong=found is None))


async def _in_thread(work: Any, *args: Any) -> Any:
    return await asyncio.to_thread(work, *args)


async def _form(request: _Asked) -> dict[str, str]:
    """Fields of a form, the first of each name; what is no form has none."""
    body = await request.body()
    try:
        found = parse_qs(body.decode("ascii"), max_num_fields=40, keep_blank_values=True)
    except (UnicodeDecodeError, ValueError):
        raise InputError("is not a form", where="body") from None
    return {name: values[0].replace("\r\n", "\n").strip() for name, values in found.items()}


def _sent(form: dict[str, str], place: pages.Place) -> Sent:
    names = ("kind", "safe", "words", "who", "name", "reach", "token")
    values: dict[str, Any] = {name: form.get(name, "") for name in names}
    values |= {name: place.context.get(name, "") for name in ("ticket", "about", "conversation")}
    values |= {
        "named": form.get("named") == "1", "show_chat": form.get("show_chat") == "1",
        "language": place.t.language, "country": place.support.country or "",
    }  # fmt: skip
    return msgspec.convert(values, Sent)


def _place(request: _Asked, given: dict[str, str]) -> pages.Place:
    accepted = request.headers.get("accept-language", "")[:200]
    language = choose(given.get("lang", "")[:8], accepted)
    country = country_from(given.get("country", "")[:2], accepted)
    context = {
        name: value
        for name, most in _CARRIED.items()
        if 0 < len(value := given.get(name, "")) <= most and value.isprintable()
    }
    if "ticket" in context and _vouched(service_of(request), context["ticket"]) is None:
        del context["ticket"]
    if "country" in context:
        context["country"] = country
    return pages.Place(language, _support(country), context | {"lang": language})


def _support(country: str) -> Support:
    today = datetime.now(UTC).date()
    try:
        return support_for(country or None, today=today)
    except LamppostError:
        return Support(country=None, country_name=None, rows=[], missing=[], warnings=[])


def _token() -> str:
    return secrets.token_urlsafe(24)


def _html(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    return Response(
        text, status_code=status, media_type=MediaType.HTML,
        headers={**pages.HEADERS, **(headers or {})},
    )  # fmt: skip
