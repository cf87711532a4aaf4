"""Fold the log: bring states in, run the spine over new events, write what changed.

States live in the store; a bounded part of them is held in memory. A `Folder` owns one
partition. It is not safe to use from two threads.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from lamppost.core.levels import Level
from lamppost.core.times import to_ms
from lamppost.events.vocabulary import Event, Message, Room, moment_of
from lamppost.history.memory import (
    EVERYONE,
    Conversation,
    Counters,
    Person,
    Relationship,
    State,
)
from lamppost.history.ports import (
    Checkpoint,
    Delivery,
    FoundRow,
    Ledger,
    Progress,
    RelationshipRow,
    ShadowRow,
)
from lamppost.pipeline import Engine, Finding, step
from lamppost.risk.policy import Policy
from lamppost.signals.recorded import UNREAD

HELD: Final = 20_000
"""Most conversations held in memory between checkpoints; the rest is in the store."""
_HELD_PEOPLE: Final = 100_000
_REPLAY: Final = 5_000

_pack: Final = msgspec.msgpack.Encoder().encode
_people: Final = msgspec.msgpack.Decoder(Person)
_conversations: Final = msgspec.msgpack.Decoder(Conversation)
_relationships: Final = msgspec.msgpack.Decoder(Relationship)
_counters: Final = msgspec.msgpack.Decoder(Counters)
_events: Final = msgspec.json.Decoder(Event)
_json: Final = msgspec.json.Encoder().encode


class LoggedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event of the log as the fold takes it."""

    seq: int
    known: int
    event: Event


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy in force and what names it."""

    policy: Policy
    name: str


@dataclass(slots=True)
class _Dirty:
    conversations: dict[str, set[str]] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    found: list[FoundRow] = field(default_factory=list)
    shadow: list[ShadowRow] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    events: int = 0


def relationship_id(conversation: str, actor: str, target: str) -> str:
    """Name of a relationship in addresses: 32 hexadecimal digits."""
    text = "\x1f".join((conversation, actor, target))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def person_from(data: bytes) -> Person:
    """A person's state from its bytes."""
    return _people.decode(data)


def relationship_from(data: bytes) -> Relationship:
    """A relationship's state from its bytes."""
    return _relationships.decode(data)


def conversation_from(data: bytes) -> Conversation:
    """A conversation's state from its bytes."""
    return _conversations.decode(data)


