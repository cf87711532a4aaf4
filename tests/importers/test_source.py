"""Files, folders and archives are read safely."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from lamppost.core.errors import ExportError
from lamppost.importers.source import Source

from .exports import zipped


def test_missing_path() -> None:
    with pytest.raises(ExportError, match="does not exist"):
        Source(Path("/nowhere/at/all.zip"))


def test_file_folder_and_zip_give_the_same_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.txt").write_bytes(b"hello")
    archive = zipped(tmp_path / "export.zip", {"a/b.txt": b"hello"})
    for path, name in ((folder, "a/b.txt"), (archive, "a/b.txt"), (folder / "a/b.txt", "b.txt")):
        with Source(path) as source:
            assert [entry.path for entry in source.entries()] == [name]
            assert source.entries()[0].name == "b.txt"
            with source.open(name) as file:
                assert file.read() == b"hello"
            assert source.head(name, 2) == b"he"
            assert source.size == 5
            assert source.has(name)
            assert not source.has("c")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil.txt", "/etc/passwd", "..\\evil.txt", "C:\\evil.txt"]
)
def test_zip_slip_is_refused(name: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "slip.zip", {"ok.txt": b"x", name: b"evil"})
    with pytest.raises(ExportError, match="outside the archive"):
        Source(path)


def test_zip_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"zeros.json": b"\x00" * (32 * 1024**2)})
    with pytest.raises(ExportError, match="far more than it weighs"):
        Source(path)


def test_zip_that_lies_about_its_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "liar.zip", {"a.txt": b"A" * 100_000})
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 24, 10)  # uncompressed size
    path.write_bytes(bytes(data))
    with Source(path) as source, source.open("a.txt") as file, pytest.raises(ExportError):
        file.read()


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamppost.importers.source.MAX_ENTRIES", 3)
    path = zipped(tmp_path / "many.zip", {f"{index}.txt": b"" for index in range(5)})
    with pytest.raises(ExportError, match="more than"):
        Source(path)
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(5):
        (folder / f"{index}.txt").touch()
    with pytest.raises(ExportError, match="more than"):
        Source(folder)


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip", {"a.txt": b"secret"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    central = data.rindex(b"PK\x01\x02")
    data[central + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ExportError, match="encrypted"):
        Source(path)


def test_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("passwd.txt")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("ok.txt", "fine")
    with Source(path) as source:
        assert [entry.path for entry in source.entries()] == ["ok.txt"]


def test_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "private.txt").write_text("private")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "ok.txt").write_text("fine")
    (folder / "file-link.txt").symlink_to(outside / "private.txt")
    (folder / "folder-link").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    with Source(folder) as source:
        assert [entry.path for entry in source.entries()] == ["ok.txt"]


def test_nested_zip_is_an_entry_and_is_not_unpacked(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"../evil.txt": b"x", "a.txt": b"y"}).read_bytes()
    path = zipped(tmp_path / "outer.zip", {"inner.zip": inner})
    with Source(path) as source:
        assert [entry.path for entry in source.entries()] == ["inner.zip"]
        assert source.head("inner.zip", 2) == b"PK"


def test_renamed_text_file_is_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "chat.zip"
    path.write_text("only text")
    with pytest.raises(ExportError, match="not a complete zip"):
        Source(path)


def test_zip_under_another_name_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "export.zip", {"a.txt": b"x"}).rename(tmp_path / "export.bin")
    with Source(path) as source:
        assert source.kind == "zip"


def test_truncated_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "cut.zip", {"a.txt": b"x" * 1000})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ExportError, match="zip"):
        Source(path)


def test_damaged_entry(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bad.zip", {"a.txt": bytes(range(256)) * 100})
    data = bytearray(path.read_bytes())
    data[45:80] = bytes(35)
    path.write_bytes(bytes(data))
    with Source(path) as source:
        assert source.head("a.txt") == b""
        with pytest.raises(ExportError), source.open("a.txt") as file:
            file.read()


def test_progress_counts_bytes_but_not_heads(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 1000)
    with Source(path) as source:
        seen: list[int] = []
        source.on_progress = seen.append
        source.head("a.txt")
        assert seen == []
        with source.open("a.txt") as file:
            file.read()
        assert sum(seen) == 1000


def test_backslash_names_are_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = "json\\chat.json"
        archive.writestr(info, "{}")
    with Source(path) as source, source.open("json/chat.json") as file:
        assert file.read() == b"{}"
