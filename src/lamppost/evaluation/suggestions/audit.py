"""Count what suggestions do, beside what chance and friendship alone would have done.

A suggestion *crosses* when one side is a child, the other an adult or of unknown age, and no route
of the contact gate connects them (friend, guardian, family, role, common friends and so on).
Both directions count: the child is shown, or is shown to.

Baselines give every viewer as many suggestions as it got: `random` draws anybody, `friends` draws
friends of friends in proportion to their common friends. Both are drawn `DRAWS` times over a
sample of viewers. Intervals: of the recommender by a bootstrap over viewers, of baselines over
draws.

When it fails: without events nothing is known of friendships, so every adult and child count as
strangers and there is no baseline of friends; ages that are wrong make wrong counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import msgspec
import numpy as np

from lamppost.core.ages import ADULT
from lamppost.core.errors import InputError
from lamppost.evaluation.suggestions.read import Suggestion
from lamppost.history.graph import ContactGraph
from lamppost.protect.gate import Asked, Gate

DRAWS: Final = 30
"""How often a baseline is drawn."""
SAMPLE: Final = 4_000
"""Most suggestions that a baseline is drawn for."""
_BOOT: Final = 400

Pair = tuple[str, str]


class Share(msgspec.Struct, frozen=True):
    """A share with its interval (95 %)."""

    share: float
    low: float
    high: float


class Group(msgspec.Struct, frozen=True):
    """Suggestions of one feature and path."""

    feature: str
    path: str
    suggestions: int
    crossing: int


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Exact counts; `report` makes of them what may be published."""

    suggestions: int
    viewers: int
    children: int
    unknown: int
    child_shown_adult: int
    adult_shown_child: int
    children_touched: int
    crossing: Share
    random: Share | None
    friends: Share | None
    groups: list[Group]
    filtered: int
    with_graph: bool
    offenders: int | None = None
    to_offender: Share | None = None
    to_offender_random: Share | None = None
    to_offender_friends: Share | None = None
    to_offender_count: int = 0
    to_offender_after: int = 0


def audit(
    suggestions: Sequence[Suggestion],
    graph: ContactGraph | None = None,
    truth: set[str] | None = None,
    *,
    now: int = 0,
    seed: int = 1,
) -> Audit:
    """Audit a recommender's output. Raises `InputError` when no age of anybody is known.

    `graph` comes from the platform's events, `truth` names seeded offenders of a simulation.
    """
    world = _World(suggestions, graph if graph is not None else ContactGraph(), now)
    if not world.ages:
        raise InputError(
            "no age of anybody is known", where="suggestions",
            hint="add columns such as account_age, or give --events with accounts",
        )  # fmt: skip
    rng = Random(seed)  # noqa: S311
    crossing = [world.crosses(item.viewer, item.shown) for item in suggestions]
    viewers = [item.viewer for item in suggestions]
    groups: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    shown_adult = shown_child = unknown = 0
    touched: set[str] = set()
    for item, crosses in zip(suggestions, crossing, strict=True):
        key = (item.feature or "not said", item.path or "not said")
        groups[key] += 1
        bad[key] += crosses
        unknown += None in (world.age(item.viewer), world.age(item.shown))
        if crosses:
            viewer_child = world.child(item.viewer)
            shown_adult += viewer_child
            shown_child += not viewer_child
            touched.add(item.viewer if viewer_child else item.shown)
    sample = list(suggestions)
    if len(sample) > SAMPLE:
        sample = rng.sample(sample, SAMPLE)
    sampled = [item.viewer for item in sample]
    draw_random, draw_friends = world.strangers(rng), world.friends(rng)
    with_friends = world.with_friends
    harmful = _harmful(world, truth)
    audit_ = Audit(
        suggestions=len(suggestions),
        viewers=len(set(viewers)),
        children=sum(world.child(name) for name in world.names),
        unknown=unknown,
        child_shown_adult=shown_adult,
        adult_shown_child=shown_child,
        children_touched=len(touched),
        crossing=_boot(viewers, crossing, seed),
        random=_baseline(sampled, draw_random, world.crosses),
        friends=_baseline(sampled, draw_friends, world.crosses) if with_friends else None,
        groups=[
            Group(feature, path, count, bad[(feature, path)])
            for (feature, path), count in sorted(groups.items())
        ],
        filtered=sum(crossing),
        with_graph=graph is not None,
    )
    if truth is None:
        return audit_
    hits = [harmful(item.viewer, item.shown) for item in suggestions]
    left = sum(hit and not crosses for hit, crosses in zip(hits, crossing, strict=True))
    return msgspec.structs.replace(
        audit_,
        offenders=len(truth),
        to_offender=_boot(viewers, hits, seed),
        to_offender_random=_baseline(sampled, draw_random, harmful),
        to_offender_friends=_baseline(sampled, draw_friends, harmful) if with_friends else None,
        to_offender_count=sum(hits),
        to_offender_after=left,
    )


