"""Ask the gate: may this account reach that one, for this purpose, now?

    gate = Gate(graph, contacts)
    answer = gate.check(Asked(actor_id="a9", target_id="a1", purpose="message"), now)

The answer is `allow`, `limit`, `hold` or `deny` with its reasons. It is a default about one
contact, not a finding: it never says or implies anything about the one who asked, and `tell` is
the same sentence for every refusal, so that nobody can probe it for ages or suspicions.

Between an adult and a child the way is shut unless a route opens it (friend, guardian, family,
role, age, common friends, a closed room, the child asked); an account of unknown age with the
friends of a child is protected as one. Between children it is open; what is slowed is many
strangers in a short time, and an age that was checked well is only ever slowed, not refused.
What may be known about the *child* (red flags, vulnerability) is no input at all.

When it fails: an adult who says to be a child is held up only by pace and refusals; an offender
with a route (a relative, a coach) passes; ages that are wrong make wrong answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from lamppost.core.ages import ADULT, CONFIDENCES, AgeConfidence, range_of
from lamppost.core.errors import UsageError
from lamppost.core.levels import Level
from lamppost.core.times import DAY
from lamppost.history.graph import ContactGraph, Node, Ties
from lamppost.protect.gate.policy import (
    OUTCOMES,
    Contacts,
    Limit,
    Outcome,
    Purpose,
    version_of,
)

TELL: Final = "This is not possible at the moment."
"""What the asker may be told, whatever the reason."""

_Id = Annotated[str, Meta(min_length=1, max_length=256)]
_Band = Annotated[str, Meta(pattern="^[0-9]{1,3}(-[0-9]{1,3}|\\+)$")]
Origin = Literal["search", "suggestion", "group", "game", "import", "offline"]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question. What is left out is taken from the graph; what is given goes before it.

    `friends`: whether they are friends, as the platform knows. `guardian`: the actor is a
    registered guardian of the target. `actor_level`: what the platform knows of the actor.
    """

    actor_id: _Id
    target_id: _Id
    purpose: Purpose
    origin: Origin | None = None
    friends: bool | None = None
    guardian: bool | None = None
    actor_age_band: _Band | None = None
    actor_age_confidence: AgeConfidence | None = None
    target_age_band: _Band | None = None
    actor_level: Literal["none", "watch", "concern", "high", "urgent"] = "none"


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Why: a rule of the policy by its place, what it led to, and a sentence for the operator."""

    rule: str
    outcome: Outcome
    because: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What may happen. `appeal_url` and `appeal_hours` say where and how fast a person looks.

    `limits` holds for `limit`. `guardian_notice`: on a supervised account, show the new contact
    where its guardian sees new contacts; Lamppost itself tells nobody. `tell` may be shown to
    the asker; `reasons` are for the operator only.
    """

    outcome: Outcome
    limits: list[Limit]
    guardian_notice: bool
    reasons: list[Reason]
    policy: str
    tell: str
    appeal_url: str
    appeal_hours: int


_BECAUSE: Final = {
    "routes.friend": "they are friends already",
    "routes.guardian": "a registered guardian",
    "routes.family": "family: a guardian connects them",
    "routes.role": "a verified role, in a room of both",
    "routes.role_alone": "a verified role",
    "routes.answered": "the child asked first",
    "routes.talking": "they have written to each other",
    "routes.near_age": "about the same age, with a common friend",
    "routes.mutual": "common friends",
    "routes.room": "a closed room of both",
    "routes.offline": "met in person, as the platform has established",
    "adult": "an adult and a child without a tie",
    "unknown_to_child": "an age that is not known, and a child without a tie",
    "adult_to_unknown": "an adult, and an age that is not known",
    "child_to_adult": "a child reaches out to an adult",
    "turned_away": "was turned away by this child before",
    "peers.tie": "children with a tie",
    "peers.stranger": "children without a tie",
    "peers.gap": "children far apart in age, without a tie",
    "peers.hurried": "many strangers in a short time",
    "peers.refused": "turned away often in a short time",
    "levels.watch": "the engine has reached watch",
    "levels.concern": "the engine has reached concern",
    "levels.high": "the engine has reached high",
    "levels.urgent": "the engine has reached urgent",
    "levels.friend_high": "the engine has reached high, and they are friends already",
    "open": "no child is reached",
    "self": "the same account",
}
_RANK: Final = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}
_NOBODY: Final = Node("")


