"""What surrounds an account: `GET /v1/network/{id}`.

It does not stand below `/v1/accounts/{id}`, since ids may hold a slash and take all that follows.
"""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter

from lamppost.history.graph import Network
from lamppost.service.asking import Id, there
from lamppost.service.faults import ONE
from lamppost.service.guard import service_of

_Most = Annotated[int, QueryParameter(ge=0, le=150, description="Most neighbours shown")]


@get(
    "/v1/network/{identifier:path}", opt={"scope": "network:read"}, responses=ONE,
    sync_to_thread=True, summary="What surrounds an account",
)  # fmt: skip
def account_network(request: Request[Any, Any, Any], identifier: Id, most: _Most = 100) -> Network:
    """Friends, children reached and by which way, chains of suggestions, shared devices.

    A teacher and a streamer reach many children too: this shows, it does not judge. Reading it is
    written into the audit chain.
    """
    return there(service_of(request).following.network(identifier.removeprefix("/"), most))
