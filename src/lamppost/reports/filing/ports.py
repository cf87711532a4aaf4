"""Seams of filing: the authority's interface, and the durable log of steps."""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

OK: Final = 0
NO_SUCH_REPORT: Final = 5001
RETRACTED: Final = 5101
FINISHED: Final = 5102
State = Literal["begun", "done", "refused", "unknown"]
"""`unknown`: no answer came, so it may or may not have happened."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. `code` is the authority's own; `request` helps its support find the call."""

    code: int
    report: str = ""
    file: str = ""
    request: str = ""


class CyberTipline(Protocol):
    """NCMEC's interface.

    Every call raises `UnansweredError`, or `ApiError` when the credentials are refused.
    """

    def status(self) -> Reply:
        """Whether it answers at all."""
        ...

    def submit(self, document: bytes) -> Reply:
        """Open a report."""
        ...

    def upload(self, report: str, name: str, content: bytes) -> Reply:
        """Add a file to an open report."""
        ...

    def fileinfo(self, document: bytes) -> Reply:
        """Describe an uploaded file."""
        ...

    def finish(self, report: str) -> Reply:
        """File the report. Nothing can be added or taken back afterwards."""
        ...

    def retract(self, report: str) -> Reply:
        """Cancel an open report."""
        ...


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log of a filing: `number` counts from 1, `at` in milliseconds UTC.

    `act` is open, upload, describe, finish, retract or expire; `part` the number of the file.
    """

    filing: str
    number: int
    at: int
    by: str
    act: str
    state: State
    part: int = 0
    remote: str = ""
    file: str = ""
    code: int = 0
    request: str = ""


class StepLog(Protocol):
    """The durable log of filings."""

    def steps(self, filing: str) -> list[Step]:
        """Every step of a filing, in order."""
        ...

    def write(self, step: Step) -> None:
        """Keep a step; durable when this returns.

        Raises `ConflictError` of kind `filing` when somebody else wrote that number.
        """
        ...
