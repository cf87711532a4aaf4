"""The secret of a service: 32 bytes outside the database, from which its other keys are derived.

It is the file `secret` in the data folder (mode 600), or `LAMPPOST_SECRET` (64 hexadecimal
digits) when several machines share one database.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lamppost.core.errors import StoreError, UsageError

VARIABLE: Final = "LAMPPOST_SECRET"


class Secrets:
    """Keys derived from one secret, each for one purpose."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._box = AESGCM(self.derive("webhook secrets"))

    def derive(self, purpose: str) -> bytes:
        """32 bytes for a purpose."""
        return hmac.new(self._root, f"lamppost/{purpose}".encode(), hashlib.sha256).digest()

    def seal(self, about: str, plain: bytes) -> bytes:
        """Encrypt a small secret for the store, bound to what it is about."""
        nonce = secrets.token_bytes(12)
        return nonce + self._box.encrypt(nonce, plain, about.encode())

    def open(self, about: str, sealed: bytes) -> bytes:
        """Decrypt; raises `StoreError` when the service's secret is another one."""
        try:
            return self._box.decrypt(sealed[:12], sealed[12:], about.encode())
        except (InvalidTag, ValueError):
            raise StoreError(
                "cannot be opened with this service's secret", hint="restore the file `secret`"
            ) from None


def load_secrets(folder: Path, environ: Mapping[str, str] = os.environ) -> Secrets:
    """The secret of a data folder, made on first use. Raises `UsageError` for a wrong one."""
    text = environ.get(VARIABLE)
    if text:
        try:
            root = bytes.fromhex(text)
        except ValueError:
            root = b""
        if len(root) < 32:
            raise UsageError("is not 64 hexadecimal digits", where=VARIABLE)
        return Secrets(root)
    path = folder / "secret"
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
    try:
        root = bytes.fromhex(path.read_text().strip())
    except ValueError:
        root = b""
    if len(root) != 32:
        raise UsageError("is damaged", where=str(path), hint="restore it from a backup")
    return Secrets(root)
