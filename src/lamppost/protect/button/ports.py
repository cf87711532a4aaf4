"""Seam of the report button: where reports and notices of floods are kept."""

from __future__ import annotations

from typing import Protocol

from lamppost.protect.button.report import ChildReport, FloodNotice, State


class ChildReportStore(Protocol):
    """Reports without words. Every method raises `StoreError` when the store fails."""

    def add(self, report: ChildReport) -> bool:
        """Keep a new report; `False` when there is one with its code already."""
        ...

    def put(self, report: ChildReport) -> None:
        """Put a report in the place of the one with its id."""
        ...

    def report(self, identifier: str) -> ChildReport | None:
        """One report."""
        ...

    def by_code(self, digest: str) -> ChildReport | None:
        """The report of a code's digest."""
        ...

    def new(self, limit: int = 100) -> list[ChildReport]:
        """Reports not yet placed, oldest first."""
        ...

    def find(
        self,
        *,
        state: State | None = None,
        about: str | None = None,
        case_id: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[ChildReport], int]:
        """Reports, those that need a look first, and how many there are."""
        ...

    def loose(self, about: str, since: int) -> int:
        """How many placed reports since a moment name an account and do not stand."""
        ...

    def raised(self, since: int) -> int:
        """How many accounts such reports have brought into a case since a moment."""
        ...

    def contact(self, about: str, reporter: str, conversation: str) -> bool:
        """Whether an account has written in a conversation, or to a reporter."""
        ...

    def hold(self, report: ChildReport, about: str, identifier: str) -> FloodNotice | None:
        """Count a held report into the open notice of its flood; a new notice is given back."""
        ...

    def notices(self) -> list[FloodNotice]:
        """Open notices, newest first."""
        ...

    def close(self, identifier: str, by: str, at: int) -> bool:
        """Close a notice; whether it was open."""
        ...

    def erase(self, account: str) -> dict[str, int]:
        """Take an account out of every report; counts."""
        ...

    def expire(self, before: int) -> int:
        """Remove reports older than a moment; returns how many."""
        ...
