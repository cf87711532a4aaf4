"""`lamppost vault …`: holds, erasure and rotation of keys, each by a named person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lamppost.cli._deployment import open_deployment
from lamppost.cli._files import note, open_private, output, plural
from lamppost.cli.audit import DATA, KEYS, STORE
from lamppost.core.errors import InputError, StoreError

BY = Annotated[str, typer.Option("--by", help="Who does it: the name of a person.")]
REASON = Annotated[str, typer.Option("--reason", help="Why; it is written down. No quotations.")]
ACCOUNT = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Id of the account.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(
        help="Evidence, holds and erasure.\n\nExample: lamppost vault holds --data lamppost-data",
        no_args_is_help=True,
    )
    group.command("erase")(erase)
    group.command("receipt")(receipt)
    group.command("hold")(hold)
    group.command("release")(release)
    group.command("holds")(holds)
    group.command("rotate")(rotate)
    app.add_typer(group, name="vault")


def erase(
    account: ACCOUNT,
    by: BY,
    reason: REASON,
    data: DATA = Path("lamppost-data"),
    store: STORE = "",
    keys: KEYS = None,
    out: Annotated[str | None, typer.Option("--out", help="File for the receipt.")] = None,
) -> None:
    """Erase an account: its rows, its words, the keys of its words; print a signed receipt.

    A legal hold wins, and says so (exit code 4). Stop the service first when it runs on SQLite.

    Example: lamppost vault erase a9 --by "Lee Lead" --reason "letter 12" --data lamppost-data
    """
    from lamppost.cases.erasure import needles_found
    from lamppost.wiring import alone

    cases = open_deployment(data, store, keys)
    try:
        with alone(cases.database):
            done = cases.eraser.erase(person=by, subject=account, reason=reason)
    finally:
        cases.database.close()
    text = msgspec.json.format(msgspec.json.encode(done), indent=2) + b"\n"
    if out is None or out == "-":
        with output(None) as sink:
            sink(text)
    else:
        with open_private(out) as file:
            file.write(text)
    note(
        f"erased {plural(sum(done.removed.values()), 'row')}, destroyed "
        f"{plural(len(done.keys_destroyed), 'key')}; looked for "
        f"{plural(done.searched_for, 'text')} in {plural(done.searched.files, 'file')}"
    )
    needles_found(done.searched)


def receipt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt of an erasure.")],
    public_key: Annotated[
        str | None, typer.Option("--public-key", help="Key you trust, 64 hex digits.")
    ] = None,
) -> None:
    """Check the signature of a receipt. Exit code 0: good; 3: not.

    Example: lamppost vault receipt receipt.json --public-key 3f…
    """
    from lamppost.cases.erasure import Receipt, receipt_is_good

    try:
        read = msgspec.json.decode(file.read_bytes(), type=Receipt)
        trusted = bytes.fromhex(public_key) if public_key is not None else None
        good = receipt_is_good(read, trusted)
    except (OSError, ValueError, msgspec.DecodeError):
        raise InputError("is not a receipt, or the key is not one", where=str(file)) from None
    if not good:
        raise StoreError("the signature is not good: it was changed", where=str(file))
    note("good" if trusted else "good, by the key on the receipt itself: compare it")
    print(read.public_key)  # noqa: T201


def hold(
    account: ACCOUNT,
    by: BY,
    reason: REASON,
    data: DATA = Path("lamppost-data"),
    store: STORE = "",
    keys: KEYS = None,
) -> None:
    """Place a legal hold: until it is released, nothing of the account is erased or expires.

    Example: lamppost vault hold a9 --by "Lee Lead" --reason "court order 7/26"
    """
    cases = open_deployment(data, store, keys)
    try:
        print(cases.holds.place(person=by, subject=account, reason=reason).id)  # noqa: T201
    finally:
        cases.database.close()


def release(
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="Id of the hold.")],
    by: BY,
    data: DATA = Path("lamppost-data"),
    store: STORE = "",
    keys: KEYS = None,
) -> None:
    """Release a legal hold.

    Example: lamppost vault release 5f21 --by "Lee Lead"
    """
    cases = open_deployment(data, store, keys)
    try:
        cases.holds.release(person=by, hold=hold_id)
    finally:
        cases.database.close()


def holds(data: DATA = Path("lamppost-data"), store: STORE = "", keys: KEYS = None) -> None:
    """Print legal holds in force, one JSON object a line.

    Example: lamppost vault holds --data lamppost-data
    """
    cases = open_deployment(data, store, keys)
    try:
        with output(None) as sink:
            for item in cases.holds.in_force():
                sink(msgspec.json.encode(item) + b"\n")
    finally:
        cases.database.close()


def rotate(
    by: BY,
    data: DATA = Path("lamppost-data"),
    store: STORE = "",
    keys: KEYS = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Only the data key of this account.")
    ] = None,
) -> None:
    """Begin a new master key, wrap everything with it and destroy the old one.

    Backups of the database from before need the old key folder to be opened.

    Example: lamppost vault rotate --by "Lee Lead" --data lamppost-data
    """
    cases = open_deployment(data, store, keys)
    try:
        if account is not None:
            count = cases.vault.rotate(actor=by, subject=account)
            note(f"sealed {plural(count, 'piece')} anew")
            return
        done = cases.keyring.rotate_master(cases.journal, actor=by)
        note(f"master key {done.current}: wrapped {plural(done.keys, 'data key')} anew")
    finally:
        cases.database.close()
