"""`lamppost keys`: API keys, made and ended beside a running service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from lamppost.cli._files import note, output
from lamppost.core.errors import EngineError, UsageError

if TYPE_CHECKING:
    from lamppost.service.desk import Desk

Data = Annotated[Path, typer.Option("--data", help="The service's data folder.")]
Store = Annotated[str, typer.Option("--store", help="Database URL, when it is not in the folder.")]
FOLDER = Path("lamppost-data")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(
        help="API keys of a service.\n\nExample: lamppost keys list", no_args_is_help=True
    )
    for name, verb in (("list", list_), ("make", make), ("rotate", rotate), ("revoke", revoke)):
        group.command(name)(verb)
    app.add_typer(group, name="keys")


def open_desk(data: Path, store: str) -> Desk:
    """The keys and policies of a data folder. Raises `EngineError` without the service extra."""
    try:
        from lamppost.service.desk import Desk
    except ImportError as error:
        raise EngineError(
            f"the service needs {error.name}", hint="pip install 'lamppost[service]'"
        ) from error
    if not data.is_dir():
        raise UsageError(
            "is not a folder of a service", where=str(data), hint="start `lamppost serve` once"
        )
    return Desk(data, store)


def list_(data: Data = FOLDER, store: Store = "") -> None:
    """List keys, a JSON object a line; secrets are never shown.

    Example: lamppost keys list --data lamppost-data
    """
    with open_desk(data, store) as desk, output(None) as sink:
        for key in desk.keys.all():
            row = {
                "id": key.id, "name": key.name, "scopes": sorted(key.scopes),
                "created_at": key.created_at, "expires_at": key.expires_at,
                "revoked_at": key.revoked_at,
            }  # fmt: skip
            sink(msgspec.json.encode(row) + b"\n")


def make(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="May be given several times.")],
    data: Data = FOLDER,
    store: Store = "",
) -> None:
    """Make a key and print it; it is shown this once.

    Example: lamppost keys make chat-server --scope events:write
    """
    with open_desk(data, store) as desk:
        key, text = desk.keys.make(name, scope)
        desk.note("key.make", key.id, {"scopes": sorted(key.scopes)})
    note(f"key {key.id}, shown this once:")
    typer.echo(text)


def rotate(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id of the key.")],
    overlap: Annotated[
        int, typer.Option("--overlap", min=0, help="Seconds for which the old key still works.")
    ] = 86_400,
    data: Data = FOLDER,
    store: Store = "",
) -> None:
    """Make a new key in the place of an old one and print it.

    Example: lamppost keys rotate 5600f9f4c796 --overlap 3600
    """
    with open_desk(data, store) as desk:
        key, text = desk.keys.rotate(identifier, overlap=overlap)
        desk.note("key.rotate", identifier, {"new": key.id})
    note(f"key {key.id}, shown this once:")
    typer.echo(text)


def revoke(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id of the key.")],
    data: Data = FOLDER,
    store: Store = "",
) -> None:
    """End a key; a running service refuses it within seconds.

    Example: lamppost keys revoke 5600f9f4c796
    """
    with open_desk(data, store) as desk:
        if not desk.keys.revoke(identifier):
            raise UsageError("there is no such key in use", where="ID")
        desk.note("key.revoke", identifier, {})
    note(f"key {identifier} has ended")
