"""Evidence of one relationship, added up in bits and explained exactly.

Sightings saturate per detector, decay with their half-life, and are modified by context that is
itself evidence: ages, roles, how contact began, time of day. Context and the child's own signals
never raise a relationship without a tactic of the other side, and never by more than the
tactics themselves carry. Protective evidence and closeness in age offset only tactics that have
an ordinary reading, never severe ones. The contributions always sum to the total.

Monotone: a further harmful sighting never lowers the total.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from lamppost.core.ages import ADULT
from lamppost.core.levels import Level
from lamppost.core.times import DAY
from lamppost.history.memory import SATURATION, Person, Relationship, Sighting
from lamppost.risk.thresholds import Thresholds
from lamppost.signals.card import Card


class Contribution(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the explanation; `bits` of all lines sum to the total."""

    detector: str
    version: int
    bits: float
    because: str
    events: list[str] = []


class Skipped(msgspec.Struct, frozen=True):
    """Something that could not be looked at, and why. Never the same as "nothing found"."""

    detector: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """Total bits, level, contributions (largest first) and what could not be looked at."""

    bits: float
    level: Level
    contributions: list[Contribution]
    skipped: list[Skipped]
    imminent: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """Bits of context. Each is a placeholder, to be fitted; ranges in bits."""

    adult_to_child: float = 2.0
    unknown_to_child: float = 1.0
    message_request: float = 1.0
    night: float = 1.0
    stages: float = 1.0
    context_cap: float = 5.0
    peer_discount: Mapping[str, float] = field(
        default_factory=lambda: {"asserted": 0.2, "standard": 0.35, "enhanced": 0.5, "strict": 0.5}
    )
    adult_discount: Mapping[str, float] = field(
        default_factory=lambda: {"asserted": 0.5, "standard": 0.8, "enhanced": 0.9, "strict": 0.9}
    )
    guardian_discount: float = 0.7
    role_discount: float = 0.25
    protective_cap: float = 6.0
    spread: float = 0.22
    """Bits that each message of the counted span costs: what ordinary talk gathers by chance."""

    def without(self, off: Collection[str]) -> Weights:
        """The same with some `TERMS` at 0, to measure what they do."""
        changes: dict[str, Any] = {}
        for term, name in TERMS.items():
            if term in off:
                value = getattr(self, name)
                changes[name] = dict.fromkeys(value, 0.0) if isinstance(value, Mapping) else 0.0
        return replace(self, **changes)


TERMS: Final = {
    "age_gap": "adult_to_child",
    "child": "unknown_to_child",
    "message_request": "message_request",
    "night": "night",
    "stages": "stages",
    "spread": "spread",
    "adults": "adult_discount",
    "peers": "peer_discount",
    "guardian": "guardian_discount",
    "role": "role_discount",
}
"""Terms of context that can be switched off, and the weight of each."""
DEFAULT_WEIGHTS = Weights()
DEFAULT_THRESHOLDS = Thresholds()
_ROLES = frozenset({"teacher", "coach", "parent", "moderator", "counsellor", "youth_worker"})


def age_range(person: Person | None) -> tuple[int, int] | None:
    """Inclusive years of a person: account data, else what they said; `None` if unknown."""
    if person is None:
        return None
    if person.age_low >= 0:
        return person.age_low, person.age_high
    if person.stated_age >= 0:
        return person.stated_age, person.stated_age
    return None


def is_child(person: Person | None) -> bool:
    """Whether a person is known, or says, to be under 18."""
    years = age_range(person)
    said = person.stated_age if person is not None else -1
    return (years is not None and years[1] < ADULT) or 0 <= said < ADULT


def is_declared_child(person: Person | None) -> bool:
    """Whether the account itself says under 18; what is claimed in chat is no proof of youth."""
    return person is not None and person.age_low >= 0 and person.age_high < ADULT


def is_adult(person: Person | None) -> bool:
    """Whether a person is known to be 18 or older."""
    years = age_range(person)
    return years is not None and years[0] >= ADULT


