"""Erase accounts on request, one at a time, beside everything else the service does.

A request is kept first and done then: a kill in between loses nothing, since every step of an
erasure may be repeated.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec

from lamppost.cases.erasure import Eraser
from lamppost.cases.ports import ErasureRow, ErasureStore
from lamppost.core.errors import LamppostError, PolicyError

_log: Final = logging.getLogger("lamppost.service")
_PAUSE: Final = 5.0
_RETRY: Final = 30.0


class Erasing:
    """Takes requests for erasure and does them; `forget` is told of each account that is gone."""

    def __init__(
        self,
        eraser: Eraser,
        store: ErasureStore,
        forget: Callable[[str], object] = lambda account: None,
    ) -> None:
        self._eraser = eraser
        self._forget = forget
        self._store = store
        self._asked = threading.Event()

    def ask(self, *, account: str, person: str, reason: str) -> ErasureRow:
        """Keep a request. Raises `PolicyError` at once while a legal hold is in force."""
        self._eraser.not_held(person, account)
        row = self._store.ask(
            ErasureRow(f"era_{secrets.token_hex(8)}", account, person, reason, "waiting", _now())
        )
        self._asked.set()
        return row

    def run(self, ending: threading.Event) -> None:
        """Do what waits, until the end."""
        while not ending.is_set():
            self._asked.clear()
            try:
                waiting = self._store.list(state="waiting")
                for row in waiting:
                    self._do(row)
            except LamppostError as error:
                _log.error("an erasure failed and will be tried again: %s", error)
                ending.wait(_RETRY)
            except Exception as error:
                _log.error("an erasure failed and will be tried again: %s", type(error).__name__)
                ending.wait(_RETRY)
            self._asked.wait(_PAUSE)

    def end(self) -> None:
        """Wake up, to see that it is the end."""
        self._asked.set()

    def _do(self, row: ErasureRow) -> None:
        try:
            receipt = self._eraser.erase(person=row.person, subject=row.account, reason=row.reason)
        except PolicyError as error:
            done = msgspec.structs.replace(
                row, state="refused", ended_at=_now(), detail=error.message
            )
        else:
            self._forget(row.account)
            text = msgspec.json.encode(receipt).decode()
            done = msgspec.structs.replace(row, state="done", ended_at=_now(), receipt=text)
        self._store.settle(done)


def _now() -> int:
    return time.time_ns() // 1_000_000
