"""Who may do what with cases: one table from roles to rights, which every door asks.

The review pages ask it for every route, `CaseDesk` asks it again for every act.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from lamppost.core.errors import ReauthenticationError, RightError
from lamppost.core.times import MINUTE

Role = Literal["reviewer", "lead", "reporter", "auditor", "policy", "admin"]

RIGHTS: Final[dict[str, str]] = {
    "queue.read": "see the queue",
    "case.read": "open a case: evidence, history, notes, decisions, without words",
    "case.reveal": "open the words of a case",
    "case.claim": "take a case and hand it over",
    "case.note": "write notes",
    "case.decide": "decide a case",
    "case.confirm": "be the second person for a heavy decision",
    "case.assign": "give cases to people, put the queue in order",
    "case.reopen": "open a closed case again",
    "appeal.record": "write down that somebody appeals",
    "appeal.answer": "answer an appeal",
    "quality.read": "read blind second reviews to be done, and give one",
    "quality.manage": "mark golden cases, read agreement by person",
    "told.read": "see what children sent with the report button",
    "told.answer": "answer a child that used the report button, say whom a report is about",
    "search": "search people, cases, notes and decisions",
    "report.draft": "draft a report",
    "report.file": "file a report, note that one was filed",
    "dashboard.read": "read the figures",
    "exposure.read": "read how much every person has been exposed to",
    "audit.read": "read and verify the audit chain",
    "labels.export": "export labels without text",
    "policy.read": "read policies and backtests",
    "policy.write": "add, test and shadow policies",
    "policy.deploy": "make a policy the live one",
    "people.manage": "add, change and disable staff accounts",
}
"""Right to what it allows."""

_REVIEW: Final = frozenset(
    {
        "queue.read", "case.read", "case.reveal", "case.claim", "case.note", "case.decide",
        "appeal.record", "quality.read", "search", "told.read", "told.answer",
    }
)  # fmt: skip

ROLES: Final[dict[Role, frozenset[str]]] = {
    "reviewer": _REVIEW,
    "lead": _REVIEW
    | {
        "case.confirm", "case.assign", "case.reopen", "appeal.answer", "quality.manage",
        "report.draft", "report.file", "dashboard.read", "exposure.read", "labels.export",
        "policy.read",
    },
    "reporter": frozenset(
        {
            "queue.read", "case.read", "case.reveal", "case.note", "search", "report.draft",
            "report.file",
        }
    ),
    "auditor": frozenset(
        {
            "queue.read", "case.read", "search", "dashboard.read", "exposure.read", "audit.read",
            "labels.export", "policy.read",
        }
    ),
    "policy": frozenset(
        {"dashboard.read", "labels.export", "policy.read", "policy.write", "policy.deploy"}
    ),
    "admin": frozenset({"people.manage", "policy.read"}),
}  # fmt: skip
"""Role to rights. An admin manages accounts and sees no case; an auditor reads no words."""

FRESH: Final = 10 * MINUTE
"""How long a sign-in counts as fresh for heavy acts, in milliseconds."""


class Who(msgspec.Struct, frozen=True):
    """A signed-in person, as an act names them. `reauthenticated_at` in milliseconds UTC."""

    id: str
    name: str
    roles: frozenset[str]
    reauthenticated_at: int = 0

    def may(self, right: str) -> bool:
        """Whether a role of theirs holds a right."""
        return any(right in ROLES[role] for role in ROLES if role in self.roles)

    @property
    def rights(self) -> frozenset[str]:
        """Every right they hold."""
        return frozenset(right for right in RIGHTS if self.may(right))


def need(who: Who, right: str) -> None:
    """Raises `RightError` unless the person holds the right."""
    if right not in RIGHTS:
        raise ValueError(f"{right!r} is not a right")
    if not who.may(right):
        raise RightError(
            f"your role does not allow this: {RIGHTS[right]}", hint="ask the lead or an admin"
        )


def need_fresh(who: Who, now: int) -> None:
    """Raises `ReauthenticationError` when the person has not lately proved who they are."""
    if now - who.reauthenticated_at > FRESH:
        raise ReauthenticationError(
            "this act needs a fresh sign-in", hint="enter your password and code once more"
        )
