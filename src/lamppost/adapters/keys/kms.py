"""Master keys in a key service: the port to one, and what Lamppost makes of it.

An operator's service is joined by a class with the four methods of `KeyService`; the key never
leaves it, only data keys of 32 bytes go there and back. `local.LocalKeyService` keeps keys in a
file on this machine.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from lamppost.core.errors import StoreError


class KeyService(Protocol):
    """Port to a key service. Raises `StoreError` when it cannot or will not."""

    def keys(self) -> list[str]:
        """Ids of the keys that can decrypt, oldest first; the last one encrypts."""
        ...

    def create(self) -> str:
        """Begin a new key; returns its id."""
        ...

    def encrypt(self, key: str, plain: bytes, context: bytes) -> bytes:
        """Authenticated encryption, bound to `context`."""
        ...

    def decrypt(self, key: str, sealed: bytes, context: bytes) -> bytes:
        """The inverse."""
        ...

    def destroy(self, key: str) -> None:
        """Destroy a key for good."""
        ...


class _Wrapped(msgspec.Struct, array_like=True, frozen=True):
    master: str
    sealed: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Wrapped).decode


class ServiceMasterKeys:
    """`MasterKeys` over a key service."""

    def __init__(self, service: KeyService) -> None:
        self._service = service
        if not service.keys():
            service.create()

    @property
    def current(self) -> str:
        """Id of the key in use."""
        return self._service.keys()[-1]

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Wrap with the current key; the id goes with it."""
        master = self.current
        return _encode(_Wrapped(master, self._service.encrypt(master, key, context)))

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap with the key that wrapped it."""
        read = self._read(wrapped)
        return self._service.decrypt(read.master, read.sealed, context)

    def wrapped_by(self, wrapped: bytes) -> str:
        """Id of the key that wrapped it."""
        return self._read(wrapped).master

    def rotate(self) -> str:
        """Begin a new key."""
        return self._service.create()

    def retire(self) -> list[str]:
        """Destroy every key but the current one."""
        gone = self._service.keys()[:-1]
        for key in gone:
            self._service.destroy(key)
        return gone

    @staticmethod
    def _read(wrapped: bytes) -> _Wrapped:
        try:
            return _decode(wrapped)
        except msgspec.DecodeError:
            raise StoreError("a wrapped key is damaged", hint="restore it from a backup") from None
