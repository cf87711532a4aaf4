"""The file of checkpoints: one signed line per act, outside the database, only ever added to.

About 280 bytes a line. `chattr +a` on the file, or a folder of another machine, makes it harder
to shorten.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from lamppost.adapters.keys.files import append_private, check_private, make_folder
from lamppost.cases.audit import Checkpoint
from lamppost.core.errors import StoreError

_TAIL = 1 << 16


class CheckpointFile:
    """`Anchor` over a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, mark: Checkpoint) -> None:
        """Add one line."""
        make_folder(self.path.parent)
        append_private(self.path, msgspec.json.encode(mark) + b"\n")

    def newest(self) -> Checkpoint | None:
        """The one that knows most rows among the last lines (writers may overtake each other)."""
        try:
            with self.path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                start = file.seek(max(0, end - _TAIL))
                lines = file.read().splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(self.path, error) from None
        marks = [_mark(line) for line in lines[1 if start else 0 :] if line.strip()]
        return max(marks, key=lambda mark: mark.size, default=None)

    def read(self) -> list[Checkpoint]:
        """All lines; a damaged one as a checkpoint with no signature."""
        try:
            if self.path.exists():
                check_private(self.path)
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _failed(self.path, error) from None
        return [_mark(line) for line in lines if line.strip()]


def _mark(line: bytes) -> Checkpoint:
    try:
        return msgspec.json.decode(line, type=Checkpoint)
    except msgspec.DecodeError:
        return Checkpoint(0, "", "", 0)


def _failed(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be read: {(error.strerror or 'refused').lower()}", where=str(path)
    )  # fmt: skip
