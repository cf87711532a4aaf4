"""A service as it runs: everything built, started, stopped in order."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from lamppost.cases.child_reports import ChildReports
from lamppost.cases.desk import CaseDesk
from lamppost.cases.opening import Opener
from lamppost.config import load_options
from lamppost.core.access import SCOPES
from lamppost.core.errors import LamppostError, StoreError
from lamppost.history.ports import Delivery, FoundRow
from lamppost.pipeline import Engine, Finding
from lamppost.service.erasing import Erasing
from lamppost.service.folding import Folder, person_from
from lamppost.service.following import Following
from lamppost.service.intake import Intake
from lamppost.service.keys import Keys
from lamppost.service.limits import Limit
from lamppost.service.metrics import Metrics
from lamppost.service.policies import Policies
from lamppost.service.reading import ReaderProcess
from lamppost.service.secrets import Secrets, load_secrets
from lamppost.service.viewlog import SECONDS, ViewLog
from lamppost.service.views import Views
from lamppost.service.webhooks import PAUSES, Webhooks
from lamppost.signals.recorded import RecordedReader
from lamppost.wiring import (
    Cases,
    Stores,
    alone,
    build_engine,
    key_folder,
    now_ms,
    open_cases,
    open_desk,
    open_opener,
    open_stores,
)

_log: Final = logging.getLogger("lamppost.service")
_FIRST_SWEEP: Final = 60.0
_SWEEP: Final = 3600.0
_GOVERN: Final = 2.0
_OPEN: Final = 0.5
_AT_ONCE: Final = 100
_T = TypeVar("_T")
_finding: Final = msgspec.json.Decoder(Finding).decode


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a service is run. Sizes in bytes, rates per second and key (0: no limit).

    `follow_accounts`: whether behaviour of accounts and red flags of children are followed too.
    """

    data: str
    store: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    max_body: int = 16 * 1024 * 1024
    requests_per_second: float = 500.0
    events_per_second: float = 0.0
    most_waiting: int = 20_000
    allow_private_webhooks: bool = False
    keys: str = ""
    read_apart: bool = False
    follow_accounts: bool = True

    @property
    def url(self) -> str:
        """URL of the database."""
        return self.store or f"sqlite:///{Path(self.data).resolve() / 'lamppost.db'}"


@dataclass
class FirstStart:
    """What is made when a data folder is new, and shown this once.

    `sign_in` lets the first person into the review pages; the setting `sign_in` holds its
    SHA-256 until it has been used.
    """

    api_key: str | None = None
    sign_in: str | None = None


