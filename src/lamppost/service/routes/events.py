"""Events in: `POST /v1/events`, and the lines that were set aside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import QueryParameter

from lamppost.client.answers import Accepted, LineFault, Problem
from lamppost.core.errors import InputError
from lamppost.events.ndjson import BadLine
from lamppost.service.asking import Limit
from lamppost.service.bodies import CLOUD, CLOUD_BATCH, NDJSON, read_body
from lamppost.service.faults import COMMON, PROBLEM, told
from lamppost.service.guard import key_of, service_of, slow_down

if TYPE_CHECKING:
    pass


_SHOWN: Final = 20
_LARGE: Final = 1 << 18


class SetAside(msgspec.Struct, frozen=True):
    """A line in quarantine: where and why, its length and SHA-256, never its content."""

    number: int
    received: int
    key_name: str
    line: int
    field: str
    reason: str
    size: int
    sha256: str


class Quarantine(msgspec.Struct, frozen=True):
    """A page of lines in quarantine; `count` is of all."""

    items: list[SetAside]
    next: str | None
    count: int


@dataclass
class _EventsOperation(Operation):
    """Says what bodies `POST /v1/events` takes, which no type can."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING, description="One event a line, or CloudEvents")
        item = Schema(
            type=OpenAPIType.OBJECT,
            required=["specversion", "id", "source", "type", "data"],
            properties={
                "specversion": Schema(const="1.0"),
                "id": Schema(type=OpenAPIType.STRING, min_length=1),
                "source": Schema(type=OpenAPIType.STRING, min_length=1),
                "type": Schema(type=OpenAPIType.STRING, min_length=1),
                "data": Schema(type=OpenAPIType.OBJECT),
            },
        )
        self.request_body = RequestBody(
            required=True,
            content={
                NDJSON[0]: OpenAPIMediaType(schema=text),
                CLOUD: OpenAPIMediaType(schema=item),
                CLOUD_BATCH: OpenAPIMediaType(schema=Schema(type=OpenAPIType.ARRAY, items=item)),
            },
        )


@post(
    "/v1/events",
    status_code=202,
    opt={"scope": "events:write"},
    operation_class=_EventsOperation,
    responses={
        **COMMON,
        413: told("The body is larger than is taken"),
        415: told("A media type that is not read"),
    },
    summary="Send events",
)
async def send_events(
    request: Request[Any, Any, Any], strict: Annotated[bool, QueryParameter()] = False
) -> Response[Accepted | Problem]:
    """Keep events. The answer 202 means they are durable. An event sent twice is kept once.

    Lines that cannot be read are set aside and told, the rest is kept; when none can be read, or
    with `strict=true` when any cannot, nothing is kept and the answer is 400.
    """
    service = service_of(request)
    data = await request.body()
    content_type = request.headers.get("content-type", "")
    if len(data) > _LARGE:
        body = await asyncio.to_thread(read_body, content_type, data, request.headers)
    else:
        body = read_body(content_type, data, request.headers)
    key = key_of(request)
    wait = service.volume.take(key.id, len(body.events) + len(body.bad))
    if wait:
        service.metrics.refused.labels("volume").inc(len(body.events))
        raise slow_down(wait)
    errors = [_line(item) for item in body.bad[:_SHOWN]]
    if body.bad and (strict or not body.events):
        if not strict:
            await _done(service.intake.submit([], body.rejected(key.name)))
        first = body.bad[0]
        return Response(
            Problem(
                "bad line in an event file", 400, first.reason, code="LP101", where=first.place,
                hint="mend or remove the line",
                errors=[msgspec.to_builtins(item) for item in errors],
            ),
            status_code=400,
            media_type=PROBLEM,
        )  # fmt: skip
    if not body.events:
        raise InputError("holds no event", where="body", hint="send one event a line")
    outcome = await _done(service.intake.submit(body.events, body.rejected(key.name)))
    return Response(
        Accepted(outcome.accepted, outcome.duplicates, outcome.quarantined, errors),
        status_code=202,
    )


async def _done(future: Any) -> Any:
    return await asyncio.wrap_future(future)


def _line(item: BadLine) -> LineFault:
    return LineFault(item.number, item.field, item.reason)


@get(
    "/v1/quarantine", opt={"scope": "events:read"}, responses=COMMON, sync_to_thread=True,
    summary="Lines set aside",
)  # fmt: skip
def list_quarantine(
    request: Request[Any, Any, Any],
    after: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0,
    limit: Limit = 100,
) -> Quarantine:
    """Lines that could not be read, oldest first."""
    service = service_of(request)
    rows = service.stores.ledger.rejected(after, limit + 1)
    more = str(rows[limit - 1][0]) if len(rows) > limit else None
    items = [
        SetAside(number, received, item.key_name, item.line, item.field, item.reason, item.size,
                 item.digest)
        for number, received, item in rows[:limit]
    ]  # fmt: skip
    return Quarantine(items, more, service.stores.ledger.counts()["quarantined"])