def assess(
    relationship: Relationship,
    cards: Mapping[int, Card],
    because: Mapping[int, str],
    actor: Person | None,
    target: Person | None,
    *,
    now: int | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Assessment:
    """Add up what is known of `relationship` at `now` (ms; default: its last message).

    `cards` are detector cards by number, `because` the sentence of each reason index. Raises
    `KeyError` when the state belongs to another library.
    """
    moment = relationship.last_at if now is None else now
    skipped: list[Skipped] = []
    context = _context(relationship, actor, target, weights, skipped)
    discounts = _discounts(actor, target, weights)
    given = sum(bits for _, bits, _ in context)
    counted, span = _window(relationship.sightings, cards, moment, given, discounts, weights)
    groups: dict[int, list[Sighting]] = {}
    for item in sorted(counted, key=lambda item: item.order):
        groups.setdefault(item.detector, []).append(item)
    kinds: dict[str, list[tuple[Card, float, list[Sighting]]]] = {
        "tactic": [],
        "child_signal": [],
        "protective": [],
    }
    imminent = False
    for number, items in groups.items():
        card = cards[number]
        bits = _saturated([_decayed(item, card, moment) for item in items])
        kinds[card.kind].append((card, bits, items))
        imminent = imminent or (card.imminent and items[0].bits >= card.bits.plain)

    rows: list[Contribution] = []

    def add(card: Card, bits: float, text: str, items: list[Sighting]) -> None:
        events = [item.event for item in sorted(items, key=lambda item: (item.at, item.event))]
        rows.append(Contribution(card.detector, card.version, bits, text, events))

    sums = _Sums()
    for card, bits, items in kinds["tactic"]:
        add(card, bits, because[items[0].reason], items)
        sums.tactic(card, bits)
    room = sums.harmful
    for card, bits, items in sorted(kinds["child_signal"], key=lambda entry: -entry[1]):
        share = min(bits, room)
        room -= share
        add(card, share, because[items[0].reason], items)
    if sums.harmful > 0:
        stages = sums.stage_bits(weights)
        if stages:
            text = f"tactics of {len(sums.stages)} different stages meet in one relationship"
            context.append(("context.stages", stages, text))
        room = min(weights.context_cap, sums.harmful)
        for name, bits, text in context:
            share = min(bits, room)
            room -= share
            rows.append(Contribution(name, 1, share, text))
        if span:
            text = f"the evidence is spread over {span + 1} messages"
            rows.append(Contribution("context.spread", 1, -weights.spread * span, text))
        left = sums.offsettable
        for discount in discounts:
            cut = discount.share * (sums.harmful if discount.of_all else left)
            left = max(0.0, left - cut)
            rows.append(Contribution(discount.name, 1, -cut, discount.because))
        budget = min(weights.protective_cap, left)
        for card, bits, items in sorted(kinds["protective"], key=lambda entry: entry[1]):
            cut = min(-bits, budget)
            budget -= cut
            add(card, -cut, card.because, items)

    rows = _rounded(rows)
    total = round(sum(row.bits for row in rows), 2)
    level = thresholds.level(total, imminent=imminent and sums.harmful > 0)
    rows.sort(key=lambda row: (-row.bits, row.detector))
    return Assessment(total, level, rows, skipped, imminent)


@dataclass(slots=True)
class _Sums:
    """What the tactics of a span add up to."""

    severe: float = 0.0
    offsettable: float = 0.0
    stages: set[str] = field(default_factory=set)

    def tactic(self, card: Card, bits: float) -> None:
        if card.severe:
            self.severe += bits
        else:
            self.offsettable += bits
        if bits >= 1.2:
            self.stages.add(card.stage)

    @property
    def harmful(self) -> float:
        return self.severe + self.offsettable

    def stage_bits(self, weights: Weights) -> float:
        return min(2.0, weights.stages * max(0, len(self.stages) - 2))


@dataclass(frozen=True, slots=True)
class _Discount:
    """A share of the tactics that what is known of the two people takes away.

    `of_all` takes it of all tactics, else only of those with an ordinary reading.
    """

    name: str
    share: float
    because: str
    of_all: bool = False


def _decayed(item: Sighting, card: Card, moment: int) -> float:
    """Bits of a sighting at `moment`, halved with every half-life since."""
    half_life = card.half_life_days.value * DAY
    return float(item.bits * 0.5 ** (max(0, moment - item.at) / half_life))


def _saturated(values: Sequence[float]) -> float:
    """Bits of the sightings of one detector: the second and third count less."""
    ranked = sorted(values, key=abs, reverse=True)[: len(SATURATION)]
    return sum(value * share for value, share in zip(ranked, SATURATION, strict=False))


def _window(
    sightings: Sequence[Sighting],
    cards: Mapping[int, Card],
    moment: int,
    given: float,
    discounts: Sequence[_Discount],
    weights: Weights,
) -> tuple[list[Sighting], int]:
    """The span of messages whose total is largest, and its length (0 for a single message).

    As in a page of CUSUM, each message of the span costs what ordinary talk gathers by chance;
    talk before and after the span neither adds to the evidence nor hides it.
    """
    ordered = sorted(sightings, key=lambda item: (item.message, item.at, item.event))
    best = 0.0
    chosen, span = slice(None), 0
    bounds = _bounds(ordered, cards, weights)
    for begin, start in enumerate(ordered):
        if cards[start.detector].kind == "protective":
            continue
        if bounds[begin] <= best:
            break
        held: dict[int, list[float]] = {}
        for end in range(begin, len(ordered)):
            item = ordered[end]
            card = cards[item.detector]
            held.setdefault(item.detector, []).append(_decayed(item, card, moment))
            if card.kind == "protective":
                continue
            total = _total(held, cards, given, discounts, weights)
            total -= weights.spread * (item.message - start.message)
            if total > best:
                best = total
                chosen, span = slice(begin, end + 1), item.message - start.message
    return ordered[chosen], span


def _bounds(
    ordered: Sequence[Sighting], cards: Mapping[int, Card], weights: Weights
) -> list[float]:
    """For each place, a total that no span beginning there or later can exceed."""
    bounds = [0.0] * len(ordered)
    tactics = child = 0.0
    for place in range(len(ordered) - 1, -1, -1):
        item = ordered[place]
        kind = cards[item.detector].kind
        if kind == "tactic":
            tactics += item.bits
        elif kind == "child_signal":
            child += item.bits
        bounds[place] = tactics + min(child, tactics) + min(weights.context_cap, tactics)
    return bounds


def _total(
    held: Mapping[int, Sequence[float]],
    cards: Mapping[int, Card],
    given: float,
    discounts: Sequence[_Discount],
    weights: Weights,
) -> float:
    """Total of a span before its length is counted; the rows of `assess` sum to the same."""
    sums = _Sums()
    child = protective = 0.0
    for number, values in held.items():
        card = cards[number]
        bits = _saturated(values)
        if card.kind == "tactic":
            sums.tactic(card, bits)
        elif card.kind == "child_signal":
            child += bits
        else:
            protective -= bits
    harmful = sums.harmful
    total = harmful + min(child, harmful)
    total += min(given + sums.stage_bits(weights), weights.context_cap, harmful)
    left = sums.offsettable
    for discount in discounts:
        cut = discount.share * (harmful if discount.of_all else left)
        left = max(0.0, left - cut)
        total -= cut
    return total - min(protective, weights.protective_cap, left)


def _context(
    relationship: Relationship,
    actor: Person | None,
    target: Person | None,
    weights: Weights,
    skipped: list[Skipped],
) -> list[tuple[str, float, str]]:
    """Circumstances that weigh where there are tactics, and those that could not be looked at."""
    found: list[tuple[str, float, str]] = []
    if is_child(target):
        if is_adult(actor):
            found.append(("context.age_gap", weights.adult_to_child, "an adult writes to a child"))
        elif not is_child(actor):
            text = "the other person is a child; the age of this one is not known"
            found.append(("context.child", weights.unknown_to_child, text))
            skipped.append(Skipped("context.age_gap", "the age of this person is not known"))
    elif age_range(target) is None:
        skipped.append(Skipped("context.age_gap", "the age of the other person is not known"))
    if relationship.requests:
        text = "began as a message request from someone who was not a contact"
        found.append(("context.message_request", weights.message_request, text))
    if relationship.night * 3 >= relationship.messages > 0:
        text = "at least a third of the messages came at night in the child's time zone"
        found.append(("context.night", weights.night, text))
    if target is None or not target.time_zone:
        skipped.append(Skipped("context.night", "the child's time zone is not known"))
    return found


def _discounts(actor: Person | None, target: Person | None, weights: Weights) -> list[_Discount]:
    """What is known of the two people that gives tactics an ordinary reading."""
    found: list[_Discount] = []
    if target is not None and is_adult(target) and not is_child(target):
        share = weights.adult_discount[target.confidence]
        found.append(_Discount("context.adults", share, "the other person is an adult", True))
    elif actor is not None and is_declared_child(actor) and is_child(target):
        share = weights.peer_discount[actor.confidence]
        found.append(_Discount("context.peers", share, "both are children by what is known"))
    if actor is not None and target is not None and target.id in actor.guardian_of:
        text = "a registered guardian of the child"
        found.append(_Discount("context.guardian", weights.guardian_discount, text))
    elif actor is not None and _ROLES & set(actor.roles):
        found.append(
            _Discount("context.role", weights.role_discount, "a verified role with children")
        )
    return found


def _rounded(rows: list[Contribution]) -> list[Contribution]:
    """Round to hundredths so that the printed lines sum to the printed total."""
    return [
        msgspec.structs.replace(row, bits=round(row.bits, 2))
        for row in rows
        if abs(row.bits) >= 0.005
    ]
