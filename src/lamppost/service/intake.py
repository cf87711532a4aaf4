"""Take events in: read texts, keep the events without them, say so once they are durable.

One thread reads, writes and folds. Requests that wait together share one commit. What comes
faster than it can be kept is refused with a time to come back, never queued without bound.
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

from lamppost.cases.ports import TextSealer
from lamppost.core.errors import BusyError, LamppostError, StoreError
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Account, Attachment, Event, Message, Room, UserReport
from lamppost.history.ports import (
    EVERYWHERE,
    Ledger,
    NewEvent,
    Receipt,
    Rejected,
    Sealed,
)
from lamppost.pipeline import MAX_TEXT, Engine
from lamppost.service.folding import Folder, LoggedEvent, Rules, moment, person_from
from lamppost.service.metrics import Metrics
from lamppost.signals.recorded import UNREAD, record

GROUP: Final = 2_000
"""Events that share one commit, at most (one request may be larger)."""
CHECKPOINT_EVENTS: Final = 1_500
CHECKPOINT_SECONDS: Final = 0.25
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


class Intake:
    """The writer. `folder` folds in the same thread; without it, others follow the log."""

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        rules: Callable[[], Rules],
        metrics: Metrics,
        *,
        folder: Folder | None,
        partitions: int = 1,
        sealer: TextSealer | None = None,
        most_waiting: int = 20_000,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._rules = rules
        self._metrics = metrics
        self._folder = folder
        self._partitions = partitions
        self._sealer = sealer
        self._most = most_waiting
        self._queue: deque[Submission] = deque()
        self._waiting = 0
        self._signal = threading.Condition()
        self._stop = False
        self._calls: deque[Callable[[], None]] = deque()
        self._written = time.monotonic()
        self._clock = 0
        self.fault: str | None = None
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, write it, and end."""
        with self._signal:
            self._stop = True
            self._signal.notify()
        self._thread.join()

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
                raise BusyError("too many events wait", hint="send again in a moment")
            self._queue.append(submission)
            self._waiting += len(events)
            self._signal.notify()
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
            self._signal.notify()
        done.result()

    # --- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            group: list[Submission] = []
            with self._signal:
                folder = self._folder
                if not self._queue and not self._calls and not self._stop:
                    pending = folder is not None and folder.waiting
                    self._signal.wait(0.01 if pending else 1.0)
                count = 0
                while self._queue and (not group or count < GROUP):
                    submission = self._queue.popleft()
                    count += len(submission.events)
                    group.append(submission)
                calls = list(self._calls)
                self._calls.clear()
                ending = self._stop and not self._queue and not group
            for call in calls:
                call()
            if group:
                self._take(group, count)
            self._fold_on(idle=not group)
            if ending:
                self._write(force=True)
                return

    def _take(self, group: Sequence[Submission], count: int) -> None:
        started = time.perf_counter()
        try:
            with _tracer.start_as_current_span("intake", attributes={"events": count}):
                logged = self._keep(group)
        except Exception as error:
            fault = error if isinstance(error, LamppostError) else _fault(error)
            self._metrics.refused.labels("store").inc(count)
            for submission in group:
                submission.done.set_exception(fault)
            return
        finally:
            with self._signal:
                self._waiting -= count
        self._metrics.commit_seconds.observe(time.perf_counter() - started)
        if self._folder is not None and self.fault is None:
            self._fold(lambda folder: folder.fold(logged), len(logged))

    def _keep(self, group: Sequence[Submission]) -> list[LoggedEvent]:
        now = self._clock = max(self._clock, time.time_ns() // 1_000_000)
        events = [event for submission in group for event in submission.events]
        kept, sealed = self._read(events)
        rejected = [item for submission in group for item in submission.rejected]
        receipts = self._ledger.accept([self._new(event) for event in kept], rejected, sealed, now)
        start = 0
        for submission in group:
            end = start + len(submission.events)
            fresh = sum(1 for receipt in receipts[start:end] if receipt.seq)
            start = end
            outcome = Outcome(fresh, len(submission.events) - fresh, len(submission.rejected))
            self._metrics.accepted.inc(fresh)
            self._metrics.duplicates.inc(outcome.duplicates)
            self._metrics.quarantined.inc(outcome.quarantined)
            submission.done.set_result(outcome)
        return [
            LoggedEvent(receipt.seq, receipt.known, event)
            for receipt, event in zip(receipts, kept, strict=True)
            if receipt.seq
        ]

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
        seen: dict[int, list[int]] = {}
        for hit in self._engine.reader.read(texts):
            seen.setdefault(hit.message, []).append(hit.reason)
        library = self._engine.library
        keep = rules.retention.text
        sealed: list[Sealed] = []
        kept: list[Event] = []
        index = 0
        for event in events:
            if not isinstance(event, Message):
                kept.append(bare(event, ""))
                continue
            reasons = seen.get(index, ())
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

    def _countries(self, events: Sequence[Event]) -> dict[str, str]:
        """Country of everybody in `events`, as far as known."""
        found: dict[str, str] = {}
        asked: set[str] = set()
        held = self._folder.people if self._folder is not None else {}
        for event in events:
            if isinstance(event, Message):
                asked.update((event.sender_id, *event.recipient_ids))
        for name in list(asked):
            if name in held:
                found[name] = held[name].country
                asked.discard(name)
        for name, data in self._ledger.people(list(asked)).items():
            found[name] = person_from(data).country
        for event in events:
            if isinstance(event, Account) and event.country:
                found[event.id] = event.country
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

    def _fold_on(self, *, idle: bool) -> None:
        folder = self._folder
        if folder is None:
            return
        if self.fault is not None:
            if time.monotonic() - self._written < _RETRY:
                return
            self._written = time.monotonic()
            try:  # the log is the truth: begin again from the last checkpoint
                folder.start()
                self.fault = None
            except Exception as error:
                self._broken(error)
            return
        if folder.waiting:
            self._write(force=idle)

    def _write(self, *, force: bool) -> None:
        folder = self._folder
        if folder is None or self.fault is not None:
            return
        now = time.monotonic()
        soon = now - self._written < CHECKPOINT_SECONDS
        if not force and soon and folder.unwritten < CHECKPOINT_EVENTS:
            return
        started = time.perf_counter()
        try:
            with _tracer.start_as_current_span("checkpoint"):
                for row in folder.checkpoint():
                    self._metrics.findings.labels(str(row.level)).inc()
        except Exception as error:
            self._broken(error)
            return
        self._written = time.monotonic()
        self._metrics.checkpoint_seconds.observe(time.perf_counter() - started)

    def _broken(self, error: Exception) -> None:
        """Folding failed: say so, and begin again from the log later. Nothing accepted is lost."""
        fault = error if isinstance(error, LamppostError) else _fault(error)
        self.fault = str(fault)
        self._written = time.monotonic()
        self._metrics.faults.inc()
        _log.error("folding failed and will be tried again: %s", fault)


def about(conversation: str, event: str, stamp: int) -> str:
    """What a sealed text is bound to."""
    return f"{conversation}\x1f{event}\x1f{stamp}"


def _fault(error: Exception) -> StoreError:
    """A fault of ours: its type, never its message, which may hold private text."""
    return StoreError(f"a fault inside Lamppost: {type(error).__name__}")


__all__ = ["Intake", "Outcome", "Receipt", "bare", "partition_of"]
