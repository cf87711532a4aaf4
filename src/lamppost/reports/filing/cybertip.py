"""File one report with the CyberTipline, exactly once.

Each step is written down before it is tried and after its answer. What is not known to have
happened is decided so that nothing can be filed twice:

- no answer to *open*, *upload* or *describe*: the open report is left or retracted, and another is
  opened. What was left open is deleted by NCMEC by itself and was never filed.
- no answer to *finish*: it is asked again **for the same report**, which answers "already
  finished" when it was. No other report is opened from then on; if NCMEC no longer knows it, a
  person has to ask NCMEC.

An unfinished report is deleted 24 h after opening or 1 h after its last change, whichever is
later: past that it is opened anew, and the log says `expire`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from lamppost.cases.audit import Journal
from lamppost.cases.rights import Who, need, need_fresh
from lamppost.core.errors import ApiError, ConflictError, UnansweredError
from lamppost.core.times import DAY, HOUR
from lamppost.reports.cybertip.schema import FileDetails, Report
from lamppost.reports.cybertip.switches import Switches, applied, applied_to_file, load
from lamppost.reports.cybertip.write import document
from lamppost.reports.filing.ports import (
    FINISHED,
    NO_SUCH_REPORT,
    OK,
    RETRACTED,
    CyberTipline,
    Reply,
    Step,
    StepLog,
)

TRIES: Final = 5
"""Reports opened in one call before it gives up until a person asks again."""


class Part(msgspec.Struct, frozen=True):
    """A file that goes with a report. `details` get the ids when they are known."""

    name: str
    content: bytes
    details: FileDetails


class Filed(msgspec.Struct, frozen=True):
    """A report that was filed: the number NCMEC gave, and how many were opened on the way."""

    number: str
    opened: int


class _AgainError(Exception):
    """The open report is given up; another is to be opened."""


class Filing:
    """One report on its way. Safe to make anew after a crash: the log says where it stands."""

    def __init__(
        self,
        identifier: str,
        *,
        authority: CyberTipline,
        log: StepLog,
        journal: Journal,
        clock: Callable[[], int],
        switches: Switches | None = None,
    ) -> None:
        self.id = identifier
        self._authority = authority
        self._log = log
        self._journal = journal
        self._clock = clock
        self._switches = switches if switches is not None else load()
        self._steps: list[Step] = []

    def file(self, who: Who, report: Report, parts: Sequence[Part] = ()) -> Filed:
        """File it, or say that it was filed already. A person asks; nothing calls this by itself.

        Raises `UnansweredError` when it is not known yet: call again later. `ApiError` when NCMEC
        refuses, `ConflictError` of kind `filing` when somebody else files it now, or `ask` when
        only NCMEC can say.
        """
        need(who, "report.file")
        need_fresh(who, self._clock())
        text = document("report", applied(report, self._switches))
        self._steps = self._log.steps(self.id)
        finishing = self._last("finish")
        if finishing is not None and finishing.state != "refused":
            return self._finish(who, finishing.remote)
        for _ in range(TRIES):
            try:
                number = self._standing(who) or self._open(who, text)
                for index, part in enumerate(parts, 1):
                    self._send(who, number, index, part)
            except _AgainError:
                continue
            return self._finish(who, number)
        raise UnansweredError("no report could be opened and filled", hint="call again later")

    def retract(self, who: Who) -> None:
        """Cancel the open report. Raises `ConflictError` of kind `filed` once it is finished."""
        need(who, "report.file")
        self._steps = self._log.steps(self.id)
        finishing = self._last("finish")
        if finishing is not None and finishing.state != "refused":
            raise ConflictError(
                "a finished report cannot be taken back", kind="filed", where=self.id,
                hint="file a supplement that names it in priorCTReports",
            )  # fmt: skip
        number = self._standing(who)
        if number:
            self._retract(who, number)

    def expires_at(self) -> int | None:
        """When NCMEC deletes the open report (ms UTC); nothing when none is open."""
        self._steps = self._log.steps(self.id)
        return self._expiry()

    # --- steps ------------------------------------------------------------------------------

    def _standing(self, who: Who) -> str:
        """The report that is open and whole so far, if any."""
        expires = self._expiry()
        if expires is None:
            return ""
        last = self._steps[-1]
        number = self._current()
        if self._clock() >= expires:
            self._write(who, "expire", "done", remote=number)
            return ""
        if last.state != "done":  # a file may be there twice, or not at all
            self._retract(who, number)
            return ""
        return number

    def _open(self, who: Who, text: bytes) -> str:
        reply = self._try(who, "open", lambda: self._authority.submit(text))
        if not reply.report:
            self._write(who, "open", "refused", code=reply.code)
            raise ApiError("NCMEC opened a report without a number", where=self.id)
        return reply.report

    def _send(self, who: Who, number: str, index: int, part: Part) -> None:
        done = {
            (step.act, step.part): step.file
            for step in self._steps
            if step.state == "done" and step.remote == number
        }
        file = done.get(("upload", index), "")
        if not file:
            file = self._try(
                who, "upload", lambda: self._authority.upload(number, part.name, part.content),
                part=index, remote=number,
            ).file  # fmt: skip
        if ("describe", index) not in done:
            details = msgspec.structs.replace(part.details, report_id=int(number), file_id=file)
            text = document("fileDetails", applied_to_file(details, self._switches))
            self._try(
                who, "describe", lambda: self._authority.fileinfo(text),
                part=index, remote=number, file=file,
            )  # fmt: skip

    def _finish(self, who: Who, number: str) -> Filed:
        known = self._last("finish")
        if known is None or known.state != "done":
            self._write(who, "finish", "begun", remote=number)
            try:
                reply = self._authority.finish(number)
            except UnansweredError:
                self._write(who, "finish", "unknown", remote=number)
                raise
            if reply.code not in (OK, FINISHED):
                lost = reply.code in (NO_SUCH_REPORT, RETRACTED)
                self._write(
                    who, "finish", "unknown" if lost else "refused",
                    remote=number, code=reply.code, request=reply.request,
                )  # fmt: skip
                if lost:
                    raise ConflictError(
                        f"NCMEC does not know report {number} after it was told to file it",
                        kind="ask", where=self.id, hint="ask NCMEC before anything is filed again",
                    )  # fmt: skip
                raise _refused("finish", reply)
            self._write(
                who, "finish", "done", remote=number, code=reply.code, request=reply.request
            )
        opened = len({s.remote for s in self._steps if s.act == "open" and s.state == "done"})
        return Filed(number, opened)

    def _retract(self, who: Who, number: str) -> None:
        """Best effort: what stays open is deleted by NCMEC and was never filed."""
        self._write(who, "retract", "begun", remote=number)
        try:
            reply = self._authority.retract(number)
        except UnansweredError:
            self._write(who, "retract", "unknown", remote=number)
            return
        if reply.code == FINISHED:
            raise ConflictError(
                f"NCMEC says that report {number} is finished", kind="ask", where=self.id,
                hint="ask NCMEC before anything is filed again",
            )  # fmt: skip
        self._write(who, "retract", "done", remote=number, code=reply.code)

    def _try(
        self,
        who: Who,
        act: str,
        call: Callable[[], Reply],
        *,
        part: int = 0,
        remote: str = "",
        file: str = "",
    ) -> Reply:
        self._write(who, act, "begun", part=part, remote=remote)
        try:
            reply = call()
        except UnansweredError:
            self._write(who, act, "unknown", part=part, remote=remote)
            if remote:
                self._retract(who, remote)
            raise _AgainError from None
        if reply.code != OK:
            self._write(
                who, act, "refused", part=part, remote=remote, code=reply.code,
                request=reply.request,
            )  # fmt: skip
            if reply.code in (NO_SUCH_REPORT, RETRACTED):
                self._write(who, "expire", "done", remote=remote)
                raise _AgainError
            raise _refused(act, reply)
        self._write(
            who, act, "done", part=part, remote=remote or reply.report,
            file=reply.file or file, request=reply.request,
        )  # fmt: skip
        return reply

    # --- the log ----------------------------------------------------------------------------

    def _write(self, who: Who, act: str, state: str, **more: object) -> None:
        step = msgspec.convert(
            {
                "filing": self.id, "number": len(self._steps) + 1, "at": self._clock(),
                "by": who.id, "act": act, "state": state, **more,
            },
            Step,
        )  # fmt: skip
        self._log.write(step)
        self._steps.append(step)
        if state != "begun":
            self._journal.record(
                actor=who.id, act=f"filing.{act}", subject=self.id,
                details={"state": state, "step": step.number, "report": step.remote,
                         "code": step.code},
            )  # fmt: skip

    def _last(self, act: str) -> Step | None:
        return next((step for step in reversed(self._steps) if step.act == act), None)

    def _current(self) -> str:
        opened = next(
            (s for s in reversed(self._steps) if s.act == "open" and s.state == "done"), None
        )
        if opened is None:
            return ""
        gone = any(
            s.act in ("retract", "expire") and s.remote == opened.remote for s in self._steps
        )
        return "" if gone else opened.remote

    def _expiry(self) -> int | None:
        number = self._current()
        if not number:
            return None
        mine = [s for s in self._steps if s.remote == number and s.state == "done"]
        return max(mine[0].at + DAY, mine[-1].at + HOUR)


def _refused(act: str, reply: Reply) -> ApiError:
    return ApiError(
        f"NCMEC refused the step {act} with code {reply.code}",
        where=f"request {reply.request}" if reply.request else "",
        hint="mend the report, then file again", status=reply.code,
    )  # fmt: skip
