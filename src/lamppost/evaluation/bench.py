"""How fast each stage is, in one run on one core.

Ratios between stages hold from machine to machine far better than seconds do, so those come
first. Texts are those of the chit-chat corpus when it is installed, else of the scenarios, again
and again.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator
from itertools import cycle, islice

import msgspec

from lamppost.core.errors import EngineError
from lamppost.core.times import to_ms
from lamppost.evaluation.corpora import bundled, chitchat, has_chitchat, read
from lamppost.events import ndjson
from lamppost.events.vocabulary import Event, Message
from lamppost.history.memory import State
from lamppost.pipeline import Engine, scores, step
from lamppost.signals.reading import Line, Memory

BATCH = 8192


class Stage(msgspec.Struct, frozen=True):
    """One stage: seconds in all, messages a second, and its share of the whole."""

    name: str
    seconds: float
    per_second: float
    share: float


def bench(engine: Engine, count: int) -> list[Stage]:
    """Time decoding, reading, folding and scoring `count` messages, once each.

    Raises `EngineError` when nothing is installed to read.
    """
    messages = list(islice(_messages(), count))
    if not messages:
        raise EngineError("there is nothing to read", hint="install chitchat-dataset")
    wire = [msgspec.json.encode(message) + b"\n" for message in messages]
    lines = [
        Line(item.conversation_id, item.sender_id, to_ms(item.sent_at), item.text)
        for item in messages
    ]
    gc.collect()
    gc.disable()
    try:
        engine.reader.in_order(
            Memory(), lines[:BATCH]
        )  # what is made at first use is no part of it
        decode = _timed(lambda: ndjson.read(wire, lambda bad: None))
        memory = Memory()
        read_ = _timed(
            engine.reader.in_order(memory, lines[at : at + BATCH])
            for at in range(0, len(lines), BATCH)
        )
        state = State()
        whole = _timed(
            step(engine, state, messages[at : at + BATCH]) for at in range(0, len(messages), BATCH)
        )
        score = _timed(scores(engine, state))
    finally:
        gc.enable()
    total = decode + whole + score
    read_ = min(read_, whole)  # the two passes are timed apart
    rows = (
        ("decode NDJSON", decode),
        ("read texts", read_),
        ("fold and assess", whole - read_),
        ("write scores", score),
        ("everything", total),
    )
    size = len(messages)
    return [
        Stage(name, round(seconds, 3), round(size / max(seconds, 1e-9)), round(seconds / total, 3))
        for name, seconds in rows
    ]


def _timed(work: object) -> float:
    """Seconds that it takes to go through something; a callable is called first."""
    started = time.perf_counter()
    items: Iterable[object] = work() if callable(work) else work  # type: ignore[assignment]
    for _ in items:
        pass
    return time.perf_counter() - started


def _messages() -> Iterator[Message]:
    """Messages without end, each with an id of its own."""
    if has_chitchat():
        found = [event for event in chitchat() if isinstance(event, Message)]
    else:
        events: list[Event] = [event for corpus in bundled() for event in read(corpus)[0]]
        found = [event for event in events if isinstance(event, Message)]
    for number, message in enumerate(cycle(found)):
        lap = number // len(found)
        yield msgspec.structs.replace(
            message, id=f"{number}", conversation_id=f"{message.conversation_id}~{lap}"
        )
