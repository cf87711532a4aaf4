"""Who needs protection first: a child's red flags in bits, and how exposed the platform leaves it.

Both raise protection and priority. Nothing here lowers a child's standing, restricts it or is
part of any score of the child as an actor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from lamppost.history.accounts import CAME, FAR, I_TOOK, NEAR, PLAY, AccountState, Book
from lamppost.risk.accounts import SHARES, Rates
from lamppost.risk.score import Contribution, Skipped
from lamppost.signals.care import Care, Flag, care
from lamppost.signals.conduct import grade
from lamppost.signals.discovery import red_flag_detectors

_CAP: Final = 3.0


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """How open a child is to strangers through no fault of its own.

    Counts are of people. `share_taken` is the share of strangers' approaches that were taken.
    `points` (0 to 4) orders who gets guidance and safer defaults first.
    """

    public_profile: bool
    strangers: int
    share_taken: float
    unknown_adults: int
    private_with_strangers: int
    points: int


def flag_grades(view: Care) -> list[tuple[Flag, int, str, tuple[str, ...]]]:
    """Every red flag seen, with its grade from 1 up."""
    found = []
    for flag in red_flag_detectors():
        sight = flag.look(view)
        if sight is not None and (step := grade(sight.value)) > 0:
            found.append((flag, step, sight.because, sight.events))
    return found


def count_flags(book: Book, rates: Rates) -> None:
    """Add to the ordinary rates how often children show each red flag."""
    for state in book.accounts.values():
        if state.minor:
            grades = {flag.card.id: step for flag, step, _, _ in flag_grades(care(book, state))}
            rates.add("minor", grades)


def red_flags(book: Book, state: AccountState, rates: Rates) -> list[Contribution]:
    """A child's red flags, strongest first; each further one counts less."""
    weighed = []
    for flag, step, because, events in flag_grades(care(book, state)):
        share = rates.share("minor", flag.card.id, step)
        bits = min(_CAP, math.log2(flag.card.harmful_rate.value / share))
        if bits > 0:
            weighed.append((bits, flag.card, because, events))
    weighed.sort(key=lambda item: (-item[0], item[1].number))
    return [
        Contribution(
            card.detector,
            card.version,
            round(bits * SHARES[min(place, len(SHARES) - 1)], 2),
            because,
            list(events),
        )
        for place, (bits, card, because, events) in enumerate(weighed)
    ]


def exposure(book: Book, state: AccountState) -> Exposure:
    """How open a child is to strangers."""
    strangers = taken = adults = private = 0
    for friend in care(book, state).friends:
        marks = friend.tie.flags
        if marks & NEAR or not marks & (CAME | FAR | PLAY):
            continue
        came = bool(marks & CAME)
        accepted = bool(marks & I_TOOK) or (came and friend.tie.sent > 0)
        strangers += came
        taken += came and accepted
        adults += came and friend.adult
        private += bool(friend.tie.private)
    points = (
        int(state.public)
        + int(strangers >= 2 and taken * 2 >= strangers)
        + int(adults > 0)
        + int(private > 0)
    )
    return Exposure(
        public_profile=state.public,
        strangers=strangers,
        share_taken=round(taken / strangers, 2) if strangers else 0.0,
        unknown_adults=adults,
        private_with_strangers=private,
        points=points,
    )


def priority(
    bits: float, found: Sequence[Contribution], exposed: Exposure | None, *, care: bool
) -> float:
    """How soon a child's case is looked at, in bits: what is aimed at it, flags, exposure, help."""
    total = max(0.0, bits) + sum(item.bits for item in found)
    total += 0.5 * (exposed.points if exposed is not None else 0)
    return round(total + (10.0 if care else 0.0), 2)


def skipped_of(state: AccountState) -> list[Skipped]:
    """What could not be looked at for a child."""
    found = []
    if state.diary is None or len(state.diary.days) < 10:
        found.append(Skipped("red_flag.sudden_change", "the child was seen for less than ten days"))
    if not state.zone:
        found.append(Skipped("red_flag.odd_hours", "the child's time zone is not known"))
    if "visibility" not in state.profile:
        found.append(
            Skipped("exposure.public_profile", "the visibility of the profile is not known")
        )
    return found
