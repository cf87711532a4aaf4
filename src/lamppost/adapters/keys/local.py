"""The key folder: master keys, shred secrets and the signing key in private files.

    keys/                mode 700, best on another disk than the database and not in its backups
      master.json        master keys (only with the local key service)
      shred.json         shred secrets by bucket, under a key that a master key wraps
      signing.key        Ed25519 seed that signs checkpoints and receipts
      signing.pub        its public half, hex; give a copy to whoever audits
      checkpoints.ndjson signed checkpoints of the audit chain

Back the folder up apart from the database, and replace that backup after each erasure: an old
copy of shred.json would open again what was erased.
"""

from __future__ import annotations

import os
import secrets
import threading
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lamppost.adapters.keys.files import locked, make_folder, read_private, write_private
from lamppost.cases.keys import BUCKETS, MasterKeys
from lamppost.core.errors import StoreError

NONCE = 12


class _Masters(msgspec.Struct, forbid_unknown_fields=True):
    keys: dict[str, bytes] = {}
    made: int = 0
    format: int = 1


class _Shreds(msgspec.Struct, forbid_unknown_fields=True):
    key: bytes = b""
    current: dict[str, str] = {}
    secrets: dict[str, bytes] = {}
    made: dict[str, int] = {}
    format: int = 1


class _Kept:
    """One private file, read again whenever another process has replaced it."""

    def __init__(self, path: Path, shape: type[Any]) -> None:
        self.path = path
        self._shape = shape
        self._stamp: tuple[int, int, int] | None = None
        self._value: Any = None
        self.changes = 0
        make_folder(path.parent)
        self.lock = path.parent / ".lock"

    def read(self) -> Any:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            if self._stamp is not None:
                raise StoreError(
                    "the key file is gone", where=str(self.path), hint="restore it"
                ) from None
            return self._shape()
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            try:
                self._value = msgspec.json.decode(read_private(self.path), type=self._shape)
            except msgspec.DecodeError:
                raise StoreError(
                    "the key file is damaged", where=str(self.path), hint="restore it"
                ) from None
            self._stamp = stamp
            self.changes += 1
        return self._value

    def write(self, value: Any) -> None:
        write_private(self.path, msgspec.json.format(msgspec.json.encode(value), indent=1))
        self._stamp = None
        self._value = None
        self.read()


