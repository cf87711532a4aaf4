"""THE SPINE: events → history → signals → risk, as one fold.

    state, findings = step(state, batch)

`step` is the only way anything is scored: CLI, service and stream jobs all call it. It consumes
`state` (give it a copy to keep the old one), does no I/O, reads no clock, and gives the same
result for every cut of the same ordered events into batches.

    texts of the batch ──Reader──▶ reasons seen ──▶ sightings in relationships
    ages, roles, rooms ───────────▶ people, conversations        │
                                                  assess ◀───────┘ ──▶ level rises? a finding
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypedDict

import msgspec

from lamppost.core.ages import range_of
from lamppost.core.levels import Level
from lamppost.core.times import HOUR, from_ms, to_ms, zone
from lamppost.events.vocabulary import Account, Event, Message, Room
from lamppost.history.accounts import follow
from lamppost.history.memory import (
    AUDIENCE,
    EVERYONE,
    Conversation,
    Relationship,
    Sighting,
    State,
)
from lamppost.risk.score import DEFAULT_WEIGHTS, Assessment, Contribution, Skipped, Weights, assess
from lamppost.risk.thresholds import Thresholds
from lamppost.signals.library import Library
from lamppost.signals.reader import Reader
from lamppost.signals.reading import Line, Memory

MAX_TEXT: Final = 20_000
"""Characters of one message that are read; the rest is counted as not looked at."""
PLAIN_WORDS: Final = 14
"""Words up to which a message counts as one chance; about the mean of ordinary chat."""
_AGE_WORDS: Final = (
    "eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen".split()
)
_AGE: Final = re.compile(rf"\b(?:1[0-7]|[89]|{'|'.join(_AGE_WORDS)})\b")
SOME_CHILD: Final = 17
"""Age, in years, kept of someone who is a child but gave no number."""
_NIGHT: Final = frozenset({23, 0, 1, 2, 3, 4})


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything frozen that the fold needs. `watermark` (ms) bounds duplicates and lateness."""

    library: Library
    reader: Reader
    thresholds: Thresholds = field(default_factory=Thresholds)
    weights: Weights = DEFAULT_WEIGHTS
    watermark: int = 2 * 24 * HOUR

    def assess(self, state: State, relationship: Relationship) -> Assessment:
        """Assessment of one relationship as of its last message."""
        return assess(
            relationship,
            self.library.cards,
            self.because,
            state.people.get(relationship.actor),
            state.people.get(relationship.target),
            weights=self.weights,
            thresholds=self.thresholds,
        )

    def ceiling(self, relationship: Relationship) -> float:
        """A bound that the total of `relationship` never exceeds; cheap to compute."""
        cards = self.library.cards
        tactics = child = 0.0
        for item in relationship.sightings:
            kind = cards[item.detector].kind
            if kind == "tactic":
                tactics += item.bits
            elif kind == "child_signal":
                child += item.bits
        return tactics + min(child, tactics) + min(self.weights.context_cap, tactics)

    @property
    def because(self) -> _Because:
        """Sentence of each reason index."""
        return _Because(self.library)


class _Because(dict[int, str]):
    def __init__(self, library: Library) -> None:
        self._library = library

    def __missing__(self, index: int) -> str:
        return self._library.reasons[index].because


class Finding(msgspec.Struct, frozen=True):
    """A relationship rose to a level. `id` is the same whenever the same thing is found."""

    id: str
    conversation_id: str
    actor_id: str
    target_id: str
    level: str
    bits: float
    message: int
    event: str
    at: int
    contributions: list[Contribution]
    engine: str