class Service:
    """Everything of one process. `start` and `stop` are called once each."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.settings = settings
        folder = Path(settings.data)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.secrets: Secrets = load_secrets(folder)
        self.stores: Stores = open_stores(settings.url)
        self.engine = engine if engine is not None else build_engine()
        self.metrics = Metrics()
        self.keys = Keys(self.stores.keys, self.secrets.derive("api keys"))
        self.rate = Limit(settings.requests_per_second, 2 * settings.requests_per_second)
        self.volume = Limit(settings.events_per_second, 2 * settings.events_per_second)
        self.strangers = Limit(1.0 if settings.requests_per_second > 0 else 0.0, 30.0)
        self.cases: Cases = open_cases(
            self.stores.database,
            key_folder(folder, Path(settings.keys) if settings.keys else None),
            folders=(folder,),
        )
        self.cases.eraser.paused = self.paused
        self.erasing = Erasing(
            self.cases.eraser,
            self.cases.erasures,
            lambda account: self.following.forget(account),
        )
        self.viewlog = ViewLog(self.note)
        recorded = replace(
            self.engine,
            reader=RecordedReader(self.engine.library),
        )
        self.policies = Policies(self.stores.policies, self.stores.ledger, recorded)
        self.policies.start()
        self.policies.on_change(self.govern)
        self.webhooks = Webhooks(
            self.stores.webhooks,
            self.stores.outbox,
            self.secrets,
            self.metrics,
            allow_private=settings.allow_private_webhooks,
            pauses=pauses,
        )
        self.following = Following(
            self.stores.ledger, self.policies.live, accounts=settings.follow_accounts
        )
        self.views = Views(recorded, self.stores.ledger, self.policies.live, self.following)
        self.desk = self._desk()
        self._opener = self._openers()
        self._cases_turn = threading.Lock()
        self.child_reports = self._child_reports()
        self.address = Limit(0.1 if settings.requests_per_second > 0 else 0.0, 60.0)
        self.everybody = Limit(10.0 if settings.requests_per_second > 0 else 0.0, 2_000.0)
        self.codes = Limit(0.5 if settings.requests_per_second > 0 else 0.0, 60.0)
        self.partitions = self._partitions()
        self._folders: list[Folder] = []
        self._recorded = recorded
        self._reader = ReaderProcess(self.engine.reader)
        inline = None
        if self.stores.database.sqlite:
            if not self.stores.leases.take(0):
                raise StoreError(
                    "another process serves this data folder",
                    where=settings.data,
                    hint="stop it, or use another folder",
                )
            inline = self._folder(0)
        self.intake = Intake(
            self.engine,
            self.stores.ledger,
            self.policies.live,
            self.metrics,
            folder=inline,
            reader=self._reader,
            outbox=self._outbox,
            partitions=self.partitions,
            sealer=self.cases.sealer,
            most_waiting=settings.most_waiting,
        )
        self._erased = 0
        self._follow_fault: str | None = None
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self.metrics.gauge("events_waiting", "Events that wait to be kept", self._waiting)
        self.metrics.gauge("events_unscored", "Events kept and not yet folded", self._lag)

    @property
    def fault(self) -> str | None:
        """Why folding does not go on, if so."""
        return self.intake.fault or self._follow_fault

    def first_start(self) -> FirstStart:
        """Make the first key when there is none."""
        if self.keys.all():
            return FirstStart()
        _, text = self.keys.make("first start", SCOPES)
        word = secrets.token_urlsafe(24)
        digest = hashlib.sha256(word.encode()).hexdigest()
        self.stores.settings.put("sign_in", digest.encode())
        return FirstStart(api_key=text, sign_in=word)

    def start(self) -> None:
        """Fold what is left of the log, then begin to take events."""
        for folder in self._folders:
            again = folder.start()
            if again:
                _log.info("folded %d events again", again)
        if self.settings.read_apart:
            self._reader.start()
        self.intake.start()
        self.webhooks.start()
        self.following.start()
        work = [self._govern_on, self._sweep, self._tell_views, self._open_cases, self._erase]
        if not self.stores.database.sqlite:
            work.append(self._follow)
        for what in work:
            thread = threading.Thread(target=what, name=what.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish what was accepted, write it, and end."""
        self._ending.set()
        self.erasing.end()
        self.intake.stop()
        self._reader.stop()
        self.webhooks.stop()
        self.following.stop()
        for thread in self._threads:
            thread.join(15)
        with contextlib.suppress(LamppostError):
            self.viewlog.flush()
        self.stores.close()

    def note(self, actor: str, act: str, subject: str, details: Mapping[str, Any]) -> None:
        """Write an act into the audit chain."""
        self.cases.journal.record(actor=actor, act=act, subject=subject, details=details)

    def govern(self) -> None:
        """Use the policies in force from the next event on."""
        live, shadow = self.policies.live(), self.policies.shadow()

        def change() -> None:
            for folder in self._folders:
                folder.govern(live, shadow)

        if self.stores.database.sqlite:
            self.intake.call(change)
        else:
            change()

    def settle(self) -> None:
        """Have everything written that was accepted so far (SQLite)."""

        def write() -> None:
            for folder in self._folders:
                folder.checkpoint()

        self.intake.call(write)

    def paused(self, what: Callable[[], _T]) -> _T:
        """Run something while no state is held in memory, and read states anew afterwards.

        Silent failure prevented: what was erased is written back by a process that knew it.
        """
        with self._cases_turn:
            return self._paused(what)

    def _paused(self, what: Callable[[], _T]) -> _T:
        if not self.stores.database.sqlite:
            with alone(self.stores.database):
                return what()
        result: list[_T] = []

        def run() -> None:
            for folder in self._folders:
                folder.forget()
            result.append(what())

        self.intake.call(run)
        if not result:
            raise StoreError("the service is stopping")
        return result[0]

    def _leads(self) -> bool:
        """Whether this process does what one process does alone."""
        return any(folder.partition == 0 for folder in self._folders)

    # --- parts ------------------------------------------------------------------------------

    def _partitions(self) -> int:
        wanted = 1 if self.stores.database.sqlite else max(1, self.settings.workers)
        return int(self.stores.settings.put_once("partitions", str(wanted).encode()))

    def _desk(self) -> CaseDesk:
        return open_desk(
            self.cases,
            library=self.engine.library,
            time_zone=load_options().time_zone,
            told=self.webhooks.tell,
            saw=lambda actor, what, path: self.viewlog.saw(actor, what, path, search=False),
        )

    def _openers(self) -> Opener:
        return open_opener(
            self.cases,
            self.stores.ledger,
            lambda: self.policies.live().policy,
            self._ages,
            self.desk.publish,
        )

    def _child_reports(self) -> ChildReports:
        cases = self.cases

        def last(conversation: str, account: str) -> str:
            """The newest message of an account in a conversation."""
            if not conversation:
                return ""
            pieces = cases.store.messages("", conversation)
            return next((p.event for p in reversed(pieces) if p.sender == account), "")

        def raising(row: FoundRow) -> str | None:
            case_id = self._opener.absorb(row, asked=True)
            if case_id is not None and row.conversation:
                self._opener.keep(case_id, row.conversation, _finding(row.body))
            return case_id

        return ChildReports(
            cases.child_reports,
            cases.store,
            cases.vault,
            cases.journal,
            now_ms,
            self.secrets.derive("report receipts"),
            raising=raising,
            last=last,
            submit=lambda event: self.intake.submit([event], []).result(),
            told=self.webhooks.tell,
        )

    def _ages(self, accounts: Sequence[str]) -> dict[str, int]:
        """Least age of accounts, -1 when it is not known."""
        found = {}
        for name, data in self.stores.ledger.people(accounts).items():
            person = person_from(data)
            found[name] = person.age_low if person.age_low >= 0 else person.stated_age
        return found

    def _folder(self, partition: int) -> Folder:
        folder = Folder(
            self._recorded,
            self.stores.ledger,
            partition,
            self.policies.live(),
            outbox=self._outbox,
        )
        folder.govern(self.policies.live(), self.policies.shadow())
        self._folders.append(folder)
        return folder

    def _outbox(self, rows: Sequence[FoundRow]) -> Sequence[Delivery]:
        return self.webhooks.about(rows, self.policies.live().policy)

    def _waiting(self) -> float:
        return float(self.intake.waiting)

    def _lag(self) -> float:
        if self.stores.database.sqlite:
            return float(max(0, self.intake.newest - self._folders[0].seq))
        try:
            newest = self.stores.ledger.newest()
            done = [
                progress.seq if progress is not None else 0
                for partition in range(self.partitions)
                for progress in [self.stores.ledger.progress(partition)]
            ]
        except LamppostError:
            return -1.0
        return float(max(0, newest - min(done)))

    # --- threads ----------------------------------------------------------------------------

    def _govern_on(self) -> None:
        """See policies that another process has deployed."""
        while not self._ending.wait(_GOVERN):
            with contextlib.suppress(LamppostError):
                if self.policies.refresh():
                    self.govern()

    def _tell_views(self) -> None:
        """Write into the audit chain who looked at what."""
        while not self._ending.wait(SECONDS):
            try:
                self.viewlog.flush()
            except LamppostError as error:
                _log.error("reads could not be written into the audit chain: %s", error)

    def _open_cases(self) -> None:
        """Turn findings into cases, and write acts that a crash kept from the audit chain."""
        while not self._ending.wait(_OPEN):
            try:
                if self._leads():
                    while self._some_cases(None) and not self._ending.is_set():
                        pass
                    while self._some_reports() and not self._ending.is_set():
                        pass
                    self.desk.publish()
            except LamppostError as error:
                _log.error("cases wait: %s", error)

    def open_cases(self, now: int | None = None) -> int:
        """Turn every finding into cases now, and keep what was said since around older ones.

        Returns how many findings were taken. `now` in ms.
        """
        done = 0
        while count := self._some_cases(now):
            done += count
        return done

    def _some_cases(self, now: int | None) -> int:
        with self._cases_turn, self.stores.leases.folding():
            return self._opener.work(_AT_ONCE) + self._opener.keep_again(_AT_ONCE, now)

    def _some_reports(self) -> int:
        with self._cases_turn, self.stores.leases.folding():
            return self.child_reports.place(_AT_ONCE)

    def _erase(self) -> None:
        self.erasing.run(self._ending)

    def _sweep(self) -> None:
        """Forget what retention says, soon after the start and then once an hour."""
        pause = _FIRST_SWEEP
        while not self._ending.wait(pause):
            pause = _SWEEP
            try:
                if self._leads():
                    self.sweep()
            except LamppostError as error:
                _log.error("retention failed: %s", error)

    def sweep(self) -> dict[str, int]:
        """Forget what is older than the policy keeps; returns how much of each.

        Evidence of what was found is in the vault first; legal holds win.
        """
        now = time.time_ns() // 1_000_000
        keep = self.policies.live().policy.retention
        self.open_cases(now)
        self.cases.child_reports.expire(now - keep.vault)
        return self.cases.eraser.expire(
            person="service",
            state_before=now - keep.state,
            log_before=now - keep.log,
            sealed_before=now - keep.sealed,
            vault_before=now - keep.vault,
        )

    def _follow(self) -> None:
        """On PostgreSQL: fold the partitions that are ours to fold."""
        mine = -(-self.partitions // max(1, self.settings.workers))
        started = time.monotonic()
        asked = 0.0
        while not self._ending.is_set():
            try:
                now = time.monotonic()
                if self._folders and not self.stores.leases.held():
                    self._folders.clear()
                most = mine if now - started < 10.0 else self.partitions
                if len(self._folders) < most and now - asked > 1.0:
                    asked = now
                    self._take(most)
                done = 0
                for folder in list(self._folders):
                    before = time.perf_counter()
                    with self.stores.leases.folding() as erased:
                        if erased != self._erased:
                            for one in self._folders:
                                one.drop()
                            self._erased = erased
                        count = folder.catch_up(5_000)
                    if count:
                        done += count
                        self.metrics.scored.inc(count)
                        self.metrics.fold_seconds.observe(time.perf_counter() - before)
                self._follow_fault = None
            except Exception as error:
                known = isinstance(error, LamppostError)
                self._follow_fault = str(error) if known else type(error).__name__
                _log.error("folding failed and will be tried again: %s", self._follow_fault)
                self.metrics.faults.inc()
                self._folders.clear()
                self.stores.leases.close()
                self._ending.wait(2.0)
                continue
            if not done:
                self._ending.wait(0.02)

    def _take(self, most: int) -> None:
        owned = {folder.partition for folder in self._folders}
        for partition in range(self.partitions):
            if len(self._folders) >= most:
                return
            if partition not in owned and self.stores.leases.take(partition):
                self._folder(partition).start()
