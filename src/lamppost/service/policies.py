"""The policy in force, one in shadow, and what another one would change.

A version is added as a draft, backtested over the stored events, and only then deployed, by a
key that holds `policy:deploy` and repeats the digest of the backtest it has seen. The backtest
must be against the version that is live at that moment.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from lamppost.core.access import PolicyRow
from lamppost.core.errors import PolicyError, StoreError, UsageError
from lamppost.core.levels import Level
from lamppost.events.vocabulary import Message
from lamppost.history.memory import State
from lamppost.history.ports import Ledger
from lamppost.pipeline import Engine, Finding, step
from lamppost.protect.gate import contacts_from
from lamppost.risk.policy import DEFAULT, Policy, digest_of, read_policy
from lamppost.service.folding import LoggedEvent, Rules, decode, earlier
from lamppost.service.ports import PolicyStore
from lamppost.signals.recorded import UNREAD

_AT_ONCE: Final = 5_000
_SHOWN: Final = 100


class Change(msgspec.Struct, frozen=True):
    """A finding that only one of two policies makes."""

    conversation_id: str
    actor_id: str
    target_id: str
    level: str
    bits: float


class Backtest(msgspec.Struct, frozen=True):
    """What a policy would have found in the stored events, beside the live one.

    `appear` and `vanish` show at most 100 each; the counts are of all.
    """

    version: int
    against: int
    events: int
    live: dict[str, int]
    tested: dict[str, int]
    appear_count: int
    vanish_count: int
    unread_live: int
    unread_tested: int
    appear: list[Change]
    vanish: list[Change]
    seen: str = ""


@dataclass(slots=True)
class _Run:
    engine: Engine
    policy: Policy
    state: State = field(default_factory=State)
    found: dict[str, Finding] = field(default_factory=dict)
    unread: int = 0

    def fold(self, items: list[LoggedEvent]) -> None:
        """Fold a part of the log under this policy."""
        events = []
        for item in items:
            event = item.event
            if isinstance(event, Message):
                if event.text and event.text != UNREAD and not self._may_read(event):
                    event = msgspec.structs.replace(event, text=UNREAD)
                self.unread += event.text == UNREAD
            events.append(event)
        self.state.seen = earlier(items)
        self.state, findings = step(self.engine, self.state, events)
        for finding in findings:
            self.found.setdefault(finding.id, finding)

    def _may_read(self, event: Message) -> bool:
        if self.policy.reads_everywhere:
            return True
        people = self.state.people
        places = {
            people[who].country if who in people else ""
            for who in (event.sender_id, *event.recipient_ids)
        }
        return self.policy.basis(event.surface, places) is not None


class Policies:
    """Versions of the policy of one service. `engine` reads records, not texts."""

    def __init__(
        self,
        store: PolicyStore,
        ledger: Ledger,
        engine: Engine,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._engine = engine
        self._changed = changed
        self._busy = threading.Lock()
        self._rules: Rules | None = None
        self._shadow: Rules | None = None

    def on_change(self, changed: Callable[[], None]) -> None:
        """Call this when another policy is live or in shadow."""
        self._changed = changed

    def start(self) -> None:
        """Make the built-in policy the live one when there is none."""
        if self._store.in_state("live") is None:
            text = DEFAULT.read_text(encoding="utf-8")
            row = self.add(text, by="first start")
            self._store.move(row.version, "live", by="first start", now=_now())
        self.refresh()

    def refresh(self) -> bool:
        """See whether another process has changed the policy; returns whether one has."""
        live = self._store.in_state("live")
        if live is None:
            raise StoreError("no policy is live", hint="deploy one")
        shadow = self._store.in_state("shadow")
        before = (self._rules and self._rules.name, self._shadow and self._shadow.name)
        self._rules = _rules(live)
        self._shadow = None if shadow is None else _rules(shadow)
        return before != (self._rules.name, self._shadow and self._shadow.name)

    def live(self) -> Rules:
        """The policy in force."""
        assert self._rules is not None, "start() comes first"
        return self._rules

    def shadow(self) -> Rules | None:
        """The policy in shadow."""
        return self._shadow

    def all(self) -> list[PolicyRow]:
        """Every version."""
        return self._store.all()

    def get(self, version: int) -> PolicyRow:
        """One version. Raises `UsageError` when there is none."""
        row = self._store.policy(version)
        if row is None:
            raise UsageError(f"there is no policy {version}", where="version")
        return row

    def add(self, text: str, *, by: str) -> PolicyRow:
        """Keep a new version as a draft. Raises `UsageError` when it is not a policy."""
        contacts_from(read_policy(text).contacts)
        return self._store.add(digest_of(text), text, by, _now())

    def put_in_shadow(self, version: int, *, by: str) -> PolicyRow:
        """Run a version beside the live one, from now on."""
        row = self.get(version)
        if row.state == "live":
            raise PolicyError("is live already", where=f"policy {version}")
        self._store.move(version, "shadow", by=by, now=_now())
        self.refresh()
        self._changed()
        return self.get(version)

    def backtest(self, version: int) -> Backtest:
        """Fold the whole log under a version and under the live one, and compare.

        Raises `PolicyError` while another backtest runs.
        """
        if not self._busy.acquire(blocking=False):
            raise PolicyError("another backtest is running", hint="try again when it is done")
        try:
            result = self._compare(self.get(version))
        finally:
            self._busy.release()
        text = msgspec.json.encode(result)
        result = msgspec.structs.replace(result, seen=hashlib.sha256(text).hexdigest()[:16])
        self._store.tested(version, msgspec.json.encode(result).decode())
        return result

    def deploy(self, version: int, *, seen: str, by: str) -> PolicyRow:
        """Make a version the live one. Raises `PolicyError` unless its backtest was seen."""
        row = self.get(version)
        live = self._store.in_state("live")
        if live is not None and live.version == version:
            return row
        if row.backtest is None:
            raise PolicyError(
                "has not been backtested", where=f"policy {version}", hint="backtest it first"
            )
        result = msgspec.json.decode(row.backtest, type=Backtest)
        if live is not None and result.against != live.version:
            raise PolicyError(
                f"was backtested against policy {result.against}, but {live.version} is live",
                where=f"policy {version}",
                hint="backtest it again",
            )
        if seen != result.seen:
            raise PolicyError(
                "`seen` is not that of its newest backtest",
                where=f"policy {version}",
                hint="look at the backtest and repeat its `seen`",
            )
        self._store.move(version, "live", by=by, now=_now())
        self.refresh()
        self._changed()
        return self.get(version)

    def _compare(self, row: PolicyRow) -> Backtest:
        live = self.live()
        other = read_policy(row.body)
        runs = [self._run(live.policy), self._run(other)]
        place = events = 0
        while rows := self._ledger.events(place, _AT_ONCE):
            items = [LoggedEvent(item.seq, item.known, decode(item.body)) for item in rows]
            for run in runs:
                run.fold(items)
            place = rows[-1].seq
            events += len(rows)
        ours, theirs = runs
        appear = [item for key, item in theirs.found.items() if key not in ours.found]
        vanish = [item for key, item in ours.found.items() if key not in theirs.found]
        return Backtest(
            version=row.version,
            against=int(live.name),
            events=events,
            live=_levels(ours),
            tested=_levels(theirs),
            appear_count=len(appear),
            vanish_count=len(vanish),
            unread_live=ours.unread,
            unread_tested=theirs.unread,
            appear=[_change(item) for item in appear[:_SHOWN]],
            vanish=[_change(item) for item in vanish[:_SHOWN]],
        )

    def _run(self, policy: Policy) -> _Run:
        return _Run(replace(self._engine, thresholds=policy.thresholds), policy)


def _rules(row: PolicyRow) -> Rules:
    return Rules(read_policy(row.body, where=f"policy {row.version}"), str(row.version))


def _levels(run: _Run) -> dict[str, int]:
    counts = Counter(finding.level for finding in run.found.values())
    return {level.word: counts[level.word] for level in Level if level}


def _change(item: Finding) -> Change:
    return Change(item.conversation_id, item.actor_id, item.target_id, item.level, item.bits)


def _now() -> int:
    return time.time_ns() // 1_000_000