class RelationshipScore(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `lamppost score`; field names are fixed by the design, section 6."""

    conversation_id: str
    actor_id: str
    target_id: str
    messages: int
    bits: float
    level: str
    first_watch: int | None
    first_concern: int | None
    first_high: int | None
    contributions: list[Contribution]
    skipped: list[Skipped]


def step(engine: Engine, state: State, events: Sequence[Event]) -> tuple[State, list[Finding]]:
    """Fold a batch of events into `state`; returns it with what was newly found."""
    messages = [event for event in events if isinstance(event, Message)]
    seen = engine.reader.in_order(
        _memory(state),
        [
            Line(
                message.conversation_id,
                message.sender_id,
                to_ms(message.sent_at),
                message.text[:MAX_TEXT],
            )
            for message in messages
        ],
    )
    findings: list[Finding] = []
    index = 0
    for event in events:
        if state.book is not None:
            reasons = seen[index] if isinstance(event, Message) else []
            follow(state.book, event, **_facts(engine.library, event, reasons))
        if isinstance(event, Message):
            _message(engine, state, event, seen[index], findings)
            index += 1
        elif isinstance(event, Account):
            _account(state, event)
        elif isinstance(event, Room):
            _room(state, event)
    return state, findings


def fold(
    engine: Engine, events: Iterable[Event], *, state: State | None = None, batch: int = 8192
) -> Iterator[tuple[State, list[Finding]]]:
    """Run `step` over a stream in batches; yields the state and new findings after each."""
    current = State() if state is None else state
    pending: list[Event] = []
    for event in events:
        pending.append(event)
        if len(pending) >= batch:
            current, findings = step(engine, current, pending)
            pending = []
            yield current, findings
    current, findings = step(engine, current, pending)
    yield current, findings


def scores(engine: Engine, state: State) -> Iterator[RelationshipScore]:
    """Every relationship's score, in order of first mention."""
    for item in state.relationships.values():
        yield score(engine, state, item)


def score(engine: Engine, state: State, item: Relationship) -> RelationshipScore:
    """One relationship as `lamppost score` writes it."""
    result = engine.assess(state, item)
    skipped = list(result.skipped)
    if item.attachments:
        skipped.append(Skipped("media", f"{item.attachments} attachments were not looked at"))
    if item.deleted:
        skipped.append(Skipped("text", f"{item.deleted} messages were deleted"))
    return RelationshipScore(
        conversation_id=item.conversation,
        actor_id=item.actor,
        target_id=item.target,
        messages=item.messages,
        bits=result.bits,
        level=result.level.word,
        first_watch=item.first_watch or None,
        first_concern=item.first_concern or None,
        first_high=item.first_high or None,
        contributions=result.contributions,
        skipped=skipped,
    )


def _memory(state: State) -> Memory:
    """What reading remembers, made on first use; never saved."""
    found = state.__dict__.get("reading")
    if found is None:
        found = state.__dict__["reading"] = Memory()
    assert isinstance(found, Memory)
    return found


def _account(state: State, event: Account) -> None:
    person = state.person(event.id)
    if event.age is not None:
        person.age_low = person.age_high = event.age
    elif event.age_band is not None:
        person.age_low, person.age_high = range_of(event.age_band)
    if event.age_confidence is not None:
        person.confidence = event.age_confidence
    person.time_zone = event.time_zone or person.time_zone
    person.country = event.country or person.country
    person.roles = sorted({*person.roles, *event.roles})
    person.guardian_of = sorted({*person.guardian_of, *event.guardian_of})


def _room(state: State, event: Room) -> None:
    conversation = _conversation(state, event.room_id)
    if event.action in ("created", "joined"):
        for member in (event.actor_id, *event.member_ids):
            _speaks(conversation, member)
    elif event.action == "left" and event.actor_id in conversation.speakers:
        conversation.speakers.remove(event.actor_id)


def _conversation(state: State, identifier: str) -> Conversation:
    found = state.conversations.get(identifier)
    if found is None:
        found = state.conversations[identifier] = Conversation(identifier)
    return found


def _speaks(conversation: Conversation, who: str) -> None:
    if conversation.speakers and conversation.speakers[-1] == who:
        return
    if who in conversation.speakers:
        conversation.speakers.remove(who)
    conversation.speakers.append(who)
    del conversation.speakers[: -(AUDIENCE + 1)]


def _audience(message: Message, conversation: Conversation) -> list[str]:
    """Whom a message addresses: its recipients, or in a room those who spoke last."""
    named = [who for who in message.recipient_ids if who != message.sender_id]
    if named and len(named) <= AUDIENCE:
        return named
    others = [who for who in conversation.speakers if who != message.sender_id]
    return others[-AUDIENCE:] or [EVERYONE]


def _message(
    engine: Engine,
    state: State,
    message: Message,
    reasons: list[int],
    findings: list[Finding],
) -> None:
    at = to_ms(message.sent_at)
    counters = state.counters
    conversation = _conversation(state, message.conversation_id)
    key = f"{message.conversation_id}\x1f{message.id}"
    known = state.seen.get(key)
    stamp = 0
    if message.edited_at is not None or message.deleted_at is not None:
        stamp = max(to_ms(moment) for moment in (message.edited_at, message.deleted_at) if moment)
    if known is not None and known >= stamp:
        counters.duplicates += 1
        return
    state.seen[key] = stamp
    if at > state.newest:
        state.newest = at
        if len(state.seen) > 200_000:
            _forget_seen(state)
    elif at < state.newest - engine.watermark:
        counters.late += 1
    if known is None:
        counters.messages += 1
        conversation.messages += 1
    else:
        counters.edits += 1
    number = conversation.messages
    sender = message.sender_id
    audience = _audience(message, conversation)
    if audience == [EVERYONE]:
        conversation.unaddressed += 1
    elif conversation.unaddressed:
        _adopt(state, conversation, sender, audience)
    _speaks(conversation, sender)
    library = engine.library
    for label in message.labels:
        if label in library.labels:
            reasons = [*reasons, library.labels[label]]
    learned = bool(reasons) and _stated_age(state, library, message, reasons)
    tells = any(library.reasons[index].card.reports_others for index in reasons)
    deleted = message.deleted_at is not None
    weighed = _weighed(library, reasons, message.text)
    for other in audience:
        mine = state.relationship(message.conversation_id, sender, other)
        _count(state, mine, message, at, known is None, deleted)
        theirs = None
        if other != EVERYONE:
            theirs = state.relationship(message.conversation_id, other, sender)
            if known is None:
                theirs.replies += 1
                theirs.last_at = max(theirs.last_at, at)
        for index, bits in weighed:
            reason = library.reasons[index]
            judged = mine if reason.card.speaker == "actor" else theirs
            if judged is None or bits == 0 or (tells and reason.card.kind != "protective"):
                continue
            sighting = Sighting(reason.card.number, index, bits, at, number, message.id)
            if judged.note(sighting):
                _judge(engine, state, judged, sighting, findings)
    if learned:
        for key in state.by_conversation.get(conversation.id, ()):
            judged = state.relationships[key]
            if judged.sightings and sender in (judged.actor, judged.target):
                # an age changes what is already known: judge it as of this message
                last = judged.sightings[-1]
                moment = msgspec.structs.replace(last, message=number, event=message.id, at=at)
                _judge(engine, state, judged, moment, findings)


def _weighed(library: Library, reasons: Sequence[int], text: str) -> list[tuple[int, float]]:
    """Reasons of one message with their bits.

    Several tactics in one message are seen in the same words more often than not: the strongest
    counts in full, each further one half as much as the one before; what makes a matter urgent
    always counts in full.
    """
    found = [(index, _by_length(library.reasons[index].bits, text)) for index in reasons]
    if len(found) < 2:
        return found
    ranked = sorted(
        (entry for entry in found if library.reasons[entry[0]].card.kind == "tactic"),
        key=lambda entry: (-entry[1], entry[0]),
    )
    shares = {
        index: 1.0 if library.reasons[index].card.imminent else 0.5**rank
        for rank, (index, _) in enumerate(ranked)
    }
    return [(index, round(bits * shares.get(index, 1.0), 2)) for index, bits in found]


def _by_length(bits: float, text: str) -> float:
    """A long message has more chances to hold a pattern: its sightings weigh less.

    Each doubling beyond `PLAIN_WORDS` words costs one bit, because the ordinary rate per message
    grows with length. Protective bits stay as they are.
    """
    words = text.count(" ") + 1
    if bits <= 0 or words <= PLAIN_WORDS:
        return bits
    return round(max(0.0, bits - math.log2(words / PLAIN_WORDS)), 2)


def _adopt(state: State, conversation: Conversation, sender: str, audience: Sequence[str]) -> None:
    """What was said to nobody yet known becomes said to the first other person who appears."""
    for speaker, other in [(who, sender) for who in audience] + [(sender, who) for who in audience]:
        key = f"{conversation.id}\x1f{speaker}\x1f{EVERYONE}"
        orphan = state.relationships.get(key)
        if orphan is None:
            continue
        new = f"{conversation.id}\x1f{speaker}\x1f{other}"
        if new in state.relationships:
            continue
        del state.relationships[key]
        keys = state.by_conversation[conversation.id]
        keys[keys.index(key)] = new
        orphan.target = other
        conversation.unaddressed = 0
        state.relationships[new] = orphan


def _count(
    state: State, item: Relationship, message: Message, at: int, new: bool, deleted: bool
) -> None:
    item.first_at = min(item.first_at or at, at)
    item.last_at = max(item.last_at, at)
    if deleted:
        item.deleted += 1
    if not new:
        return
    item.messages += 1
    item.attachments += len(message.attachments)
    if message.request:
        item.requests += 1
    if "?" in message.text:
        item.questions += 1
    target = state.people.get(item.target)
    if target is not None and target.time_zone:
        place = zone(target.time_zone)
        if place is not None and from_ms(at).astimezone(place).hour in _NIGHT:
            item.night += 1


def _facts(library: Library, event: Event, reasons: Sequence[int]) -> _Facts:
    """What of a message concerns the account itself: an age told, sexual talk."""
    if not isinstance(event, Message) or not (reasons or event.labels):
        return {}
    told = _told_age(library, event, reasons)
    return {
        "told": told if told != SOME_CHILD else -1,
        "explicit": "sexual" in event.labels
        or any(library.reasons[index].card.id == "sexual_talk" for index in reasons),
    }


class _Facts(TypedDict, total=False):
    told: int
    explicit: bool


def _stated_age(state: State, library: Library, message: Message, reasons: Sequence[int]) -> bool:
    """Keep the youngest age a person gives of themselves; returns whether it changed."""
    age = _told_age(library, message, reasons)
    if age < 0:
        return False
    person = state.person(message.sender_id)
    if 0 <= person.stated_age <= age:
        return False
    person.stated_age = age
    return True


def _told_age(library: Library, message: Message, reasons: Sequence[int]) -> int:
    """Age (years) that a message gives of its sender, -1 for none.

    A school year without an age counts as `SOME_CHILD`.
    """
    keys = [
        library.reasons[index].key
        for index in reasons
        if library.reasons[index].card.id == "age_disclosure"
    ]
    if not keys:
        return -1
    age = SOME_CHILD
    if not all("/school-" in key for key in keys):
        found = _AGE.search(message.text.lower())
        if found:
            age = int(found[0]) if found[0].isdigit() else _AGE_WORDS.index(found[0]) + 8
    return age


def _judge(
    engine: Engine,
    state: State,
    item: Relationship,
    sighting: Sighting,
    findings: list[Finding],
) -> None:
    if engine.ceiling(item) < engine.thresholds.watch:
        return
    result = engine.assess(state, item)
    number = sighting.message
    for level, name in (
        (Level.WATCH, "first_watch"),
        (Level.CONCERN, "first_concern"),
        (Level.HIGH, "first_high"),
        (Level.URGENT, "first_urgent"),
    ):
        if result.level >= level and not getattr(item, name):
            setattr(item, name, number)
    if result.level > item.level:
        item.level = int(result.level)
        findings.append(
            Finding(
                id=_finding_id(item, result.level),
                conversation_id=item.conversation,
                actor_id=item.actor,
                target_id=item.target,
                level=result.level.word,
                bits=result.bits,
                message=number,
                event=sighting.event,
                at=sighting.at,
                contributions=result.contributions,
                engine=engine.library.digest,
            )
        )


def _finding_id(item: Relationship, level: Level) -> str:
    text = "\x1f".join((*item.key, level.word))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _forget_seen(state: State) -> None:
    """Keep the half of the remembered message ids that came last."""
    keep = list(state.seen.items())[len(state.seen) // 2 :]
    state.seen = dict(keep)
