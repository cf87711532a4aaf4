"""Where what was compiled or computed once is kept."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder for it: `$LAMPPOST_CACHE`, else the user's cache folder."""
    base = os.environ.get("LAMPPOST_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lamppost"
