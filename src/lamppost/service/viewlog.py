"""Who looked at what over the API, gathered and written into the audit chain every few seconds.

A key may read hundreds of times a second, and a row of the chain is made durable on its own, so
reads of one key and kind within `SECONDS` share a row: how many, and which paths. A kill loses
those of the last seconds. What a person opens in the vault is never gathered: it is written
before it is shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

SECONDS: Final = 5.0
PATHS: Final = 100
"""Most paths that a row names; the count goes on."""
_MOST: Final = 10_000

Write = Callable[[str, str, str, Mapping[str, Any]], None]


class ViewLog:
    """Gathers reads; `write` takes actor, act, subject and details."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._seen: dict[tuple[str, str, str], tuple[int, dict[str, None]]] = {}
        self._turn = threading.Lock()

    def saw(self, actor: str, subject: str, path: str, *, search: bool) -> None:
        """Note one read. Beyond a bound of keys and kinds it is written at once."""
        name = (actor, "search" if search else "view", subject)
        with self._turn:
            count, paths = self._seen.get(name, (0, {}))
            if len(paths) < PATHS:
                paths[path[:256]] = None
            self._seen[name] = (count + 1, paths)
            full = len(self._seen) > _MOST
        if full:
            self.flush()

    def flush(self) -> int:
        """Write what was gathered; returns how many rows. Kept when it cannot be written."""
        with self._turn:
            gathered, self._seen = self._seen, {}
        done = 0
        try:
            for (actor, act, subject), (count, paths) in list(gathered.items()):
                self._write(actor, act, subject, {"count": count, "paths": list(paths)})
                del gathered[actor, act, subject]
                done += 1
        finally:
            if gathered:
                with self._turn:
                    for name, (count, paths) in gathered.items():
                        more, others = self._seen.get(name, (0, {}))
                        self._seen[name] = (count + more, {**paths, **others})
        return done
