"""The file of checkpoints: one signed line per act, outside the database, only ever added to.

About 320 bytes a line. `chattr +a` on the file, or a folder of another machine, makes it harder
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
        """Add one line, on a line of its own also after one that a power cut tore."""
        make_folder(self.path.parent)
        start = b"\n" if self._torn() else b""
        append_private(self.path, start + msgspec.json.encode(mark) + b"\n")

    def _torn(self) -> bool:
        try:
            with self.path.open("rb") as file:
                if not file.seek(0, os.SEEK_END):
                    return False
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _failed(self.path, error) from None

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
        marks = [_mark(line) for line in lines[1 if start else 0 :] if _whole(line)]
        return max(marks, key=lambda mark: mark.size, default=None)

    def read(self) -> list[Checkpoint]:
        """All lines; a damaged one as a checkpoint with no signature.

        A line without an end was torn by a power cut and is passed over: whoever tears lines on
        purpose gains no more than by removing them.
        """
        try:
            if self.path.exists():
                check_private(self.path)
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _failed(self.path, error) from None
        return [_mark(line) for line in lines if _whole(line)]


def _whole(line: bytes) -> bool:
    return line.strip().endswith(b"}")


def _mark(line: bytes) -> Checkpoint:
    try:
        return msgspec.json.decode(line, type=Checkpoint)
    except msgspec.DecodeError:
        return Checkpoint(0, "", "", 0)


def _failed(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be read: {(error.strerror or 'refused').lower()}", where=str(path)
    )  # fmt: skip
