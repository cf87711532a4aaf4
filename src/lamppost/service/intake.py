"""Take events in: read texts, keep the events without them, say so once they are durable.

Requests that wait together share one commit, and the states that earlier events changed are
written with it. What comes faster than it can be kept is refused with a time to come back, never
queued without bound.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

import msgspec
from opentelemetry import trace

from lamppost.cases.ports import SealedText, TextSealer
from lamppost.core.errors import BusyError, LamppostError, StoreError
from lamppost.core.levels import Level
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Account, Attachment, Event, Message, Room, UserReport
from lamppost.history.ports import (
    EVERYWHERE,
    Delivery,
    FoundRow,
    Ledger,
    NewEvent,
    Receipt,
    Rejected,
    Sealed,
)
from lamppost.pipeline import MAX_TEXT, Engine
from lamppost.service.folding import Folder, LoggedEvent, Rules, moment, person_from
from lamppost.service.metrics import Metrics
from lamppost.signals.reading import Line, Memory, Reading, TextReader
from lamppost.signals.recorded import UNREAD, record

GROUP: Final = 500
"""Events that are read together, at most (one request may be larger)."""
SLICE: Final = 200
"""Conversations whose state is written along with a group of events."""
IDLE_SLICE: Final = 500
SETTLE_SECONDS: Final = 3.0
"""While busy, states are written this long after they changed, but findings at once."""
QUIET_SECONDS: Final = 0.1
"""After so long without events, all states are written."""
_READY: Final = 4
_PLACES: Final = 100_000
_RETRY: Final = 5.0

_log: Final = logging.getLogger("lamppost.service")
_tracer: Final = trace.get_tracer("lamppost")
_encode: Final = msgspec.json.Encoder().encode


class Outcome(msgspec.Struct, frozen=True):
    """What became of a request: events kept, known before, lines set aside."""

    accepted: int
    duplicates: int
    quarantined: int


@dataclass(slots=True)
class Submission:
    """A request that waits. `done` is resolved once its events are durable."""

    events: list[Event]
    rejected: list[Rejected]
    done: Future[Outcome] = field(default_factory=Future)


def bare(event: Event, text: str) -> Event:
    """The event as it is kept: a record instead of its text, and no names."""
    if isinstance(event, Message):
        attachments = event.attachments
        if attachments:
            attachments = [
                Attachment(sha256=item.sha256, media_type=item.media_type, size=item.size)
                for item in attachments
            ]
        return msgspec.structs.replace(event, text=text, attachments=attachments)
    if isinstance(event, Account) and event.display_name is not None:
        return msgspec.structs.replace(event, display_name=None)
    if isinstance(event, UserReport) and event.reason is not None:
        return msgspec.structs.replace(event, reason=None)
    return event


def partition_of(conversation: str, partitions: int) -> int:
    """Which partition folds a conversation."""
    return zlib.crc32(conversation.encode()) % partitions


@dataclass(slots=True)
class _Group:
    """Requests that share a commit, read: their events without texts, and texts sealed."""

    submissions: list[Submission]
    kept: list[Event]
    sealed: list[Sealed]


class Intake:
    """Two threads: one reads texts, one writes and folds.

    `folder` folds in the writer's thread; without it, others follow the log.
    """

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        rules: Callable[[], Rules],
        metrics: Metrics,
        *,
        folder: Folder | None,
        reader: TextReader | None = None,
        partitions: int = 1,
        sealer: TextSealer | None = None,
        outbox: Callable[[Sequence[FoundRow]], Sequence[Delivery]] = lambda rows: (),
        most_waiting: int = 20_000,
    ) -> None:
        self._engine = engine
        self._reading = Reading(engine.library, reader if reader is not None else engine.reader)
        self._memory = Memory()
        self._ledger = ledger
        self._rules = rules
        self._metrics = metrics
        self._folder = folder
        self._partitions = partitions
        self._sealer = sealer
        self._outbox = outbox
        self._most = most_waiting
        self._queue: deque[Submission] = deque()
        self._ready: deque[_Group] = deque()
        self._waiting = 0
        self._signal = threading.Condition()
        self._stop = False
        self._read_all = False
        self._calls: deque[Callable[[], None]] = deque()
        self._retry_at = 0.0
        self._busy_at = 0.0
        self._clock = 0
        self._places: dict[str, str] = {}
        self.newest = 0
        self.refused = False
        self.fault: str | None = None
        self._threads = [
            threading.Thread(target=self._read_on, name="intake-reader", daemon=True),
            threading.Thread(target=self._write_on, name="intake-writer", daemon=True),
        ]

    def start(self) -> None:
        """Begin to work."""
        self.newest = self._ledger.newest()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what waits, write it, and end."""
        with self._signal:
            self._stop = True
            self._signal.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def waiting(self) -> int:
        """Events that wait to be kept."""
        return self._waiting

    def submit(self, events: list[Event], rejected: list[Rejected]) -> Future[Outcome]:
        """Hand over a request. Raises `BusyError` when too much waits already."""
        submission = Submission(events, rejected)
        with self._signal:
            if self._stop:
                raise BusyError("the service is stopping", hint="send again in a moment")
            if self._waiting and self._waiting + len(events) > self._most:
                self._metrics.refused.labels("pressure").inc(len(events))
                raise BusyError("too many events wait", hint="send again in a moment")
            self._queue.append(submission)
            self._waiting += len(events)
            self._signal.notify_all()
        return submission.done

    def call(self, what: Callable[[], None]) -> None:
        """Run something in the writer's thread, between two groups, and wait for it."""
        done: Future[None] = Future()

        def run() -> None:
            try:
                what()
                done.set_result(None)
            except Exception as error:
                done.set_exception(error)

        with self._signal:
            if self._stop:
                return
            self._calls.append(run)
            self._signal.notify_all()
        done.result()

    # --- the reader's thread ----------------------------------------------------------------

    def _read_on(self) -> None:
        while True:
            group: list[Submission] = []
            with self._signal:
                self._signal.wait_for(
                    lambda: (
                        (self._queue and len(self._ready) < _READY)
                        or (self._stop and not self._queue)
                    )
                )
                if not self._queue:
                    self._read_all = True
                    self._signal.notify_all()
                    return
                count = 0
                while self._queue and (not group or count < GROUP):
                    submission = self._queue.popleft()
                    count += len(submission.events)
                    group.append(submission)
            events = [event for submission in group for event in submission.events]
            try:
                with _tracer.start_as_current_span("read", attributes={"events": count}):
                    started = time.perf_counter()
                    kept, sealed = self._read(events)
                    self._metrics.read_seconds.observe(time.perf_counter() - started)
            except Exception as error:
                self._refuse(group, count, error)
                continue
            with self._signal:
                self._ready.append(_Group(group, kept, sealed))
                self._signal.notify_all()

    def _refuse(self, group: Sequence[Submission], count: int, error: Exception) -> None:
        fault = error if isinstance(error, LamppostError) else _fault(error)
        self._metrics.refused.labels("store").inc(count)
        with self._signal:
            self._waiting -= count
            self._signal.notify_all()
        for submission in group:
            submission.done.set_exception(fault)

    # --- the writer's thread ----------------------------------------------------------------

    def _write_on(self) -> None:
        while True:
            with self._signal:
                folder = self._folder
                if not self._ready and not self._calls and not self._read_all:
                    pending = folder is not None and folder.waiting
                    self._signal.wait(0.02 if pending else 1.0)
                groups = list(self._ready)
                self._ready.clear()
                calls = list(self._calls)
                self._calls.clear()
                ending = self._read_all and not groups
                self._signal.notify_all()
            for call in calls:
                call()
            if groups:
                self._take(groups)
                self._busy_at = time.monotonic()
            else:
                self._write(all_of_it=time.monotonic() - self._busy_at > QUIET_SECONDS)
            if self.fault is not None:
                self._mend()
            if ending:
                while self._folder is not None and self._folder.waiting and self.fault is None:
                    self._write(all_of_it=True)
                return

    def _take(self, groups: Sequence[_Group]) -> None:
        started = time.perf_counter()
        submissions = [item for group in groups for item in group.submissions]
        count = sum(len(item.events) for item in submissions)
        try:
            with _tracer.start_as_current_span("keep", attributes={"events": count}):
                logged = self._keep(groups, submissions)
        except Exception as error:
            self.refused = True
            self._refuse(submissions, count, error)
            return
        self.refused = False
        with self._signal:
            self._waiting -= count
            self._signal.notify_all()
        self._metrics.commit_seconds.observe(time.perf_counter() - started)
        if self._folder is not None and self.fault is None:
            self._fold(lambda folder: folder.fold(logged), len(logged))

    def _keep(
        self, groups: Sequence[_Group], submissions: Sequence[Submission]
    ) -> list[LoggedEvent]:
        now = self._clock = max(self._clock, time.time_ns() // 1_000_000)
        kept = [event for group in groups for event in group.kept]
        sealed = [item for group in groups for item in group.sealed]
        rejected = [item for submission in submissions for item in submission.rejected]
        folder = self._folder if self.fault is None else None
        change = None if folder is None else folder.change(most=SLICE, age=SETTLE_SECONDS)
        receipts, found = self._ledger.accept(
            [self._new(event) for event in kept],
            rejected,
            sealed,
            now,
            change,
            self._outbox,
            self._renewed,
        )
        if folder is not None and change is not None:
            folder.written()
            self._count(found)
        start = 0
        for submission in submissions:
            end = start + len(submission.events)
            fresh = sum(1 for receipt in receipts[start:end] if receipt.seq)
            start = end
            outcome = Outcome(fresh, len(submission.events) - fresh, len(submission.rejected))
            self._metrics.accepted.inc(fresh)
            self._metrics.duplicates.inc(outcome.duplicates)
            self._metrics.quarantined.inc(outcome.quarantined)
            submission.done.set_result(outcome)
        logged = [
            LoggedEvent(receipt.seq, receipt.known, event)
            for receipt, event in zip(receipts, kept, strict=True)
            if receipt.seq
        ]
        if logged:
            self.newest = logged[-1].seq
        return logged

    def _new(self, event: Event) -> NewEvent:
        body = _encode(event)
        stamp = 0
        if isinstance(event, Message):
            conversation = event.conversation_id
            name = f"message\x1f{conversation}\x1f{event.id}"
            if event.edited_at is not None or event.deleted_at is not None:
                stamp = max(to_ms(at) for at in (event.edited_at, event.deleted_at) if at)
        elif isinstance(event, Account):  # it updates: each one counts
            key = os.urandom(16)
            return NewEvent(key, 0, EVERYWHERE, "account", "", moment(event), body)
        else:
            kind = str(event.__struct_config__.tag)
            conversation = event.room_id if isinstance(event, Room) else ""
            name = f"{kind}\x1f{event.id}"
        key = hashlib.blake2b(name.encode(), digest_size=16).digest()
        partition = partition_of(conversation, self._partitions) if conversation else EVERYWHERE
        return NewEvent(
            key, stamp, partition, str(event.__struct_config__.tag), conversation, moment(event),
            body,
        )  # fmt: skip

    def _read(self, events: Sequence[Event]) -> tuple[list[Event], list[Sealed]]:
        """Events without their texts, and the texts to keep sealed."""
        rules = self._rules().policy
        self._learn(events)
        places = None if rules.reads_everywhere else self._countries(events)
        messages: list[Message] = []
        open_to_read: list[bool] = []
        for event in events:
            if isinstance(event, Message):
                messages.append(event)
                open_to_read.append(
                    places is None
                    or not event.text
                    or rules.basis(
                        event.surface,
                        {places.get(who, "") for who in (event.sender_id, *event.recipient_ids)},
                    )
                    is not None
                )
        texts = [
            message.text[:MAX_TEXT] if allowed else ""
            for message, allowed in zip(messages, open_to_read, strict=True)
        ]
        seen = self._reading.read(
            self._memory,
            [
                Line(message.conversation_id, message.sender_id, to_ms(message.sent_at), text)
                for message, text in zip(messages, texts, strict=True)
            ],
        )
        library = self._engine.library
        keep = rules.retention.text
        sealed: list[Sealed] = []
        kept: list[Event] = []
        index = 0
        for event in events:
            if not isinstance(event, Message):
                kept.append(bare(event, ""))
                continue
            reasons = seen[index]
            if not open_to_read[index]:
                self._metrics.unread.inc()
                kept.append(bare(event, UNREAD))
            else:
                kept.append(
                    bare(event, record(library, event.text, reasons, labelled=bool(event.labels)))
                )
                if (
                    self._sealer is not None
                    and event.text
                    and (keep == "all" or (keep == "evidence" and (reasons or event.labels)))
                ):
                    sealed.append(self._seal(self._sealer, event))
            index += 1
        return kept, sealed

    def _seal(self, sealer: TextSealer, event: Message) -> Sealed:
        moments = [to_ms(at) for at in (event.edited_at, event.deleted_at) if at]
        stamp = max(moments, default=0)
        name = about(event.conversation_id, event.id, stamp)
        made = sealer.seal(event.sender_id, name, event.text)
        return Sealed(
            event.conversation_id, event.id, stamp, event.sender_id,
            made.key_id, made.nonce, made.ciphertext,
        )  # fmt: skip

    def _renewed(self, rows: Sequence[Sealed]) -> Sequence[Sealed]:
        """The same texts, anew under today's secret where an erasure is about to destroy theirs.

        Silent failure prevented: words of others that were on their way would open no more.
        """
        sealer = self._sealer
        if sealer is None or all(sealer.in_use(key) for key in {row.key_id for row in rows}):
            return rows
        anew: list[Sealed] = []
        for row in rows:
            if sealer.in_use(row.key_id):
                anew.append(row)
                continue
            name = about(row.conversation, row.event, row.stamp)
            old = SealedText(row.key_id, row.nonce, row.ciphertext)
            made = sealer.seal(row.sender, name, sealer.open(row.sender, name, old))
            anew.append(
                msgspec.structs.replace(
                    row, key_id=made.key_id, nonce=made.nonce, ciphertext=made.ciphertext
                )
            )
        return anew

    def _learn(self, events: Sequence[Event]) -> None:
        """Remember countries at once: they count from the next message on, folded or not."""
        for event in events:
            if isinstance(event, Account) and event.country:
                if len(self._places) >= _PLACES:
                    self._places.clear()
                self._places[event.id] = event.country

    def _countries(self, events: Sequence[Event]) -> dict[str, str]:
        """Country of everybody in `events`, as far as known."""
        asked: set[str] = set()
        for event in events:
            if isinstance(event, Message):
                asked.update((event.sender_id, *event.recipient_ids))
        found = {name: self._places[name] for name in asked if name in self._places}
        unknown = [name for name in asked if name not in found]
        for name, data in self._ledger.people(unknown).items():
            found[name] = person_from(data).country
        return found

    # --- folding ----------------------------------------------------------------------------

    def _fold(self, what: Callable[[Folder], object], count: int) -> None:
        folder = self._folder
        assert folder is not None
        started = time.perf_counter()
        try:
            with _tracer.start_as_current_span("fold", attributes={"events": count}):
                what(folder)
        except Exception as error:
            self._broken(error)
            return
        self._metrics.scored.inc(count)
        self._metrics.fold_seconds.observe(time.perf_counter() - started)

    def _write(self, *, all_of_it: bool) -> None:
        """Write a part of what was folded: findings and what is due, or whatever there is."""
        folder = self._folder
        if folder is None or self.fault is not None or not folder.waiting:
            return
        started = time.perf_counter()
        try:
            change = folder.change(most=IDLE_SLICE, age=0.0 if all_of_it else SETTLE_SECONDS)
            if change is None:
                return
            with _tracer.start_as_current_span("write"):
                found = self._ledger.checkpoint(change, self._outbox)
            folder.written()
        except Exception as error:
            self._broken(error)
            return
        self._count(found)
        self._metrics.checkpoint_seconds.observe(time.perf_counter() - started)

    def _count(self, found: Sequence[FoundRow]) -> None:
        for row in found:
            self._metrics.findings.labels(Level(row.level).word).inc()

    def _mend(self) -> None:
        """The log is the truth: after a fault, begin again from what was written last."""
        folder = self._folder
        if folder is None or time.monotonic() < self._retry_at:
            return
        try:
            folder.start()
            self.fault = None
        except Exception as error:
            self._broken(error)

    def _broken(self, error: Exception) -> None:
        """Folding failed: say so, and begin again from the log later. Nothing accepted is lost."""
        fault = error if isinstance(error, LamppostError) else _fault(error)
        self.fault = str(fault)
        self._retry_at = time.monotonic() + _RETRY
        self._metrics.faults.inc()
        _log.error("folding failed and will be tried again: %s", fault)


def about(conversation: str, event: str, stamp: int) -> str:
    """What a sealed text is bound to."""
    return f"{conversation}\x1f{event}\x1f{stamp}"


def _fault(error: Exception) -> StoreError:
    """A fault of ours: its type, never its message, which may hold private text."""
    return StoreError(f"a fault inside Lamppost: {type(error).__name__}")


__all__ = ["Intake", "Outcome", "Receipt", "bare", "partition_of"]
