"""A file, a folder or a zip archive, read safely and as a stream.

Guards: entries that would leave the archive (zip slip), links, encrypted entries, archives
that unpack to far more than they weigh (zip bombs) and nested archives are refused with a
clear error. Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from lamppost.core.errors import ExportError

MAX_ENTRIES: Final = 200_000
MAX_RATIO: Final = 200
MAX_UNPACKED: Final = 64 * 1024**3
SMALL: Final = 16 * 1024**2
"""Below this size an entry's compression ratio does not matter."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a source: its `/`-separated path inside the source, and its size in bytes."""

    path: str
    size: int

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rsplit("/", 1)[-1]


class Source:
    """What the person pointed at. Use `entries()`, `open()` and `head()`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise ExportError("does not exist", where=str(path), hint="check the path")
        self._archive: zipfile.ZipFile | None = None
        self._entries: dict[str, Entry] = {}
        self.on_progress: Callable[[int], None] = lambda bytes_read: None
        if path.is_dir():
            self.kind = "folder"
            self._list_folder()
        elif zipfile.is_zipfile(path):
            self.kind = "zip"
            self._list_archive()
        else:
            self.kind = "file"
            self._entries[path.name] = Entry(path.name, path.stat().st_size)
            if path.suffix.lower() == ".zip":
                raise ExportError(
                    "is named .zip but is not a complete zip archive",
                    where=path.name,
                    hint="download the export again",
                )

    def _list_folder(self) -> None:
        for file in sorted(self.path.rglob("*")):
            if file.is_symlink() or not file.is_file():
                continue
            name = file.relative_to(self.path).as_posix()
            self._entries[name] = Entry(name, file.stat().st_size)
            if len(self._entries) > MAX_ENTRIES:
                raise ExportError(
                    f"holds more than {MAX_ENTRIES} files",
                    where=self.path.name,
                    hint="point at the folder of the chat export itself",
                )

    def _list_archive(self) -> None:
        where = self.path.name
        try:
            archive = zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise ExportError(
                "is a damaged zip archive", where=where, hint="download the export again"
            ) from error
        self._archive = archive
        total = 0
        infos = archive.infolist()
        if len(infos) > MAX_ENTRIES:
            raise ExportError(f"holds more than {MAX_ENTRIES} entries", where=where)
        for info in infos:
            if info.is_dir():
                continue
            name = info.filename.replace("\\", "/")
            parts = PurePosixPath(name).parts
            if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
                raise ExportError(
                    "an entry points outside the archive",
                    where=where,
                    hint="do not trust this file; ask for the original export",
                )
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                continue  # a link is never followed
            if info.flag_bits & 0x1:
                raise ExportError(
                    "is encrypted", where=where, hint="unpack it with its password first"
                )
            total += info.file_size
            ratio = info.file_size / max(info.compress_size, 1)
            if (info.file_size > SMALL and ratio > MAX_RATIO) or total > MAX_UNPACKED:
                raise ExportError(
                    "would unpack to far more than it weighs",
                    where=where,
                    hint="this looks like a zip bomb; do not open it",
                )
            self._entries[name] = Entry(name, info.file_size)

    @property
    def label(self) -> str:
        """Name for messages: the last part of the path."""
        return self.path.name

    @property
    def size(self) -> int:
        """Bytes of all entries together, unpacked."""
        return sum(entry.size for entry in self._entries.values())

    def entries(self, suffix: str = "") -> list[Entry]:
        """Files in path order, optionally only those whose lower-case path ends in `suffix`."""
        return [
            entry
            for _, entry in sorted(self._entries.items())
            if entry.path.lower().endswith(suffix)
        ]

    def has(self, path: str) -> bool:
        """Whether an entry with exactly this path exists."""
        return path in self._entries

    def size_of(self, path: str) -> int:
        """Bytes of an entry, unpacked; raises `KeyError` if there is none."""
        return self._entries[path].size

    def open(self, entry: Entry | str) -> IO[bytes]:
        """Open an entry for reading bytes; the caller closes it.

        Reading past the size that the archive declared, or a damaged entry, raises `ExportError`.
        """
        path = entry if isinstance(entry, str) else entry.path
        where = f"{self.label}: {path}" if self.kind != "file" else self.label
        raw: IO[bytes]
        try:
            if self._archive is not None:
                raw = self._archive.open(self._raw_name(path))
            elif self.kind == "folder":
                raw = (self.path / path).open("rb")
            else:
                raw = self.path.open("rb")
        except (OSError, KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise ExportError("cannot be opened", where=where) from error
        counted = _Counted(raw, self._entries[path].size, where, self)
        return cast(IO[bytes], io.BufferedReader(counted, buffer_size=1 << 18))

    def _raw_name(self, path: str) -> str:
        assert self._archive is not None
        names = self._archive.NameToInfo
        return path if path in names else path.replace("/", "\\")

    def head(self, entry: Entry | str, size: int = 8192) -> bytes:
        """First bytes of an entry; empty when it cannot be read (sniffing never fails)."""
        progress, self.on_progress = self.on_progress, lambda bytes_read: None
        try:
            with self.open(entry) as file:
                return file.read(size)
        except ExportError:
            return b""
        finally:
            self.on_progress = progress

    def lines(self, entry: Entry | str) -> Iterator[bytes]:
        """Lines of an entry, with their newline."""
        with self.open(entry) as file:
            yield from file

    def close(self) -> None:
        """Close the archive, if any."""
        if self._archive is not None:
            self._archive.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Counted(io.RawIOBase):
    """Raw reader that counts bytes, reports progress and stops at the declared size."""

    def __init__(self, raw: IO[bytes], declared: int, where: str, source: Source) -> None:
        self._raw = raw
        self._left = declared
        self._where = where
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._raw.read(len(buffer))
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
            raise ExportError(
                "is damaged or truncated", where=self._where, hint="download the export again"
            ) from error
        except Exception as error:  # zlib.error and lzma errors share no base class
            raise ExportError(
                "cannot be unpacked", where=self._where, hint="download the export again"
            ) from error
        size = len(data)
        self._left -= size
        if self._left < 0 and self._source.kind == "zip":
            raise ExportError(
                "unpacks to more than it declares", where=self._where, hint="do not open this file"
            )
        if size:
            self._source.on_progress(size)
        buffer[:size] = data
        return size

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
