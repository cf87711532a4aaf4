"""Erasure of accounts, with signed receipts."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import JSONBody
from msgspec import Meta

from lamppost.cases.erasure import Receipt
from lamppost.cases.ports import ErasureRow
from lamppost.service.asking import After, Id, Limit, there
from lamppost.service.faults import ACT, COMMON, ONE
from lamppost.service.guard import actor_of, service_of


class NewErasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account to erase: who wants it, and why. No quotations."""

    account: Annotated[str, Meta(min_length=1, max_length=256)]
    person: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class ErasureView(msgspec.Struct, frozen=True):
    """An erasure: `state` is waiting, done or refused; `receipt` once it is done."""

    id: str
    account: str
    person: str
    reason: str
    state: str
    asked_at: int
    ended_at: int | None
    detail: str
    receipt: Receipt | None


class ErasureList(msgspec.Struct, frozen=True):
    """A page of erasures."""

    items: list[ErasureView]
    next: str | None


@post(
    "/v1/erasures", opt={"scope": "erasure:write"}, responses=ACT, status_code=202,
    sync_to_thread=True, summary="Erase an account",
)  # fmt: skip
def ask_erasure(request: Request[Any, Any, Any], data: JSONBody[NewErasure]) -> ErasureView:
    """Have an account erased: rows, states, words and the keys of its words.

    It is done within seconds to minutes; ask for the receipt by the id. Asking again for an
    account that still waits answers the same one. A legal hold wins: 409. Events that are sent
    later make the account known anew, so stop sending them first.
    """
    person = f"{data.person.strip()} ({actor_of(request)})"
    row = service_of(request).erasing.ask(
        account=data.account, person=person, reason=data.reason.strip()
    )
    return _view(row)


@get(
    "/v1/erasures", opt={"scope": "erasure:write"}, responses=COMMON, sync_to_thread=True,
    summary="Erasures",
)  # fmt: skip
def list_erasures(
    request: Request[Any, Any, Any], after: After = None, limit: Limit = 100
) -> ErasureList:
    """Erasures that were asked for, in no order of time."""
    rows = service_of(request).cases.erasures.list(after=after or "", limit=limit + 1)
    more = rows[limit - 1].id if len(rows) > limit else None
    return ErasureList([_view(row) for row in rows[:limit]], more)


@get(
    "/v1/erasures/{identifier:str}", opt={"scope": "erasure:write"}, responses=ONE,
    sync_to_thread=True, summary="One erasure",
)  # fmt: skip
def one_erasure(request: Request[Any, Any, Any], identifier: Id) -> ErasureView:
    """One erasure, with its signed receipt once it is done."""
    return _view(there(service_of(request).cases.erasures.erasure(identifier)))


def _view(row: ErasureRow) -> ErasureView:
    receipt = None
    if row.receipt is not None:
        receipt = msgspec.json.decode(row.receipt, type=Receipt)
    return ErasureView(
        row.id, row.account, row.person, row.reason, row.state, row.asked_at, row.ended_at,
        row.detail, receipt,
    )  # fmt: skip