def _harmful(world: _World, truth: set[str] | None) -> Callable[[str, str], bool]:
    seeded = truth or set()

    def harmful(viewer: str, shown: str) -> bool:
        if viewer in seeded:
            return shown not in seeded and world.child(shown)
        return shown in seeded and world.child(viewer)

    return harmful


def _boot(viewers: Sequence[str], hits: Sequence[bool], seed: int) -> Share:
    """Share of hits, with a bootstrap over viewers."""
    order: dict[str, int] = {}
    index = np.fromiter((order.setdefault(name, len(order)) for name in viewers), dtype=np.int64,
                        count=len(viewers))  # fmt: skip
    all_ = np.bincount(index).astype(float)
    some = np.bincount(index, weights=np.asarray(hits, dtype=float))
    rng = np.random.default_rng(seed)
    shares = []
    for _ in range(_BOOT):
        picked = rng.integers(0, len(all_), len(all_))
        shares.append(some[picked].sum() / all_[picked].sum())
    low, high = np.quantile(shares, (0.025, 0.975))
    share = float(some.sum() / all_.sum())
    if not some.any():  # a bootstrap of nothing says nothing: the rule of three
        high = min(1.0, 3 / len(viewers))
    return Share(share, float(low), float(high))


def _baseline(
    viewers: Sequence[str], draw: Callable[[str], str | None], hit: Callable[[str, str], bool]
) -> Share:
    shares = []
    for _ in range(DRAWS):
        pairs = [(viewer, draw(viewer)) for viewer in viewers]
        made = [hit(viewer, shown) for viewer, shown in pairs if shown is not None]
        shares.append(sum(made) / len(made) if made else 0.0)
    low, high = np.quantile(shares, (0.025, 0.975))
    return Share(float(np.mean(shares)), float(low), float(high))


class _World:
    """Ages, friends and the gate, for everybody who is known."""

    def __init__(self, suggestions: Sequence[Suggestion], graph: ContactGraph, now: int) -> None:
        self._graph = graph
        self._gate = Gate(graph)
        self._now = now
        self.ages: dict[str, tuple[int, int]] = {
            node.id: (node.low, node.high) for node in graph.accounts() if node.low >= 0
        }
        names: dict[str, None] = {node.id: None for node in graph.accounts()}
        for item in suggestions:
            for name, age in ((item.viewer, item.viewer_age), (item.shown, item.shown_age)):
                names.setdefault(name)
                if age is not None:
                    self.ages[name] = age
        self.names = list(names)
        self._friends = {node.id: list(self._around(node.id)) for node in graph.accounts()}
        self.with_friends = any(self._friends.values())

    def _around(self, name: str) -> list[str]:
        found = self._graph.network(name)
        return [] if found is None else [item.account_id for item in found.neighbours]

    def age(self, name: str) -> tuple[int, int] | None:
        """Years of an account, or `None`."""
        return self.ages.get(name)

    def child(self, name: str) -> bool:
        """Whether an account is a child's for certain."""
        age = self.ages.get(name)
        return age is not None and age[1] < ADULT

    def _band(self, name: str) -> str | None:
        age = self.ages.get(name)
        return None if age is None else f"{age[0]}-{age[1]}"

    def crosses(self, viewer: str, shown: str) -> bool:
        """Whether a suggestion brings a child and an adult together without a route."""
        if viewer == shown or self.child(viewer) == self.child(shown):
            return False
        actor, target = (shown, viewer) if self.child(viewer) else (viewer, shown)
        asked = Asked(
            actor_id=actor, target_id=target, purpose="suggest", origin="suggestion",
            actor_age_band=self._band(actor), target_age_band=self._band(target),
        )  # fmt: skip
        return self._gate.check(asked, self._now).outcome in ("hold", "deny")

    def strangers(self, rng: Random) -> Callable[[str], str | None]:
        """Draws anybody."""
        names = self.names

        def draw(viewer: str) -> str | None:
            for _ in range(20):
                other = names[int(rng.random() * len(names))]
                if other != viewer and other not in self._friends.get(viewer, ()):
                    return other
            return None

        return draw

    def friends(self, rng: Random) -> Callable[[str], str | None]:
        """Draws friends of friends, those with more common friends more often."""

        def draw(viewer: str) -> str | None:
            mine = self._friends.get(viewer, [])
            for _ in range(20):
                if not mine:
                    return None
                theirs = self._friends.get(mine[int(rng.random() * len(mine))], [])
                if theirs:
                    other = theirs[int(rng.random() * len(theirs))]
                    if other != viewer and other not in mine:
                        return other
            return None

        return draw
