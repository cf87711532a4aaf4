"""Rings: accounts that share a device or a payment and turn to children."""

from __future__ import annotations

from typing import Final

from lamppost.history.accounts import number
from lamppost.signals.card import Bits, ConductCard
from lamppost.signals.conduct import Conduct, Sight, events_of
from lamppost.signals.provenance import BITS_SOURCE, HALF_LIFE, HARMFUL_RATE, SOURCES

CARD: Final = ConductCard(
    id="ring",
    number=106,
    version=1,
    title="Ring: shared devices or payments",
    kind="behaviour",
    speaker="actor",
    stage="contact",
    status="experimental",
    harm="Several accounts, one purpose: children are passed on.",
    what=(
        "Adult accounts of one device or one payment that all turn to children who were "
        "strangers. Households with a child account are left out."
    ),
    because="shares a device or payment with others that turn to children",
    bits=Bits(0.5, 3.0, 6.0, BITS_SOURCE),
    harmful_rate=HARMFUL_RATE,
    half_life_days=HALF_LIFE,
    sources=SOURCES,
    false_positives=[
        "Couples and flatmates who play with children",
        "A café, library or club computer",
        "One person with a second account",
    ],
    blind_spots=[
        "Rings that share nothing the platform sees",
        "Families of offenders",
    ],
    reviewer_guide="Compare whom they turned to, and when, before thinking of a ring.",
    since="0.2.0",
)


def look(conduct: Conduct) -> Sight | None:
    """Find accounts of the same device or payment that also turn to strange children."""
    state, book = conduct.state, conduct.book
    sought = conduct.sought
    if not sought or conduct.kind == "minor":
        return None
    me = number(state.id)
    sharers = {
        *(book.devices.get(state.device, ()) if state.device else ()),
        *(book.payments.get(state.payment, ()) if state.payment else ()),
    } - {me}
    if not sharers:
        return None
    partners = 0
    common: set[int] = set()
    mine = {item.tie.other for item in sought}
    for key in sorted(sharers):
        other = book.by_number(key)
        if other is None:
            continue
        if other.minor:
            return None  # a household
        if other.approached_children:
            partners += 1
            common |= mine & {tie.other for tie in other.ties}
    if not partners:
        return None
    text = f"shares a device or payment with {partners} more accounts that turn to children"
    if common:
        text += f", {len(common)} of them the same children"
    value = 2.0 + 0.7 * partners + 1.2 * min(3, len(common))
    return Sight(value, text, events_of(sought))
