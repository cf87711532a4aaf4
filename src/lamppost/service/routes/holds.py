"""Legal holds: while one is in force, nothing of the account is erased or expires."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody
from msgspec import Meta

from lamppost.cases.ports import LegalHold
from lamppost.service.asking import Id, Name
from lamppost.service.faults import ACT, COMMON
from lamppost.service.guard import actor_of, service_of


class NewHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account to hold: who wants it, and why. No quotations."""

    account: Annotated[str, Meta(min_length=1, max_length=256, pattern=r"\S")]
    person: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who releases a hold."""

    person: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]


class HoldView(msgspec.Struct, frozen=True):
    """A legal hold. Times in milliseconds UTC."""

    id: str
    account: str
    reason: str
    placed_by: str
    placed_at: int


class HoldList(msgspec.Struct, frozen=True):
    """Holds in force."""

    items: list[HoldView]
    next: str | None


@post(
    "/v1/holds", opt={"scope": "holds:write"}, responses=ACT, sync_to_thread=True,
    summary="Place a legal hold",
)  # fmt: skip
def place_hold(request: Request[Any, Any, Any], data: JSONBody[NewHold]) -> HoldView:
    """Place a legal hold on an account."""
    hold = service_of(request).cases.holds.place(
        person=f"{data.person.strip()} ({actor_of(request)})",
        subject=data.account,
        reason=data.reason,
    )
    return _view(hold)


@get(
    "/v1/holds", opt={"scope": "holds:write"}, responses=COMMON, sync_to_thread=True,
    summary="Legal holds",
)  # fmt: skip
def list_holds(request: Request[Any, Any, Any], account_id: Name = None) -> HoldList:
    """Holds in force, oldest first."""
    holds = service_of(request).cases.holds.in_force(account_id)
    return HoldList([_view(hold) for hold in holds], None)


@post(
    "/v1/holds/{identifier:str}/release", opt={"scope": "holds:write"}, responses=ACT,
    status_code=204, sync_to_thread=True, summary="Release a legal hold",
)  # fmt: skip
def release_hold(request: Request[Any, Any, Any], identifier: Id, data: JSONBody[Release]) -> None:
    """Release a legal hold."""
    holds = service_of(request).cases.holds
    if all(hold.id != identifier for hold in holds.in_force()):
        raise NotFoundException
    holds.release(person=f"{data.person.strip()} ({actor_of(request)})", hold=identifier)


def _view(hold: LegalHold) -> HoldView:
    return HoldView(hold.id, hold.subject_id, hold.reason, hold.placed_by, hold.placed_at)
