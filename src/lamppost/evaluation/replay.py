"""Stream a corpus through the code that serves, and keep what was known when.

Events go through `pipeline.fold` in time order; nothing looks ahead, and thresholds are those of
the engine given. What is kept of a relationship is its running total: each time an assessment
gives more bits than any before it, the number of the message and the bits. So the first alarm
at any threshold is known without a second pass, and no text is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import Final

import msgspec

from lamppost.core.levels import Level
from lamppost.evaluation.corpora import Corpus, Label, Truth, read
from lamppost.events.vocabulary import Event, Message
from lamppost.history.memory import EVERYONE, Relationship, State
from lamppost.pipeline import Engine, fold
from lamppost.risk.score import Assessment
from lamppost.risk.thresholds import Thresholds

EXPLICIT: Final = frozenset({"sexual_talk", "soliciting_images", "meeting"})
"""Detectors whose first sighting is late: sexual talk, an image or a meeting is asked for."""
Transform = Callable[[Iterator[Event], Truth], tuple[Iterator[Event], Truth]]


class Outcome(msgspec.Struct, array_like=True, gc=False):
    """One relationship after its corpus was read.

    `messages` are those of the conversation, `own` those of the actor; `steps` are (message
    number within the conversation, bits) whenever the total rose to a new high; `explicit` is
    the first message with sexual talk or a request for an image or a meeting by the actor, 0 for
    none.
    """

    conversation: str
    actor: str
    target: str
    label: Label
    language: str
    group: str
    messages: int
    own: int
    replies: int
    questions: int
    parties: int
    level: int
    steps: list[tuple[int, float]]
    explicit: int = 0

    @property
    def peak(self) -> float:
        """Most bits the relationship ever had."""
        return self.steps[-1][1] if self.steps else 0.0

    def first(self, threshold: float) -> int | None:
        """Message at which the total first reached `threshold`; `None` if never."""
        return next((number for number, bits in self.steps if bits >= threshold), None)


class Replay(msgspec.Struct):
    """A corpus after one pass. `seconds` of the fold alone, on one core."""

    corpus: Corpus
    outcomes: list[Outcome]
    conversations: int
    messages: int
    seconds: float
    engine: str

    @property
    def harmful(self) -> list[Outcome]:
        """Relationships known to be harmful."""
        return [item for item in self.outcomes if item.label == "harmful"]

    @property
    def ordinary(self) -> list[Outcome]:
        """Relationships known to be ordinary."""
        return [item for item in self.outcomes if item.label == "ordinary"]


class Watched(Engine):
    """The engine, noting the total of every assessment; what it computes is unchanged."""

    __slots__ = ("steps",)

    steps: dict[tuple[str, str, str], list[tuple[int, float]]]

    def assess(self, state: State, relationship: Relationship) -> Assessment:
        """As `Engine.assess`."""
        result = super().assess(state, relationship)
        number = state.conversations[relationship.conversation].messages
        self.note(relationship.key, number, result.bits)
        return result

    def note(self, key: tuple[str, str, str], number: int, bits: float) -> None:
        """Keep a new high."""
        steps = self.steps.setdefault(key, [])
        if bits > (steps[-1][1] if steps else 0.0):
            if steps and steps[-1][0] == number:
                steps[-1] = (number, bits)
            else:
                steps.append((number, bits))


def watched(engine: Engine) -> Watched:
    """A watched engine that assesses at every sighting, also below `watch`."""
    values = {item.name: getattr(engine, item.name) for item in fields(engine)}
    limits = engine.thresholds
    values["thresholds"] = Thresholds(watch=0.01, concern=limits.concern, high=limits.high)
    copy = Watched(**values)
    object.__setattr__(copy, "steps", {})
    return copy


def replay(engine: Engine, corpus: Corpus, transform: Transform | None = None) -> Replay:
    """One pass over a corpus. Raises what reading it raises."""
    events, truth = read(corpus)
    if transform is not None:
        events, truth = transform(events, truth)
    return replayed(engine, corpus, events, truth)


def replayed(engine: Engine, corpus: Corpus, events: Iterable[Event], truth: Truth) -> Replay:
    """One pass over `events`, called `corpus`."""
    watching = watched(engine)
    state = State()
    explicit = _Explicit(engine, corpus, truth)
    started = time.perf_counter()
    for state, _ in fold(watching, explicit.through(events)):
        pass
    seconds = time.perf_counter() - started - explicit.seconds
    parties: dict[str, set[str]] = {}
    for item in state.relationships.values():
        parties.setdefault(item.conversation, set()).update({item.actor, item.target} - {EVERYONE})
    best: dict[str, tuple[float, str, str]] = {}
    for item in state.relationships.values():
        if truth.whole(item.conversation):
            steps = watching.steps.get(item.key)
            entry = (steps[-1][1] if steps else 0.0, item.actor, item.target)
            best[item.conversation] = max(best.get(item.conversation, entry), entry)
    outcomes = []
    for item in state.relationships.values():
        label = truth.of(*item.key)
        named = best.get(item.conversation)
        if named is not None and named[1:] != (item.actor, item.target):
            label = None
        if label is None or (label == "harmful" and item.messages == 0):
            continue
        facts = truth.facts.get(item.conversation)
        outcomes.append(
            Outcome(
                item.conversation,
                item.actor,
                item.target,
                label,
                facts.language if facts and facts.language else corpus.language,
                facts.group if facts else "",
                state.conversations[item.conversation].messages,
                item.messages,
                item.replies,
                item.questions,
                len(parties[item.conversation]),
                _level(item),
                watching.steps.get(item.key, []),
                explicit.first.get((item.conversation, item.actor), 0),
            )
        )
    return Replay(
        corpus,
        outcomes,
        len(state.conversations),
        state.counters.messages,
        seconds,
        engine.library.digest,
    )


def _level(item: Relationship) -> int:
    return max(item.level, int(Level.CONCERN) if item.first_concern else 0)


class _Explicit:
    """Finds the first explicit message of each person while events pass through.

    Only where a corpus holds harmful relationships: it reads those messages a second time.
    """

    def __init__(self, engine: Engine, corpus: Corpus, truth: Truth) -> None:
        library = engine.library
        self._reader = engine.reader
        self._reasons = {
            index for index, item in enumerate(library.reasons) if item.card.id in EXPLICIT
        }
        self._labels = {label for label, index in library.labels.items() if index in self._reasons}
        self._all = truth.rest == "harmful"
        self._wanted = {key[0] for key, label in truth.rows.items() if label == "harmful"}
        self._accounts = {
            key[1] for key, label in truth.rows.items() if label == "harmful" and not key[0]
        }
        self.first: dict[tuple[str, str], int] = {}
        self.seconds = 0.0

    def through(self, events: Iterable[Event]) -> Iterator[Event]:
        counts: dict[str, int] = {}
        batch: list[tuple[Message, int]] = []
        for event in events:
            if isinstance(event, Message):
                number = counts[event.conversation_id] = counts.get(event.conversation_id, 0) + 1
                if (
                    self._all
                    or event.conversation_id in self._wanted
                    or event.sender_id in self._accounts
                ):
                    batch.append((event, number))
                    if len(batch) >= 4096:
                        self._look(batch)
            yield event
        self._look(batch)

    def _look(self, batch: list[tuple[Message, int]]) -> None:
        started = time.perf_counter()
        hits = {
            hit.message
            for hit in self._reader.read([message.text for message, _ in batch])
            if hit.reason in self._reasons
        }
        for index, (message, number) in enumerate(batch):
            if index in hits or self._labels & set(message.labels):
                self.first.setdefault((message.conversation_id, message.sender_id), number)
        batch.clear()
        self.seconds += time.perf_counter() - started


def accounts(outcomes: Iterable[Outcome]) -> list[tuple[float, bool]]:
    """Peak bits of each account over its relationships, and whether any is harmful."""
    found: dict[str, tuple[float, bool]] = {}
    for item in outcomes:
        peak, harmful = found.get(item.actor, (0.0, False))
        found[item.actor] = (max(peak, item.peak), harmful or item.label == "harmful")
    return list(found.values())


def conversations(outcomes: Iterable[Outcome], threshold: float) -> tuple[int, int]:
    """Ordinary conversations with an alarm at `threshold`, and how many there are."""
    raised: dict[str, bool] = {}
    harmful = set()
    for item in outcomes:
        if item.label == "harmful":
            harmful.add(item.conversation)
        raised[item.conversation] = raised.get(item.conversation, False) or item.peak >= threshold
    kept = [flag for name, flag in raised.items() if name not in harmful]
    return sum(kept), len(kept)