class LocalKeyService:
    """`KeyService` with AES-256-GCM keys in a file of the key folder."""

    def __init__(self, folder: Path) -> None:
        self._file = _Kept(folder / "master.json", _Masters)

    def keys(self) -> list[str]:
        """Ids, oldest first."""
        return list(self._file.read().keys)

    def create(self) -> str:
        """Begin a new key."""
        with locked(self._file.lock):
            value: _Masters = self._file.read()
            number = value.made + 1
            name = f"mk{number}"
            keys = {**value.keys, name: secrets.token_bytes(32)}
            self._file.write(_Masters(keys=keys, made=number))
        return name

    def encrypt(self, key: str, plain: bytes, context: bytes) -> bytes:
        """Nonce, then AES-256-GCM."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._key(key)).encrypt(nonce, plain, context)

    def decrypt(self, key: str, sealed: bytes, context: bytes) -> bytes:
        """The inverse."""
        try:
            return AESGCM(self._key(key)).decrypt(sealed[:NONCE], sealed[NONCE:], context)
        except (InvalidTag, ValueError):
            raise StoreError("a wrapped key was changed or belongs elsewhere") from None

    def destroy(self, key: str) -> None:
        """Take a key out of the file and wipe the old file."""
        with locked(self._file.lock):
            value: _Masters = self._file.read()
            keys = {name: secret for name, secret in value.keys.items() if name != key}
            if len(keys) == len(value.keys):
                return
            self._file.write(_Masters(keys=keys, made=value.made))

    def _key(self, name: str) -> bytes:
        found = self._file.read().keys.get(name)
        if found is None:
            raise StoreError(
                f"master key {name!r} is not in the key folder",
                hint="restore the key folder that goes with this database",
            )
        return bytes(found)


class FileShredSecrets:
    """`ShredSecrets` in a file of the key folder, under a file key that a master key wraps."""

    def __init__(self, folder: Path, masters: MasterKeys) -> None:
        self._file = _Kept(folder / "shred.json", _Shreds)
        self._masters = masters
        self._open: dict[str, bytes] = {}
        self._cipher: AESGCM | None = None
        self._seen = 0
        self._turn = threading.RLock()

    def current(self, bucket: int) -> str:
        """Id in use."""
        return self._read().current[str(bucket)]

    def in_use(self, identifier: str) -> bool:
        """Whether it is the current one of its bucket."""
        bucket = identifier.removeprefix("s").partition(".")[0]
        return self._read().current.get(bucket) == identifier

    def secret(self, identifier: str) -> bytes:
        """The secret, unwrapped once per process."""
        value = self._read()
        kept = value.secrets.get(identifier)
        if kept is None:
            raise StoreError("its key was destroyed: what it closed is erased for good")
        found = self._open.get(identifier)
        if found is None:
            with self._turn:
                if self._cipher is None:
                    self._cipher = AESGCM(self._masters.unwrap(value.key, _FILE_KEY))
                found = self._open[identifier] = _opened(self._cipher, identifier, kept)
        return found

    def renew(self, bucket: int) -> str:
        """Begin a new secret."""
        self._read()  # begins the file, which takes the same lock
        with self._turn, locked(self._file.lock):
            value = self._read()
            number = value.made.get(str(bucket), 0) + 1
            name = f"s{bucket}.{number}"
            cipher = AESGCM(self._masters.unwrap(value.key, _FILE_KEY))
            self._file.write(
                msgspec.structs.replace(
                    value,
                    current={**value.current, str(bucket): name},
                    secrets={**value.secrets, name: _closed(cipher, name)},
                    made={**value.made, str(bucket): number},
                )
            )
        return name

    def old(self, bucket: int) -> list[str]:
        """Not current, not destroyed."""
        value = self._read()
        now = value.current[str(bucket)]
        return [
            name for name in value.secrets if name.startswith(f"s{bucket}.") and name != now
        ]  # fmt: skip

    def destroy(self, identifier: str) -> None:
        """Take a secret out of the file and wipe the old file."""
        self._read()  # begins the file, which takes the same lock
        with self._turn, locked(self._file.lock):
            value = self._read()
            if identifier in value.current.values():
                raise StoreError("a secret in use cannot be destroyed", hint="renew it first")
            kept = {name: item for name, item in value.secrets.items() if name != identifier}
            self._open.pop(identifier, None)
            if len(kept) != len(value.secrets):
                self._file.write(msgspec.structs.replace(value, secrets=kept))

    def rewrap(self) -> int:
        """Wrap the file key with the current master key."""
        self._read()  # begins the file, which takes the same lock
        with self._turn, locked(self._file.lock):
            value = self._read()
            if self._masters.wrapped_by(value.key) == self._masters.current:
                return 0
            plain = self._masters.unwrap(value.key, _FILE_KEY)
            key = self._masters.wrap(plain, _FILE_KEY)
            self._file.write(msgspec.structs.replace(value, key=key))
        return 1

    def _read(self) -> _Shreds:
        value: _Shreds = self._file.read()
        if not value.key:
            return self._begin()
        if self._seen != self._file.changes:
            with self._turn:
                self._seen = self._file.changes
                self._cipher = None
                self._open = {
                    name: item for name, item in self._open.items() if name in value.secrets
                }
        return value

    def _begin(self) -> _Shreds:
        """Every bucket gets its first secret at once."""
        with self._turn, locked(self._file.lock):
            value: _Shreds = self._file.read()
            if not value.key:
                plain = secrets.token_bytes(32)
                names = {str(bucket): f"s{bucket}.1" for bucket in range(BUCKETS)}
                cipher = AESGCM(plain)
                value = _Shreds(
                    key=self._masters.wrap(plain, _FILE_KEY),
                    current=names,
                    secrets={name: _closed(cipher, name) for name in names.values()},
                    made=dict.fromkeys(names, 1),
                )
                self._file.write(value)
        return value


_FILE_KEY = b"lamppost.shred.file.v1"


def _closed(cipher: AESGCM, name: str) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + cipher.encrypt(nonce, secrets.token_bytes(32), name.encode())


def _opened(cipher: AESGCM, name: str, kept: bytes) -> bytes:
    try:
        return cipher.decrypt(kept[:NONCE], kept[NONCE:], name.encode())
    except (InvalidTag, ValueError):
        raise StoreError("a shred secret is damaged", hint="restore the key folder") from None


class FileSigner:
    """`Signer` with its seed in the key folder; made on first use."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        path = folder / "signing.key"
        with locked(folder / ".lock"):
            if not path.exists():
                write_private(path, secrets.token_bytes(32))
        seed = read_private(path)
        if len(seed) != 32:
            raise StoreError("the signing key is damaged", where=str(path), hint="restore it")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = folder / "signing.pub"
        if not public.exists():
            write_private(public, self.public.hex().encode() + b"\n")

    @property
    def public(self) -> bytes:
        """Public key."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature."""
        return self._key.sign(message)
