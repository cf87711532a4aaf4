"""What came in through the report button: sealed, placed into cases, answered.

`take` keeps a report: its words go into the vault, its row says nothing of them. `place` comes
after, by itself: the report becomes an event of the stream, and raises a case or joins one, or
is held (`protect.button.flood`). A crash between the two changes nothing: what is new is placed
later, and placing it again does the same.

Nobody but a person whose role needs it reads who reported, and only where the child named itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from lamppost.cases.audit import Journal
from lamppost.cases.case import CaseFile, Change, Link
from lamppost.cases.desk import SERVICE, made_act
from lamppost.cases.ports import CaseStore
from lamppost.cases.rights import Who, need
from lamppost.cases.vault import Evidence, Opened, Vault
from lamppost.core.errors import UsageError
from lamppost.core.levels import Level
from lamppost.core.times import from_ms
from lamppost.events.vocabulary import UserReport
from lamppost.history.memory import EVERYONE
from lamppost.history.ports import FoundRow
from lamppost.pipeline import Finding
from lamppost.protect.button import (
    LIMITS,
    STATUSES,
    About,
    Answer,
    ChildReport,
    FloodNotice,
    Limits,
    Seen,
    Sent,
    digest,
    place,
    receipt_from,
    tidy,
)
from lamppost.protect.button.ports import ChildReportStore
from lamppost.protect.button.report import State

MAX_ANSWER: Final = 1_000
_encode: Final = msgspec.json.Encoder().encode


class Raise(Protocol):
    """Puts a finding into the case of its account, opening one; the id of the case."""

    def __call__(self, row: FoundRow) -> str | None:
        """Do it."""
        ...


class ChildReports:
    """The operations on reports of children. Safe to use from several threads."""

    def __init__(
        self,
        store: ChildReportStore,
        cases: CaseStore,
        vault: Vault,
        journal: Journal,
        clock: Callable[[], int],
        secret: bytes,
        *,
        raising: Raise,
        last: Callable[[str, str], str] = lambda conversation, account: "",
        submit: Callable[[UserReport], object] = lambda event: None,
        told: Callable[[str, str, dict[str, Any]], None] = lambda kind, name, data: None,
        limits: Limits = LIMITS,
    ) -> None:
        self.store = store
        self._cases = cases
        self._vault = vault
        self._journal = journal
        self._clock = clock
        self._secret = secret
        self._raising = raising
        self._last = last
        self._submit = submit
        self._told = told
        self._limits = limits

    # --- the child --------------------------------------------------------------------------

    def take(self, sent: Sent, vouched: About | None, *, crowded: bool = False) -> str:
        """Keep a report; returns the child's code. The same form sent twice is kept once.

        Raises `StoreError` when it could not be kept.
        """
        code = receipt_from(self._secret, sent.token or secrets.token_urlsafe(24))
        mark = digest(code)
        if self.store.by_code(mark) is not None:
            return code
        source = vouched or About(about=sent.about, conversation=sent.conversation)
        report = ChildReport(
            id=secrets.token_hex(8), code=mark, at=self._clock(), kind=sent.kind, safe=sent.safe,
            language=sent.language[:35], country=sent.country.upper(), about=source.about,
            conversation=source.conversation if sent.show_chat else "",
            reporter=source.reporter if sent.named else "",
            vouched=bool(vouched and vouched.reporter), crowded=crowded,
            contact=self.store.contact(
                source.about, source.reporter if vouched else "", source.conversation
            ),
        )  # fmt: skip
        parts = {"words": sent.words, "who": sent.who}
        if sent.named:
            parts |= {"name": sent.name, "reach": sent.reach}
        pieces = [self._piece(report, name, text) for name, text in parts.items() if text.strip()]
        sealed: tuple[str, ...] = ()
        if pieces:
            sealed = tuple(
                self._vault.snapshot(case=report.vault_case, actor=SERVICE, pieces=pieces)
            )
        self.store.add(msgspec.structs.replace(report, sealed=sealed))
        return code

    def answer(self, code: str) -> Answer | None:
        """What happened to the report of a code; `None` for a code that is not known."""
        report = self.store.by_code(digest(code)) if tidy(code) else None
        if report is None:
            return None
        words: list[str] = []
        if report.answers:
            items = [item for item in report.sealed if item.startswith("a:")]
            opened = self._vault.open(
                person="whoever has the code", case=report.vault_case,
                reason="the code of the report was given",
                items=[item.removeprefix("a:") for item in items],
            )  # fmt: skip
            words = [piece.evidence.text for piece in opened]
        return Answer(status=report.status, at=report.changed_at or report.at, words=tuple(words))

    def _piece(self, report: ChildReport, part: str, text: str, number: int = 0) -> Evidence:
        return Evidence(
            conversation_id="report button", event_id=f"{report.id}.{part}",
            subject_id=report.subject,
            sent_at=datetime.now(UTC) + timedelta(milliseconds=number), text=text, edit=number,
        )  # fmt: skip

    # --- the service ------------------------------------------------------------------------

    def place(self, limit: int = 100) -> int:
        """Place what is new; returns how many reports."""
        fresh = self.store.new(limit)
        for report in fresh:
            self._place(report)
        return len(fresh)

    def _place(self, report: ChildReport) -> None:
        now = self._clock()
        placed = place(
            report,
            Seen(
                about=self.store.loose(report.about, now - self._limits.about_span),
                cases=self.store.raised(now - self._limits.cases_span),
                contact=report.contact,
                open=bool(report.about) and self._cases.open_of(report.about) is not None,
            ),
            self._limits,
        )
        if placed.state == "held":
            done = msgspec.structs.replace(report, state="held")
            if placed.notice is not None:
                self._held(report, placed.notice, now)
            self.store.put(done)
            return
        if placed.state == "waiting":
            self.store.put(msgspec.structs.replace(report, state="waiting"))
            return
        self._join(report, Level.parse(placed.level), now)

    def _held(self, report: ChildReport, about: str, now: int) -> None:
        notice = self.store.hold(report, about, secrets.token_hex(8))
        if notice is None:
            return
        self._journal.record(
            actor=SERVICE, act="report.flood", subject=about or "many accounts",
            details={"notice": notice.id},
        )  # fmt: skip
        self._told("report.flood", notice.id, {"notice": notice.id, "account": about, "at": now})

    def _join(self, report: ChildReport, level: Level, now: int) -> None:
        self._submit(
            UserReport(
                id=f"report.{report.id}", reporter_id=report.reporter or f"report.{report.id}",
                target_id=report.about, conversation_id=report.conversation or None,
                at=from_ms(report.at),
            )
        )  # fmt: skip
        whom = report.reporter or EVERYONE
        finding = Finding(
            id=f"report.{report.id}", conversation_id=report.conversation, actor_id=report.about,
            target_id=whom, level=level.word, bits=0.0, message=0,
            event=self._last(report.conversation, report.about), at=report.at, contributions=[],
            engine="report button",
        )  # fmt: skip
        case_id = self._raising(
            FoundRow(
                finding.id, report.conversation, report.about, whom, int(level), report.at,
                "report button", _encode(finding),
            )
        )  # fmt: skip
        if case_id is None:
            self.store.put(msgspec.structs.replace(report, state="waiting"))
            return

        def link(file: CaseFile) -> Change:
            if any(item.kind == "told" and item.other == report.id for item in file.links):
                return Change()
            return Change(
                links=[Link(case_id=case_id, kind="told", other=report.id, at=now, by=SERVICE)],
                history=[made_act(case_id, now, SERVICE, "case.told", {"report": report.id})],
            )

        self._cases.change(case_id, link)
        self.store.put(msgspec.structs.replace(report, state="case", case_id=case_id))

    # --- people -----------------------------------------------------------------------------

    def find(
        self, who: Who, *, state: State | None = None, about: str | None = None,
        case_id: str | None = None, limit: int = 50, offset: int = 0,
    ) -> tuple[Sequence[ChildReport], int]:  # fmt: skip
        """Reports, those that need a look first, and how many there are."""
        need(who, "told.read")
        return self.store.find(
            state=state, about=about, case_id=case_id, limit=limit, offset=offset
        )

    def notices(self, who: Who) -> Sequence[FloodNotice]:
        """Open notices of floods."""
        need(who, "told.read")
        return self.store.notices()

    def look(self, who: Who, identifier: str) -> ChildReport:
        """One report. Raises `UsageError` without one."""
        need(who, "told.read")
        report = self._report(identifier)
        self._journal.record(actor=who.id, act="report.view", subject=report.vault_case)
        return report

    def reveal(self, who: Who, identifier: str) -> list[Opened]:
        """Open what the child wrote; counted as exposure of this person."""
        need(who, "told.read")
        need(who, "case.reveal")
        report = self._report(identifier)
        items = [item for item in report.sealed if not item.startswith("a:")]
        if not items:
            return []
        return self._vault.open(
            person=who.id, case=report.vault_case, reason="review of a child's report",
            items=items,
        )  # fmt: skip

    def reply(self, who: Who, identifier: str, status: str, text: str) -> ChildReport:
        """Say what happened, in words for the child or by the status alone."""
        need(who, "told.answer")
        report = self._report(identifier)
        words = text.strip()
        if status not in STATUSES:
            raise UsageError("is not a status", where="status", hint=", ".join(STATUSES))
        if "\0" in words or len(words) > MAX_ANSWER:
            raise UsageError(f"at most {MAX_ANSWER} characters are taken", where="answer")
        sealed, count = report.sealed, report.answers
        if words:
            count += 1
            made = self._vault.snapshot(
                case=report.vault_case, actor=who.id,
                pieces=[self._piece(report, "answer", words, count)],
            )  # fmt: skip
            sealed = (*sealed, f"a:{made[0]}")
        done = msgspec.structs.replace(
            report, status=status, sealed=sealed, answers=count, changed_at=self._clock(),
            changed_by=who.id,
        )  # fmt: skip
        self.store.put(done)
        self._journal.record(
            actor=who.id, act="report.answer", subject=report.vault_case,
            details={"status": status, "words": bool(words)},
        )  # fmt: skip
        return done

    def name(self, who: Who, identifier: str, account: str) -> ChildReport:
        """Say which account a report is about; a person did, so it goes into its case."""
        need(who, "told.answer")
        report = self._report(identifier)
        if report.case_id:
            return report
        if not account.strip() or len(account) > 256:
            raise UsageError("names no account", where="account")
        meant = msgspec.structs.replace(report, about=account.strip())
        level = Level.URGENT if report.danger else Level.CONCERN
        self._journal.record(
            actor=who.id, act="report.name", subject=report.vault_case,
            details={"account": meant.about},
        )  # fmt: skip
        self._join(meant, level, self._clock())
        return self._report(identifier)

    def seen(self, who: Who, notice: str) -> bool:
        """Close a notice of a flood; whether it was open."""
        need(who, "told.answer")
        closed = self.store.close(notice, who.id, self._clock())
        if closed:
            self._journal.record(actor=who.id, act="report.flood_seen", subject=notice)
        return closed

    def _report(self, identifier: str) -> ChildReport:
        report = self.store.report(identifier)
        if report is None:
            raise UsageError("there is no such report", where="report")
        return report
