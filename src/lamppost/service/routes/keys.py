"""API keys: made, rotated, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody
from msgspec import Meta

from lamppost.core.access import SCOPES, ApiKey
from lamppost.service.asking import Id
from lamppost.service.faults import ACT, COMMON, ONE
from lamppost.service.guard import actor_of, key_of, service_of
from lamppost.service.keys import need

if TYPE_CHECKING:
    from lamppost.service.runtime import Service


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


@get(
    "/v1/keys", opt={"scope": "keys:admin"}, responses=COMMON, sync_to_thread=True,
    summary="API keys",
)  # fmt: skip
def list_keys(request: Request[Any, Any, Any]) -> KeyList:
    """Every key, ended ones too, without secrets."""
    return KeyList([_key_view(key) for key in service_of(request).keys.all()], None)


@post(
    "/v1/keys", opt={"scope": "keys:admin"}, responses=ACT, sync_to_thread=True,
    summary="Make an API key",
)  # fmt: skip
def make_key(request: Request[Any, Any, Any], data: JSONBody[NewKey]) -> MadeKey:
    """Make a key. One cannot give scopes that one does not hold."""
    service = service_of(request)
    mine = key_of(request)
    for scope in data.scopes:
        if scope in SCOPES:
            need(mine, scope)
    key, text = service.keys.make(data.name, data.scopes)
    service.note(actor_of(request), "key.make", key.id, {"scopes": sorted(key.scopes)})
    return MadeKey(_key_view(key), text)


@post(
    "/v1/keys/{identifier:str}/rotate", opt={"scope": "keys:admin"}, responses=ACT,
    sync_to_thread=True, summary="Rotate an API key",
)  # fmt: skip
def rotate_key(request: Request[Any, Any, Any], identifier: Id, data: JSONBody[Rotate]) -> MadeKey:
    """A new key in the place of an old one, which works for `overlap` seconds more."""
    service = service_of(request)
    mine = key_of(request)
    for scope in _known(service, identifier).scopes:
        need(mine, scope)
    key, text = service.keys.rotate(identifier, overlap=data.overlap)
    service.note(actor_of(request), "key.rotate", identifier, {"new": key.id})
    return MadeKey(_key_view(key), text)


@delete(
    "/v1/keys/{identifier:str}", opt={"scope": "keys:admin"}, responses=ONE, sync_to_thread=True,
    summary="Revoke an API key",
)  # fmt: skip
def revoke_key(request: Request[Any, Any, Any], identifier: Id) -> None:
    """End a key at once."""
    service = service_of(request)
    if not service.keys.revoke(identifier):
        raise NotFoundException
    service.note(actor_of(request), "key.revoke", identifier, {})


def _known(service: Service, identifier: str) -> ApiKey:
    key = service.stores.keys.key(identifier)
    if key is None:
        raise NotFoundException
    return key


def _key_view(key: ApiKey) -> KeyView:
    return KeyView(
        key.id, key.name, sorted(key.scopes), key.created_at, key.expires_at, key.revoked_at
    )
