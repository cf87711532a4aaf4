"""Findings become cases: one open case per account, which grows with each further finding.

Findings are read in the order they were made. Each is put into its case, then the words around
it are sealed into the vault, then the place is remembered. Whatever is interrupted is done again
from there, and doing it again changes nothing: a finding is in one case once, a piece in the
vault once. A level opens a case when the policy's action `case` is set for it; below that a
finding only adds to a case that is open.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from lamppost.cases.case import Case, CaseFile, CaseFinding, Change, Clock, Link, Piece
from lamppost.cases.clocks import TERMS, Terms, decide_by
from lamppost.cases.desk import SERVICE, made_act
from lamppost.cases.ports import CaseStore
from lamppost.cases.snapshots import AROUND, Snapshots
from lamppost.cases.vault import Evidence, item_id
from lamppost.core.errors import LamppostError
from lamppost.core.times import HOUR, from_ms
from lamppost.history.memory import EVERYONE
from lamppost.history.ports import FoundRow
from lamppost.pipeline import Finding
from lamppost.risk.policy import Policy

READER: Final = "cases"
"""Name under which the place in the findings is remembered."""
AGAIN: Final = "cases again"
LATER: Final = HOUR
"""Milliseconds after which the words around a finding are kept once more."""
_MOST: Final = 8
"""Detectors that a case shows in the queue, those with most bits first."""
_finding: Final = msgspec.json.Decoder(Finding).decode
_log: Final = logging.getLogger("lamppost.cases")


class Findings(Protocol):
    """Port: what was found, in the order of finding."""

    def found(self, after: int = 0, limit: int = 100) -> list[FoundRow]:
        """Findings after a number."""
        ...


class Messages(Protocol):
    """Port: messages of a conversation in the log, without words, in the order of sending."""

    def messages(self, case_id: str, conversation: str) -> list[Piece]:
        """Every version of every message, not yet sealed into the case."""
        ...


class Opener:
    """Opens cases from findings. `ages` gives the least age of accounts, -1 when not known."""

    def __init__(
        self,
        store: CaseStore,
        findings: Findings,
        messages: Messages,
        snapshots: Snapshots,
        clock: Callable[[], int],
        policy: Callable[[], Policy],
        ages: Callable[[Sequence[str]], dict[str, int]],
        *,
        terms: Terms = TERMS,
        publish: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._findings = findings
        self._messages = messages
        self._snapshots = snapshots
        self._clock = clock
        self._policy = policy
        self._ages = ages
        self._terms = terms
        self._publish = publish

    def work(self, limit: int = 200) -> int:
        """Take up to `limit` further findings; returns how many. Raises `StoreError`."""
        rows = self._findings.found(self._store.place(READER), limit)
        for row in rows:
            case_id = self.absorb(row)
            if case_id is not None:
                self.keep(case_id, row.conversation, _finding(row.body))
        if rows:
            self._store.advance(READER, rows[-1].number)
            self._publish()
        return len(rows)

    def keep_again(self, limit: int = 200, now: int | None = None) -> int:
        """Keep the words around findings once more, `LATER` after: more was said since.

        Texts at the door would else be gone by the time that a person looks. Returns how many.
        """
        before = (self._clock() if now is None else now) - LATER
        rows = self._findings.found(self._store.place(AGAIN), limit)
        due = [row for row in rows if row.found_at <= before]
        for row in due:
            case_id = self._store.absorb(row.id, row.actor, lambda file, closed, number: None)
            if case_id is not None:
                self.keep(case_id, row.conversation, _finding(row.body))
            self._store.advance(AGAIN, row.number)
        return len(due)

    def absorb(self, row: FoundRow, *, asked: bool = False) -> str | None:
        """Put one finding into its case; `None` when its level opens none and none is open.

        `asked`: a person asked for help, so it opens one whatever the policy says of its level.
        """
        finding = _finding(row.body)
        opens = asked or self._policy().does(finding.level, "case")
        now = self._clock()

        def make(file: CaseFile | None, closed: list[Case], number: int) -> Change | None:
            if file is None:
                return self._opened(row, finding, closed, number, now) if opens else None
            return self._merged(file, row, finding, now)

        return self._store.absorb(row.id, row.actor, make)

    def keep(self, case_id: str, conversation: str, finding: Finding) -> None:
        """Seal the words around a finding into the case, and note what is known of them."""
        events = list(
            dict.fromkeys(
                [*(name for row in finding.contributions for name in row.events), finding.event]
            )
        )
        try:
            kept = self._snapshots.take(
                case=case_id, actor=SERVICE, conversation=conversation, events=events
            )
        except LamppostError as error:
            _log.error("words of case %s could not be kept: %s", case_id, error)
            raise
        items = set(kept.items)
        every = self._messages.messages(case_id, conversation)
        order = {name: place for place, name in enumerate(dict.fromkeys(p.event for p in every))}
        near = {
            place
            for name in events
            if name in order
            for place in range(order[name] - AROUND, order[name] + AROUND + 1)
        }
        self._store.put_pieces(
            [
                msgspec.structs.replace(piece, item=name if (name := _item(piece)) in items else "")
                for piece in every
                if order[piece.event] in near
            ]
        )

    def _opened(
        self, row: FoundRow, finding: Finding, closed: Sequence[Case], number: int, now: int
    ) -> Change:
        case_id = f"C{number}"
        item = _case_finding(case_id, row, finding, now)
        youngest = self._youngest([row.target])
        due = decide_by(self._terms, row.level, youngest, now)
        case = Case(
            id=case_id, number=number, account=row.actor, level=row.level, bits=finding.bits,
            opened_at=now, changed_at=now, due_at=due, children=int(row.target != EVERYONE),
            youngest=youngest, conversations=1, findings=1, detectors=_detectors([item]),
        )  # fmt: skip
        return Change(
            case=case,
            findings=[item],
            clocks=[
                Clock(
                    id=f"{case_id}.decide.1", case_id=case_id, kind="decide", started_at=now,
                    due_at=due,
                )
            ],
            links=[
                Link(case_id=case_id, kind="prior", other=other.id, at=now, by=SERVICE)
                for other in closed
            ],
            history=[
                made_act(
                    case_id, now, SERVICE, "case.open",
                    {"finding": row.id, "level": finding.level, "prior": [c.id for c in closed]},
                )
            ],
        )  # fmt: skip

    def _merged(self, file: CaseFile, row: FoundRow, finding: Finding, now: int) -> Change:
        case = file.case
        item = _case_finding(case.id, row, finding, now)
        every = [*file.findings, item]
        children = {found.target for found in every} - {EVERYONE}
        youngest = self._youngest(sorted(children))
        level = max(case.level, row.level)
        due, clocks = case.due_at, []
        sooner = decide_by(self._terms, level, youngest, now)
        if case.status == "open" and sooner < due:
            due = sooner
            clocks = [
                msgspec.structs.replace(clock, due_at=due)
                for clock in file.clocks
                if clock.kind == "decide" and clock.stopped_at is None
            ]
        grown = msgspec.structs.replace(
            case, version=case.version + 1, level=level, bits=max(case.bits, finding.bits),
            changed_at=now, due_at=due, children=len(children), youngest=youngest,
            conversations=len({found.conversation for found in every}), findings=len(every),
            detectors=_detectors(every),
        )  # fmt: skip
        return Change(
            case=grown, findings=[item], clocks=clocks,
            history=[
                made_act(
                    case.id, now, SERVICE, "case.merge",
                    {"finding": row.id, "level": finding.level, "version": grown.version},
                )
            ],
        )  # fmt: skip

    def _youngest(self, accounts: Sequence[str]) -> int:
        known = [age for age in self._ages(accounts).values() if 0 <= age < 18]
        return min(known, default=-1)


def _item(piece: Piece) -> str:
    """Id that the words of a message have in the vault of its case."""
    return item_id(
        piece.case_id,
        Evidence(
            conversation_id=piece.conversation, event_id=piece.event, subject_id=piece.sender,
            sent_at=from_ms(piece.at), text="", edit=piece.edit,
        ),
    )  # fmt: skip


def _case_finding(case_id: str, row: FoundRow, finding: Finding, now: int) -> CaseFinding:
    return CaseFinding(
        id=row.id, case_id=case_id, conversation=row.conversation, actor=row.actor,
        target=row.target, level=row.level, bits=finding.bits, at=row.at, added_at=now,
        policy=row.policy, body=row.body,
    )  # fmt: skip


def _detectors(findings: Sequence[CaseFinding]) -> tuple[str, ...]:
    """Detectors of all findings, those with most bits in one of them first."""
    most: dict[str, float] = {}
    for item in findings:
        for row in _finding(item.body).contributions:
            if row.bits > 0 and not row.detector.startswith("context."):
                most[row.detector] = max(most.get(row.detector, 0.0), row.bits)
    return tuple(sorted(most, key=lambda name: (-most[name], name))[:_MOST])
