"""The HTTP application: every route of `service/routes`, and the pages it is given.

A topic adds a module to `service/routes`; nothing is registered by hand.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Router
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler
from opentelemetry import trace

from lamppost import __version__
from lamppost.service import routes
from lamppost.service.faults import HANDLERS_OF_FAULTS
from lamppost.service.guard import PUBLIC, declared, guard

if TYPE_CHECKING:
    from lamppost.service.runtime import Service

_tracer = trace.get_tracer("lamppost")

Pages = Callable[["Service"], Sequence[ControllerRouterHandler]]
"""Makes further handlers of a service, such as the review pages: `lamppost serve` brings them."""


def no_pages(service: Service) -> Sequence[ControllerRouterHandler]:
    """The API alone."""
    return ()


def all_routes() -> list[BaseRouteHandler]:
    """Every route of the API."""
    found: list[BaseRouteHandler] = []
    for item in pkgutil.iter_modules(routes.__path__):
        module = importlib.import_module(f"{routes.__name__}.{item.name}")
        found += [value for value in vars(module).values() if isinstance(value, BaseRouteHandler)]
    return found


def make_app(service: Service, *, max_body: int, pages: Pages = no_pages) -> Any:
    """The ASGI application of a service.

    Raises `RuntimeError` for a route that declares no scope.
    """
    app = Litestar(
        [*all_routes(), *pages(service)],
        guards=[guard],
        exception_handlers=HANDLERS_OF_FAULTS,
        request_max_body_size=max_body,
        openapi_config=OpenAPIConfig(
            title="Lamppost",
            version=__version__,
            description="Events in, findings out. Keys: `Authorization: Bearer lp_…`.",
            openapi_router=_Description("/", route_handlers=[], opt={"scope": PUBLIC}),
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
    declared(app.routes)
    return _watched(app, service)


class _Description(Router):
    """Serves `/openapi.json` alone: `/` and the rest stay free for pages."""

    def register(self, value: ControllerRouterHandler) -> list[Any]:
        """Take the one page of the description."""
        if not isinstance(value, HTTPRouteHandler) or "/openapi.json" not in value.paths:
            return []
        value.paths = {"/openapi.json"}
        return super().register(value)


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