class Gate:
    """Answers questions over a graph, by the rules of a policy. It changes nothing.

    `name` is the policy's own name and version; answers carry it with the digest of the rules.
    """

    def __init__(
        self, graph: ContactGraph, contacts: Contacts | None = None, *, name: str = "default"
    ) -> None:
        self.graph = graph
        self.contacts = contacts if contacts is not None else Contacts()
        self._known_from = CONFIDENCES.index(self.contacts.peers.known_from)
        self.policy = f"{name} {version_of(self.contacts)}"

    def check(self, asked: Asked, now: int) -> Answer:
        """Answer one question as of `now` (ms UTC). Raises `UsageError` for a band out of range."""
        graph = self.graph
        actor = graph.node(asked.actor_id) or _NOBODY
        target = graph.node(asked.target_id) or _NOBODY
        if asked.actor_age_band is not None:
            actor = _aged(actor, asked.actor_age_band, "actor_age_band")
        if asked.actor_age_confidence is not None:
            actor = _copy(actor)
            actor.sure = CONFIDENCES.index(asked.actor_age_confidence)
        if asked.target_age_band is not None:
            target = _aged(target, asked.target_age_band, "target_age_band")
        reasons = list(self._reasons(asked, actor, target, now))
        worst = max(reasons, key=lambda reason: _RANK[reason.outcome])
        notice = (
            worst.outcome in ("allow", "limit")
            and 0 <= target.high < self.contacts.guardian_notice_below
            and not actor.child
            and not any(reason.rule in ("routes.friend", "routes.guardian") for reason in reasons)
        )
        return self._answer(worst.outcome, reasons, notice)

    def _answer(self, outcome: Outcome, reasons: list[Reason], notice: bool) -> Answer:
        contacts = self.contacts
        limits: list[Limit] = []
        if outcome == "limit":
            only_child = reasons[0].rule == "child_to_adult" and len(reasons) == 1
            limits = ["friction"] if only_child else list(contacts.limits)
        return Answer(
            outcome=outcome,
            limits=limits,
            guardian_notice=notice,
            reasons=reasons,
            policy=self.policy,
            tell=TELL if outcome in ("hold", "deny") else "",
            appeal_url=contacts.appeal.url,
            appeal_hours=contacts.appeal.hours,
        )

    def _reasons(self, asked: Asked, actor: Node, target: Node, now: int) -> Iterable[Reason]:
        """Every rule that applies; the strictest decides."""
        contacts = self.contacts
        if asked.actor_id == asked.target_id:
            yield _reason("self", "allow")
            return
        seems_child = target.low < 0 and self.graph.seems_child(target)
        if not target.child and not seems_child and (target.adult or not actor.adult):
            if not actor.child or not target.adult:
                yield _reason("open", "allow")
                return
            if self._friends(asked):
                yield _reason("open", "allow")
            else:
                yield from self._child_reaches(asked, target)
            return
        ties = self.graph.ties(asked.actor_id, asked.target_id)
        friends = ties.friends if asked.friends is None else asked.friends
        guardian = ties.guardian if asked.guardian is None else asked.guardian
        level = max(actor.level, Level.parse(asked.actor_level))
        if ties.shut and not guardian and not friends:
            yield _reason("turned_away", contacts.turned_away)
        if level and not guardian:
            yield from self._level(level, friends, actor)
        if not target.child and not seems_child:
            yield _reason("adult_to_unknown", "allow" if friends else contacts.adult_to_unknown)
            return
        if friends:
            yield _reason("routes.friend", contacts.routes.friend)
        elif actor.child:
            yield from self._peers(asked, actor, target, ties, now)
        else:
            yield self._across(asked, actor, target, ties, guardian)

    def _friends(self, asked: Asked) -> bool:
        if asked.friends is not None:
            return asked.friends
        return self.graph.ties(asked.actor_id, asked.target_id).friends

    def _child_reaches(self, asked: Asked, target: Node) -> Iterable[Reason]:
        """A child is never refused for what it does itself: only suggestions are left out.

        A person or group that the engine has raised is kept away from the child either way.
        """
        if asked.purpose == "suggest":
            yield _reason("adult", self.contacts.adult.suggest)
        else:
            yield _reason("child_to_adult", self.contacts.child_to_adult)
        level = Level(target.level)
        if level >= Level.CONCERN:
            yield _reason(f"levels.{level.word}", getattr(self.contacts.levels, level.word))

    def _level(self, level: int, friends: bool, actor: Node) -> Iterable[Reason]:
        word = Level(level).word
        if friends:
            if level >= Level.HIGH:
                yield _reason("levels.friend_high", self._most(self.contacts.levels.friend_high,
                                                               actor))  # fmt: skip
            return
        yield _reason(f"levels.{word}", self._most(getattr(self.contacts.levels, word), actor))

    def _most(self, outcome: Outcome, actor: Node) -> Outcome:
        """The outcome, or what an account may meet at most whose age as a child was checked."""
        if actor.child and actor.sure >= self._known_from:
            most = self.contacts.peers.known_age
            return most if _RANK[outcome] > _RANK[most] else outcome
        return outcome

    def _peers(
        self, asked: Asked, actor: Node, target: Node, ties: Ties, now: int
    ) -> Iterable[Reason]:
        """Children among themselves."""
        peers = self.contacts.peers
        tied = (
            ties.witnesses > 0
            or ties.rooms > 0
            or ties.family
            or ties.talk
            or ties.asked_back
            or asked.origin in ("offline", "import")
        )
        if tied:
            yield _reason("peers.tie", "allow")
            return
        yield _reason("peers.stranger", peers.stranger)
        apart = max(actor.high - target.low, target.high - actor.low)
        if target.high >= 0 and apart > peers.gap_years:
            yield _reason("peers.gap", self._most(peers.gap, actor))
        young = actor.created > 0 and now - actor.created < peers.young_days * DAY
        if actor.faded(actor.pace, now) >= (peers.young_pace if young else peers.pace) - 0.01:
            yield _reason("peers.hurried", self._most(peers.hurried, actor))
        if actor.faded(actor.refused, now) >= peers.turned - 0.01:
            yield _reason("peers.refused", self._most(peers.refused, actor))

    def _across(
        self, asked: Asked, actor: Node, target: Node, ties: Ties, guardian: bool
    ) -> Reason:
        """An adult, or somebody of unknown age, to a child: the widest route that is open."""
        routes = self.contacts.routes
        near = (
            actor.low >= 0
            and target.high >= 0
            and max(actor.low, ADULT) - target.high <= routes.near_age_years
            and actor.high - target.low <= 2 * routes.near_age_years + 2
        )
        opened: list[tuple[bool, str]] = [
            (guardian, "guardian"),
            (ties.family, "family"),
            (ties.role and ties.kept_room, "role"),
            (ties.asked_back, "answered"),
            (near and ties.mutual >= routes.near_age_friends, "near_age"),
            (ties.talk, "talking"),
            (ties.witnesses >= routes.mutual_friends, "mutual"),
            (ties.role, "role_alone"),
            (ties.rooms > 0, "room"),
            (asked.origin == "offline", "offline"),
        ]
        found = [(name, getattr(routes, name)) for is_open, name in opened if is_open]
        if actor.adult:
            shut = _reason("adult", getattr(self.contacts.adult, asked.purpose))
        else:
            shut = _reason("unknown_to_child", self.contacts.unknown_to_child)
        if not found:
            return shut
        name, outcome = min(found, key=lambda item: _RANK[item[1]])
        return _reason(f"routes.{name}", outcome) if _RANK[outcome] < _RANK[shut.outcome] else shut


