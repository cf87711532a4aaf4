"""What a case is made of. Times are milliseconds UTC; levels are `Level` as numbers.

A case gathers what was found about one account. There is at most one open case per account.
None of these holds a message's text.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from lamppost.core.levels import Level

Status = Literal["open", "review", "closed"]
"""`open`: to be looked at and decided; `review`: a decision waits for a second person."""
Act = Literal["no_action", "watch", "warn", "limit_contact", "suspend", "report", "refer_support"]
Judgement = Literal["harmful", "ordinary", "unsure"]
"""What a signal was, in the eyes of the person who decided."""
DecisionState = Literal["proposed", "final", "returned", "overturned", "replaced"]
ClockKind = Literal["decide", "confirm", "report", "appeal"]
LinkKind = Literal["prior", "report", "care", "related", "told"]

OPEN: Final[tuple[Status, ...]] = ("open", "review")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case. `version` counts what matters to a decision: evidence, decisions, reopening.

    `youngest` is the least age (years) of a child in it, -1 when none is known. `rank` is where a
    lead put it by hand, before all others. `due_at` is when its clock runs out.
    """

    id: str
    number: int
    account: str
    status: Status = "open"
    version: int = 1
    level: int = 0
    bits: float = 0.0
    opened_at: int = 0
    changed_at: int = 0
    looked_at: int | None = None
    decided_at: int | None = None
    closed_at: int | None = None
    due_at: int = 0
    rank: int | None = None
    assigned_to: str | None = None
    claimed_by: str | None = None
    claimed_until: int = 0
    children: int = 0
    youngest: int = -1
    conversations: int = 0
    findings: int = 0
    detectors: tuple[str, ...] = ()
    outcome: tuple[Act, ...] = ()
    reopened: int = 0

    @property
    def word(self) -> str:
        """Level as a word."""
        return Level(self.level).word

    @property
    def imminent(self) -> bool:
        """Whether something is about to happen: that is what makes a level urgent."""
        return self.level >= Level.URGENT

    def held_by(self, now: int) -> str | None:
        """Who holds the case at `now`, if anybody."""
        return self.claimed_by if self.claimed_by and now < self.claimed_until else None


class CaseFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it came into a case; `body` is the finding as JSON, without text."""

    id: str
    case_id: str
    conversation: str
    actor: str
    target: str
    level: int
    bits: float
    at: int
    added_at: int
    policy: str
    body: bytes


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A message around a finding, without its words: who, when, where, which upstream labels.

    `item` names the sealed words in the vault; it is empty when they were not kept. `reasons`
    are keys of what the engine saw in it.
    """

    case_id: str
    conversation: str
    event: str
    edit: int
    sender: str
    at: int
    labels: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    item: str = ""

    @property
    def explicit(self) -> bool:
        """Whether the platform labelled it as sexual."""
        return "sexual" in self.labels


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote beside a case, in their own words."""

    id: str
    case_id: str
    by: str
    at: int
    text: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided, and why. `seen` is the version of the case they had before them."""

    id: str
    case_id: str
    by: str
    at: int
    acts: tuple[Act, ...]
    judgement: Judgement
    reason: str
    seen: int
    state: DecisionState
    reviewed_by: str | None = None
    reviewed_at: int | None = None
    review_reason: str = ""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision says of one detector's signal in a relationship of the case."""

    decision_id: str
    case_id: str
    finding_id: str
    detector: str
    version: int
    language: str
    bits: float
    label: Judgement
    at: int
    by: str
    counts: bool = True


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """Time that runs: until when something has to be done. `stopped_at` says when it was."""

    id: str
    case_id: str
    kind: ClockKind
    started_at: int
    due_at: int
    stopped_at: int | None = None


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asks for a decision to be looked at again. `result`: upheld or overturned."""

    id: str
    case_id: str
    decision_id: str
    at: int
    recorded_by: str
    words: str
    result: Literal["", "upheld", "overturned"] = ""
    answered_by: str | None = None
    answered_at: int | None = None
    answer: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Something else that belongs to a case: a prior case, a report, care for a child."""

    case_id: str
    kind: LinkKind
    other: str
    at: int
    by: str


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One act on a case; it goes into the audit chain too, whose row is `row` (0: not yet)."""

    id: str
    case_id: str
    at: int
    by: str
    act: str
    details: str = "{}"
    row: int = 0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A decision drawn for a blind second reading; `golden` ones have an answer that is agreed."""

    id: str
    case_id: str
    decision_id: str
    kind: Literal["sample", "golden"]
    made_at: int
    made_by: str
    judgement: Judgement
    acts: tuple[Act, ...]
    first_by: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody answered to a sample, not knowing the first answer."""

    sample_id: str
    by: str
    at: int
    judgement: Judgement
    acts: tuple[Act, ...]
    reason: str = ""


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """A case with everything that lies in it, each oldest first.

    `others` are the other cases of the same account, newest first.
    """

    case: Case
    findings: list[CaseFinding] = []
    pieces: list[Piece] = []
    notes: list[Note] = []
    decisions: list[Decision] = []
    labels: list[Label] = []
    clocks: list[Clock] = []
    appeals: list[Appeal] = []
    links: list[Link] = []
    history: list[History] = []
    others: list[Case] = []

    @property
    def proposed(self) -> Decision | None:
        """The decision that waits for a second person."""
        return next((item for item in self.decisions if item.state == "proposed"), None)

    @property
    def final(self) -> Decision | None:
        """The decision in force."""
        return next((item for item in reversed(self.decisions) if item.state == "final"), None)

    @property
    def relationships(self) -> list[tuple[str, str, str]]:
        """Conversation, actor and target of everything found, in order of finding."""
        return list(dict.fromkeys((f.conversation, f.actor, f.target) for f in self.findings))


class Change(msgspec.Struct, kw_only=True):
    """Rows to write in one transaction; a row that is there already is replaced.

    `result` is what a repeated request gets back.
    """

    case: Case | None = None
    findings: list[CaseFinding] = []
    pieces: list[Piece] = []
    notes: list[Note] = []
    decisions: list[Decision] = []
    labels: list[Label] = []
    clocks: list[Clock] = []
    appeals: list[Appeal] = []
    links: list[Link] = []
    history: list[History] = []
    samples: list[Sample] = []
    readings: list[Reading] = []
    result: str = ""


class Token(msgspec.Struct, frozen=True):
    """Names one request of one person, so that sending it twice acts once."""

    id: str
    who: str
    act: str
    case_id: str


class QueueFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases a queue shows; `None` does not ask. `mine` names a person."""

    status: Status | None = None
    level: int = 0
    mine: str | None = None
    unclaimed: bool = False
    account: str | None = None
    detector: str | None = None
    overdue: bool = False
    child_under: int | None = None
    closed: bool = False
    offset: int = 0
    limit: int = 50


class QueuePage(msgspec.Struct, frozen=True):
    """A page of the queue; `total` counts every case that fits."""

    items: list[Case]
    total: int


class Hit(msgspec.Struct, frozen=True):
    """Something that a search found. `kind`: person, case, note, decision, appeal."""

    kind: str
    ref: str
    case_id: str
    account: str
    status: str
    at: int
    excerpt: str
