"""Whether it lives, and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import MediaType, Request, get

from lamppost.core.errors import StoreError
from lamppost.service.faults import told
from lamppost.service.guard import PUBLIC, service_of

if TYPE_CHECKING:
    pass


_PROBE: Final = 1 << 20


class Health(msgspec.Struct, frozen=True):
    """Whether the service lives, or can take events."""

    status: str
    detail: str = ""


@get("/healthz", opt={"scope": PUBLIC}, summary="Whether the process lives", sync_to_thread=False)
def healthz() -> Health:
    """Always answers while the process lives."""
    return Health("ok")


@get(
    "/readyz", opt={"scope": PUBLIC}, summary="Whether events can be taken", sync_to_thread=True,
    responses={503: told("Not at the moment")},
)  # fmt: skip
def readyz(request: Request[Any, Any, Any]) -> Health:
    """Checks that the store can be read and written, and that folding goes on."""
    service = service_of(request)
    if service.intake.refused:  # a probe of one byte may succeed where events did not
        service.stores.ledger.check(_PROBE)
        service.intake.refused = False
    service.stores.ledger.check()
    if service.fault:
        raise StoreError(service.fault)
    return Health("ready")


@get(
    "/metrics", opt={"scope": PUBLIC}, summary="Figures for Prometheus", media_type=MediaType.TEXT,
    sync_to_thread=True,
)  # fmt: skip
def metrics(request: Request[Any, Any, Any]) -> str:
    """Figures without names of people or conversations."""
    return service_of(request).metrics.page().decode()
