"""Private files: only their owner reads them, a write is whole or not at all, old bytes are wiped.

Wiping overwrites in place. On flash, copy-on-write and snapshotted disks older bytes may stay:
use an encrypted disk under the key folder.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lamppost.core.errors import PolicyError, StoreError

try:
    import fcntl
except ImportError:  # Windows: one process writes
    fcntl = None  # type: ignore[assignment]


def check_private(path: Path) -> None:
    """Raises `PolicyError` when anyone but the owner may read or write a file or folder."""
    try:
        found = path.stat()
    except OSError as error:
        raise _failed(path, error) from None
    if os.name == "posix":
        if found.st_uid not in (os.geteuid(), 0):
            raise PolicyError(
                "belongs to another user", where=str(path), hint="chown it to the service's user"
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            wanted = "700" if stat.S_ISDIR(found.st_mode) else "600"
            raise PolicyError(
                f"others may use it (mode {stat.S_IMODE(found.st_mode):03o})",
                where=str(path),
                hint=f"chmod {wanted} {path}",
            )


def read_private(path: Path) -> bytes:
    """Contents. Raises `PolicyError` when others may read it, `StoreError` when it cannot be."""
    check_private(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise _failed(path, error) from None


def make_folder(path: Path) -> None:
    """A folder that only its owner can enter."""
    try:
        for folder in (*reversed(path.parents), path):  # parents=True would leave them open
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _failed(path, error) from None
    check_private(path)


def write_private(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file, durably; then wipe what was there."""
    new = path.with_name(f".{path.name}.new")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        old = path.open("r+b") if path.exists() else None
        try:
            new.replace(path)
            sync_folder(path.parent)
            if old is not None:
                _wipe(old.fileno())
        finally:
            if old is not None:
                old.close()
    except OSError as error:
        raise _failed(path, error) from None


def append_private(path: Path, line: bytes) -> None:
    """Add a line, durably, after whatever another process adds."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.write(handle, line)
            if size != len(line):
                raise StoreError("the disk is full", where=str(path))
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _failed(path, error) from None


def sync_folder(path: Path) -> None:
    """Make names in a folder durable."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone among the processes that lock the same file."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _wipe(handle: int) -> None:
    size = os.fstat(handle).st_size
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, bytes(size))
    os.fsync(handle)


def _failed(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be used: {(error.strerror or 'refused').lower()}", where=str(path)
    )  # fmt: skip
