"""`lamppost doctor`: is this deployment fit to run, and what is to be done about what is not?"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from lamppost.cli._deployment import database_url, need_service
from lamppost.cli._files import note, output, plural
from lamppost.cli.audit import DATA, KEYS, STORE
from lamppost.core.errors import LamppostError

if TYPE_CHECKING:
    from lamppost.wiring import Condition, Database

FAILED = 3
_GIB = 1 << 30
_SECRET = re.compile(r"(SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY)", re.IGNORECASE)
_LOOPBACK = re.compile(r"^(127\.|localhost$|::1$|\[::1\]$)")


class Finding(msgspec.Struct, frozen=True):
    """What one check found, and what to do."""

    check: str
    state: Literal["ok", "warn", "fail", "skip"]
    says: str
    fix: str = ""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(doctor)


def doctor(
    data: DATA = Path("lamppost-data"),
    store: STORE = "",
    keys: KEYS = None,
    host: Annotated[
        str, typer.Option("--host", help="Address the service listens on.")
    ] = "127.0.0.1",
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a check.")] = False,
) -> None:
    """Check a deployment: files, keys, database, clock, disk, audit chain, policy, network.

    Changes nothing. Exit code 0: fit (maybe with warnings); 3: a check failed.

    Example: lamppost doctor --data lamppost-data
    """
    need_service()
    from lamppost.wiring import key_folder

    found = list(examine(data, store, key_folder(data, keys), host))
    if as_json:
        with output(None) as sink:
            for item in found:
                sink(msgspec.json.encode(item) + b"\n")
    else:
        for item in found:
            fix = f" → {item.fix}" if item.fix and item.state != "ok" else ""
            print(f"{item.state:<5}{item.check:<12}{item.says}{fix}")  # noqa: T201
    failed = sum(item.state == "fail" for item in found)
    warned = sum(item.state == "warn" for item in found)
    note(f"{plural(len(found), 'check')}: {failed} failed, {plural(warned, 'warning')}")
    if failed or (strict and warned):
        raise typer.Exit(FAILED)


def examine(data: Path, store: str, keys: Path, host: str) -> Iterator[Finding]:
    """Every check, in order; none raises."""
    yield from _tried("settings", _settings)
    yield from _tried("folder", lambda: _folder(data, store))
    yield from _tried("keys", lambda: _keys(data, keys))
    yield from _tried("disk", lambda: _disk(data, keys))
    yield from _tried("network", lambda: _network(host, store))
    yield from _tried("environment", lambda: _environment(os.environ, sys.argv))
    yield from _tried("core dumps", _core_dumps)
    yield from _tried("database", lambda: _database(data, store, keys))


def _tried(check: str, what: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from what()
    except LamppostError as error:
        where = f"{error.where}: " if error.where else ""
        yield Finding(check, "fail", f"{where}{error.message}", error.hint)
    except Exception as error:
        yield Finding(check, "fail", f"a fault inside Lamppost: {type(error).__name__}")


def _settings() -> Iterator[Finding]:
    from lamppost.config import config_path, load_options

    load_options()
    path = config_path(os.environ)
    yield Finding("settings", "ok", str(path) if path else "defaults; no settings file")


def _folder(data: Path, store: str) -> Iterator[Finding]:
    if not data.is_dir():
        state: Literal["skip", "fail"] = "skip" if store else "fail"
        yield Finding("folder", state, f"{data} is not a folder", "start `lamppost serve` once")
        return
    opened = [
        path.name
        for path in (data, *sorted(data.glob("*")))
        if os.name == "posix" and path.stat().st_mode & 0o077
    ]
    if opened and data.stat().st_mode & 0o077:
        yield Finding(
            "folder", "warn", f"others on this machine may look into {data}", f"chmod 700 {data}"
        )
    else:
        yield Finding("folder", "ok", f"{data} is private")


def _keys(data: Path, keys: Path) -> Iterator[Finding]:
    from lamppost.wiring import check_keys

    if not keys.is_dir():
        yield Finding("keys", "fail", f"no key folder at {keys}", "start `lamppost serve` once")
        return
    yield Finding("keys", "ok", f"{keys} is private and whole; {check_keys(keys)}")
    secret = data / "secret"
    if os.name == "posix" and secret.is_file() and secret.stat().st_mode & 0o077:
        yield Finding(
            "keys", "fail", f"others may read {secret}, the service's secret", f"chmod 600 {secret}"
        )
    if data.is_dir() and keys.stat().st_dev == data.stat().st_dev:
        yield Finding(
            "keys", "warn", "keys and data are on one disk: who takes one has both",
            "keep keys on another (encrypted) disk, with --keys, and out of the data's backups",
        )  # fmt: skip


def _disk(data: Path, keys: Path) -> Iterator[Finding]:
    for path in (data, keys):
        if not path.exists():
            continue
        usage = shutil.disk_usage(path)
        free = f"{usage.free / _GIB:.1f} GiB free for {path}"
        if usage.free < _GIB // 4:
            yield Finding("disk", "fail", free, "free space: nothing is accepted on a full disk")
        elif usage.free < 2 * _GIB or usage.free < usage.total // 20:
            yield Finding("disk", "warn", free, "free space")
        else:
            yield Finding("disk", "ok", free)


def _network(host: str, store: str) -> Iterator[Finding]:
    if _LOOPBACK.match(host):
        yield Finding("network", "ok", f"listens on {host} only")
    else:
        yield Finding(
            "network", "warn", f"listens on {host} without TLS of its own",
            "put a proxy with TLS before it, and let only the proxy reach this port",
        )  # fmt: skip
    if re.match(r"^[^:]+://[^/@]*:[^/@]+@", store):
        yield Finding(
            "network", "warn", "the database URL holds a password, which process lists show",
            "use a password file (PGPASSFILE) or a socket",
        )  # fmt: skip


def _environment(environ: Any, arguments: list[str]) -> Iterator[Finding]:
    names = sorted(name for name, value in environ.items() if value and _SECRET.search(name))
    ours = [name for name in names if name.startswith(("LAMPPOST_", "PG"))]
    if ours:
        yield Finding(
            "environment", "warn", f"secrets in the environment: {', '.join(ours)}",
            "child processes inherit them; prefer files of mode 600",
        )  # fmt: skip
    else:
        yield Finding("environment", "ok", "no secret of ours in the environment")


def _core_dumps() -> Iterator[Finding]:
    try:
        import resource
    except ImportError:
        yield Finding("core dumps", "skip", "not known on this system")
        return
    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
        yield Finding(
            "core dumps", "warn", "a crash would write memory, with keys, to a file",
            "ulimit -c 0, or LimitCORE=0 in the unit",
        )  # fmt: skip
    else:
        yield Finding("core dumps", "ok", "off")


def _database(data: Path, store: str, keys: Path) -> Iterator[Finding]:
    from lamppost.wiring import look_at, now_ms, open_database

    database = open_database(database_url(data, store))
    try:
        seen = look_at(database)
        yield from _tables(seen)
        if seen.revision != seen.newest_revision:
            return
        late = seen.newest_at - now_ms()
        if late > 60_000:
            yield Finding(
                "clock", "fail", f"the newest record is {late // 1000:,} s ahead of this clock",
                "set the clock (NTP); levels and retention depend on it",
            )  # fmt: skip
        else:
            yield Finding("clock", "ok", "not behind the newest record")
        if seen.live_policy is None:
            yield Finding(
                "policy", "fail", "no policy is live: no private text may be read",
                "deploy one",
            )  # fmt: skip
        else:
            yield Finding("policy", "ok", f"version {seen.live_policy} is live")
        yield from _audit(database, keys)
    finally:
        database.close()


def _tables(seen: Condition) -> Iterator[Finding]:
    if seen.revision != seen.newest_revision:
        yield Finding(
            "database", "fail",
            f"{seen.kind} is at version {seen.revision or 'none'}, not {seen.newest_revision}",
            "start `lamppost serve` once with the owner of the tables",
        )  # fmt: skip
    elif seen.damage:
        yield Finding("database", "fail", "the file is damaged", "restore a backup")
    else:
        yield Finding("database", "ok", f"{seen.kind}, version {seen.revision}")
    if seen.kind == "SQLite" and seen.journal.lower() != "wal":
        yield Finding(
            "database", "fail", f"journal mode {seen.journal}, not WAL", "use a local disk"
        )
    if seen.kind == "PostgreSQL" and seen.journal.lower() == "off":
        yield Finding(
            "database",
            "fail",
            "synchronous_commit is off: accepted events can be lost",
            "set it on",
        )  # fmt: skip
    if seen.superuser:
        yield Finding(
            "database", "warn", "connected as a superuser", "use the roles of deploy/postgresql"
        )
    if not seen.encrypted:
        yield Finding(
            "database", "warn", "the connection to the database is not encrypted",
            "sslmode=verify-full",
        )  # fmt: skip
    if seen.revision == seen.newest_revision and seen.guards < 3:
        yield Finding(
            "audit", "fail", "guards of the audit table were taken away", "find out who did it"
        )


def _audit(database: Database, keys: Path) -> Iterator[Finding]:
    from lamppost.wiring import verify_audit

    verdict = verify_audit(database, keys)
    if verdict.problem is not None:
        yield Finding("audit", "fail", verdict.problem.why, "lamppost audit verify")
        return
    head = f", head {verdict.head[:12]}…" if verdict.rows else ""
    yield Finding(
        "audit", "ok", f"sound: {plural(verdict.rows, 'row')}, {verdict.anchored:,} anchored{head}"
    )
