"""The desk: everything that people do with cases.

Each act asks for a right (`rights`), is done in one transaction together with its history, and
goes into the audit chain. Two people at once, two tabs, a form sent twice: the first one counts,
the other gets a `ConflictError` that says who and when, or the result of the first time. A
decision names the version of the case it was made on; when evidence came in meanwhile it is
refused, so that nobody decides on what they have not seen.

An act takes a `token`: any text of the caller that names this one request (a form carries a new
one). The same token again acts once.
"""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

import msgspec

from lamppost.cases.audit import Journal, digest
from lamppost.cases.case import (
    OPEN,
    Appeal,
    Case,
    CaseFile,
    CaseFinding,
    Change,
    Clock,
    ClockKind,
    Decision,
    History,
    Hit,
    Judgement,
    Label,
    Link,
    LinkKind,
    Note,
    QueueFilter,
    QueuePage,
    Reading,
    Sample,
    Token,
)
from lamppost.cases.clocks import TERMS, Terms, confirm_by, decide_by
from lamppost.cases.decisions import (
    MAX_NOTE,
    checked_acts,
    checked_judgement,
    checked_reason,
    heavy,
    label_of,
)
from lamppost.cases.exposure import (
    LIMITS,
    DayCount,
    Exposure,
    Limits,
    by_day,
    exposure,
)
from lamppost.cases.figures import Figures
from lamppost.cases.ports import CaseStore, StaffStore
from lamppost.cases.quality import ReaderAgreement, agreements
from lamppost.cases.rights import Who, need, need_fresh
from lamppost.cases.search import KINDS, asked
from lamppost.cases.vault import Opened, Vault
from lamppost.core.errors import ConflictError, RightError, UsageError
from lamppost.core.times import DAY
from lamppost.pipeline import Finding

SERVICE: Final = "service"
"""Who acts when nobody does: findings that come in."""
QA_SHARE: Final = 0.05
"""Share of decisions drawn for a blind second reading."""
REVEAL_REASON: Final = "review of the case"
_finding: Final = msgspec.json.Decoder(Finding).decode
_encode: Final = msgspec.json.Encoder(order="sorted").encode

Languages = Callable[[str, Sequence[str]], str]
"""Language of a detector's signal, from keys of reasons; `und` when it has none."""


class LabelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One label as it is exported: no text, no ids of people, cases or messages."""

    detector: str
    version: int
    language: str
    label: Judgement
    bits: float


class Assigned(msgspec.Struct, frozen=True):
    """What became of one case of a bulk act: `refused` is empty when it was done."""

    case_id: str
    refused: str = ""


class Searched(msgspec.Struct, frozen=True):
    """A page of hits; `total` counts all."""

    hits: list[Hit]
    total: int


class CaseDesk:
    """The operations on cases of one deployment. Safe to use from several threads."""

    def __init__(
        self,
        store: CaseStore,
        staff: StaffStore,
        journal: Journal,
        vault: Vault,
        clock: Callable[[], int],
        *,
        key: bytes,
        terms: Terms = TERMS,
        limits: Limits = LIMITS,
        zone: tzinfo = UTC,
        languages: Languages = lambda detector, reasons: "und",
        told: Callable[[str, str, dict[str, Any]], None] = lambda kind, name, data: None,
        saw: Callable[[str, str, str], None] | None = None,
        drawn: Callable[[], bool] = lambda: secrets.randbelow(10_000) < QA_SHARE * 10_000,
    ) -> None:
        self.store = store
        self.staff = staff
        self.terms = terms
        self._journal = journal
        self._vault = vault
        self._clock = clock
        self._key = key
        self._limits = limits
        self._zone = zone
        self._languages = languages
        self._told = told
        self._saw = saw
        self._drawn = drawn
        self._turn = threading.Lock()

    # --- looking ----------------------------------------------------------------------------

    def queue(self, who: Who, wanted: QueueFilter | None = None) -> QueuePage:
        """A page of the queue, in the order to be worked."""
        need(who, "queue.read")
        wanted = wanted if wanted is not None else QueueFilter()
        page = self.store.queue(wanted, self._clock())
        self._view(who, "queue", "queue")
        return page

    def open(self, who: Who, case_id: str) -> CaseFile:
        """A case with all that lies in it, but for the words. Raises `UsageError` without one.

        The first look of somebody who may decide stops the time to first look.
        """
        need(who, "case.read")
        file = self._file(case_id)
        if file.case.looked_at is None and who.may("case.decide"):
            now = self._clock()

            def look(file: CaseFile) -> Change:
                case = file.case
                if case.looked_at is not None:
                    return Change()
                seen = msgspec.structs.replace(case, looked_at=now)
                return Change(case=seen, history=[self._act(case, who, "case.look", {})])

            self.store.change(case_id, look)
            file = self._file(case_id)
            self._publish()
        self._journal.record(
            actor=who.id, act="case.view", subject=case_id, details={"version": file.case.version}
        )
        return file

    def reveal(
        self,
        who: Who,
        case_id: str,
        items: Sequence[str] | None = None,
        *,
        reason: str = REVEAL_REASON,
    ) -> list[Opened]:
        """Open the words of a case, or of some pieces; counted as exposure of this person."""
        need(who, "case.reveal")
        file = self._file(case_id)
        marked = {piece.item for piece in file.pieces if piece.explicit and piece.item}
        chosen = {piece.item for piece in file.pieces if piece.item}
        if items is not None:
            chosen = set(items)
        return self._vault.open(
            person=who.id, case=case_id, reason=reason, items=items,
            note={"explicit": len(chosen & marked)},
        )  # fmt: skip

    def about(self, who: Who, account: str) -> list[Case]:
        """Cases in which an account is on either side, newest first."""
        need(who, "case.read")
        self._view(who, "account", account)
        return self.store.touching(account)

    def search(
        self,
        who: Who,
        text: str,
        *,
        kinds: Collection[str] = KINDS,
        offset: int = 0,
        limit: int = 50,
    ) -> Searched:
        """Find people, cases, notes, decisions and appeals that hold every word of `text`.

        The audit chain gets a digest of the words, not the words.
        """
        need(who, "search")
        unknown = set(kinds) - set(KINDS)
        if unknown:
            raise UsageError("is not a kind", where="kinds", hint=f"use {', '.join(KINDS)}")
        words = asked(text)
        hits, total = self.store.search(words, sorted(kinds), offset=offset, limit=limit)
        self._journal.record(
            actor=who.id, act="case.search", subject="cases",
            details={"words": digest(" ".join(words), self._key), "hits": total},
        )  # fmt: skip
        return Searched(hits, total)

    # --- whose case it is -------------------------------------------------------------------

    def claim(self, who: Who, case_id: str, *, token: str | None = None) -> Case:
        """Take a case for `Terms.claim`; again by the same person makes it longer.

        Raises `ConflictError` of kind `claimed`, `assigned` or `closed`.
        """
        need(who, "case.claim")
        now = self._clock()

        def take(file: CaseFile) -> Change:
            case = file.case
            self._open(case)
            self._free(case, who, now)
            if case.assigned_to not in (None, who.id) and not who.may("case.assign"):
                raise ConflictError(
                    "the case was given to somebody else", kind="assigned", where=case.id,
                    by=case.assigned_to or "", hint="ask the lead",
                )  # fmt: skip
            fresh = case.held_by(now) is None
            taken = msgspec.structs.replace(
                case, claimed_by=who.id, claimed_until=now + self.terms.claim
            )
            return Change(
                case=taken,
                history=[self._act(case, who, "case.claim", {})] if fresh else [],
                result=case.id,
            )

        self._change(case_id, take, self._token(who, token, "claim", case_id))
        return self._case(case_id)

    def hand_over(self, who: Who, case_id: str, *, token: str | None = None) -> Case:
        """Give a case back to the queue. No reason is asked and nothing is counted."""
        need(who, "case.claim")
        now = self._clock()

        def release(file: CaseFile) -> Change:
            case = file.case
            self._free(case, who, now)
            if who.id not in (case.claimed_by, case.assigned_to):
                return Change(result=case.id)
            assigned = None if case.assigned_to == who.id else case.assigned_to
            back = msgspec.structs.replace(
                case, claimed_by=None, claimed_until=0, assigned_to=assigned
            )
            return Change(
                case=back, history=[self._act(case, who, "case.release", {})], result=case.id
            )

        self._change(case_id, release, self._token(who, token, "release", case_id))
        return self._case(case_id)

    def assign(
        self, who: Who, case_ids: Sequence[str], to: str | None, *, token: str | None = None
    ) -> list[Assigned]:
        """Give cases to a person, or to nobody; says for each whether it was done.

        Raises `UsageError` when the person cannot work on cases.
        """
        need(who, "case.assign")
        if to is not None:
            person = self.staff.staff(to)
            if person is None or person.disabled_at is not None:
                raise UsageError("there is no such person", where="to")
            if not person.who().may("case.decide"):
                raise UsageError("this person's role does not decide cases", where="to")
        now = self._clock()

        def give(file: CaseFile) -> Change:
            case = file.case
            self._open(case)
            holder = case.held_by(now)
            if holder not in (None, to, who.id):
                raise self._taken(case, holder)
            given = msgspec.structs.replace(case, assigned_to=to)
            return Change(
                case=given, history=[self._act(case, who, "case.assign", {"to": to})],
                result=case.id,
            )  # fmt: skip

        return self._each(case_ids, give, who, token, "assign")

    def reorder(
        self, who: Who, case_ids: Sequence[str], *, token: str | None = None
    ) -> list[Assigned]:
        """Put cases before all others, in this order; cases put there before come after them."""
        need(who, "case.assign")
        start = -self._clock()  # the last order given comes first

        def put(file: CaseFile) -> Change:
            case = file.case
            self._open(case)
            rank = start + list(case_ids).index(case.id)
            moved = msgspec.structs.replace(case, rank=rank)
            return Change(
                case=moved, history=[self._act(case, who, "case.order", {"first": True})],
                result=case.id,
            )  # fmt: skip

        return self._each(case_ids, put, who, token, "order")

    def unrank(
        self, who: Who, case_ids: Sequence[str], *, token: str | None = None
    ) -> list[Assigned]:
        """Let cases take the place again that level and deadline give them."""
        need(who, "case.assign")

        def drop(file: CaseFile) -> Change:
            case = file.case
            moved = msgspec.structs.replace(case, rank=None)
            return Change(
                case=moved, history=[self._act(case, who, "case.order", {"first": False})],
                result=case.id,
            )  # fmt: skip

        return self._each(case_ids, drop, who, token, "unrank")

    # --- writing ----------------------------------------------------------------------------

    def note(self, who: Who, case_id: str, text: str, *, token: str | None = None) -> str:
        """Write a note; returns its id. Notes are searched: write no words of messages."""
        need(who, "case.note")
        words = text.strip()
        if "\0" in words or not 1 <= len(words) <= MAX_NOTE:
            raise UsageError(f"1 to {MAX_NOTE} characters are needed", where="note")

        def write(file: CaseFile) -> Change:
            made = Note(id=_new("n"), case_id=case_id, by=who.id, at=self._clock(), text=words)
            return Change(
                notes=[made],
                history=[self._act(file.case, who, "case.note", {"note": made.id})],
                result=made.id,
            )

        return self._change(case_id, write, self._token(who, token, "note", case_id))

    def decide(
        self,
        who: Who,
        case_id: str,
        *,
        version: int,
        acts: Sequence[str],
        judgement: str,
        reason: str,
        labels: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Decision:
        """Decide a case as it was at `version`; heavy acts wait for a second person.

        `labels` gives single detectors another judgement than the whole. Raises `ConflictError`
        of kind `changed`, `claimed`, `proposed` or `closed`; `ReauthenticationError` for heavy
        acts after an old sign-in.
        """
        need(who, "case.decide")
        chosen = checked_acts(acts)
        verdict = checked_judgement(judgement)
        why = checked_reason(reason)
        given = {name: checked_judgement(word) for name, word in (labels or {}).items()}
        now = self._clock()
        if heavy(chosen):
            need_fresh(who, now)

        def settle(file: CaseFile) -> Change:
            case = file.case
            self._open(case)
            if file.proposed is not None:
                raise ConflictError(
                    "a decision waits for a second person", kind="proposed", where=case.id,
                    by=file.proposed.by, at=file.proposed.at, hint="confirm it or send it back",
                )  # fmt: skip
            self._free(case, who, now)
            self._same_version(file, version)
            made = Decision(
                id=_new("d"), case_id=case_id, by=who.id, at=now, acts=chosen, judgement=verdict,
                reason=why, seen=version, state="proposed" if heavy(chosen) else "final",
            )  # fmt: skip
            change = Change(result=made.id)
            change.labels = self._labels(file, made, given)
            change.history = [
                self._act(
                    case, who, "case.decide",
                    {
                        "decision": made.id, "acts": list(chosen), "judgement": verdict,
                        "version": version, "state": made.state,
                        "reason": digest(why, self._key),
                    },
                )
            ]  # fmt: skip
            if made.state == "final":
                self._final(file, made, change, now)
            else:
                self._propose(file, made, change, now)
            return change

        made = self._change(case_id, settle, self._token(who, token, "decide", case_id))
        decision = self._decision(case_id, made)
        self._tell(decision)
        return decision

    def confirm(
        self,
        who: Who,
        case_id: str,
        decision_id: str,
        *,
        version: int,
        reason: str = "",
        token: str | None = None,
    ) -> Decision:
        """Be the second person for a heavy decision: it then counts.

        Raises `RightError` for the person who proposed it, `ConflictError` of kind `changed` or
        `settled`.
        """
        need(who, "case.confirm")
        now = self._clock()
        need_fresh(who, now)
        why = checked_reason(reason, least=0)

        def settle(file: CaseFile) -> Change:
            proposed = self._proposed(file, decision_id)
            if proposed.by == who.id:
                raise RightError("the second person must be somebody else", hint="ask a colleague")
            self._same_version(file, version)
            made = msgspec.structs.replace(
                proposed, state="final", reviewed_by=who.id, reviewed_at=now, review_reason=why
            )
            change = Change(result=made.id)
            change.labels = [
                msgspec.structs.replace(item, counts=True)
                for item in file.labels
                if item.decision_id == made.id
            ]
            change.history = [self._act(file.case, who, "case.confirm", {"decision": made.id})]
            self._final(file, made, change, now)
            return change

        made = self._change(case_id, settle, self._token(who, token, "confirm", case_id))
        decision = self._decision(case_id, made)
        self._tell(decision)
        return decision

    def send_back(
        self,
        who: Who,
        case_id: str,
        decision_id: str,
        *,
        reason: str,
        token: str | None = None,
    ) -> Decision:
        """Return a proposed decision: the case is open again. Its author may take it back too."""
        now = self._clock()
        why = checked_reason(reason)

        def settle(file: CaseFile) -> Change:
            proposed = self._proposed(file, decision_id)
            if proposed.by != who.id:
                need(who, "case.confirm")
            case = file.case
            made = msgspec.structs.replace(
                proposed, state="returned", reviewed_by=who.id, reviewed_at=now, review_reason=why
            )
            clocks = self._stop(file, "confirm", now)
            running = [item for item in file.clocks if item.kind == "decide"][-1:]
            clocks += [msgspec.structs.replace(item, stopped_at=None) for item in running]
            due = (
                running[0].due_at
                if running
                else decide_by(self.terms, case.level, case.youngest, now)
            )
            back = msgspec.structs.replace(
                case, status="open", version=case.version + 1, due_at=due, claimed_by=None,
                claimed_until=0,
            )  # fmt: skip
            return Change(
                case=back, decisions=[made], clocks=clocks, result=made.id,
                history=[
                    self._act(
                        case, who, "case.return",
                        {"decision": made.id, "reason": digest(why, self._key)},
                    )
                ],
            )  # fmt: skip

        made = self._change(case_id, settle, self._token(who, token, "return", case_id))
        return self._decision(case_id, made)

    def reopen(self, who: Who, case_id: str, *, reason: str, token: str | None = None) -> Case:
        """Open a closed case again. Raises `ConflictError` of kind `other_open` or `open`."""
        need(who, "case.reopen")
        why = checked_reason(reason)

        def again(file: CaseFile) -> Change:
            return self._reopened(file, who, {"reason": digest(why, self._key)})

        self._change(case_id, again, self._token(who, token, "reopen", case_id))
        return self._case(case_id)

    # --- appeals ----------------------------------------------------------------------------

    def record_appeal(self, who: Who, case_id: str, words: str, *, token: str | None = None) -> str:
        """Write down that somebody appeals against the decision in force; returns its id."""
        need(who, "appeal.record")
        said = checked_reason(words, where="words", least=1)
        now = self._clock()

        def write(file: CaseFile) -> Change:
            final = file.final
            if final is None:
                raise UsageError("there is no decision to appeal against", where=case_id)
            if any(not item.result for item in file.appeals):
                raise ConflictError("an appeal is open already", kind="appealed", where=case_id)
            made = Appeal(
                id=_new("a"), case_id=case_id, decision_id=final.id, at=now,
                recorded_by=who.id, words=said,
            )  # fmt: skip
            return Change(
                appeals=[made], result=made.id,
                clocks=[self._clocked(file, "appeal", now, now + self.terms.appeal)],
                history=[self._act(file.case, who, "appeal.record", {"appeal": made.id})],
            )  # fmt: skip

        return self._change(case_id, write, self._token(who, token, "appeal", case_id))

    def answer_appeal(
        self,
        who: Who,
        case_id: str,
        appeal_id: str,
        *,
        overturn: bool,
        answer: str,
        token: str | None = None,
    ) -> Appeal:
        """Answer an appeal; whoever made or confirmed the decision may not.

        An overturned decision no longer counts and the case is open again, unless another case
        of the account is open: then it is named in both.
        """
        need(who, "appeal.answer")
        words = checked_reason(answer, where="answer")
        now = self._clock()

        def settle(file: CaseFile) -> Change:
            found = next((item for item in file.appeals if item.id == appeal_id), None)
            if found is None:
                raise UsageError("there is no such appeal", where=case_id)
            if found.result:
                raise ConflictError(
                    "the appeal was answered already", kind="settled", where=case_id,
                    by=found.answered_by or "", at=found.answered_at or 0,
                )  # fmt: skip
            decision = next(item for item in file.decisions if item.id == found.decision_id)
            if who.id in (decision.by, decision.reviewed_by):
                raise RightError(
                    "an appeal is answered by somebody who did not decide",
                    hint="ask a colleague",
                )
            made = msgspec.structs.replace(
                found, result="overturned" if overturn else "upheld", answered_by=who.id,
                answered_at=now, answer=words,
            )  # fmt: skip
            change = Change(appeals=[made], result=made.id)
            details = {"appeal": made.id, "result": made.result}
            if overturn:
                self._overturn(file, who, decision, change, details)
            else:
                change.history = [self._act(file.case, who, "appeal.answer", details)]
            change.clocks += self._stop(file, "appeal", now)
            return change

        self._change(case_id, settle, self._token(who, token, "answer", case_id))
        return next(item for item in self._file(case_id).appeals if item.id == appeal_id)

    def _overturn(
        self,
        file: CaseFile,
        who: Who,
        decision: Decision,
        change: Change,
        details: dict[str, Any],
    ) -> None:
        change.decisions = [msgspec.structs.replace(decision, state="overturned")]
        change.labels = [
            msgspec.structs.replace(item, counts=False)
            for item in file.labels
            if item.decision_id == decision.id
        ]
        other = next((item for item in file.others if item.status in OPEN), None)
        change.history = [self._act(file.case, who, "appeal.answer", details)]
        if file.case.status in OPEN:
            change.case = msgspec.structs.replace(file.case, version=file.case.version + 1)
        elif other is None:
            opened = self._reopened(file, who, {"appeal": details["appeal"]})
            change.case = opened.case
            change.clocks = opened.clocks
            change.history += opened.history
        else:
            change.case = msgspec.structs.replace(
                file.case, version=file.case.version + 1, outcome=()
            )
            change.links = [
                Link(case_id=here, kind="related", other=there, at=self._clock(), by=who.id)
                for here, there in ((file.case.id, other.id), (other.id, file.case.id))
            ]

    # --- what else belongs to a case --------------------------------------------------------

    def link(
        self, who: Who, case_id: str, kind: LinkKind, other: str, *, token: str | None = None
    ) -> None:
        """Name something that belongs to a case: a draft of a report, care for a child."""
        need(who, "report.draft" if kind == "report" else "case.note")

        def add(file: CaseFile) -> Change:
            made = Link(case_id=case_id, kind=kind, other=other, at=self._clock(), by=who.id)
            return Change(
                links=[made], result=other,
                history=[self._act(file.case, who, "case.link", {"kind": kind, "to": other})],
            )  # fmt: skip

        self._change(case_id, add, self._token(who, token, f"link.{kind}", case_id))

    def reported(self, who: Who, case_id: str, report: str, *, token: str | None = None) -> None:
        """A report about the case was filed: its clock stops, and the case names it."""
        need(who, "report.file")
        now = self._clock()

        def add(file: CaseFile) -> Change:
            made = Link(case_id=case_id, kind="report", other=report, at=now, by=who.id)
            return Change(
                links=[made], clocks=self._stop(file, "report", now), result=report,
                history=[self._act(file.case, who, "case.report", {"report": report})],
            )  # fmt: skip

        self._change(case_id, add, self._token(who, token, "report", case_id))

    # --- quality ----------------------------------------------------------------------------

    def samples(self, who: Who) -> list[Sample]:
        """Blind second readings that this person can give. They do not show the first answer."""
        need(who, "quality.read")
        return [_blind(item) for item in self.store.samples(who.id, self._clock())]

    def open_sample(self, who: Who, sample_id: str) -> CaseFile:
        """A case to be read without knowing what others thought of it."""
        need(who, "quality.read")
        sample = self._sample(sample_id)
        self._journal.record(
            actor=who.id, act="quality.view", subject=sample.case_id,
            details={"sample": sample_id},
        )  # fmt: skip
        file = self._file(sample.case_id)
        blind = msgspec.structs.replace(
            file.case, outcome=(), decided_at=None, closed_at=None, claimed_by=None
        )
        return CaseFile(case=blind, findings=file.findings, pieces=file.pieces)

    def read_sample(
        self,
        who: Who,
        sample_id: str,
        *,
        judgement: str,
        acts: Sequence[str],
        reason: str = "",
        token: str | None = None,
    ) -> None:
        """Give a blind second reading. Raises `ConflictError` when it was given already."""
        need(who, "quality.read")
        sample = self._sample(sample_id)
        if sample.first_by == who.id:
            raise RightError("this was decided by you", hint="take another one")
        made = Reading(
            sample_id=sample_id, by=who.id, at=self._clock(),
            judgement=checked_judgement(judgement), acts=checked_acts(acts),
            reason=checked_reason(reason, least=0),
        )  # fmt: skip

        def write(file: CaseFile) -> Change:
            read = self.store.read_samples()
            if any(item.sample_id == sample_id and item.by == who.id for _, item in read):
                raise ConflictError("you have read this already", kind="settled", where=sample_id)
            return Change(
                readings=[made], result=sample_id,
                history=[self._act(file.case, who, "quality.read", {"sample": sample_id})],
            )  # fmt: skip

        token_ = self._token(who, token, "sample", sample.case_id)
        self._change(sample.case_id, write, token_)

    def make_golden(self, who: Who, case_id: str, *, token: str | None = None) -> str:
        """Make a decided case a golden one: others read it blind and are compared with it."""
        need(who, "quality.manage")

        def mark(file: CaseFile) -> Change:
            final = file.final
            if final is None:
                raise UsageError("only a decided case can be golden", where=case_id)
            made = _sampled(final, "golden", self._clock(), who.id)
            return Change(
                samples=[made], result=made.id,
                history=[self._act(file.case, who, "quality.golden", {"sample": made.id})],
            )  # fmt: skip

        return self._change(case_id, mark, self._token(who, token, "golden", case_id))

    def agreement(self, who: Who) -> list[ReaderAgreement]:
        """Cohen's kappa of each person with the first answers; `*` is everybody."""
        need(who, "quality.manage")
        self._view(who, "agreement", "quality")
        return agreements(self.store.read_samples())

    def export_labels(self, who: Who) -> Iterator[LabelRow]:
        """Labels for `lamppost evaluate`: detector, version, language, label, bits. No text."""
        need(who, "labels.export")
        rows = [label_row(item) for item in self.store.labels()]
        self._journal.record(
            actor=who.id, act="export.labels", subject="labels", details={"rows": len(rows)}
        )
        return iter(rows)

    # --- figures and wellness ---------------------------------------------------------------

    def figures(self, who: Who, days: int = 30) -> Figures:
        """Figures of the dashboard over the last days."""
        need(who, "dashboard.read")
        if not 1 <= days <= 3660:
            raise UsageError("1 to 3660 days", where="days")
        now = self._clock()
        self._view(who, "dashboard", "dashboard")
        return self.store.figures(now - days * DAY, now)

    def exposure(self, who: Who) -> Exposure:
        """How much this person has read today, and whether a break would be good."""
        now = self._clock()
        return exposure(
            who.id, self.store.reveals(now - DAY, now + 1, who.id), now, self._zone, self._limits
        )

    def exposures(self, who: Who, days: int = 14) -> list[DayCount]:
        """What every person has revealed, per day, newest first."""
        need(who, "exposure.read")
        now = self._clock()
        self._view(who, "exposure", "staff")
        return by_day(self.store.reveals(now - days * DAY, now + 1), self._zone)

    def publish(self) -> int:
        """Write acts into the audit chain that a crash kept from it; returns how many."""
        return self._publish()

    # --- parts ------------------------------------------------------------------------------

    def _final(self, file: CaseFile, made: Decision, change: Change, now: int) -> None:
        """Close the case with a decision that counts."""
        case = file.case
        older = [item for item in file.decisions if item.state == "final" and item.id != made.id]
        change.decisions = [
            *(msgspec.structs.replace(item, state="replaced") for item in older), made
        ]  # fmt: skip
        gone = {item.id for item in older}
        change.labels += [
            msgspec.structs.replace(item, counts=False)
            for item in file.labels
            if item.decision_id in gone
        ]
        change.clocks = self._stop(file, "decide", now) + self._stop(file, "confirm", now)
        if "report" in made.acts:
            change.clocks.append(self._clocked(file, "report", now, now + self.terms.report))
        if self._drawn():
            change.samples = [_sampled(made, "sample", now, SERVICE)]
        change.case = msgspec.structs.replace(
            case, status="closed", version=case.version + 1, outcome=made.acts,
            decided_at=case.decided_at if case.decided_at is not None else now, closed_at=now,
            looked_at=case.looked_at if case.looked_at is not None else now,
            claimed_by=None, claimed_until=0, rank=None,
        )  # fmt: skip

    def _propose(self, file: CaseFile, made: Decision, change: Change, now: int) -> None:
        """Have a decision wait for a second person."""
        case = file.case
        due = confirm_by(self.terms, case.level, now)
        change.decisions = [made]
        change.clocks = [*self._stop(file, "decide", now), self._clocked(file, "confirm", now, due)]
        change.case = msgspec.structs.replace(
            case, status="review", version=case.version + 1, due_at=due,
            looked_at=case.looked_at if case.looked_at is not None else now,
            claimed_by=None, claimed_until=0, assigned_to=None,
        )  # fmt: skip

    def _reopened(self, file: CaseFile, who: Who, details: dict[str, Any]) -> Change:
        case = file.case
        if case.status in OPEN:
            raise ConflictError("the case is open", kind="open", where=case.id)
        other = next((item for item in file.others if item.status in OPEN), None)
        if other is not None:
            raise ConflictError(
                f"case {other.id} of the same account is open", kind="other_open", where=case.id,
                other=other.id, hint="work on that one",
            )  # fmt: skip
        now = self._clock()
        due = decide_by(self.terms, case.level, case.youngest, now)
        opened = msgspec.structs.replace(
            case, status="open", version=case.version + 1, due_at=due, closed_at=None, outcome=(),
            reopened=case.reopened + 1, claimed_by=None, claimed_until=0, assigned_to=None,
        )  # fmt: skip
        return Change(
            case=opened, clocks=[self._clocked(file, "decide", now, due)], result=case.id,
            history=[self._act(case, who, "case.reopen", details)],
        )  # fmt: skip

    def _labels(self, file: CaseFile, made: Decision, given: Mapping[str, str]) -> list[Label]:
        """What the decision says of every signal of each relationship's newest finding."""
        newest: dict[tuple[str, str, str], CaseFinding] = {}
        for item in file.findings:
            key = (item.conversation, item.actor, item.target)
            if key not in newest or item.level >= newest[key].level:
                newest[key] = item
        seen = {(piece.conversation, piece.event): piece.reasons for piece in file.pieces}
        labels: dict[tuple[str, str], Label] = {}
        for item in newest.values():
            for row in _finding(item.body).contributions:
                if row.detector.startswith("context.") or row.bits <= 0:
                    continue
                labels.setdefault(
                    (item.id, row.detector),
                    Label(
                        decision_id=made.id, case_id=file.case.id, finding_id=item.id,
                        detector=row.detector, version=row.version,
                        language=self._languages(
                            row.detector,
                            [
                                key
                                for event in row.events
                                for key in seen.get((item.conversation, event), ())
                            ],
                        ), bits=row.bits,
                        label=label_of(made.judgement, row.detector, given), at=made.at,
                        by=made.by, counts=made.state == "final",
                    ),
                )  # fmt: skip
        unknown = set(given) - {detector for _, detector in labels}
        if unknown:
            raise UsageError(
                "is not a signal of this case", where="labels", hint="load the page again"
            )
        return list(labels.values())

    def _tell(self, decision: Decision) -> None:
        if decision.state == "final":
            self._told(
                "case.decided", f"{decision.id}",
                {
                    "case_id": decision.case_id, "decision_id": decision.id,
                    "acts": list(decision.acts), "judgement": decision.judgement,
                },
            )  # fmt: skip

    def _open(self, case: Case) -> None:
        if case.status not in OPEN:
            raise ConflictError(
                "the case was decided and is closed", kind="closed", where=case.id,
                at=case.closed_at or 0, hint="load the page again",
            )  # fmt: skip

    def _free(self, case: Case, who: Who, now: int) -> None:
        holder = case.held_by(now)
        if holder not in (None, who.id):
            raise self._taken(case, holder)

    @staticmethod
    def _taken(case: Case, holder: str | None) -> ConflictError:
        return ConflictError(
            "somebody else works on this case", kind="claimed", where=case.id, by=holder or "",
            until=case.claimed_until, hint="take another one, or wait until they hand it over",
        )  # fmt: skip

    @staticmethod
    def _same_version(file: CaseFile, version: int) -> None:
        case = file.case
        if case.version != version:
            raise ConflictError(
                "the case changed since you loaded it", kind="changed", where=case.id,
                seen=version, now=case.version, at=case.changed_at,
                hint="look at what is new, then decide",
            )  # fmt: skip

    @staticmethod
    def _proposed(file: CaseFile, decision_id: str) -> Decision:
        found = next((item for item in file.decisions if item.id == decision_id), None)
        if found is None:
            raise UsageError("there is no such decision", where=file.case.id)
        if found.state != "proposed":
            raise ConflictError(
                "the decision was settled already", kind="settled", where=file.case.id,
                by=found.reviewed_by or found.by, at=found.reviewed_at or found.at,
                state=found.state,
            )  # fmt: skip
        return found

    @staticmethod
    def _clocked(file: CaseFile, kind: ClockKind, start: int, due: int) -> Clock:
        count = sum(item.kind == kind for item in file.clocks) + 1
        return Clock(
            id=f"{file.case.id}.{kind}.{count}", case_id=file.case.id, kind=kind,
            started_at=start, due_at=due,
        )  # fmt: skip

    @staticmethod
    def _stop(file: CaseFile, kind: ClockKind, now: int) -> list[Clock]:
        return [
            msgspec.structs.replace(item, stopped_at=now)
            for item in file.clocks
            if item.kind == kind and item.stopped_at is None
        ]

    def _act(self, case: Case, who: Who, act: str, details: Mapping[str, Any]) -> History:
        return made_act(case.id, self._clock(), who.id, act, details)

    def _token(self, who: Who, token: str | None, act: str, case_id: str) -> Token | None:
        if token is None:
            return None
        if not 1 <= len(token) <= 200:
            raise UsageError("1 to 200 characters", where="token")
        return Token(digest(f"{who.id}\0{token}", self._key), who.id, act, case_id)

    def _each(
        self,
        case_ids: Sequence[str],
        make: Callable[[CaseFile], Change],
        who: Who,
        token: str | None,
        act: str,
    ) -> list[Assigned]:
        done = []
        for case_id in dict.fromkeys(case_ids):
            part = None if token is None else f"{token[:100]}:{case_id}"
            try:
                self.store.change(case_id, make, self._token(who, part, act, case_id))
                done.append(Assigned(case_id))
            except (ConflictError, UsageError) as error:
                done.append(Assigned(case_id, error.message))
        self._publish()
        return done

    def _change(self, case_id: str, make: Callable[[CaseFile], Change], token: Token | None) -> str:
        result = self.store.change(case_id, make, token)
        self._publish()
        return result

    def _publish(self) -> int:
        """Write acts that are done into the audit chain, each once."""
        done = 0
        with self._turn:
            while taken := self.store.take_unpublished(self._clock()):
                for item in taken:
                    details = {**msgspec.json.decode(item.details), "id": item.id}
                    row = self._journal.record(
                        actor=item.by, act=item.act, subject=item.case_id, details=details
                    )
                    self.store.published(item.id, row.seq)
                    done += 1
        return done

    def _view(self, who: Who, what: str, path: str) -> None:
        if self._saw is not None:
            self._saw(who.id, what, path)
        else:
            self._journal.record(actor=who.id, act="view", subject=what, details={"path": path})

    def _case(self, case_id: str) -> Case:
        found = self.store.case(case_id)
        if found is None:
            raise UsageError("there is no such case", where="case")
        return found

    def _file(self, case_id: str) -> CaseFile:
        found = self.store.file(case_id)
        if found is None:
            raise UsageError("there is no such case", where="case")
        return found

    def _decision(self, case_id: str, decision_id: str) -> Decision:
        return next(item for item in self._file(case_id).decisions if item.id == decision_id)

    def _sample(self, sample_id: str) -> Sample:
        found = self.store.sample(sample_id)
        if found is None:
            raise UsageError("there is no such sample", where="sample")
        return found


def made_act(case_id: str, at: int, by: str, act: str, details: Mapping[str, Any]) -> History:
    """An act on a case, to be written with what it did."""
    return History(
        id=_new("h"), case_id=case_id, at=at, by=by, act=act, details=_encode(details).decode()
    )


def label_row(item: Label) -> LabelRow:
    """A label without whom it is about."""
    return LabelRow(
        detector=item.detector, version=item.version, language=item.language, label=item.label,
        bits=item.bits,
    )  # fmt: skip


def _sampled(decision: Decision, kind: Any, now: int, by: str) -> Sample:
    return Sample(
        id=_new("s"), case_id=decision.case_id, decision_id=decision.id, kind=kind, made_at=now,
        made_by=by, judgement=decision.judgement, acts=decision.acts, first_by=decision.by,
    )  # fmt: skip


def _blind(sample: Sample) -> Sample:
    return msgspec.structs.replace(
        sample, judgement="unsure", acts=(), first_by="", decision_id="", kind="sample"
    )


def _new(letter: str) -> str:
    return f"{letter}{uuid.uuid4().hex[:20]}"
