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
    KeptConversation,
    Person,
    Relationship,
    Sighting,
    State,
)
from lamppost.history.ports import (
    Checkpoint,
    ConversationRow,
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
_SLICE: Final = 2_000
_PASS: Final = 0.5

_pack: Final = msgspec.msgpack.Encoder().encode
_people: Final = msgspec.msgpack.Decoder(Person)
_relationships: Final = msgspec.msgpack.Decoder(Relationship)
_counters: Final = msgspec.msgpack.Decoder(Counters)
_events: Final = msgspec.json.Decoder(Event)
_json: Final = msgspec.json.Encoder().encode


def shape() -> str:
    """Name of the form of the states: another form means that the log is folded anew."""
    kinds = (Relationship, Sighting, Conversation, Person, Counters, KeptConversation)
    fields = [
        (kind.__name__, [(item.name, str(item.type)) for item in msgspec.structs.fields(kind)])
        for kind in kinds
    ]
    return hashlib.sha256(repr(fields).encode()).hexdigest()[:8]


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
class _Touched:
    """What is not yet written of a conversation: since which place and moment, and what."""

    first: int
    since: float
    senders: set[str] = field(default_factory=set)
    found: list[FoundRow] = field(default_factory=list)
    shadow: list[ShadowRow] = field(default_factory=list)


@dataclass(slots=True)
class _Prepared:
    """A change on its way to the store."""

    conversations: list[str]
    people: set[str]
    marks: dict[str, int]
    gone: list[tuple[str, str]]


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


def conversation_from(data: bytes) -> KeptConversation:
    """A conversation's state from its bytes."""
    return msgspec.msgpack.decode(data, type=KeptConversation)


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
        self._library = f"{engine.library.digest}/{shape()}"
        self._state = State()
        self._used: dict[str, int] = {}
        self._asked: set[str] = set()
        self._saved: dict[str, int] = {}
        self._orphans: dict[str, dict[str, str]] = {}
        self._seqs: dict[str, int] = {}
        self._unread: dict[str, int] = {}
        self._touched: dict[str, _Touched] = {}
        self._urgent: set[str] = set()
        self._changed_people: set[str] = set()
        self._prepared: _Prepared | None = None
        self._written = 0
        self._passed = 0.0
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
        return self._written < self.seq

    @property
    def people(self) -> dict[str, Person]:
        """People held in memory."""
        return self._state.people

    def start(self) -> int:
        """Take up where the partition was left; returns how many events were folded again.

        With other detector data than before, the whole log is folded anew: sightings of one
        library mean nothing to another. So it is with states of another form.
        """
        progress = self._ledger.progress(self.partition)
        if progress is not None and progress.library != self._library:
            self._ledger.reset(self.partition)
            progress = None
        self._forget()
        if progress is not None:
            self.seq = progress.seq
            self._state.newest = progress.newest
            self._state.counters = _counters.decode(progress.counters)
        else:
            self.seq = 0
        self._written = self.seq
        return self.catch_up()

    def catch_up(self, limit: int | None = None) -> int:
        """Fold what the log holds beyond this place; returns how many events."""
        done = 0
        while limit is None or done < limit:
            newest = self._ledger.newest()
            rows = self._ledger.events(self.seq, _REPLAY, partition=self.partition)
            if not rows:
                self._pass_over(newest)
                break
            self.fold([LoggedEvent(row.seq, row.known, decode(row.body)) for row in rows])
            self.checkpoint()
            done += len(rows)
        return done

    def _pass_over(self, newest: int) -> None:
        """Note now and then that events of other partitions are no work of this one."""
        now = time.monotonic()
        if newest > self.seq and now - self._passed > _PASS:
            self._passed = now
            self.seq = newest
            self.checkpoint()

    def fold(self, items: Sequence[LoggedEvent]) -> list[Finding]:
        """Run the spine over events that come next in the log."""
        items = [item for item in items if item.seq > self.seq]
        if not items:
            return []
        self._bring([item.event for item in items])
        last = items[-1].seq
        items = [item for item in items if self._next(item)]
        events = [item.event for item in items]
        self._state.seen = earlier(items)
        self._state, findings = step(self._engine, self._state, events)
        self._state.seen = {}
        self._mark(items)
        for finding in findings:
            self._touched[finding.conversation_id].found.append(self._row(finding))
            self._urgent.add(finding.conversation_id)
        if self._shadow is not None:
            self._compare(events)
        self.seq = last
        self.scored += len(items)
        return findings

    def _next(self, item: LoggedEvent) -> bool:
        """Whether an event is yet to be folded into its conversation, as it was written."""
        event = item.event
        if isinstance(event, Message):
            name = event.conversation_id
        elif isinstance(event, Room):
            name = event.room_id
        else:
            return True
        if item.seq <= self._seqs.get(name, 0):
            return False
        self._seqs[name] = item.seq
        return True

    def change(self, *, most: int, age: float) -> Checkpoint | None:
        """What to write next: conversations with findings, and those touched `age` seconds ago.

        At most `most` conversations. Call `written` once it is in the store; until then it
        counts as not written.
        """
        if not self.waiting:
            return None
        before = time.monotonic() - age
        names = [name for name in self._urgent if name in self._touched]
        for name, touched in self._touched.items():
            if len(names) >= most or touched.since > before:
                break
            if name not in self._urgent:
                names.append(name)
        if not names and self._touched:
            return None
        state = self._state
        change = Checkpoint(
            partition=self.partition,
            progress=Progress(
                self._place(set(names)), state.newest, self._library,
                _pack(state.counters),
            ),
            now=time.time_ns() // 1_000_000,
        )  # fmt: skip
        prepared = _Prepared(names, set(self._changed_people), {}, [])
        for name in names:
            touched = self._touched[name]
            change.found += touched.found
            change.shadow += touched.shadow
            prepared.people |= touched.senders
            self._write(name, touched.senders, change, prepared)
        for name in prepared.people:
            person = state.people.get(name)
            if person is not None:
                data = _pack(person)
                mark = f"p\x1f{name}"
                if self._saved.get(mark) != hash(data):
                    prepared.marks[mark] = hash(data)
                    change.people.append((name, data))
        self._prepared = prepared
        return change

    def written(self) -> None:
        """The change made last is in the store."""
        prepared = self._prepared
        assert prepared is not None, "change() comes first"
        self._prepared = None
        self._saved.update(prepared.marks)
        self._changed_people -= prepared.people
        for name in prepared.conversations:
            del self._touched[name]
            self._urgent.discard(name)
        for name, key in prepared.gone:
            self._orphans[name].pop(key, None)
        self._written = self._place(set())
        self._evict()

    def checkpoint(self) -> list[FoundRow]:
        """Write everything that changed; returns the findings that were new."""
        new: list[FoundRow] = []
        while (change := self.change(most=_SLICE, age=0.0)) is not None:
            new += self._ledger.checkpoint(change, self._outbox)
            self.written()
        return new

    def _place(self, without: set[str]) -> int:
        """Place up to which all is written once the conversations `without` are."""
        for name, touched in self._touched.items():  # in the order of their first event
            if name not in without:
                return touched.first - 1
        return self.seq

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
            for talk in self._ledger.conversations(missing):
                kept = conversation_from(talk.state)
                state.conversations[talk.id] = kept.conversation
                if kept.unread:
                    self._unread[talk.id] = kept.unread
                people.update(kept.conversation.speakers)
                self._seqs[talk.id] = talk.seq
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

    def _mark(self, items: Iterable[LoggedEvent]) -> None:
        """Remember what was touched."""
        now = time.monotonic()
        for item in items:
            event = item.event
            if isinstance(event, Message):
                touched = self._touch(event.conversation_id, item.seq, now)
                touched.senders.add(event.sender_id)
                if event.text == UNREAD:
                    name = event.conversation_id
                    self._unread[name] = self._unread.get(name, 0) + 1
            elif isinstance(event, Room):
                self._touch(event.room_id, item.seq, now)
            else:
                self._changed_people.add(getattr(event, "id", ""))

    def _touch(self, name: str, seq: int, now: float) -> _Touched:
        touched = self._touched.get(name)
        if touched is None:
            touched = self._touched[name] = _Touched(seq, now)
        return touched

    def _write(self, name: str, senders: set[str], change: Checkpoint, prepared: _Prepared) -> None:
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
            prepared.marks[mark] = hash(data)
            identifier = relationship_id(*item.key)
            if item.target == EVERYONE:
                self._orphans.setdefault(name, {})[key] = identifier
            change.relationships.append(
                RelationshipRow(
                    identifier, self.partition, item.conversation, item.actor, item.target,
                    item.level, item.last_at, data,
                )
            )  # fmt: skip
        for key, identifier in self._orphans.get(name, {}).items():
            if key not in state.relationships:  # said to nobody yet known, then to somebody
                change.gone.append(identifier)
                prepared.gone.append((name, key))
        change.conversations.append(
            ConversationRow(
                name,
                self.partition,
                self._seqs[name],
                last or state.newest,
                _pack(KeptConversation(conversation, self._unread.get(name, 0))),
            )
        )

    def _evict(self) -> None:
        """Keep in memory the conversations used last, and all that are not yet written."""
        if len(self._used) > self._held:
            order = sorted(self._used, key=self._used.__getitem__)
            for name in order[: len(order) - self._held * 3 // 4]:
                if name in self._touched:
                    continue
                del self._used[name]
                self._seqs.pop(name, None)
                self._unread.pop(name, None)
                self._state.conversations.pop(name, None)
                for key in self._state.by_conversation.pop(name, ()):
                    self._state.relationships.pop(key, None)
                    self._saved.pop(f"r\x1f{key}", None)
                self._orphans.pop(name, None)
        if len(self._asked) > _HELD_PEOPLE and not self._touched:
            self.drop()

    def drop(self) -> None:
        """Hold nothing: people are brought with their conversation, so they go together."""
        self._asked = set()
        self._used = {}
        self._seqs = {}
        self._unread = {}
        self._saved = {}
        self._orphans = {}
        self._state.people = {}
        self._state.conversations = {}
        self._state.relationships = {}
        self._state.by_conversation = {}

    def forget(self) -> None:
        """Drop what is held in memory, after the store was changed from outside."""
        self.checkpoint()
        self.drop()

    def _forget(self) -> None:
        self._state = State()
        self._touched = {}
        self._urgent = set()
        self._changed_people = set()
        self._prepared = None
        self.drop()

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
                    self._urgent.add(event.conversation_id)
                    self._touched[event.conversation_id].shadow.append(
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
