"""The contact gate: `POST /v1/contacts/check`, one question or many."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, post
from litestar.params import JSONBody
from msgspec import Meta

from lamppost.protect.gate import Answer, Asked
from lamppost.service.faults import COMMON
from lamppost.service.guard import service_of

MOST_AT_ONCE: Final = 1_000


class Questions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Many questions at once."""

    items: Annotated[list[Asked], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class Answers(msgspec.Struct, frozen=True):
    """Answers in the order of the questions."""

    items: list[Answer]


@post(
    "/v1/contacts/check", status_code=200, opt={"scope": "contacts:check"}, responses=COMMON,
    sync_to_thread=False, summary="May this account reach that one?",
)  # fmt: skip
def check_contact(request: Request[Any, Any, Any], data: JSONBody[Asked]) -> Answer:
    """What the gate says to one contact before it happens. It changes nothing and tells nobody.

    429 with `Retry-After` while the graph is being built after a start.
    """
    return service_of(request).following.check([data])[0]


@post(
    "/v1/contacts/check-batch", status_code=200, opt={"scope": "contacts:check"},
    responses=COMMON, sync_to_thread=True, summary="Many contacts at once",
)  # fmt: skip
def check_contacts(request: Request[Any, Any, Any], data: JSONBody[Questions]) -> Answers:
    """What the gate says to up to 1,000 contacts, in their order."""
    return Answers(service_of(request).following.check(data.items))
