"""What the pages stand on: the door, the cases, the service, and what every page shows around."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lamppost.cases.exposure import LIMITS
from lamppost.console.asking import Visit
from lamppost.console.door.enter import Door
from lamppost.console.door.oidc import Oidc
from lamppost.console.drafts import Drafts
from lamppost.console.naming import Signs
from lamppost.console.wording import Words
from lamppost.core.errors import StoreError
from lamppost.service.limits import Limit

if TYPE_CHECKING:
    from lamppost.cases.audit import Verdict
    from lamppost.cases.desk import CaseDesk
    from lamppost.cases.ports import AuditStore
    from lamppost.service.runtime import Service

NAV: Final = (
    ("queue", "/queue", "q", "queue.read"),
    ("told", "/told", "t", "told.read"),
    ("search", "/search", "s", "search"),
    ("dashboard", "/dashboard", "d", "dashboard.read"),
    ("quality", "/quality", "u", "quality.read"),
    ("appeals", "/appeals", "l", "appeal.record"),
    ("people", "/people", "e", "people.manage"),
    ("policy", "/policy", "p", "policy.read"),
    ("audit", "/audit", "a", "audit.read"),
)
"""Pages of the menu: name, path, key after `g`, right."""
MUCH: Final = 0.75
"""Share of an hour's pieces from which the meter changes."""


@dataclass
class Console:
    """Everything of the pages in one process."""

    service: Service
    desk: CaseDesk
    door: Door
    oidc: Oidc | None
    behind_https: bool
    audit: AuditStore
    verify: Callable[[], Verdict]
    clock: Callable[[], int]
    demonstration: bool = False

    def __post_init__(self) -> None:
        """Keys and limits of this process."""
        self.sign = Signs(self.service.engine.library.cards)
        self.drafts = Drafts(self.service.stores.settings, self.service.secrets)
        self.door_key = self.service.secrets.derive("console door")
        self.arrivals = Limit(0.5 if self.service.settings.requests_per_second > 0 else 0.0, 20.0)

    def seal(self, about: str, value: object) -> str:
        """Something a browser keeps for us, unreadable and unchangeable."""
        sealed = self.service.secrets.seal(about, msgspec.json.encode(value))
        return base64.urlsafe_b64encode(sealed).decode()

    def unseal(self, about: str, text: str) -> dict[str, Any] | None:
        """What a browser brings back, if it is ours."""
        try:
            sealed = base64.urlsafe_b64decode(text.encode())
            found = msgspec.json.decode(self.service.secrets.open(about, sealed))
        except (ValueError, StoreError, msgspec.DecodeError):
            return None
        return found if isinstance(found, dict) else None

    def name_of(self, identifier: str | None, t: Words) -> str:
        """The name of a person of the staff."""
        if not identifier:
            return t("queue.nobody")
        staff = self.door.store.staff(identifier)
        return staff.name if staff is not None else identifier

    def who(self, actor: str, t: Words) -> str:
        """Whoever acted: a person's name, or what is written of a key or a machine's user."""
        staff = self.door.store.staff(actor) if actor else None
        return staff.name if staff is not None else actor

    def note(self, actor: str, act: str, subject: str, details: dict[str, object]) -> None:
        """Write an act into the audit chain."""
        self.service.note(actor, act, subject, details)

    def first_page(self, visit: Visit) -> str:
        """The first page that somebody may see."""
        return next((path for _, path, _, right in NAV if visit.may(right)), "/me")

    def frame(self, visit: Visit) -> dict[str, Any]:
        """Menu, exposure and keys of a signed-in person."""
        t = visit.t
        here = visit.path.split("/")[2] if visit.path.count("/") > 1 else ""
        here = {"cases": "queue", "accounts": "queue"}.get(here, here)
        nav = [
            {"name": name, "path": path, "key": key, "count": 0}
            for name, path, key, right in NAV
            if visit.may(right)
        ]
        exposure = None
        if visit.may("case.reveal"):
            found = self.desk.exposure(visit.who)
            share = found.pieces_last_hour / LIMITS.pieces_an_hour
            exposure = {
                "seen": found.today.pieces,
                "share": share,
                "much": share >= MUCH or bool(found.suggest),
                "rest": found.suggest,
            }
        keys: list[tuple[str, str]] = [("?", t("help.open"))]
        keys += [(f"g {item['key']}", t("help.go", page=t(f"nav.{item['name']}"))) for item in nav]
        keys += [("/", t("help.find")), ("j", t("help.down")), ("k", t("help.up"))]
        keys += [(key, t(f"help.{name}")) for key, name in _keys(here, visit)]
        keys += [("Ctrl Enter", t("help.send")), ("Esc", t("help.leave"))]
        role = ", ".join(t(f"role.{role}") for role in sorted(visit.me.roles))
        return {
            "me": {"id": visit.me.id, "name": visit.me.name, "role": role},
            "nav": nav,
            "here": here,
            "exposure": exposure,
            "keys": keys,
            "rights": visit.who.rights,
        }


def _keys(here: str, visit: Visit) -> Sequence[tuple[str, str]]:
    if here != "queue":
        return ()
    found = [("o", "open")]
    if visit.may("case.claim"):
        found += [("n", "next"), ("t", "take")]
    if visit.may("case.reveal"):
        found += [("r", "reveal"), ("R", "reveal_all"), ("h", "cover_one"), ("c", "cover")]
    if visit.may("case.decide"):
        found += [
            ("1", "jump"),
            ("i", "decide"),
            ("w", "why"),
            ("s", "send_decision"),
            ("v", "hand_over"),
        ]
    if visit.may("case.note"):
        found += [("m", "note")]
    if visit.may("case.assign"):
        found += [("x", "pick"), ("u", "move_up"), ("d", "move_down"), ("a", "assign")]
    return found
