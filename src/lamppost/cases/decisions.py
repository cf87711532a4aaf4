"""Rules of a decision: which acts go together, which need a second person, what it says of signals.

Acts are decided here and done elsewhere, by people: nothing in Lamppost closes an account or
sends a report on its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lamppost.cases.case import Act, Judgement
from lamppost.core.errors import UsageError

ACTS: Final[dict[Act, str]] = {
    "no_action": "nothing is to be done",
    "watch": "keep the account under watch",
    "warn": "warn the account",
    "limit_contact": "stop the account from contacting children",
    "suspend": "suspend the account",
    "report": "report to the authority that is responsible",
    "refer_support": "offer the child support",
}
"""Every act, in order of weight; `refer_support` is for the child and goes with any other."""
HEAVY: Final[frozenset[Act]] = frozenset({"suspend", "report"})
"""Acts that take effect only when a second person confirms them."""
JUDGEMENTS: Final[tuple[Judgement, ...]] = ("harmful", "ordinary", "unsure")
MIN_REASON: Final = 10
MAX_REASON: Final = 4000
MAX_NOTE: Final = 8000


def heavy(acts: Sequence[Act]) -> bool:
    """Whether a second person has to confirm."""
    return any(act in HEAVY for act in acts)


def checked_acts(acts: Sequence[str]) -> tuple[Act, ...]:
    """Acts in their order, each once. Raises `UsageError` for none, or what excludes another."""
    unknown = [act for act in acts if act not in ACTS]
    if unknown or not acts:
        raise UsageError("is not a decision", where="acts", hint=f"use {', '.join(ACTS)}")
    chosen = tuple(act for act in ACTS if act in acts)
    if "no_action" in chosen and set(chosen) - {"no_action", "refer_support"}:
        raise UsageError(
            "no_action goes with nothing else but refer_support", where="acts", hint="choose one"
        )
    return chosen


def checked_judgement(word: str) -> Judgement:
    """A judgement. Raises `UsageError` for another word."""
    for known in JUDGEMENTS:
        if word == known:
            return known
    raise UsageError("is not a judgement", where="judgement", hint=f"use {', '.join(JUDGEMENTS)}")


def checked_reason(text: str, *, where: str = "reason", least: int = MIN_REASON) -> str:
    """A reason without spaces around it. Raises `UsageError` when it is too short or long."""
    found = text.strip()
    if "\0" in found or not least <= len(found) <= MAX_REASON:
        raise UsageError(
            f"{least} to {MAX_REASON} characters are needed, there are {len(found)}",
            where=where,
            hint="say why in your own words; do not copy messages",
        )
    return found


def label_of(judgement: Judgement, detector: str, given: Mapping[str, str]) -> Judgement:
    """The label of a detector's signal: as given for it, else the judgement of the whole case."""
    return checked_judgement(given[detector]) if detector in given else judgement
