"""The contact graph and the account book of a service: rebuilt from the log, followed, asked.

It lives in memory only. It is folded from the log at the start, follows it from there, and is
built anew once a day, so that it never holds what retention or an erasure has taken from the log.
Each process of a service has its own. The log holds no text, so that the book does not see what
needs it: an age told in words, the same script sent to many.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from lamppost.core.errors import BusyError, LamppostError
from lamppost.events.vocabulary import Message
from lamppost.history.accounts import Book, follow
from lamppost.history.graph import ContactGraph, Network
from lamppost.history.ports import Ledger
from lamppost.protect.gate import Answer, Asked, Contacts, Gate, contacts_from
from lamppost.risk.accounts import Rates, measure
from lamppost.risk.children import count_flags
from lamppost.service.folding import Rules, decode

_log: Final = logging.getLogger("lamppost.service")
_KINDS: Final = (
    "account", "contact", "gift", "message", "profile", "room", "session", "user_report",
)  # fmt: skip
_AT_ONCE: Final = 5_000
_PAUSE: Final = 0.25
_ANEW: Final = 24 * 3600.0
_USUAL: Final = 60.0
"""Seconds, at least, after which it is measured anew what is usual among the accounts."""


class _Built:
    """A graph, a book, and how far in the log and the findings they have come."""

    def __init__(self, accounts: bool) -> None:
        self.graph = ContactGraph()
        self.book = Book() if accounts else None
        self.rates: Rates | None = None
        self.seq = 0
        self.found = 0


class Following:
    """Answers of the gate over the graph of this service. `start` and `stop` are called once.

    `accounts` says whether the behaviour of accounts is followed as well.
    """

    def __init__(
        self, ledger: Ledger, rules: Callable[[], Rules], *, accounts: bool = True
    ) -> None:
        self._accounts = accounts
        self._measured = 0.0
        self._ledger = ledger
        self._rules = rules
        self._built: _Built | None = None
        self._gate: Gate | None = None
        self._named = ""
        self._lock = threading.Lock()
        self._gone: set[str] = set()
        """Erased since a graph began to be built, which may have read them before."""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="following", daemon=True)

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
                if self._built.book is not None:
                    self._built.book.forget(account)
            self._gone.add(account)

    @contextlib.contextmanager
    def followed(self) -> Iterator[tuple[Book, Rates] | None]:
        """The book and what is usual in it, held still while it is used; None until it is there.

        Keep it short: the gate waits meanwhile.
        """
        with self._lock:
            built = self._built
            if built is None or built.book is None or built.rates is None:
                yield None
            else:
                yield built.book, built.rates

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
        making: _Built | None = _Built(self._accounts)
        while not self._ending.is_set():
            try:
                if making is not None:
                    if self._step(making, None):
                        continue
                    self._measure(making)
                    with self._lock:
                        for account in self._gone:
                            making.graph.forget(account)
                            if making.book is not None:
                                making.book.forget(account)
                        self._built = making
                        self._gone.clear()
                    making = None
                elif self._built is not None and self._step(self._built, self._lock):
                    continue
                elif self._built is not None and time.monotonic() > self._measured:
                    self._measure(self._built)
            except LamppostError as error:
                _log.error("the contact graph cannot follow the log: %s", error)
                self._ending.wait(2.0)
                continue
            if time.monotonic() - began > _ANEW:
                began = time.monotonic()
                making = _Built(self._accounts)
                continue
            self._ending.wait(_PAUSE)

    def _measure(self, built: _Built) -> None:
        """Measure what is usual, at most a twentieth of the time: only this thread writes."""
        began = time.monotonic()
        if built.book is not None:
            book = msgspec.structs.replace(built.book, accounts=dict(built.book.accounts))
            rates = measure(book)
            count_flags(book, rates)
            built.rates = rates
        ended = time.monotonic()
        self._measured = ended + max(_USUAL, 20 * (ended - began))

    def _step(self, built: _Built, lock: threading.Lock | None) -> bool:
        """Fold a page of the log and of findings; returns whether there may be more."""
        rows = self._ledger.events(built.seq, _AT_ONCE, kinds=_KINDS)
        found = self._ledger.found(built.found, _AT_ONCE)
        events = [decode(row.body) for row in rows]
        for start in range(0, len(events), 200):  # short holds: somebody may be asking
            with lock or threading.Lock():
                for event in events[start : start + 200]:
                    if built.book is not None:
                        explicit = isinstance(event, Message) and "sexual" in event.labels
                        follow(built.book, event, explicit=explicit)
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
