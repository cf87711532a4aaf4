"""The state of the fold: conversations, relationships and accounts, each bounded.

A relationship is an ordered pair of accounts within a conversation: how `actor` treats
`target`. Its state is a handful of counters and at most `KEPT` sightings, and it does not
depend on the order in which events came. No text is ever part of it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lamppost.history.accounts import Book

KEPT: Final = 24
"""Most sightings kept per relationship."""
PER_DETECTOR: Final = 3
"""Most sightings kept per detector and relationship; more say little."""
SATURATION: Final = (1.0, 0.5, 0.25)
"""What the first, second and third sighting of one detector count."""
AUDIENCE: Final = 6
"""In a room, how many recent other speakers a message is taken to address."""
EVERYONE: Final = "*"
"""Target of what is said before anyone else is known in a conversation."""


class Sighting(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A reason seen in a message: detector number, reason index, bits, when, where."""

    detector: int
    reason: int
    bits: float
    at: int
    message: int
    event: str

    @property
    def order(self) -> tuple[float, int, str]:
        """Strongest first, then earliest: an order that does not depend on arrival."""
        return (-abs(self.bits), self.at, self.event)


class Relationship(msgspec.Struct, array_like=True, gc=False):
    """How one account treats another within a conversation.

    Counts are of messages; times in milliseconds UTC; `first_*` are 1-based message numbers
    within the conversation, 0 for never.
    """

    conversation: str
    actor: str
    target: str
    messages: int = 0
    replies: int = 0
    questions: int = 0
    night: int = 0
    attachments: int = 0
    deleted: int = 0
    requests: int = 0
    first_at: int = 0
    last_at: int = 0
    first_watch: int = 0
    first_concern: int = 0
    first_high: int = 0
    first_urgent: int = 0
    level: int = 0
    sightings: list[Sighting] = []

    @property
    def key(self) -> tuple[str, str, str]:
        """Conversation, actor, target."""
        return (self.conversation, self.actor, self.target)

    def note(self, sighting: Sighting) -> bool:
        """Keep a sighting if it is among the strongest; returns whether anything changed.

        The outcome is the same for every order of arrival.
        """
        same = [item for item in self.sightings if item.detector == sighting.detector]
        for item in same:
            if item.event == sighting.event:
                if item.order <= sighting.order:
                    return False
                self.sightings.remove(item)
                same.remove(item)
                break
        same = sorted([*same, sighting], key=lambda item: item.order)[:PER_DETECTOR]
        if sighting not in same:
            return False
        others = [item for item in self.sightings if item.detector != sighting.detector]
        kept = [*others, *same]
        if len(kept) > KEPT:
            kept = _strongest(kept)
        kept.sort(key=lambda item: (item.at, item.event, item.detector))
        self.sightings = kept
        return sighting in kept


def _strongest(sightings: list[Sighting]) -> list[Sighting]:
    """The `KEPT` sightings that weigh most after saturation."""
    groups: dict[int, list[Sighting]] = {}
    for item in sorted(sightings, key=lambda item: item.order):
        groups.setdefault(item.detector, []).append(item)
    weighed = [
        (-abs(item.bits) * SATURATION[rank], item.order, item)
        for group in groups.values()
        for rank, item in enumerate(group)
    ]
    weighed.sort(key=lambda entry: entry[:2])
    return [item for _, _, item in weighed[:KEPT]]


class Person(msgspec.Struct, array_like=True, gc=False):
    """What is known of an account. Ages are inclusive years; -1 means not known.

    `age_low`/`age_high` come from account data with `confidence`; `stated_age` is the youngest
    age the account gave of itself in chat.
    """

    id: str
    age_low: int = -1
    age_high: int = -1
    confidence: str = "asserted"
    stated_age: int = -1
    time_zone: str = ""
    country: str = ""
    roles: list[str] = []
    guardian_of: list[str] = []


class Conversation(msgspec.Struct, array_like=True, gc=False):
    """A conversation: messages counted, who spoke last.

    `unaddressed` counts relationships whose target is not known yet.
    """

    id: str
    messages: int = 0
    speakers: list[str] = []
    unaddressed: int = 0


class KeptConversation(msgspec.Struct, array_like=True):
    """A conversation as it is stored, with how many of its messages could not be read."""

    conversation: Conversation
    unread: int = 0


class Counters(msgspec.Struct, array_like=True):
    """What the fold met besides messages."""

    messages: int = 0
    duplicates: int = 0
    late: int = 0
    edits: int = 0


class State(msgspec.Struct, array_like=True, dict=True):
    """All that the fold remembers; `save` and `load` round-trip it.

    What reading texts remembers (`lamppost.signals.reading.Memory`) hangs on it in memory only
    and is never saved, because it holds words of messages.
    """

    relationships: dict[str, Relationship] = {}
    people: dict[str, Person] = {}
    conversations: dict[str, Conversation] = {}
    by_conversation: dict[str, list[str]] = {}
    seen: dict[str, int] = {}
    newest: int = 0
    counters: Counters = msgspec.field(default_factory=Counters)
    book: Book | None = None
    """Accounts and children; left out where nobody asks for them."""

    def person(self, identifier: str) -> Person:
        """What is known of an account, made on first mention."""
        found = self.people.get(identifier)
        if found is None:
            found = self.people[identifier] = Person(identifier)
        return found

    def relationship(self, conversation: str, actor: str, target: str) -> Relationship:
        """The relationship, made on first mention."""
        key = f"{conversation}\x1f{actor}\x1f{target}"
        found = self.relationships.get(key)
        if found is None:
            found = self.relationships[key] = Relationship(conversation, actor, target)
            self.by_conversation.setdefault(conversation, []).append(key)
        return found

    def expire(self, before: int) -> int:
        """Forget relationships whose last message is older than `before` (ms); returns how many."""
        gone = [key for key, item in self.relationships.items() if item.last_at < before]
        for key in gone:
            conversation = self.relationships.pop(key).conversation
            keys = self.by_conversation[conversation]
            keys.remove(key)
            if not keys:
                del self.by_conversation[conversation]
                self.conversations.pop(conversation, None)
        return len(gone)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(State)


def save(state: State) -> bytes:
    """State as bytes; equal states give equal bytes."""
    return _encoder.encode(state)


def load(data: bytes) -> State:
    """State from `save`'s bytes; raises `msgspec.DecodeError` when they are not."""
    return _decoder.decode(data)
