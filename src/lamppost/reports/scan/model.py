"""The report of a scan as data; `lamppost schema report` prints its JSON Schema.

Version 1. Fields may be added, never renamed. Times are RFC 3339 in UTC or the zone asked for,
bits are rounded to hundredths, and the `bits` of all `contributions` sum to a relationship's
`bits`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from lamppost.protect.support import Support

VERSION = 1

LevelWord = Literal["none", "watch", "concern", "high", "urgent"]
Role = Literal["actor", "target", "someone"]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Common behaviour: a `repr` that shows no private content."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Origin(_Part, frozen=True, kw_only=True):
    """An export that was read."""

    label: str
    format: str
    title: str
    bytes: int


class PersonView(_Part, frozen=True, kw_only=True):
    """A participant. `age` is in years where known; `said` tells how it is known."""

    id: str
    name: str
    age: int | None = None
    child: bool = False
    adult: bool = False
    said: str = ""


class Line(_Part, frozen=True, kw_only=True):
    """One message of a quote. `marks` are the character spans that made a reason seen.

    `role` is relative to the relationship: `actor` is the person it judges, `target` the one
    they write to.
    """

    event: str
    sender: str
    role: Role
    at: datetime
    text: str
    marks: list[tuple[int, int]] = []
    attachments: int = 0
    deleted: bool = False
    explicit: bool = False


class Quote(_Part, frozen=True, kw_only=True):
    """A message that counts, with up to two messages before and after it."""

    event: str
    message: Annotated[int, Meta(description="1-based number within the conversation")]
    detector: str
    because: str
    explicit: bool
    before: list[Line]
    line: Line | None
    after: list[Line]


class Row(_Part, frozen=True, kw_only=True):
    """One line of the explanation; all rows of a relationship sum to its bits."""

    detector: str
    title: str
    kind: Literal["tactic", "child_signal", "protective", "context"]
    stage: str | None
    version: int
    bits: float
    because: str
    events: list[str]


class Point(_Part, frozen=True, kw_only=True):
    """A step of the timeline: a message that counted, and the total after it."""

    at: datetime
    message: int
    event: str
    detector: str
    title: str
    stage: str
    kind: Literal["tactic", "child_signal", "protective"]
    total: float
    level: LevelWord


class Tactic(_Part, frozen=True, kw_only=True):
    """A detector that saw something, in words for people, with its quotes."""

    detector: str
    title: str
    stage: str
    status: str
    bits: float
    what: str
    harm: str
    innocent: list[str]
    quotes: list[Quote]


class RelationshipView(_Part, frozen=True, kw_only=True):
    """How one person treats another, in one conversation.

    `bits`, `level` and `contributions` are as of `as_of`, when the evidence was strongest.
    `care` is true when the target asks for help or speaks of self-harm, whatever the level.
    """

    conversation_id: str
    actor: PersonView
    target: PersonView
    level: LevelWord
    bits: float
    sentence: str
    how: list[str]
    sure: str
    care: bool
    as_of: datetime
    messages: int
    replies: int
    first_at: datetime
    last_at: datetime
    first_watch: int | None
    first_concern: int | None
    first_high: int | None
    contributions: list[Row]
    timeline: list[Point]
    tactics: list[Tactic]
    child_words: list[Tactic]
    protective: list[Tactic]


class RelationshipLine(_Part, frozen=True, kw_only=True):
    """A relationship in one line."""

    conversation_id: str
    actor: str
    target: str
    level: LevelWord
    bits: float
    messages: int


class LookedFor(_Part, frozen=True, kw_only=True):
    """A detector and whether anything was found by it anywhere in this chat."""

    detector: str
    title: str
    kind: Literal["tactic", "child_signal", "protective"]
    what: str
    found: bool


class NotLooked(_Part, frozen=True, kw_only=True):
    """Something that could not be looked at. Never the same as "nothing found"."""

    what: str
    reason: str


class Action(_Part, frozen=True, kw_only=True):
    """Something to do now, most pressing first."""

    title: str
    detail: str
    contacts: list[int] = []


class Verdict(_Part, frozen=True, kw_only=True):
    """The answer in one sentence."""

    level: LevelWord
    meaning: str
    sentence: str
    sure: str
    care: str | None


class Totals(_Part, frozen=True, kw_only=True):
    """What was read."""

    messages: int
    conversations: int
    people: int
    relationships: int
    first_at: datetime | None
    last_at: datetime | None


class ScanReport(_Part, frozen=True, kw_only=True):
    """A whole report. `engine` names the exact detector data, for replay."""

    version: int = VERSION
    lamppost: str
    engine: str
    made_at: datetime
    time_zone: str
    redacted: bool
    origins: list[Origin]
    totals: Totals
    child: PersonView | None
    verdict: Verdict
    actions: list[Action]
    support: Support
    thresholds: dict[str, float]
    relationships: list[RelationshipView]
    others: list[RelationshipLine]
    looked_for: list[LookedFor]
    not_looked: list[NotLooked]
    limits: list[str]


def private_texts(report: ScanReport) -> Iterator[str]:
    """Every string of a report that comes from the chat rather than from Lamppost."""
    people = [report.child] if report.child is not None else []
    for view in report.relationships:
        people += [view.actor, view.target]
        yield view.conversation_id
        for tactic in (*view.tactics, *view.child_words, *view.protective):
            for quote in tactic.quotes:
                lines = [*quote.before, *quote.after, *([quote.line] if quote.line else [])]
                for line in lines:
                    yield from (line.event, line.sender, line.text)
    for person in people:
        yield from (person.id, person.name)
    for other in report.others:
        yield from (other.conversation_id, other.actor, other.target)
    for origin in report.origins:
        yield origin.label
    for item in report.not_looked:
        if item.what.count("→"):
            yield item.what
