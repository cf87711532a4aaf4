"""The HTTP API: routes, who may call them, and how faults are told.

Every fault is `application/problem+json` (RFC 9457) with a code of the page Errors, and never
repeats what was sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import msgspec
from litestar import Litestar, MediaType, Request, Response, delete, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import (
    ClientException,
    HTTPException,
    NotFoundException,
    TooManyRequestsException,
)
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    Operation,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import Parameter
from msgspec import Meta
from opentelemetry import trace

from lamppost import __version__
from lamppost.client.answers import Accepted, Found, LineFault, Problem
from lamppost.core.access import SCOPES, ApiKey, PolicyRow
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
from lamppost.core.levels import Level
from lamppost.events.ndjson import BadLine
from lamppost.pipeline import RelationshipScore
from lamppost.reports.scan.views import AccountView, ChildView
from lamppost.service.bodies import CLOUD, CLOUD_BATCH, NDJSON, read_body
from lamppost.service.keys import need
from lamppost.service.policies import Backtest
from lamppost.service.views import MOST, Accounts, Children, Findings, Scores

if TYPE_CHECKING:
    from lamppost.service.runtime import Service

_log: Final = logging.getLogger("lamppost.service")
_tracer: Final = trace.get_tracer("lamppost")
_SHOWN: Final = 20
_LARGE: Final = 1 << 18
_PROBE: Final = 1 << 20
_PROBLEM: Final = "application/problem+json"
_T = TypeVar("_T")
_Words = Literal["none", "watch", "concern", "high", "urgent"]
_Name = Annotated[str | None, Parameter(min_length=1, max_length=256)]
_After = Annotated[str | None, Parameter(max_length=256, description="`next` of the page before")]
_Limit = Annotated[int, Parameter(ge=1, le=MOST, description="Most items of the page")]
_Version = Annotated[int, Parameter(ge=1, le=2**31 - 1)]


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


class KeyView(msgspec.Struct, frozen=True):
    """An API key without its secret. Times in milliseconds UTC."""

    id: str
    name: str
    scopes: list[str]
    created_at: int
    expires_at: int | None
    revoked_at: int | None


class KeyList(msgspec.Struct, frozen=True):
    """Every key."""

    items: list[KeyView]
    next: str | None


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to make."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    scopes: Annotated[list[str], Meta(min_length=1, max_length=20)]


class MadeKey(msgspec.Struct, frozen=True):
    """A new key; `api_key` is shown this once."""

    key: KeyView
    api_key: str


class Rotate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old key still works, in seconds."""

    overlap: Annotated[int, Meta(ge=0, le=2_592_000)] = 86_400


class WebhookView(msgspec.Struct, frozen=True):
    """A webhook without its secret."""

    id: str
    url: str
    events: list[str]
    created_at: int


class WebhookList(msgspec.Struct, frozen=True):
    """Webhooks in use."""

    items: list[WebhookView]
    next: str | None


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook to add."""

    url: Annotated[str, Meta(min_length=8, max_length=2048)]
    events: Annotated[list[str], Meta(min_length=1, max_length=10)] = msgspec.field(
        default_factory=lambda: ["finding.created"]
    )


class MadeWebhook(msgspec.Struct, frozen=True):
    """A new webhook; `secret` signs its messages and is shown this once."""

    webhook: WebhookView
    secret: str


class Letter(msgspec.Struct, frozen=True):
    """A message to a webhook that did not arrive."""

    id: str
    webhook: str
    event: str
    attempts: int
    created_at: int
    last_error: str


class Letters(msgspec.Struct, frozen=True):
    """A page of dead letters."""

    items: list[Letter]
    next: str | None


class PolicyView(msgspec.Struct, frozen=True):
    """A version of the policy."""

    version: int
    digest: str
    state: str
    policy: str
    created_at: int
    created_by: str
    deployed_at: int | None
    deployed_by: str | None
    backtest: Backtest | None


class PolicyList(msgspec.Struct, frozen=True):
    """Every version."""

    items: list[PolicyView]
    next: str | None


class NewPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to add, as TOML text."""

    policy: Annotated[str, Meta(min_length=1, max_length=200_000)]


