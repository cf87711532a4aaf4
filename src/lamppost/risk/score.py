"""Evidence of one relationship, added up in bits and explained exactly.

Sightings saturate per detector, decay with their half-life, and are modified by context that is
itself evidence: ages, roles, how contact began, time of day. Context and the child's own signals
never raise a relationship without a tactic of the other side, and never by more than the
tactics themselves carry. Protective evidence and closeness in age offset only tactics that have
an ordinary reading, never severe ones. The contributions always sum to the total.

Monotone: a further harmful sighting never lowers the total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    spread: float = 0.08
    """Bits that each message within the counted span costs: what ordinary talk gathers by chance."""


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
    tactics: list[tuple[Card, float, list[Sighting]]] = []
    child: list[tuple[Card, float, list[Sighting]]] = []
    protective: list[tuple[Card, float, list[Sighting]]] = []
    counted, span = _window(relationship.sightings, cards, moment, weights.spread)
    groups: dict[int, list[Sighting]] = {}
    for item in sorted(counted, key=lambda item: item.order):
        groups.setdefault(item.detector, []).append(item)
    imminent = False
    for number, items in groups.items():
        card = cards[number]
        half_life = card.half_life_days.value * DAY
        bits = sum(
            item.bits * SATURATION[rank] * 0.5 ** (max(0, moment - item.at) / half_life)
            for rank, item in enumerate(items)
        )
        entry = (card, bits, items)
        {"tactic": tactics, "child_signal": child, "protective": protective}[card.kind].append(
            entry
        )
        imminent = imminent or (card.imminent and items[0].bits >= card.bits.plain)

    rows: list[Contribution] = []

    def add(detector: str, version: int, bits: float, text: str, items: list[Sighting]) -> None:
        events = [item.event for item in sorted(items, key=lambda item: (item.at, item.event))]
        rows.append(Contribution(detector, version, bits, text, events))

    severe = 0.0
    offsettable = 0.0
    for card, bits, items in tactics:
        add(card.detector, card.version, bits, because[items[0].reason], items)
        if card.severe:
            severe += bits
        else:
            offsettable += bits
    harmful = severe + offsettable

    room = harmful  # the child's words and context never outweigh what the other side did
    for card, bits, items in sorted(child, key=lambda entry: -entry[1]):
        share = min(bits, room)
        room -= share
        add(card.detector, card.version, share, because[items[0].reason], items)

    context: list[tuple[str, float, str]] = []
    skipped: list[Skipped] = []
    if harmful > 0:
        _ages(actor, target, weights, context, skipped)
        if relationship.requests:
            context.append(
                ("context.message_request", weights.message_request,
                 "began as a message request from someone who was not a contact")
            )  # fmt: skip
        if relationship.night * 3 >= relationship.messages > 0:
            context.append(
                ("context.night", weights.night,
                 "at least a third of the messages came at night in the child's time zone")
            )  # fmt: skip
        distinct = len({card.stage for card, bits, _ in tactics if bits >= 1.2})
        if distinct >= 3:
            context.append(
                ("context.stages", min(2.0, weights.stages * (distinct - 2)),
                 f"tactics of {distinct} different stages meet in one relationship")
            )  # fmt: skip
        left = min(weights.context_cap, harmful)
        for name, bits, text in context:
            share = min(bits, left)
            left -= share
            if share > 0:
                rows.append(Contribution(name, 1, share, text))
        if span:
            rows.append(
                Contribution(
                    "context.spread", 1, -weights.spread * span,
                    f"the evidence is spread over {span + 1} messages",
                )
            )  # fmt: skip
        _offsets(relationship, actor, target, offsettable, harmful, protective, weights, add)

    rows = _rounded(rows)
    total = round(sum(row.bits for row in rows), 2)
    level = thresholds.level(total, imminent=imminent and harmful > 0)
    if target is None or not target.time_zone:
        skipped.append(Skipped("context.night", "the child's time zone is not known"))
    rows.sort(key=lambda row: (-row.bits, row.detector))
    return Assessment(total, level, rows, skipped, imminent)


def _window(
    sightings: Sequence[Sighting], cards: Mapping[int, Card], moment: int, spread: float
) -> tuple[list[Sighting], int]:
    """The span of messages whose evidence, less what its length gathers by chance, is most.

    A page of CUSUM: talk before and after the span neither adds to the evidence nor hides it.
    Returns the sightings inside and the span's length in messages (0 for a single one).
    """
    ordered = sorted(sightings, key=lambda item: (item.message, item.at, item.event))
    harmful = [item for item in ordered if cards[item.detector].kind != "protective"]
    best = 0.0
    first = last = 0
    for begin, start in enumerate(harmful):
        held: dict[int, list[float]] = {}
        total = 0.0
        for item in harmful[begin:]:
            half_life = cards[item.detector].half_life_days.value * DAY
            bits = item.bits * 0.5 ** (max(0, moment - item.at) / half_life)
            same = held.setdefault(item.detector, [])
            total -= sum(value * SATURATION[rank] for rank, value in enumerate(same))
            same.append(bits)
            same.sort(reverse=True)
            del same[len(SATURATION) :]
            total += sum(value * SATURATION[rank] for rank, value in enumerate(same))
            score = total - spread * (item.message - start.message)
            if score > best:
                best, first, last = score, start.message, item.message
    if best == 0.0:
        return list(ordered), 0
    return [item for item in ordered if first <= item.message <= last], last - first


def _ages(
    actor: Person | None,
    target: Person | None,
    weights: Weights,
    context: list[tuple[str, float, str]],
    skipped: list[Skipped],
) -> None:
    if is_child(target):
        if is_adult(actor):
            context.append(
                ("context.age_gap", weights.adult_to_child, "an adult writes to a child")
            )
        elif not is_child(actor):
            context.append(
                ("context.child", weights.unknown_to_child,
                 "the other person is a child; the age of this one is not known")
            )  # fmt: skip
            skipped.append(Skipped("context.age_gap", "the age of this person is not known"))
    elif age_range(target) is None:
        skipped.append(Skipped("context.age_gap", "the age of the other person is not known"))


def _offsets(
    relationship: Relationship,
    actor: Person | None,
    target: Person | None,
    offsettable: float,
    harmful: float,
    protective: list[tuple[Card, float, list[Sighting]]],
    weights: Weights,
    add: object,
) -> None:
    assert callable(add)
    left = offsettable
    confidence = target.confidence if target is not None else "asserted"
    if is_adult(target) and not is_child(target):
        cut = harmful * weights.adult_discount[confidence]
        add("context.adults", 1, -cut, "the other person is an adult", [])
        left = max(0.0, left - cut)
    elif is_child(actor) and is_child(target) and actor is not None:
        cut = left * weights.peer_discount[actor.confidence]
        add("context.peers", 1, -cut, "both are children by what is known", [])
        left -= cut
    if actor is not None and target is not None and target.id in actor.guardian_of:
        cut = left * weights.guardian_discount
        add("context.guardian", 1, -cut, "a registered guardian of the child", [])
        left -= cut
    elif actor is not None and _ROLES & set(actor.roles):
        cut = left * weights.role_discount
        add("context.role", 1, -cut, "a verified role with children", [])
        left -= cut
    budget = min(weights.protective_cap, left)
    for card, bits, items in sorted(protective, key=lambda entry: entry[1]):
        cut = min(-bits, budget)
        budget -= cut
        if cut > 0:
            add(card.detector, card.version, -cut, card.because, items)


def _rounded(rows: list[Contribution]) -> list[Contribution]:
    """Round to hundredths so that the printed lines sum to the printed total."""
    return [
        msgspec.structs.replace(row, bits=round(row.bits, 2))
        for row in rows
        if abs(row.bits) >= 0.005
    ]
