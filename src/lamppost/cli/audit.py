"""`lamppost audit verify`: was the audit chain changed, cut short or rewritten?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from lamppost.cli._deployment import database_url, need_service
from lamppost.cli._files import note, output, plural
from lamppost.core.errors import UsageError

if TYPE_CHECKING:
    from lamppost.cases.audit import Verdict

DATA = Annotated[Path, typer.Option("--data", help="Data folder of the deployment.")]
STORE = Annotated[str, typer.Option("--store", help="Database URL, when not in the data folder.")]
KEYS = Annotated[
    Path | None, typer.Option("--keys", help="Key folder, when not `keys` in the data folder.")
]
BROKEN = 3


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(
        help="The audit chain.\n\nExample: lamppost audit verify --data lamppost-data",
        no_args_is_help=True,
    )
    group.command("verify")(verify)
    group.command("show")(show)
    app.add_typer(group, name="audit")


def verify(
    data: DATA = Path("lamppost-data"),
    store: STORE = "",
    keys: KEYS = None,
    public_key: Annotated[
        str | None,
        typer.Option("--public-key", help="Key you trust, 64 hex digits; default: signing.pub."),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="ROW:HASH", help="A row and its hash you wrote down."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON.")] = False,
) -> None:
    """Check every row of the audit chain against its hash, its neighbours and the checkpoints.

    Says the first row that fails and why. Exit code 0: sound; 3: not.

    Example: lamppost audit verify --data lamppost-data
    """
    need_service()
    from lamppost.wiring import key_folder, open_database, verify_audit

    trusted = _public(public_key)
    database = open_database(database_url(data, store))
    try:
        verdict = verify_audit(database, key_folder(data, keys), trusted, _expected(expect))
    finally:
        database.close()
    _tell(verdict, as_json)
    if not verdict.sound:
        raise typer.Exit(BROKEN)


def _tell(verdict: Verdict, as_json: bool) -> None:
    if as_json:
        with output(None) as sink:
            sink(msgspec.json.encode({"sound": verdict.sound, **msgspec.to_builtins(verdict)}))
            sink(b"\n")
        return
    if verdict.problem is not None:
        print(f"NOT SOUND: {verdict.problem.why}")  # noqa: T201
        note(
            f"first row that fails: {verdict.problem.seq} ({verdict.problem.kind}); "
            f"{plural(verdict.rows, 'row')} in the table"
        )
        return
    print(f"sound: {plural(verdict.rows, 'row')}, {verdict.anchored:,} anchored")  # noqa: T201
    if verdict.rows:
        note("write this down elsewhere, to give back with --expect:")
        print(f"{verdict.rows}:{verdict.head}")  # noqa: T201
    if verdict.anchored < verdict.rows:
        late = verdict.rows - verdict.anchored
        note(f"{plural(late, 'row')} after the newest checkpoint: linked, but not anchored")


def show(
    data: DATA = Path("lamppost-data"),
    store: STORE = "",
    after: Annotated[int, typer.Option("--after", help="Rows after this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 100,
) -> None:
    """Print rows of the audit chain, one JSON object a line.

    Example: lamppost audit show --data lamppost-data --limit 20
    """
    need_service()
    from lamppost.wiring import open_database, read_audit

    database = open_database(database_url(data, store))
    try:
        with output(None) as sink:
            for row in read_audit(database).rows(after=after, limit=limit):
                line: dict[str, Any] = msgspec.structs.asdict(row)
                sink(msgspec.json.encode(line) + b"\n")
    finally:
        database.close()


def _public(given: str | None) -> bytes | None:
    if given is None:
        return None
    try:
        found = bytes.fromhex(given.strip())
    except ValueError:
        found = b""
    if len(found) != 32:
        raise UsageError("is not a key of 64 hex digits", where="--public-key")
    return found


def _expected(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, colon, digest = text.partition(":")
    if not colon or not number.isdigit() or len(digest) != 64:
        raise UsageError(f"{text!r} is not ROW:HASH", where="--expect")
    return int(number), digest.lower()