class Deploy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seen` of the backtest that was looked at."""

    seen: Annotated[str, Meta(min_length=1, max_length=64)]


class ShadowFinding(msgspec.Struct, frozen=True):
    """What the policy in shadow would have found; `live`: the live one found it too."""

    id: str
    conversation_id: str
    actor_id: str
    target_id: str
    level: str
    bits: float
    live: bool


class ShadowFindings(msgspec.Struct, frozen=True):
    """A page of what a policy found in shadow."""

    items: list[ShadowFinding]
    next: str | None


class Health(msgspec.Struct, frozen=True):
    """Whether the service lives, or can take events."""

    status: str
    detail: str = ""


# --- who may ----------------------------------------------------------------------------------


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Check key, scope and rate before a body is read."""
    scope = handler.opt.get("scope")
    if scope is None:
        return
    if "\0" in connection.url.path or b"%00" in connection.scope["query_string"]:
        raise ClientException
    service: Service = connection.app.state.service
    host = connection.client.host if connection.client else ""
    wait = service.strangers.take(host, 0)
    if wait:
        raise _slow_down(wait)
    try:
        key = service.keys.check(connection.headers.get("authorization"))
    except KeyRefusedError:
        service.strangers.take(host)
        raise
    need(key, scope)
    wait = service.rate.take(key.id)
    if wait:
        service.metrics.refused.labels("rate").inc()
        raise _slow_down(wait)
    connection.scope["lamppost_key"] = key  # type: ignore[typeddict-unknown-key]
    if scope.endswith(":read"):
        service.viewlog.saw(
            f"key {key.id}",
            scope.removesuffix(":read"),
            connection.url.path,
            search=bool(connection.scope["query_string"]),
        )


def _slow_down(wait: int) -> TooManyRequestsException:
    return TooManyRequestsException(detail="too many requests", headers={"Retry-After": str(wait)})


def _key(request: Request[Any, Any, Any]) -> ApiKey:
    key: ApiKey = request.scope["lamppost_key"]  # type: ignore[typeddict-item]
    return key


def _by(request: Request[Any, Any, Any]) -> str:
    key = _key(request)
    return f"key {key.id}"


def _service(request: Request[Any, Any, Any]) -> Service:
    service: Service = request.app.state.service
    return service


# --- faults -----------------------------------------------------------------------------------

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
    return Response(
        problem, status_code=problem.status, media_type="application/problem+json", headers=headers
    )


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


# --- events -----------------------------------------------------------------------------------


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


def _told(text: str) -> ResponseSpec:
    return ResponseSpec(
        Problem, description=text, media_type="application/problem+json",
        generate_examples=False,
    )  # fmt: skip


_COMMON: Final = {
    400: _told("The request cannot be read"),
    401: _told("No key, or not a valid one"),
    403: _told("The key lacks the scope"),
    429: _told("Too much at once; Retry-After says when"),
    503: _told("The store failed; nothing was kept"),
}
_ONE: Final = {**_COMMON, 404: _told("There is no such thing")}
_ACT: Final = {**_ONE, 409: _told("Policy refuses")}


@post(
    "/v1/events",
    status_code=202,
    opt={"scope": "events:write"},
    operation_class=_EventsOperation,
    responses={
        **_COMMON,
        413: _told("The body is larger than is taken"),
        415: _told("A media type that is not read"),
    },
    summary="Send events",
)
async def send_events(
    request: Request[Any, Any, Any], strict: bool = False
) -> Response[Accepted | Problem]:
    """Keep events. The answer 202 means they are durable. An event sent twice is kept once.

    Lines that cannot be read are set aside and told, the rest is kept; when none can be read, or
    with `strict=true` when any cannot, nothing is kept and the answer is 400.
    """
    service = _service(request)
    data = await request.body()
    content_type = request.headers.get("content-type", "")
    if len(data) > _LARGE:
        body = await asyncio.to_thread(read_body, content_type, data, request.headers)
    else:
        body = read_body(content_type, data, request.headers)
    key = _key(request)
    wait = service.volume.take(key.id, len(body.events) + len(body.bad))
    if wait:
        service.metrics.refused.labels("volume").inc(len(body.events))
        raise _slow_down(wait)
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
            media_type="application/problem+json",
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
    "/v1/quarantine", opt={"scope": "events:read"}, responses=_COMMON, sync_to_thread=True,
    summary="Lines set aside",
)  # fmt: skip
def list_quarantine(
    request: Request[Any, Any, Any],
    after: Annotated[int, Parameter(ge=0, le=2**62)] = 0,
    limit: _Limit = 100,
) -> Quarantine:
    """Lines that could not be read, oldest first."""
    service = _service(request)
    rows = service.stores.ledger.rejected(after, limit + 1)
    more = str(rows[limit - 1][0]) if len(rows) > limit else None
    items = [
        SetAside(number, received, item.key_name, item.line, item.field, item.reason, item.size,
                 item.digest)
        for number, received, item in rows[:limit]
    ]  # fmt: skip
    return Quarantine(items, more, service.stores.ledger.counts()["quarantined"])


# --- risk -------------------------------------------------------------------------------------


@get(
    "/v1/relationships", opt={"scope": "risk:read"}, responses=_COMMON, sync_to_thread=True,
    summary="Relationships",
)  # fmt: skip
def list_relationships(
    request: Request[Any, Any, Any],
    conversation_id: _Name = None,
    account_id: _Name = None,
    level: _Words = "none",
    after: _After = None,
    limit: _Limit = 100,
) -> Scores:
    """How accounts treat each other, with exact reasons, as `lamppost score` writes it.

    `account_id` is either side; `level` keeps those that have reached it.
    """
    return _service(request).views.relationships(
        conversation_id, account_id, Level.parse(level), after, limit
    )


@get(
    "/v1/relationships/{identifier:str}", opt={"scope": "risk:read"}, responses=_ONE,
    sync_to_thread=True, summary="One relationship",
)  # fmt: skip
def one_relationship(request: Request[Any, Any, Any], identifier: str) -> RelationshipScore:
    """One relationship, by the id that findings carry as `relationship_id`."""
    return _there(_service(request).views.relationship(identifier))


@get(
    "/v1/accounts", opt={"scope": "risk:read"}, responses=_COMMON, sync_to_thread=True,
    summary="Accounts",
)  # fmt: skip
def list_accounts(
    request: Request[Any, Any, Any],
    conversation_id: _Name = None,
    account_id: _Name = None,
    after: _After = None,
    limit: _Limit = 100,
) -> Accounts:
    """Accounts as their worst relationship shows them, by id."""
    return _service(request).views.accounts(conversation_id, account_id, after, limit)


@get(
    "/v1/accounts/{identifier:path}", opt={"scope": "risk:read"}, responses=_ONE,
    sync_to_thread=True, summary="One account",
)  # fmt: skip
def one_account(request: Request[Any, Any, Any], identifier: str) -> AccountView:
    """One account."""
    return _there(_service(request).views.account(identifier.removeprefix("/")))


@get(
    "/v1/children", opt={"scope": "risk:read"}, responses=_COMMON, sync_to_thread=True,
    summary="Children",
)  # fmt: skip
def list_children(
    request: Request[Any, Any, Any],
    conversation_id: _Name = None,
    account_id: _Name = None,
    after: _After = None,
    limit: _Limit = 100,
) -> Children:
    """Children and how they need protecting, by id. A page may be short while there are more."""
    return _service(request).views.children(conversation_id, account_id, after, limit)


@get(
    "/v1/children/{identifier:path}", opt={"scope": "risk:read"}, responses=_ONE,
    sync_to_thread=True, summary="One child",
)  # fmt: skip
def one_child(request: Request[Any, Any, Any], identifier: str) -> ChildView:
    """One child."""
    return _there(_service(request).views.child(identifier.removeprefix("/")))


@get(
    "/v1/findings", opt={"scope": "findings:read"}, responses=_COMMON, sync_to_thread=True,
    summary="Findings",
)  # fmt: skip
def list_findings(
    request: Request[Any, Any, Any],
    conversation_id: _Name = None,
    account_id: _Name = None,
    level: _Words = "none",
    after: Annotated[int, Parameter(ge=0, le=2**62, description="`number` to go on after")] = 0,
    limit: _Limit = 100,
) -> Findings:
    """Findings in the order they were made. To follow them, ask again after the last `number`."""
    return _service(request).views.findings(
        conversation_id, account_id, Level.parse(level), after, limit
    )


@get(
    "/v1/findings/{identifier:str}", opt={"scope": "findings:read"}, responses=_ONE,
    sync_to_thread=True, summary="One finding",
)  # fmt: skip
def one_finding(request: Request[Any, Any, Any], identifier: str) -> Found:
    """One finding."""
    return _there(_service(request).views.finding(identifier))


def _there(found: _T | None) -> _T:
    if found is None:
        raise NotFoundException
    return found


# --- webhooks ---------------------------------------------------------------------------------


@get(
    "/v1/webhooks", opt={"scope": "webhooks:admin"}, responses=_COMMON, sync_to_thread=True,
    summary="Webhooks",
)  # fmt: skip
def list_webhooks(request: Request[Any, Any, Any]) -> WebhookList:
    """Webhooks in use."""
    return WebhookList([_hook(item) for item in _service(request).webhooks.all()], None)


@post(
    "/v1/webhooks", opt={"scope": "webhooks:admin"}, responses=_ACT, sync_to_thread=True,
    summary="Add a webhook",
)  # fmt: skip
def add_webhook(request: Request[Any, Any, Any], data: NewWebhook) -> MadeWebhook:
    """Add a webhook. Its URL must be https and lead to a public address."""
    service = _service(request)
    webhook, secret = service.webhooks.add(data.url, data.events)
    service.note(_by(request), "webhook.add", webhook.id, {"events": list(webhook.events)})
    return MadeWebhook(_hook(webhook), secret)


@delete(
    "/v1/webhooks/{identifier:str}", opt={"scope": "webhooks:admin"}, responses=_ONE,
    sync_to_thread=True, summary="Remove a webhook",
)  # fmt: skip
def remove_webhook(request: Request[Any, Any, Any], identifier: str) -> None:
    """Stop using a webhook."""
    service = _service(request)
    if not service.webhooks.remove(identifier):
        raise NotFoundException
    service.note(_by(request), "webhook.remove", identifier, {})


@get(
    "/v1/webhooks/dead", opt={"scope": "webhooks:admin"}, responses=_COMMON, sync_to_thread=True,
    summary="Dead letters",
)  # fmt: skip
def list_dead(
    request: Request[Any, Any, Any], after: _After = None, limit: _Limit = 100
) -> Letters:
    """Messages that did not arrive."""
    rows = _service(request).stores.outbox.list("dead", after or "", limit + 1)
    more = rows[limit - 1].id if len(rows) > limit else None
    items = [
        Letter(row.id, row.webhook, row.event, row.attempts, row.created_at, row.last_error)
        for row in rows[:limit]
    ]
    return Letters(items, more)


@post(
    "/v1/webhooks/dead/{identifier:str}/revive", opt={"scope": "webhooks:admin"}, responses=_ONE,
    status_code=202, sync_to_thread=True, summary="Send a dead letter again",
)  # fmt: skip
def revive(request: Request[Any, Any, Any], identifier: str) -> Health:
    """Send a message again that had been given up."""
    service = _service(request)
    if not service.stores.outbox.revive(identifier, time.time_ns() // 1_000_000):
        raise NotFoundException
    return Health("pending")


def _hook(item: Any) -> WebhookView:
    return WebhookView(item.id, item.url, list(item.events), item.created_at)


# --- keys -------------------------------------------------------------------------------------


@get(
    "/v1/keys", opt={"scope": "keys:admin"}, responses=_COMMON, sync_to_thread=True,
    summary="API keys",
)  # fmt: skip
def list_keys(request: Request[Any, Any, Any]) -> KeyList:
    """Every key, ended ones too, without secrets."""
    return KeyList([_key_view(key) for key in _service(request).keys.all()], None)


@post(
    "/v1/keys", opt={"scope": "keys:admin"}, responses=_ACT, sync_to_thread=True,
    summary="Make an API key",
)  # fmt: skip
def make_key(request: Request[Any, Any, Any], data: NewKey) -> MadeKey:
    """Make a key. One cannot give scopes that one does not hold."""
    service = _service(request)
    mine = _key(request)
    for scope in data.scopes:
        if scope in SCOPES:
            need(mine, scope)
    key, text = service.keys.make(data.name, data.scopes)
    service.note(_by(request), "key.make", key.id, {"scopes": sorted(key.scopes)})
    return MadeKey(_key_view(key), text)


@post(
    "/v1/keys/{identifier:str}/rotate", opt={"scope": "keys:admin"}, responses=_ACT,
    sync_to_thread=True, summary="Rotate an API key",
)  # fmt: skip
def rotate_key(request: Request[Any, Any, Any], identifier: str, data: Rotate) -> MadeKey:
    """A new key in the place of an old one, which works for `overlap` seconds more."""
    service = _service(request)
    mine = _key(request)
    for scope in _known(service, identifier).scopes:
        need(mine, scope)
    key, text = service.keys.rotate(identifier, overlap=data.overlap)
    service.note(_by(request), "key.rotate", identifier, {"new": key.id})
    return MadeKey(_key_view(key), text)


@delete(
    "/v1/keys/{identifier:str}", opt={"scope": "keys:admin"}, responses=_ONE, sync_to_thread=True,
    summary="Revoke an API key",
)  # fmt: skip
def revoke_key(request: Request[Any, Any, Any], identifier: str) -> None:
    """End a key at once."""
    service = _service(request)
    if not service.keys.revoke(identifier):
        raise NotFoundException
    service.note(_by(request), "key.revoke", identifier, {})


def _known(service: Service, identifier: str) -> ApiKey:
    key = service.stores.keys.key(identifier)
    if key is None:
        raise NotFoundException
    return key


def _key_view(key: ApiKey) -> KeyView:
    return KeyView(
        key.id, key.name, sorted(key.scopes), key.created_at, key.expires_at, key.revoked_at
    )


# --- policy -----------------------------------------------------------------------------------


@get(
    "/v1/policies", opt={"scope": "policy:read"}, responses=_COMMON, sync_to_thread=True,
    summary="Policies",
)  # fmt: skip
def list_policies(request: Request[Any, Any, Any]) -> PolicyList:
    """Every version of the policy, oldest first."""
    return PolicyList([_policy(row) for row in _service(request).policies.all()], None)


@post(
    "/v1/policies", opt={"scope": "policy:write"}, responses=_ACT, sync_to_thread=True,
    summary="Add a policy",
)  # fmt: skip
def add_policy(request: Request[Any, Any, Any], data: NewPolicy) -> PolicyView:
    """Check a policy and keep it as a draft. It changes nothing yet."""
    service = _service(request)
    row = service.policies.add(data.policy, by=_by(request))
    service.note(_by(request), "policy.add", str(row.version), {"digest": row.digest})
    return _policy(row)


@get(
    "/v1/policies/{version:int}", opt={"scope": "policy:read"}, responses=_ONE,
    sync_to_thread=True, summary="One policy",
)  # fmt: skip
def one_policy(request: Request[Any, Any, Any], version: _Version) -> PolicyView:
    """One version with its newest backtest."""
    return _policy(_version(_service(request), version))


@post(
    "/v1/policies/{version:int}/backtest", opt={"scope": "policy:write"}, responses=_ACT,
    status_code=200, sync_to_thread=True, summary="Backtest a policy",
)  # fmt: skip
def backtest_policy(request: Request[Any, Any, Any], version: _Version) -> Backtest:
    """What would have been found in the stored events under this policy, beside the live one."""
    service = _service(request)
    _version(service, version)
    result = service.policies.backtest(version)
    service.note(_by(request), "policy.backtest", str(version), {"seen": result.seen})
    return result


@post(
    "/v1/policies/{version:int}/shadow", opt={"scope": "policy:write"}, responses=_ACT,
    status_code=200, sync_to_thread=True, summary="Run a policy in shadow",
)  # fmt: skip
def shadow_policy(request: Request[Any, Any, Any], version: _Version) -> PolicyView:
    """Run a version beside the live one from now on; it acts on nothing."""
    service = _service(request)
    _version(service, version)
    row = service.policies.put_in_shadow(version, by=_by(request))
    service.note(_by(request), "policy.shadow", str(version), {})
    return _policy(row)


@get(
    "/v1/policies/{version:int}/shadow", opt={"scope": "policy:read"}, responses=_ONE,
    sync_to_thread=True, summary="What a policy found in shadow",
)  # fmt: skip
def shadow_findings(
    request: Request[Any, Any, Any], version: _Version, after: _After = None, limit: _Limit = 100
) -> ShadowFindings:
    """What a version found in shadow, and whether the live one found it too."""
    service = _service(request)
    _version(service, version)
    rows = service.stores.ledger.shadow(str(version), after or "", limit + 1)
    more = rows[limit - 1].id if len(rows) > limit else None
    items = [
        ShadowFinding(
            row.id, row.conversation, row.actor, row.target, Level(row.level).word, row.bits,
            service.stores.ledger.finding(row.id) is not None,
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return ShadowFindings(items, more)


@post(
    "/v1/policies/{version:int}/deploy", opt={"scope": "policy:deploy"}, responses=_ACT,
    status_code=200, sync_to_thread=True, summary="Deploy a policy",
)  # fmt: skip
def deploy_policy(request: Request[Any, Any, Any], version: _Version, data: Deploy) -> PolicyView:
    """Make a version the live one, having seen what it changes."""
    service = _service(request)
    _version(service, version)
    row = service.policies.deploy(version, seen=data.seen, by=_by(request))
    service.note(_by(request), "policy.deploy", str(version), {"seen": data.seen})
    service.webhooks.tell("policy.deployed", str(version), {"version": version})
    return _policy(row)


def _version(service: Service, version: int) -> PolicyRow:
    row = service.stores.policies.policy(version)
    if row is None:
        raise NotFoundException
    return row


def _policy(row: PolicyRow) -> PolicyView:
    backtest = None
    if row.backtest is not None:
        backtest = msgspec.json.decode(row.backtest, type=Backtest)
    return PolicyView(
        row.version, row.digest, row.state, row.body, row.created_at, row.created_by,
        row.deployed_at, row.deployed_by, backtest,
    )  # fmt: skip


# --- whether it lives -------------------------------------------------------------------------


@get("/healthz", summary="Whether the process lives", sync_to_thread=False)
def healthz() -> Health:
    """Always answers while the process lives."""
    return Health("ok")


@get(
    "/readyz", summary="Whether events can be taken", sync_to_thread=True,
    responses={503: _told("Not at the moment")},
)  # fmt: skip
def readyz(request: Request[Any, Any, Any]) -> Health:
    """Checks that the store can be read and written, and that folding goes on."""
    service = _service(request)
    if service.intake.refused:  # a probe of one byte may succeed where events did not
        service.stores.ledger.check(_PROBE)
        service.intake.refused = False
    service.stores.ledger.check()
    if service.fault:
        raise StoreError(service.fault)
    return Health("ready")


@get("/metrics", summary="Figures for Prometheus", media_type=MediaType.TEXT, sync_to_thread=True)
def metrics(request: Request[Any, Any, Any]) -> str:
    """Figures without names of people or conversations."""
    return _service(request).metrics.page().decode()


HANDLERS: Final = [
    send_events, list_quarantine, list_relationships, one_relationship, list_accounts, one_account,
    list_children, one_child, list_findings, one_finding, list_webhooks, add_webhook,
    remove_webhook, list_dead, revive, list_keys, make_key, rotate_key, revoke_key, list_policies,
    add_policy, one_policy, backtest_policy, shadow_policy, shadow_findings, deploy_policy,
    healthz, readyz, metrics,
]  # fmt: skip
"""Every route. A test asks each of them with every scope."""


def make_app(service: Service, *, max_body: int) -> Any:
    """The ASGI application of a service."""
    app = Litestar(
        HANDLERS,
        guards=[guard],
        exception_handlers={
            LamppostError: _refused,
            HTTPException: _http,
            ClientException: _http,
            Exception: _fault,
        },
        request_max_body_size=max_body,
        openapi_config=OpenAPIConfig(
            title="Lamppost",
            version=__version__,
            description="Events in, findings out. Keys: `Authorization: Bearer lp_…`.",
            path="/",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(
                security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}
            ),
            security=[{"key": []}],
            use_handler_docstrings=True,
        ),
        logging_config=None,
        debug=False,
    )
    app.state.service = service
    return _watched(app, service)


def _watched(app: Litestar, service: Service) -> Any:
    """Count and time every request by its route, and put a span around it."""

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def sent(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with _tracer.start_as_current_span("request") as span:
            await app(scope, receive, sent)
            route = scope.get("path_template") or "other"
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", status)
        service.metrics.requests.labels(route, str(status)).inc()
        service.metrics.request_seconds.labels(route).observe(time.perf_counter() - started)

    watched.litestar = app  # type: ignore[attr-defined]
    return watched


__all__ = ["HANDLERS", "make_app"]
