"""Who is told of findings, and what did not arrive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody
from msgspec import Meta

from lamppost.service.asking import After, Id, Limit
from lamppost.service.faults import ACT, COMMON, ONE
from lamppost.service.guard import actor_of, service_of

if TYPE_CHECKING:
    pass


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


class Revived(msgspec.Struct, frozen=True):
    """What becomes of a dead letter."""

    status: str


class Letters(msgspec.Struct, frozen=True):
    """A page of dead letters."""

    items: list[Letter]
    next: str | None


@get(
    "/v1/webhooks", opt={"scope": "webhooks:admin"}, responses=COMMON, sync_to_thread=True,
    summary="Webhooks",
)  # fmt: skip
def list_webhooks(request: Request[Any, Any, Any]) -> WebhookList:
    """Webhooks in use."""
    return WebhookList([_hook(item) for item in service_of(request).webhooks.all()], None)


@post(
    "/v1/webhooks", opt={"scope": "webhooks:admin"}, responses=ACT, sync_to_thread=True,
    summary="Add a webhook",
)  # fmt: skip
def add_webhook(request: Request[Any, Any, Any], data: JSONBody[NewWebhook]) -> MadeWebhook:
    """Add a webhook. Its URL must be https and lead to a public address."""
    service = service_of(request)
    webhook, secret = service.webhooks.add(data.url, data.events)
    service.note(actor_of(request), "webhook.add", webhook.id, {"events": list(webhook.events)})
    return MadeWebhook(_hook(webhook), secret)


@delete(
    "/v1/webhooks/{identifier:str}", opt={"scope": "webhooks:admin"}, responses=ONE,
    sync_to_thread=True, summary="Remove a webhook",
)  # fmt: skip
def remove_webhook(request: Request[Any, Any, Any], identifier: Id) -> None:
    """Stop using a webhook."""
    service = service_of(request)
    if not service.webhooks.remove(identifier):
        raise NotFoundException
    service.note(actor_of(request), "webhook.remove", identifier, {})


@get(
    "/v1/webhooks/dead", opt={"scope": "webhooks:admin"}, responses=COMMON, sync_to_thread=True,
    summary="Dead letters",
)  # fmt: skip
def list_dead(request: Request[Any, Any, Any], after: After = None, limit: Limit = 100) -> Letters:
    """Messages that did not arrive."""
    rows = service_of(request).stores.outbox.list("dead", after or "", limit + 1)
    more = rows[limit - 1].id if len(rows) > limit else None
    items = [
        Letter(row.id, row.webhook, row.event, row.attempts, row.created_at, row.last_error)
        for row in rows[:limit]
    ]
    return Letters(items, more)


@post(
    "/v1/webhooks/dead/{identifier:str}/revive", opt={"scope": "webhooks:admin"}, responses=ONE,
    status_code=202, sync_to_thread=True, summary="Send a dead letter again",
)  # fmt: skip
def revive(request: Request[Any, Any, Any], identifier: Id) -> Revived:
    """Send a message again that had been given up."""
    service = service_of(request)
    if not service.stores.outbox.revive(identifier, time.time_ns() // 1_000_000):
        raise NotFoundException
    return Revived("pending")


def _hook(item: Any) -> WebhookView:
    return WebhookView(item.id, item.url, list(item.events), item.created_at)
