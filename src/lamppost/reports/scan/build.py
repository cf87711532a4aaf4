"""Build the report from an export that can be read twice.

    read 1: events ─▶ fold ─▶ relationships worth showing, their evidence by event id
    read 2: events ─▶ only the messages that count, and two before and after each

Between the reads only the fold's bounded state and names are kept; of the second read only the
quotes. No text is kept anywhere else.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final, Protocol

import msgspec

from lamppost import __version__
from lamppost.core.errors import UsageError
from lamppost.core.levels import Level
from lamppost.core.times import from_ms
from lamppost.events.vocabulary import Account, Event, Message
from lamppost.history.memory import EVERYONE, Relationship, Sighting, State
from lamppost.pipeline import MAX_TEXT, Engine, fold, score
from lamppost.protect.support import Support
from lamppost.reports.redaction import Redactor
from lamppost.reports.scan import words
from lamppost.reports.scan.model import (
    Line,
    LookedFor,
    NotLooked,
    Origin,
    PersonView,
    Point,
    Quote,
    RelationshipLine,
    RelationshipView,
    Role,
    Row,
    ScanReport,
    Tactic,
    Totals,
    Verdict,
)
from lamppost.risk.ports import NAME as SECOND
from lamppost.risk.ports import Opinion, Said, SecondReader
from lamppost.risk.score import Assessment, Skipped, age_range, is_adult, is_child
from lamppost.risk.second import with_opinion
from lamppost.signals.card import Card
from lamppost.signals.library import Reason

AROUND: Final = 2
"""Messages shown before and after each quote."""
SHOWN: Final = 12
"""Relationships shown in full; the others are listed."""
LISTED: Final = 100
QUOTES: Final = 3
"""Quotes per detector and relationship; the fold keeps no more."""
EXPLICIT: Final = frozenset({"sexual", "sexual_content", "sexually_explicit"})
_CONTEXT_TITLES: Final = {
    "context.age_gap": "Ages",
    "context.child": "Ages",
    "context.peers": "Ages",
    "context.adults": "Ages",
    "context.message_request": "How it began",
    "context.night": "Time of day",
    "context.stages": "Order of stages",
    "context.spread": "Spread over time",
    "context.guardian": "Role",
    "context.role": "Role",
    "context.second_reader": "Second reader",
}


class Veil(Protocol):
    """How names, ids and text are shown: as they are, or redacted."""

    redacts: bool

    def person(self, identifier: str, name: str) -> tuple[str, str]:
        """Id and name to show."""
        ...

    def ident(self, kind: str, value: str) -> str:
        """An id of another kind: `conversation`, `message`, `export`."""
        ...

    def text(self, text: str) -> tuple[str, Callable[[int, int], tuple[int, int]]]:
        """Text to show, and where a span of the original stands in it."""
        ...


class Plain:
    """Shows everything as it is."""

    redacts = False

    def person(self, identifier: str, name: str) -> tuple[str, str]:
        """As it is."""
        return identifier, name

    def ident(self, kind: str, value: str) -> str:
        """As it is."""
        return value

    def text(self, text: str) -> tuple[str, Callable[[int, int], tuple[int, int]]]:
        """As it is."""
        return text, lambda start, end: (start, end)


@dataclass(slots=True)
class Request:
    """What to build. `read` streams the events, and may be called twice.

    `not_looked` and `origins` are asked after the first read. `veil` is made from the names met.
    """

    read: Callable[[], Iterable[Event]]
    support: Support
    now: datetime
    child: str | None = None
    age: int | None = None
    zone: tzinfo = UTC
    child_zone: str | None = None
    origins: Callable[[], list[Origin]] = field(default=lambda: [])
    not_looked: Callable[[], list[NotLooked]] = field(default=lambda: [])
    veil: Callable[[dict[str, str]], Veil] = field(default=lambda names: Plain())
    second: SecondReader | None = None


def folded(name: str) -> str:
    """A name as it is compared: no case, no marks that cannot be seen, single spaces."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    seen = "".join(char for char in plain if unicodedata.category(char) not in ("Cf", "Cc"))
    return " ".join(seen.split())


