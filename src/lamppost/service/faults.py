"""How faults are told, and how the description names them.

Every fault is `application/problem+json` (RFC 9457) with a code of the page Errors, and never
repeats what was sent.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import ClientException, HTTPException
from litestar.openapi.datastructures import ResponseSpec

from lamppost.client.answers import Problem
from lamppost.core.errors import (
    BusyError,
    InputError,
    KeyRefusedError,
    LamppostError,
    MediaTypeError,
    PolicyError,
    ScopeError,
    StoreError,
    UsageError,
)

PROBLEM: Final = "application/problem+json"
_log: Final = logging.getLogger("lamppost.service")
_SHOWN: Final = 20

_STATUS: Final[tuple[tuple[type[LamppostError], int], ...]] = (
    (KeyRefusedError, 401),
    (ScopeError, 403),
    (MediaTypeError, 415),
    (BusyError, 429),
    (InputError, 400),
    (UsageError, 400),
    (PolicyError, 409),
    (StoreError, 503),
)


def _problem(problem: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    return Response(problem, status_code=problem.status, media_type=PROBLEM, headers=headers)


def _refused(_: Request[Any, Any, Any], error: LamppostError) -> Response[Problem]:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers = {}
    if status in (429, 503):
        headers["Retry-After"] = "1"
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="lamppost"'
    return _problem(
        Problem(error.title, status, error.message, code=error.code, where=error.where,
                hint=error.hint),
        headers,
    )  # fmt: skip


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """A fault that the framework found: its own words only where they name no value."""
    status = error.status_code
    words = {
        404: "there is nothing here",
        405: "this method is not served here",
        413: "the body is larger than is taken",
        429: "too many requests",
    }
    detail = words.get(status, "the request cannot be read" if status < 500 else "a fault inside")
    extra = error.extra if isinstance(error.extra, list) else []
    errors = [
        {"field": str(item.get("key", "")), "reason": "is missing or not valid"}
        for item in extra[:_SHOWN]
        if isinstance(item, dict)
    ]
    headers = dict(error.headers or {})
    return _problem(Problem("request refused", status, detail, errors=errors), headers)


def _fault(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Anything else: its type is logged, its message never, since it may hold private text."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else "?"
    _log.error("a fault inside Lamppost: %s at %s", type(error).__name__, place)
    return _problem(Problem("fault", 500, "a fault inside Lamppost", code="LP000"))


HANDLERS_OF_FAULTS: Final[dict[int | type[Exception], Any]] = {
    LamppostError: _refused,
    HTTPException: _http,
    ClientException: _http,
    Exception: _fault,
}


def told(text: str) -> ResponseSpec:
    """How the description names a fault."""
    return ResponseSpec(
        Problem, description=text, media_type=PROBLEM,
        generate_examples=False,
    )  # fmt: skip


COMMON: Final = {
    400: told("The request cannot be read"),
    401: told("No key, or not a valid one"),
    403: told("The key lacks the scope"),
    429: told("Too much at once; Retry-After says when"),
    503: told("The store failed; nothing was kept"),
}
ONE: Final = {**COMMON, 404: told("There is no such thing")}
ACT: Final = {**ONE, 409: told("Policy refuses")}
