"""The contact graph of a running service: rebuilt from the log, followed, asked.

It lives in memory only. It is folded from the log at the start, follows it from there, and is
built anew once a day, so that it never holds what retention or an erasure has taken from the log.
Each process of a service has its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from lamppost.core.errors import BusyError, LamppostError
from lamppost.events.vocabulary import Message
from lamppost.history.graph import ContactGraph, Network
from lamppost.history.ports import Ledger
from lamppost.protect.gate import Answer, Asked, Contacts, Gate, contacts_from
from lamppost.service.folding import Rules, decode

_log: Final = logging.getLogger("lamppost.service")
_KINDS: Final = ("account", "contact", "room", "message", "session", "user_report")
_AT_ONCE: Final = 5_000
_PAUSE: Final = 0.25
_ANEW: Final = 24 * 3600.0


class _Built:
    """A graph and how far in the log and the findings it has come."""

    def __init__(self) -> None:
        self.graph = ContactGraph()
        self.seq = 0
        self.found = 0


class ContactBook:
    """Answers of the gate over the graph of this service. `start` and `stop` are called once."""

    def __init__(self, ledger: Ledger, rules: Callable[[], Rules]) -> None:
        self._ledger = ledger
        self._rules = rules
        self._built: _Built | None = None
        self._gate: Gate | None = None
        self._named = ""
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="contacts", daemon=True)

    def start(self) -> None:
        """Begin to follow the log."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(15)

    @property
    def ready(self) -> bool:
        """Whether the log has been read to its end once."""
        return self._built is not None

    def check(self, questions: list[Asked]) -> list[Answer]:
        """Answer questions. Raises `BusyError` until the graph is there."""
        now = time.time_ns() // 1_000_000
        with self._lock:
            gate = self._in_force()
            return [gate.check(asked, now) for asked in questions]

    def network(self, account: str, most: int) -> Network | None:
        """What surrounds an account. Raises `BusyError` until the graph is there."""
        with self._lock:
            return self._in_force().graph.network(account, most=most)

    def forget(self, account: str) -> None:
        """Take an account out at once, after it was erased from the log."""
        with self._lock:
            if self._built is not None:
                self._built.graph.forget(account)

    def _in_force(self) -> Gate:
        """The gate under the policy that is live now."""
        built, rules = self._built, self._rules()
        if built is None:
            raise BusyError("the contact graph is being built", hint="ask again in a moment")
        gate = self._gate
        if gate is None or gate.graph is not built.graph or self._named != rules.name:
            contacts = self._read(rules)
            gate = self._gate = Gate(built.graph, contacts, name=f"policy {rules.name}")
            self._named = rules.name
        return gate

    @staticmethod
    def _read(rules: Rules) -> Contacts:
        return contacts_from(rules.policy.contacts, where=f"policy {rules.name}")

    # --- following the log ------------------------------------------------------------------

    def _follow(self) -> None:
        began = time.monotonic()
        making: _Built | None = _Built()
        while not self._ending.is_set():
            try:
                if making is not None:
                    if self._step(making, None):
                        continue
                    with self._lock:
                        self._built = making
                    making = None
                elif self._built is not None and self._step(self._built, self._lock):
                    continue
            except LamppostError as error:
                _log.error("the contact graph cannot follow the log: %s", error)
                self._ending.wait(2.0)
                continue
            if time.monotonic() - began > _ANEW:
                began = time.monotonic()
                making = _Built()
                continue
            self._ending.wait(_PAUSE)

    def _step(self, built: _Built, lock: threading.Lock | None) -> bool:
        """Fold a page of the log and of findings; returns whether there may be more."""
        rows = self._ledger.events(built.seq, _AT_ONCE, kinds=_KINDS)
        found = self._ledger.found(built.found, _AT_ONCE)
        events = [decode(row.body) for row in rows]
        for start in range(0, len(events), 200):  # short holds: somebody may be asking
            with lock or threading.Lock():
                for event in events[start : start + 200]:
                    if isinstance(event, Message) and event.deleted_at is not None:
                        continue
                    built.graph.apply(event)
        with lock or threading.Lock():
            for item in found:
                if not self._guards(built.graph, item.actor, item.target):
                    built.graph.note_level(item.actor, item.level)
        if rows:
            built.seq = rows[-1].seq
        if found:
            built.found = found[-1].number
        return bool(rows) or bool(found)

    @staticmethod
    def _guards(graph: ContactGraph, actor: str, target: str) -> bool:
        return graph.ties(actor, target).guardian
