"""The only place that picks adapters."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamppost.adapters.encoders import UniversalEncoder, WordLlamaEncoder
from lamppost.config import Options, load_options
from lamppost.core.errors import EngineError, StoreError, UsageError
from lamppost.pipeline import Engine
from lamppost.risk.ports import SecondReader
from lamppost.risk.score import DEFAULT_WEIGHTS, TERMS
from lamppost.signals.channels import CHANNELS, KINDS, READINGS
from lamppost.signals.library import Library, load_library
from lamppost.signals.meaning import Encoder, Likeness, load_measured
from lamppost.signals.ports import Meaning, PatternCompiler
from lamppost.signals.reader import Reader

if TYPE_CHECKING:
    from lamppost.adapters.keys.checkpoints import CheckpointFile
    from lamppost.adapters.stores.cases import Audit
    from lamppost.adapters.stores.casework import SqlCases
    from lamppost.adapters.stores.checkup import Condition as Condition
    from lamppost.adapters.stores.child_reports import SqlChildReports
    from lamppost.adapters.stores.database import Database as Database
    from lamppost.adapters.stores.erasures import SqlErasures
    from lamppost.adapters.stores.leases import SqlLeases
    from lamppost.adapters.stores.ledger import SqlLedger
    from lamppost.adapters.stores.office import SqlKeys, SqlPolicies, SqlSettings, SqlWebhooks
    from lamppost.adapters.stores.outbox import SqlOutbox
    from lamppost.adapters.stores.staff import SqlStaff
    from lamppost.cases.audit import Journal, Verdict
    from lamppost.cases.desk import CaseDesk
    from lamppost.cases.erasure import Eraser, Holds
    from lamppost.cases.keys import Signer
    from lamppost.cases.opening import Opener
    from lamppost.cases.snapshots import Snapshots
    from lamppost.cases.vault import Keyring, Sealer, Vault
    from lamppost.history.ports import Ledger
    from lamppost.risk.policy import Policy
    from lamppost.signals.library import Library


def pattern_compiler(options: Options) -> PatternCompiler:
    """Hyperscan, or RE2 where it has no wheel or where the options say so.

    Raises `EngineError` when the engine asked for is not installed.
    """
    if options.patterns != "re2":
        try:
            from lamppost.adapters.patterns.hyperscan_engine import HyperscanEngine
        except ImportError as error:
            if options.patterns == "hyperscan":
                raise EngineError(
                    "hyperscan is not installed", hint="pip install hyperscan, or use re2"
                ) from error
        else:
            return HyperscanEngine
    try:
        from lamppost.adapters.patterns.re2_engine import Re2Engine
    except ImportError as error:
        raise EngineError(
            "no pattern engine is installed", hint="pip install google-re2"
        ) from error
    return Re2Engine


def encoders() -> tuple[Encoder | None, Encoder | None]:
    """The static and the deep encoder, as far as their packages are installed."""
    static: Encoder | None = None
    deep: Encoder | None = None
    with contextlib.suppress(EngineError):
        static = WordLlamaEncoder()
    with contextlib.suppress(EngineError):
        deep = UniversalEncoder()
    return static, deep


def _meaning(options: Options, library: Library, off: Collection[str]) -> Meaning | None:
    """The second channel as far as it is wanted and its packages are installed."""
    measured = load_measured()
    if measured is None or options.meaning == "off" or "meaning" in off:
        return None
    static, deep = encoders()
    if options.meaning == "static" or "deep" in off:
        deep = None
    if static is None and deep is None:
        return None
    return Likeness(library, measured, static=static, deep=deep)


def build_engine(options: Options | None = None, *, off: Collection[str] = ()) -> Engine:
    """An engine ready to fold. Raises `PackError` for wrong detector data.

    `off` names channels, kinds of card, readings and terms of context to leave out, to measure
    them.
    """
    unknown = sorted(set(off) - {*CHANNELS, *KINDS, *READINGS, *TERMS})
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no channel and no term", where="off")
    options = options if options is not None else load_options()
    library = load_library(options.languages, [Path(pack) for pack in options.packs])
    if off:
        library = library.without(off)
    reader = Reader(
        library,
        pattern_compiler(options),
        _meaning(options, library, off),
        off=off,
        share=options.meaning_share,
    )
    return Engine(library, reader, weights=DEFAULT_WEIGHTS.without(off))


def second_reader(options: Options) -> SecondReader:
    """The policy model that the settings name. Raises `UsageError` when they name none."""
    from lamppost.adapters.policy_model import PolicyModel

    if options.second_reader_url is None:
        raise UsageError(
            "no second reader is set up", where="second_reader_url",
            hint="name an OpenAI-compatible endpoint in the settings",
        )  # fmt: skip
    key = ""
    if options.second_reader_key_file is not None:
        try:
            key = Path(options.second_reader_key_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise UsageError("cannot be read", where="second_reader_key_file") from None
    return PolicyModel(options.second_reader_url, options.second_reader_model, key)


@dataclass(frozen=True)
class Stores:
    """Every store of one database."""

    database: Database
    ledger: SqlLedger
    outbox: SqlOutbox
    keys: SqlKeys
    webhooks: SqlWebhooks
    policies: SqlPolicies
    settings: SqlSettings
    leases: SqlLeases

    def close(self) -> None:
        """Give back what is held and close every connection."""
        self.leases.close()
        self.database.close()


def open_stores(url: str) -> Stores:
    """The stores of the database at `url`, brought up to date. Raises `StoreError`."""
    from lamppost.adapters.stores.database import Database
    from lamppost.adapters.stores.leases import SqlLeases
    from lamppost.adapters.stores.ledger import SqlLedger
    from lamppost.adapters.stores.office import SqlKeys, SqlPolicies, SqlSettings, SqlWebhooks
    from lamppost.adapters.stores.outbox import SqlOutbox

    database = Database(url)
    database.migrate()
    return Stores(
        database,
        SqlLedger(database),
        SqlOutbox(database),
        SqlKeys(database),
        SqlWebhooks(database),
        SqlPolicies(database),
        SqlSettings(database),
        SqlLeases(database),
    )


@dataclass(frozen=True)
class Cases:
    """Cases, vault, audit chain, holds and erasure of one database, with its key folder."""

    database: Database
    table: Audit
    anchor: CheckpointFile
    signer: Signer
    journal: Journal
    keyring: Keyring
    vault: Vault
    sealer: Sealer
    holds: Holds
    eraser: Eraser
    erasures: SqlErasures
    snapshots: Snapshots
    store: SqlCases
    staff: SqlStaff
    child_reports: SqlChildReports


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def key_folder(data: Path, keys: Path | None = None) -> Path:
    """Where the keys of a deployment are: as told, else as the service was told, else `keys`.

    Silent failure prevented: a verb that is not told where the keys are would make new ones, and
    sign the chain with a key that nobody trusts.
    """
    if keys is not None:
        return keys
    try:
        return Path((data / "keys.path").read_text(encoding="utf-8").strip())
    except OSError:
        return data / "keys"


def remember_keys(data: Path, keys: Path) -> None:
    """Write down in the data folder that its keys are elsewhere."""
    from lamppost.adapters.keys.files import make_folder, write_private

    make_folder(data)
    write_private(data / "keys.path", f"{keys.resolve()}\n".encode())


def open_cases(
    database: Database,
    keys: Path,
    *,
    folders: tuple[Path, ...] = (),
    allowed: Callable[[str, str], bool] = lambda person, case: True,
) -> Cases:
    """Vault and audit chain over `database`; keys are made when there are none.

    `folders` belong to the deployment: an erasure searches them. `allowed` says whether a person
    may open a case. Raises `PolicyError` when others may read the keys.
    """
    from lamppost.adapters.keys.checkpoints import CheckpointFile
    from lamppost.adapters.keys.kms import ServiceMasterKeys
    from lamppost.adapters.keys.local import FileShredSecrets, FileSigner, LocalKeyService
    from lamppost.adapters.stores.cases import Audit
    from lamppost.adapters.stores.cases import Holds as HoldRows
    from lamppost.adapters.stores.cases import Vault as VaultRows
    from lamppost.adapters.stores.casework import SqlCases
    from lamppost.adapters.stores.child_reports import SqlChildReports
    from lamppost.adapters.stores.erasure import DatabaseDisk, SqlRecords, SqlSealedTexts
    from lamppost.adapters.stores.erasures import SqlErasures
    from lamppost.adapters.stores.ledger import SqlLedger
    from lamppost.adapters.stores.staff import SqlStaff
    from lamppost.cases.audit import Journal
    from lamppost.cases.erasure import Eraser, Holds
    from lamppost.cases.snapshots import Snapshots
    from lamppost.cases.vault import Keyring, Sealer, Vault

    signer = FileSigner(keys)
    masters = ServiceMasterKeys(LocalKeyService(keys))
    shreds = FileShredSecrets(keys, masters)
    table = Audit(database)
    anchor = CheckpointFile(keys / "checkpoints.ndjson")
    journal = Journal(table, anchor, signer.sign, now_ms)
    rows = VaultRows(database)
    keyring = Keyring(rows, masters, shreds, now_ms)
    vault = Vault(rows, keyring, journal, now_ms, allowed)
    sealer = Sealer(shreds)
    holds = Holds(HoldRows(database), journal, now_ms, lambda: secrets.token_hex(8))
    texts = SqlSealedTexts(database)
    snapshots = Snapshots(vault, texts, sealer)
    eraser = Eraser(
        records=SqlRecords(database, SqlLedger(database)),
        texts=texts,
        sealer=sealer,
        store=rows,
        vault=vault,
        keyring=keyring,
        shreds=shreds,
        holds=holds,
        disk=DatabaseDisk(database, folders),
        journal=journal,
        signer=signer,
        clock=now_ms,
    )
    return Cases(
        database, table, anchor, signer, journal, keyring, vault, sealer, holds, eraser,
        SqlErasures(database), snapshots, SqlCases(database), SqlStaff(database),
        SqlChildReports(database),
    )  # fmt: skip


def open_desk(
    cases: Cases,
    *,
    library: Library | None = None,
    time_zone: str | None = None,
    told: Callable[[str, str, dict[str, Any]], None] = lambda kind, name, data: None,
    saw: Callable[[str, str, str], None] | None = None,
) -> CaseDesk:
    """The desk at which people work on cases.

    `library` names the language of a signal, `told` takes messages for webhooks, `saw` gathers
    views that need no row of their own in the audit chain.
    """
    from lamppost.cases.desk import CaseDesk
    from lamppost.core.times import zone

    spoken = {
        reason.key: (reason.card.detector, reason.language)
        for reason in (library.reasons if library is not None else ())
    }

    def language(detector: str, reasons: Sequence[str]) -> str:
        found = [spoken[key][1] for key in reasons if key in spoken and spoken[key][0] == detector]
        return max(sorted(set(found)), key=found.count, default="und")

    return CaseDesk(
        cases.store,
        cases.staff,
        cases.journal,
        cases.vault,
        now_ms,
        key=hashlib.sha256(cases.signer.sign(b"lamppost.desk.key.v1")).digest(),
        zone=zone(time_zone) or UTC,
        languages=language,
        told=told,
        saw=saw,
    )


def open_opener(
    cases: Cases,
    ledger: Ledger,
    policy: Callable[[], Policy],
    ages: Callable[[Sequence[str]], dict[str, int]],
    publish: Callable[[], object] = lambda: None,
) -> Opener:
    """What turns findings into cases."""
    from lamppost.cases.opening import Opener

    return Opener(
        cases.store, ledger, cases.store, cases.snapshots, now_ms, policy, ages,
        publish=publish,
    )  # fmt: skip


def open_database(url: str) -> Database:
    """A database as it is, not brought up to date. Raises `StoreError`."""
    from lamppost.adapters.stores.database import Database

    return Database(url)


@contextlib.contextmanager
def alone(database: Database) -> Iterator[None]:
    """Nobody folds meanwhile: a service on PostgreSQL waits, one on SQLite raises `StoreError`.

    Silent failure prevented: what was erased is written back by a service that still knew it.
    """
    from lamppost.adapters.stores.leases import SqlLeases, nobody_folds

    if not database.sqlite:
        with nobody_folds(database):
            yield
        return
    leases = SqlLeases(database)
    if not leases.take(0):
        raise StoreError(
            "a service runs on this database", hint="ask it over HTTP, or stop it first"
        )
    try:
        yield
    finally:
        leases.close()


def read_audit(database: Database) -> Audit:
    """The audit chain, to read."""
    from lamppost.adapters.stores.cases import Audit

    return Audit(database)


def check_keys(folder: Path) -> str:
    """Open every key of a key folder; says what is there. Raises `PolicyError`, `StoreError`."""
    from lamppost.adapters.keys.files import check_private
    from lamppost.adapters.keys.kms import ServiceMasterKeys
    from lamppost.adapters.keys.local import FileShredSecrets, FileSigner, LocalKeyService

    check_private(folder)
    for path in sorted(folder.iterdir()):
        check_private(path)
    masters = LocalKeyService(folder)
    shreds = FileShredSecrets(folder, ServiceMasterKeys(masters))
    shreds.secret(shreds.current(0))
    FileSigner(folder)
    return f"master key {masters.keys()[-1]}"


def look_at(database: Database) -> Condition:
    """Look at a database without changing it. Raises `StoreError` when it cannot be reached."""
    from lamppost.adapters.stores.checkup import look

    return look(database)


def verify_audit(
    database: Database,
    keys: Path,
    public: bytes | None = None,
    expect: tuple[int, str] | None = None,
) -> Verdict:
    """Verify the audit chain with the checkpoints of a key folder and the key trusted.

    `public` defaults to the folder's own `signing.pub`. Raises `StoreError` without one.
    """
    import msgspec

    from lamppost.adapters.keys.checkpoints import CheckpointFile
    from lamppost.adapters.stores.cases import Audit
    from lamppost.cases import audit
    from lamppost.cases.keys import good_signature

    path = keys / "signing.pub"
    try:
        trusted = public or bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise StoreError(
            "the public key is not there", where=str(path), hint="give it with --public-key"
        ) from None
    anchor = CheckpointFile(keys / "checkpoints.ndjson")
    marks = anchor.read()

    def signed(mark: audit.Checkpoint) -> bool:
        try:
            return good_signature(trusted, bytes.fromhex(mark.signature), mark.message)
        except ValueError:
            return False

    verdict = audit.verify(Audit(database).rows(after=audit.EVERYTHING), marks, signed, expect)
    if verdict.sound and verdict.rows and not marks:
        problem = audit.Problem(
            verdict.rows,
            "checkpoint",
            f"no checkpoint is there for {verdict.rows} rows: {anchor.path} is missing or empty, "
            "so a rewritten chain would not be seen",
        )
        return msgspec.structs.replace(verdict, problem=problem)
    return verdict