class _Watch:
    """Passes events on; gathers names, marks the child, counts what the fold does not."""

    def __init__(self, request: Request) -> None:
        self.wanted = folded(request.child) if request.child is not None else None
        self.age = request.age
        self.time_zone = request.child_zone
        self.names: dict[str, str] = {}
        self.children: set[str] = set()
        self.long = 0
        self.first: datetime | None = None
        self.last: datetime | None = None

    def events(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events, with account data of the child set as the person said."""
        for event in events:
            if isinstance(event, Message):
                for who in (event.sender_id, *event.recipient_ids):
                    if who not in self.names:
                        self.names[who] = who
                        if self._is_child(who):
                            yield self._marked(Account(id=who))
                if len(event.text) > MAX_TEXT:
                    self.long += 1
                self.first = min(self.first or event.sent_at, event.sent_at)
                self.last = max(self.last or event.sent_at, event.sent_at)
            elif isinstance(event, Account):
                if event.display_name:
                    self.names[event.id] = event.display_name
                else:
                    self.names.setdefault(event.id, event.id)
                if event.id in self.children or self._is_child(event.id, event.display_name):
                    event = self._marked(event)
            yield event

    def _is_child(self, identifier: str, name: str | None = None) -> bool:
        return self.wanted is not None and self.wanted in (folded(identifier), folded(name or ""))

    def _marked(self, event: Account) -> Account:
        self.children.add(event.id)
        event = msgspec.structs.replace(event, time_zone=self.time_zone or event.time_zone)
        if self.age is not None:
            return msgspec.structs.replace(event, age=self.age, age_band=None)
        if event.age is None and event.age_band is None:
            return msgspec.structs.replace(event, age_band="0-17")
        return event

    def check(self, name: str | None) -> None:
        """Raise `UsageError` when the child named is nobody, or more than one, here."""
        if name is None:
            return
        hint = "`lamppost scan --people PATH` lists them; case does not matter"
        if not self.children:
            raise UsageError(
                f"no participant has that name or id; there are {len(self.names):,}",
                where="--child",
                hint=hint,
            )
        if len(self.children) > 1:
            raise UsageError(
                f"{len(self.children)} participants have that name",
                where="--child",
                hint="give the id instead; " + hint,
            )


@dataclass(slots=True)
class _Peak:
    """A relationship at the moment when the evidence was strongest."""

    relationship: Relationship
    assessment: Assessment
    as_of: int
    points: list[tuple[Sighting, Assessment]]
    care: bool

    @property
    def rank(self) -> tuple[int, bool, float]:
        return int(self.assessment.level), self.care, self.assessment.bits


def _peak(engine: Engine, state: State, item: Relationship) -> _Peak:
    """Assess after each sighting; keep the strongest moment.

    Silent failure prevented: evidence decays, so a chat that turned ordinary years ago would
    look calm if it were judged by its last message only.
    """
    cards = engine.library.cards
    points: list[tuple[Sighting, Assessment]] = []
    best = engine.assess(state, item)
    as_of = item.last_at
    for index, sighting in enumerate(item.sightings):
        seen = item.sightings[: index + 1]
        past = msgspec.structs.replace(item, sightings=seen, last_at=sighting.at)
        then = engine.assess(state, past)
        points.append((sighting, then))
        later = [
            other
            for other in item.sightings[index + 1 :]
            if cards[other.detector].kind == "protective"
        ]
        if later:  # what speaks for a harmless reading counts whenever it was said
            past = msgspec.structs.replace(past, sightings=[*seen, *later])
            then = engine.assess(state, past)
        if (then.level, then.bits) > (best.level, best.bits):
            best, as_of = then, sighting.at
    care = any(
        cards[sighting.detector].kind == "child_signal" and cards[sighting.detector].imminent
        for sighting in item.sightings
    )
    return _Peak(item, best, as_of, points, care)


@dataclass(slots=True)
class _Found:
    """A message fetched in the second read, with its surroundings."""

    before: list[Message]
    message: Message
    after: list[Message] = field(default_factory=list)


def _fetch(events: Iterable[Event], wanted: dict[str, set[str]]) -> dict[tuple[str, str], _Found]:
    """Fetch the messages whose ids are in `wanted` by conversation, with their surroundings."""
    found: dict[tuple[str, str], _Found] = {}
    recent: dict[str, deque[Message]] = {key: deque(maxlen=AROUND) for key in wanted}
    open_: dict[str, list[_Found]] = {key: [] for key in wanted}
    seen: dict[str, deque[str]] = {key: deque(maxlen=AROUND * 4) for key in wanted}
    for event in events:
        if not isinstance(event, Message) or event.conversation_id not in wanted:
            continue
        key = event.conversation_id
        again = event.id in seen[key]
        if not again:
            for item in open_[key]:
                item.after.append(event)
            open_[key] = [item for item in open_[key] if len(item.after) < AROUND]
        if event.id in wanted[key]:
            held = found.get((key, event.id))
            if held is None:
                held = _Found(list(recent[key]), event)
                found[(key, event.id)] = held
                open_[key].append(held)
            elif event.edited_at is not None and not held.message.text:
                held.message = event
        if not again:
            recent[key].append(event)
            seen[key].append(event.id)
    return found


def build_report(engine: Engine, request: Request) -> ScanReport:
    """The whole report. Raises `UsageError` when `child` names nobody; errors of `read` pass."""
    watch = _Watch(request)
    state = State()
    for done in fold(engine, watch.events(request.read()), state=state):
        state = done[0]
    watch.check(request.child)
    children = watch.children
    found_peaks = {
        item.key: _peak(engine, state, item)
        for item in state.relationships.values()
        if item.sightings
    }
    peaks: list[_Peak] = []
    rest: list[_Peak] = []
    for (conversation, actor, target), peak in found_peaks.items():
        shown = peak.assessment.level >= Level.WATCH or peak.care
        back = found_peaks.get((conversation, target, actor))
        answered = back is not None and back.rank > peak.rank
        if answered and not (is_child(state.people.get(target)) and actor not in children):
            shown = False  # answers to what is worse are no finding of their own, least a child's
        (peaks if shown else rest).append(peak)
    peaks.sort(key=lambda peak: (peak.relationship.target in children, *peak.rank), reverse=True)
    peaks.sort(key=lambda peak: peak.rank[:1], reverse=True)  # level first; then the child named
    rest.sort(key=lambda peak: peak.assessment.bits, reverse=True)
    shown_peaks, more = peaks[:SHOWN], [*peaks[SHOWN:], *rest]
    wanted: dict[str, set[str]] = {}
    for peak in shown_peaks:
        ids = wanted.setdefault(peak.relationship.conversation, set())
        ids.update(sighting.event for sighting in peak.relationship.sightings)
    found = _fetch(request.read(), wanted) if wanted else {}
    if request.second is not None:
        for peak in shown_peaks:
            if peak.assessment.level >= Level.CONCERN:
                _ask(request.second, engine, peak, watch.names, found)
        shown_peaks.sort(key=lambda peak: peak.rank[:1], reverse=True)
    return _Writer(engine, request, state, watch, found).write(shown_peaks, more)


def _ask(
    second: SecondReader,
    engine: Engine,
    peak: _Peak,
    names: dict[str, str],
    found: dict[tuple[str, str], _Found],
) -> None:
    """Show a second reader the evidence with what stands around it, redacted, and count it."""
    item = peak.relationship
    near: dict[str, Message] = {}
    for sighting in item.sightings:
        held = found.get((item.conversation, sighting.event))
        if held is not None:
            near.update((m.id, m) for m in (*held.before, held.message, *held.after))
    messages = sorted(near.values(), key=lambda message: (message.sent_at, message.id))
    redactor = Redactor(
        {who: names.get(who, who) for who in (item.actor, item.target)}
        | {m.sender_id: names.get(m.sender_id, m.sender_id) for m in messages}
    )
    said = [
        Said(
            redactor.person(message.sender_id, "")[1],
            "(sexual content)"
            if EXPLICIT & set(message.labels)
            else redactor.redact(message.text)[0],
        )
        for message in messages
    ]
    actor, target = (redactor.person(who, "")[1] for who in (item.actor, item.target))
    if redactor.leaks(line.text for line in said):
        opinion: Opinion | Skipped = Skipped(SECOND, "the chat could not be redacted")
    else:
        opinion = second.read(actor, target, said)
    peak.assessment = with_opinion(peak.assessment, opinion, engine.thresholds, said)


class _Writer:
    """Puts the report into words."""

    def __init__(
        self,
        engine: Engine,
        request: Request,
        state: State,
        watch: _Watch,
        found: dict[tuple[str, str], _Found],
    ) -> None:
        self.engine = engine
        self.cards = engine.library.cards
        self.reasons = engine.library.reasons
        self.request = request
        self.state = state
        self.watch = watch
        self.found = found
        self.veil = request.veil(watch.names)

    def write(self, peaks: list[_Peak], more: list[_Peak]) -> ScanReport:
        """The whole report."""
        views = [self._relationship(peak) for peak in peaks]
        request = self.request
        child = next((self._person(who) for who in sorted(self.watch.children)), None)
        level = Level.parse(views[0].level) if views else Level.NONE
        top = views[0] if views and level > Level.NONE else None
        cared = [view for view in views if view.care]
        imminent = sorted(
            {
                self.cards[sighting.detector].id
                for sighting in (peaks[0].relationship.sightings if peaks else [])
                if self.cards[sighting.detector].imminent
            }
        )
        subject = child or (top.target if top else None) or (cared[0].target if cared else None)
        name = subject.name if subject and subject.id != EVERYONE else "the child"
        actions = words.actions(
            level,
            top.actor.name if top else None,
            name,
            imminent,
            bool(cared),
            request.support,
        )
        return ScanReport(
            lamppost=__version__,
            engine=self.engine.library.digest,
            made_at=request.now,
            time_zone=str(request.zone),
            redacted=self.veil.redacts,
            origins=[self._origin(item) for item in request.origins()],
            totals=self._totals(),
            child=child,
            verdict=self._verdict(level, top, cared, len(views)),
            actions=actions,
            support=request.support,
            thresholds={
                "watch": self.engine.thresholds.watch,
                "concern": self.engine.thresholds.concern,
                "high": self.engine.thresholds.high,
            },
            relationships=views,
            others=[self._line(peak) for peak in more[:LISTED]],
            looked_for=self._looked_for(),
            not_looked=self._not_looked(peaks, len(more)),
            limits=[
                *words.LIMITS,
                words.status_sentence([card.status for card in self.cards.values()]),
            ],
        )

    def _verdict(
        self, level: Level, top: RelationshipView | None, cared: list[RelationshipView], many: int
    ) -> Verdict:
        if top is not None:
            sentence, sure = top.sentence, top.sure
            if many > 1:
                sentence += f" {many - 1} more {'is' if many == 2 else 'are'} described below."
        elif self.state.counters.messages == 0:
            sentence, sure = words.EMPTY, ""
        else:
            sentence, sure = words.CALM, words.CALM_SURE
        names = list(dict.fromkeys(view.target.name for view in cared))
        return Verdict(
            level=level.word,  # type: ignore[arg-type]
            meaning=words.MEANINGS[level],
            sentence=sentence,
            sure=sure,
            care=words.care_sentence(names) if names else None,
        )

    def _totals(self) -> Totals:
        first, last = self.watch.first, self.watch.last
        return Totals(
            messages=self.state.counters.messages,
            conversations=len(self.state.conversations),
            people=len(self.watch.names),
            relationships=len(self.state.relationships),
            first_at=first.astimezone(self.request.zone) if first else None,
            last_at=last.astimezone(self.request.zone) if last else None,
        )

    def _person(self, identifier: str) -> PersonView:
        if identifier == EVERYONE:
            return PersonView(id=EVERYONE, name="everyone in the conversation")
        shown_id, name = self.veil.person(identifier, self.watch.names.get(identifier, identifier))
        person = self.state.people.get(identifier)
        years = age_range(person)
        marked = identifier in self.watch.children
        said = ""
        if marked:
            said = "as given with --age" if self.request.age is not None else "named with --child"
        elif person is not None and person.age_low >= 0:
            said = "from account data"
        elif person is not None and person.stated_age >= 0:
            said = "as they say in the chat"
        exact = years is not None and years[0] == years[1]
        return PersonView(
            id=shown_id,
            name=name,
            age=years[0] if exact and years is not None else None,
            child=is_child(person),
            adult=is_adult(person) and not is_child(person),
            said=said,
        )

    def _relationship(self, peak: _Peak) -> RelationshipView:
        item, result = peak.relationship, peak.assessment
        actor, target = self._person(item.actor), self._person(item.target)
        by_detector: dict[int, list[Sighting]] = {}
        for sighting in item.sightings:
            by_detector.setdefault(sighting.detector, []).append(sighting)
        counted = {row.detector: row.bits for row in result.contributions}
        groups: dict[str, list[Tactic]] = {"tactic": [], "child_signal": [], "protective": []}
        for number, sightings in by_detector.items():
            card = self.cards[number]
            groups[card.kind].append(
                self._tactic(card, sightings, counted.get(card.detector, 0.0), item)
            )
        for group in groups.values():
            group.sort(key=lambda tactic: (-abs(tactic.bits), tactic.detector))
        order = list(words.STAGES)
        tactics = [tactic for tactic in groups["tactic"] if tactic.bits > 0]
        imminent = [tactic for tactic in tactics if self._card(tactic.detector).imminent]
        chosen = list({tactic.detector: tactic for tactic in [*imminent, *tactics]}.values())[:4]
        how = [
            self._how(self._card(tactic.detector).because, target)
            for tactic in sorted(chosen, key=lambda tactic: order.index(tactic.stage))
        ]
        scored = score(self.engine, self.state, item)
        zone = self.request.zone
        return RelationshipView(
            conversation_id=self.veil.ident("conversation", item.conversation),
            actor=actor,
            target=target,
            level=result.level.word,  # type: ignore[arg-type]
            bits=result.bits,
            sentence=words.relationship_sentence(
                result.level, actor, target, [tactic.detector for tactic in tactics], how
            ),
            how=how,
            sure=words.sure_sentence(result.level, result.bits),
            care=peak.care,
            as_of=from_ms(peak.as_of).astimezone(zone),
            messages=item.messages,
            replies=item.replies,
            first_at=from_ms(item.first_at or item.last_at).astimezone(zone),
            last_at=from_ms(item.last_at).astimezone(zone),
            first_watch=scored.first_watch,
            first_concern=scored.first_concern,
            first_high=scored.first_high,
            contributions=[
                self._row(row.detector, row.version, row.bits, row.because, row.events)
                for row in result.contributions
            ],
            timeline=[self._point(sighting, then) for sighting, then in peak.points],
            tactics=groups["tactic"],
            child_words=groups["child_signal"],
            protective=groups["protective"],
        )

    @staticmethod
    def _how(because: str, target: PersonView) -> str:
        name = target.name if target.id != EVERYONE else "the other person"
        text = because.replace("the other person's", f"{name}'s").replace("the other person", name)
        return text.replace("the child", name).replace("to itself", "to themselves")

    def _card(self, detector: str) -> Card:
        return self.engine.library.card(detector)

    def _row(
        self, detector: str, version: int, bits: float, because: str, events: list[str]
    ) -> Row:
        if detector.startswith("context."):
            return Row(
                detector=detector,
                title=_CONTEXT_TITLES.get(detector, "Context"),
                kind="context",
                stage=None,
                version=version,
                bits=bits,
                because=because,
                events=[],
            )
        card = self._card(detector)
        return Row(
            detector=detector,
            title=card.title,
            kind=card.kind,
            stage=card.stage,
            version=version,
            bits=bits,
            because=because,
            events=[self.veil.ident("message", event) for event in events],
        )

    def _point(self, sighting: Sighting, then: Assessment) -> Point:
        card = self.cards[sighting.detector]
        return Point(
            at=from_ms(sighting.at).astimezone(self.request.zone),
            message=sighting.message,
            event=self.veil.ident("message", sighting.event),
            detector=card.detector,
            title=card.title,
            stage=card.stage,
            kind=card.kind,
            total=then.bits,
            level=then.level.word,  # type: ignore[arg-type]
        )

    def _tactic(
        self, card: Card, sightings: list[Sighting], bits: float, item: Relationship
    ) -> Tactic:
        return Tactic(
            detector=card.detector,
            title=card.title,
            stage=card.stage,
            status=card.status,
            bits=bits,
            what=card.what,
            harm=card.harm,
            innocent=list(card.false_positives),
            quotes=[self._quote(card, sighting, item) for sighting in sightings[:QUOTES]],
        )

    def _quote(self, card: Card, sighting: Sighting, item: Relationship) -> Quote:
        reason = self.reasons[sighting.reason]
        found = self.found.get((item.conversation, sighting.event))
        sexual = bool(EXPLICIT & set(card.labels))
        lines: list[Line] = []
        before: list[Line] = []
        after: list[Line] = []
        if found is not None:
            before = [self._line_of(message, item) for message in found.before]
            after = [self._line_of(message, item) for message in found.after]
            lines = [self._line_of(found.message, item, reason, sexual)]
        return Quote(
            event=self.veil.ident("message", sighting.event),
            message=sighting.message,
            detector=card.detector,
            because=reason.because,
            explicit=sexual or any(line.explicit for line in (*before, *lines, *after)),
            before=before,
            line=lines[0] if lines else None,
            after=after,
        )

    def _line_of(
        self,
        message: Message,
        item: Relationship,
        reason: Reason | None = None,
        explicit: bool = False,
    ) -> Line:
        spans = self.engine.reader.spans(message.text, reason) if reason is not None else []
        if not spans and reason is not None and reason.channel != "labels" and message.text:
            # what is alike in meaning, or goes on from the line above, is the whole message
            spans = [(0, len(message.text))]
        text, moved = self.veil.text(message.text)
        role: Role = "someone"
        if message.sender_id == item.actor:
            role = "actor"
        elif message.sender_id == item.target:
            role = "target"
        return Line(
            event=self.veil.ident("message", message.id),
            sender=self._person(message.sender_id).name,
            role=role,
            at=message.sent_at.astimezone(self.request.zone),
            text=text,
            marks=_merged([moved(start, end) for start, end in spans]),
            attachments=len(message.attachments),
            deleted=message.deleted_at is not None,
            explicit=explicit or bool(EXPLICIT & set(message.labels)),
        )

    def _line(self, peak: _Peak) -> RelationshipLine:
        item = peak.relationship
        return RelationshipLine(
            conversation_id=self.veil.ident("conversation", item.conversation),
            actor=self._person(item.actor).name,
            target=self._person(item.target).name,
            level=peak.assessment.level.word,  # type: ignore[arg-type]
            bits=peak.assessment.bits,
            messages=item.messages,
        )

    def _origin(self, origin: Origin) -> Origin:
        return msgspec.structs.replace(origin, label=self.veil.ident("export", origin.label))

    def _looked_for(self) -> list[LookedFor]:
        seen = {
            sighting.detector
            for item in self.state.relationships.values()
            for sighting in item.sightings
        }
        order = {"tactic": 0, "child_signal": 1, "protective": 2}
        cards = sorted(self.cards.values(), key=lambda card: (order[card.kind], card.number))
        return [
            LookedFor(
                detector=card.detector,
                title=card.title,
                kind=card.kind,
                what=card.what,
                found=card.number in seen,
            )
            for card in cards
        ]

    def _not_looked(self, peaks: list[_Peak], more: int) -> list[NotLooked]:
        out = []
        for item in self.request.not_looked():
            text, _ = self.veil.text(item.reason)
            out.append(msgspec.structs.replace(item, reason=text))
        attachments = deleted = 0
        for relationship in self.state.relationships.values():
            attachments += relationship.attachments
            deleted += relationship.deleted
        if attachments:
            out.append(
                NotLooked(
                    what="Pictures, voice and files",
                    reason=f"{attachments:,} attachments were not looked at.",
                )
            )
        if deleted:
            out.append(
                NotLooked(
                    what="Deleted messages",
                    reason=f"{deleted:,} messages were deleted; what remains of them was read.",
                )
            )
        if self.watch.long:
            out.append(
                NotLooked(
                    what="Very long messages",
                    reason=f"Only the first {MAX_TEXT:,} characters of "
                    f"{self.watch.long:,} messages were read.",
                )
            )
        counters = self.state.counters
        if counters.duplicates:
            out.append(
                NotLooked(
                    what="Duplicates",
                    reason=f"{counters.duplicates:,} messages stood twice and were counted once.",
                )
            )
        spoken = ", ".join(_LANGUAGES.get(code, code) for code in self.engine.library.languages)
        out.append(
            NotLooked(
                what="Other languages",
                reason=f"Phrases exist in {spoken or 'no language'} only; messages in "
                "other languages were not understood.",
            )
        )
        for peak in peaks:
            actor = self._person(peak.relationship.actor).name
            target = self._person(peak.relationship.target).name
            for skipped in peak.assessment.skipped:
                reason = skipped.reason.replace("this person", actor)
                reason = reason.replace("the other person", target)
                reason = f"{reason[:1].upper()}{reason[1:]}, so it was not weighed."
                out.append(NotLooked(what=f"{actor} → {target}", reason=reason))
        if more > LISTED:
            out.append(
                NotLooked(
                    what="Further relationships",
                    reason=f"{more - LISTED:,} with less evidence are not listed.",
                )
            )
        return out


_LANGUAGES: Final = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "ar": "Arabic",
}


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, touching ones joined, empty ones left out."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out