class Folder:
    """One partition of the fold with its state."""

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        partition: int,
        rules: Rules,
        *,
        outbox: Callable[[Sequence[FoundRow]], Sequence[Delivery]] = lambda rows: (),
        held: int = HELD,
    ) -> None:
        self.partition = partition
        self.seq = 0
        self.scored = 0
        self._engine = engine
        self._ledger = ledger
        self._outbox = outbox
        self._held = held
        self._state = State()
        self._used: dict[str, int] = {}
        self._asked: set[str] = set()
        self._saved: dict[str, int] = {}
        self._orphans: dict[str, dict[str, str]] = {}
        self._dirty = _Dirty()
        self._tick = 0
        self._shadow: Rules | None = None
        self._shadow_engine = engine
        self._shadow_levels: dict[tuple[str, str, str], Level] = {}
        self.govern(rules, None)

    def govern(self, live: Rules, shadow: Rules | None) -> None:
        """Use these policies from the next event on."""
        self.rules = live
        self._engine = replace(self._engine, thresholds=live.policy.thresholds)
        if shadow is not None and (self._shadow is None or shadow.name != self._shadow.name):
            self._shadow_levels = {}
        self._shadow = shadow
        if shadow is not None:
            self._shadow_engine = replace(self._engine, thresholds=shadow.policy.thresholds)

    @property
    def waiting(self) -> bool:
        """Whether something is folded that is not yet written."""
        return self._dirty.events > 0

    @property
    def unwritten(self) -> int:
        """Events folded and not yet written."""
        return self._dirty.events

    @property
    def people(self) -> dict[str, Person]:
        """People held in memory."""
        return self._state.people

    def start(self) -> int:
        """Take up where the partition was left; returns how many events were folded again.

        With other detector data than before, the whole log is folded anew: sightings of one
        library mean nothing to another.
        """
        progress = self._ledger.progress(self.partition)
        if progress is not None and progress.library != self._engine.library.digest:
            self._ledger.reset(self.partition)
            progress = None
        self._forget()
        if progress is not None:
            self.seq = progress.seq
            self._state.newest = progress.newest
            self._state.counters = _counters.decode(progress.counters)
        else:
            self.seq = 0
        return self.catch_up()

    def catch_up(self, limit: int | None = None) -> int:
        """Fold what the log holds beyond this place; returns how many events."""
        done = 0
        while limit is None or done < limit:
            rows = self._ledger.events(self.seq, _REPLAY, partition=self.partition)
            if not rows:
                break
            self.fold([LoggedEvent(row.seq, row.known, decode(row.body)) for row in rows])
            self.checkpoint()
            done += len(rows)
        return done

    def fold(self, items: Sequence[LoggedEvent]) -> list[Finding]:
        """Run the spine over events that come next in the log."""
        items = [item for item in items if item.seq > self.seq]
        if not items:
            return []
        events = [item.event for item in items]
        self._bring(events)
        state = self._state
        state.seen = earlier(items)
        state, findings = step(self._engine, state, events)
        self._state = state
        state.seen = {}
        self._mark(events)
        for finding in findings:
            self._dirty.found.append(self._row(finding))
        if self._shadow is not None:
            self._compare(events)
        self.seq = items[-1].seq
        self.scored += len(items)
        self._dirty.events += len(items)
        return findings

    def checkpoint(self) -> list[FoundRow]:
        """Write what changed since the last time; returns the findings that were new."""
        dirty = self._dirty
        if not dirty.events:
            return []
        state = self._state
        change = Checkpoint(
            partition=self.partition,
            progress=Progress(
                self.seq, state.newest, self._engine.library.digest, _pack(state.counters)
            ),
            now=time.time_ns() // 1_000_000,
            found=dirty.found,
            shadow=dirty.shadow,
        )
        marks: dict[str, int] = {}
        for name, senders in dirty.conversations.items():
            self._write(name, senders, change, marks)
        for name in dirty.people:
            person = state.people.get(name)
            if person is not None:
                data = _pack(person)
                mark = f"p\x1f{name}"
                if self._saved.get(mark) != hash(data):
                    marks[mark] = hash(data)
                    change.people.append((name, data))
        new = self._ledger.checkpoint(change, self._outbox)
        self._saved.update(marks)
        self._dirty = _Dirty()
        self._evict()
        return new

    # --- states in and out of memory --------------------------------------------------------

    def _bring(self, events: Iterable[Event]) -> None:
        """Have in memory every state that `events` touch."""
        self._tick += 1
        state = self._state
        people: set[str] = set()
        missing: list[str] = []
        for event in events:
            if isinstance(event, Message):
                conversation = event.conversation_id
                people.add(event.sender_id)
                people.update(event.recipient_ids)
            elif isinstance(event, Room):
                conversation = event.room_id
                people.add(event.actor_id)
                people.update(event.member_ids)
            else:
                people.add(getattr(event, "id", ""))
                continue
            if conversation not in self._used:
                missing.append(conversation)
            self._used[conversation] = self._tick
        if missing:
            for name, data in self._ledger.conversations(missing).items():
                found = state.conversations[name] = _conversations.decode(data)
                people.update(found.speakers)
                self._saved[f"c\x1f{name}"] = hash(data)
            for row in self._ledger.relationships_in(missing):
                item = _relationships.decode(row.state)
                key = "\x1f".join(item.key)
                state.relationships[key] = item
                state.by_conversation.setdefault(item.conversation, []).append(key)
                people.update((item.actor, item.target))
                self._saved[f"r\x1f{key}"] = hash(row.state)
                if item.target == EVERYONE:
                    self._orphans.setdefault(item.conversation, {})[key] = row.id
        unknown = [name for name in people if name not in self._asked and name != EVERYONE]
        if unknown:
            self._asked.update(unknown)
            for name, data in self._ledger.people(unknown, partition=self.partition).items():
                state.people[name] = _people.decode(data)
                self._saved[f"p\x1f{name}"] = hash(data)

    def _mark(self, events: Iterable[Event]) -> None:
        dirty = self._dirty
        for event in events:
            if isinstance(event, Message):
                dirty.conversations.setdefault(event.conversation_id, set()).add(event.sender_id)
                dirty.people.add(event.sender_id)
                if event.text == UNREAD:
                    self._state.conversations[event.conversation_id].unread += 1
            elif isinstance(event, Room):
                dirty.conversations.setdefault(event.room_id, set())
            else:
                dirty.people.add(getattr(event, "id", ""))

    def _write(
        self, name: str, senders: set[str], change: Checkpoint, marks: dict[str, int]
    ) -> None:
        """Add to `change` what is new of one conversation."""
        state = self._state
        conversation = state.conversations.get(name)
        if conversation is None:
            return
        last = 0
        for key in state.by_conversation.get(name, ()):
            item = state.relationships[key]
            last = max(last, item.last_at)
            if item.actor not in senders and item.target not in senders:
                continue
            data = _pack(item)
            mark = f"r\x1f{key}"
            if self._saved.get(mark) == hash(data):
                continue
            marks[mark] = hash(data)
            identifier = relationship_id(*item.key)
            if item.target == EVERYONE:
                self._orphans.setdefault(name, {})[key] = identifier
            change.relationships.append(
                RelationshipRow(
                    identifier, self.partition, item.conversation, item.actor, item.target,
                    item.level, item.last_at, data,
                )
            )  # fmt: skip
        orphans = self._orphans.get(name, {})
        for key in [key for key in orphans if key not in state.relationships]:
            change.gone.append(orphans.pop(key))  # said to nobody yet known, then to somebody
        data = _pack(conversation)
        mark = f"c\x1f{name}"
        if self._saved.get(mark) != hash(data):
            marks[mark] = hash(data)
            change.conversations.append((name, last or state.newest, data))

    def _evict(self) -> None:
        """Keep in memory the conversations used last."""
        if len(self._used) > self._held:
            order = sorted(self._used, key=self._used.__getitem__)
            for name in order[: len(order) - self._held * 3 // 4]:
                del self._used[name]
                self._state.conversations.pop(name, None)
                self._saved.pop(f"c\x1f{name}", None)
                for key in self._state.by_conversation.pop(name, ()):
                    self._state.relationships.pop(key, None)
                    self._saved.pop(f"r\x1f{key}", None)
                self._orphans.pop(name, None)
        if len(self._asked) > _HELD_PEOPLE:
            self._asked = set()
            for name in list(self._state.people):
                self._saved.pop(f"p\x1f{name}", None)
            self._state.people = {}
            self._forget_conversations()

    def _forget_conversations(self) -> None:
        """People are brought with their conversation, so they go together."""
        self._used = {}
        self._saved = {}
        self._orphans = {}
        self._state.conversations = {}
        self._state.relationships = {}
        self._state.by_conversation = {}

    def forget(self) -> None:
        """Drop what is held in memory, after the store was changed from outside."""
        self.checkpoint()
        self._asked = set()
        self._state.people = {}
        self._forget_conversations()

    def _forget(self) -> None:
        self._state = State()
        self._dirty = _Dirty()
        self._asked = set()
        self._forget_conversations()

    # --- findings ---------------------------------------------------------------------------

    def _row(self, finding: Finding) -> FoundRow:
        return FoundRow(
            id=finding.id,
            conversation=finding.conversation_id,
            actor=finding.actor_id,
            target=finding.target_id,
            level=int(Level.parse(finding.level)),
            at=finding.at,
            policy=self.rules.name,
            body=_json(finding),
        )

    def _compare(self, events: Iterable[Event]) -> None:
        """What the policy in shadow says of relationships with something new in them."""
        shadow = self._shadow
        assert shadow is not None
        state = self._state
        looked: set[str] = set()
        for event in events:
            if not isinstance(event, Message) or not (event.labels or "\x00" in event.text):
                continue
            for key in state.by_conversation.get(event.conversation_id, ()):
                item = state.relationships[key]
                if key in looked or event.sender_id not in (item.actor, item.target):
                    continue
                looked.add(key)
                result = self._shadow_engine.assess(state, item)
                if result.level > self._shadow_levels.get(item.key, Level.NONE):
                    self._shadow_levels[item.key] = result.level
                    self._dirty.shadow.append(
                        ShadowRow(
                            shadow.name, finding_id(item, result.level), item.conversation,
                            item.actor, item.target, int(result.level), result.bits, item.last_at,
                        )
                    )  # fmt: skip


def earlier(items: Iterable[LoggedEvent]) -> dict[str, int]:
    """Stamps of messages known before `items`, as the fold remembers them.

    The log has no duplicates, so the fold needs no memory of its own to know an edit from a
    message: this is all of it that matters.
    """
    seen: dict[str, int] = {}
    met: set[str] = set()
    for item in items:
        event = item.event
        if isinstance(event, Message):
            key = f"{event.conversation_id}\x1f{event.id}"
            if item.known >= 0 and key not in met:
                seen[key] = item.known
            met.add(key)
    return seen


def finding_id(item: Relationship, level: Level) -> str:
    """The id a finding of this level about a relationship has; a test compares it."""
    text = "\x1f".join((*item.key, level.word))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def decode(body: bytes) -> Event:
    """An event of the log from its bytes."""
    event: Event = _events.decode(body)
    return event


def moment(event: Event) -> int:
    """When an event happened, ms; 0 when it does not say."""
    found = moment_of(event)
    return 0 if found is None else to_ms(found)