def filter_suggestions(gate: Gate, viewer: str, candidates: Sequence[str], now: int) -> list[str]:
    """The candidates that a recommender may show to `viewer`, in their order.

    Shown is who may be suggested both ways: the viewer learns of the candidate, and would reach
    it. Call it last, before a list is shown. Raises nothing; unknown ages fail closed towards
    children as the policy says.
    """
    return [
        other
        for other in candidates
        if _shown(gate, viewer, other, now) and _shown(gate, other, viewer, now)
    ]


def _shown(gate: Gate, actor: str, target: str, now: int) -> bool:
    asked = Asked(actor_id=actor, target_id=target, purpose="suggest", origin="suggestion")
    return gate.check(asked, now).outcome in ("allow", "limit")


def _reason(rule: str, outcome: Outcome) -> Reason:
    return Reason(rule, outcome, _BECAUSE[rule])


def _copy(node: Node) -> Node:
    """What is known of an account, to change it for one question."""
    made = Node(node.id)
    for name in ("low", "high", "sure", "created", "level", "pace", "refused", "at", "roles"):
        setattr(made, name, getattr(node, name))
    return made


def _aged(node: Node, band: str, field: str) -> Node:
    made = _copy(node)
    try:
        made.low, made.high = range_of(band)
    except ValueError:
        raise UsageError(
            "the age band is not a range", where=field, hint="such as 13-15 or 25+"
        ) from None
    return made
