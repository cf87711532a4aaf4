"""Who may: the key of a request, its scope and its rate, checked before a body is read.

Every route declares `opt={"scope": …}`; the service does not start with one that does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import ClientException, TooManyRequestsException
from litestar.handlers import BaseRouteHandler
from litestar.routes import BaseRoute, HTTPRoute, WebSocketRoute

from lamppost.core.access import SCOPES, ApiKey
from lamppost.core.errors import KeyRefusedError, ScopeError
from lamppost.service.keys import need

if TYPE_CHECKING:
    from lamppost.service.runtime import Service

PUBLIC: Final = "public"
"""The scope of a route that anybody may ask, such as a probe."""
PERSON: Final = "person"
"""The scope of a page for a signed-in person; it has a guard of its own besides this one."""


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Check key, scope and rate before a body is read. Raises `KeyRefusedError`, `ScopeError`."""
    if connection.scope.get("method") == "OPTIONS" and not handler.opt:
        return  # the framework's own answer: which methods there are
    scope = handler.opt.get("scope")
    if "\0" in connection.url.path or b"%00" in connection.scope["query_string"]:
        raise ClientException
    if scope in (PUBLIC, PERSON):
        return
    service = service_of(connection)
    host = connection.client.host if connection.client else ""
    wait = service.strangers.take(host, 0)
    if wait:
        raise slow_down(wait)
    try:
        key = service.keys.check(connection.headers.get("authorization"))
    except KeyRefusedError:
        service.strangers.take(host)
        raise
    if scope not in SCOPES:
        raise ScopeError("this route declares no scope")
    need(key, scope)
    wait = service.rate.take(key.id)
    if wait:
        service.metrics.refused.labels("rate").inc()
        raise slow_down(wait)
    connection.scope["lamppost_key"] = key  # type: ignore[typeddict-unknown-key]
    if scope.endswith(":read"):
        service.viewlog.saw(
            f"key {key.id}",
            scope.removesuffix(":read"),
            connection.url.path,
            search=bool(connection.scope["query_string"]),
        )


def declared(routes: Iterable[BaseRoute]) -> None:
    """Raise `RuntimeError` for a route without a known scope, or a page without its own guard."""
    for route in routes:
        if isinstance(route, HTTPRoute):
            handlers: list[BaseRouteHandler] = [
                handler for handler in route.route_handlers if handler.fn.__module__ != _OPTIONS
            ]
        elif isinstance(route, WebSocketRoute):
            handlers = [route.route_handler]
        else:
            handlers = [route.route_handler]  # type: ignore[attr-defined]
        for handler in handlers:
            scope = handler.opt.get("scope")
            if scope not in SCOPES and scope not in (PUBLIC, PERSON):
                raise RuntimeError(f"{route.path} declares no scope that is known: {scope!r}")
            if scope == PERSON and len(handler.resolve_guards()) < 2:
                raise RuntimeError(f"{route.path} is for a person and has no guard of its own")


_OPTIONS: Final = HTTPRoute.__module__


def slow_down(wait: int) -> TooManyRequestsException:
    """A refusal that says when to come again, in seconds."""
    return TooManyRequestsException(detail="too many requests", headers={"Retry-After": str(wait)})


def key_of(request: Request[Any, Any, Any]) -> ApiKey:
    """The key that a request came with; only where the route has a scope."""
    key: ApiKey = request.scope["lamppost_key"]  # type: ignore[typeddict-item]
    return key


def actor_of(request: Request[Any, Any, Any]) -> str:
    """Who asks, as the audit chain names them."""
    return f"key {key_of(request).id}"


def service_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Service:
    """The service that serves a request."""
    service: Service = connection.app.state.service
    return service
