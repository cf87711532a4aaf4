"""What was compiled or computed once and is kept: databases, atoms, vectors.

Names carry a digest of all that went in, so a stale file is never read.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

KEPT: Final = 24
"""Files kept of each kind; those longest unused go."""


def cache_folder() -> Path:
    """The folder for it: `$LAMPPOST_CACHE`, else the user's cache folder."""
    base = os.environ.get("LAMPPOST_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lamppost"


def load(name: str, folder: Path | None = None) -> bytes | None:
    """What is kept under `name`; `None` when nothing is."""
    path = (folder or cache_folder()) / name
    with contextlib.suppress(OSError):
        data = path.read_bytes()
        path.touch()
        return data
    return None


def save(name: str, data: bytes, folder: Path | None = None) -> None:
    """Keep `data` under `name`, whole or not at all; a folder that cannot be written is let be."""
    path = (folder or cache_folder()) / name
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(path)
        kind = name.split("-")[0]
        kept = sorted(path.parent.glob(f"{kind}-*"), key=lambda item: -item.stat().st_mtime)
        for old in kept[KEPT:]:
            old.unlink(missing_ok=True)
