"""`lamppost policy`: what may be read, when to alarm; tried before it is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import note, output
from lamppost.cli.keys import FOLDER, Data, Store, open_desk
from lamppost.core.errors import InputError
from lamppost.protect.gate import contacts_from, version_of
from lamppost.risk.policy import read_policy

Version = Annotated[int, typer.Argument(min=1, help="Number of the version.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(
        help="Policies of a service.\n\nExample: lamppost policy list", no_args_is_help=True
    )
    for name, verb in (
        ("check", check), ("list", list_), ("show", show), ("add", add), ("shadow", shadow),
        ("backtest", backtest), ("deploy", deploy),
    ):  # fmt: skip
        group.command(name)(verb)
    app.add_typer(group, name="policy")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError("cannot be read as text", where=str(path)) from None


def check(path: Annotated[Path, typer.Argument(help="A policy, TOML.")]) -> None:
    """Check a policy file.

    Example: lamppost policy check policy.toml
    """
    policy = read_policy(_text(path), where=str(path))
    contacts = contacts_from(policy.contacts, where=str(path))
    limits = policy.thresholds
    note(
        f"policy {policy.name}: watch from {limits.watch:.2f} bits, concern from "
        f"{limits.concern:.2f}, high from {limits.high:.2f}; contacts {version_of(contacts)}"
    )


def list_(data: Data = FOLDER, store: Store = "") -> None:
    """List versions, a JSON object a line.

    Example: lamppost policy list
    """
    with open_desk(data, store) as desk, output(None) as sink:
        for row in desk.policies.all():
            line = {
                "version": row.version, "state": row.state, "digest": row.digest,
                "created_by": row.created_by, "deployed_by": row.deployed_by,
            }  # fmt: skip
            sink(msgspec.json.encode(line) + b"\n")


def show(
    version: Annotated[int | None, typer.Argument(min=1, help="Default: the live one.")] = None,
    data: Data = FOLDER,
    store: Store = "",
) -> None:
    """Print a policy.

    Example: lamppost policy show > policy.toml
    """
    with open_desk(data, store) as desk:
        wanted = version if version is not None else int(desk.policies.live().name)
        typer.echo(desk.policies.get(wanted).body, nl=False)


def add(
    path: Annotated[Path, typer.Argument(help="A policy, TOML.")],
    data: Data = FOLDER,
    store: Store = "",
) -> None:
    """Keep a policy as a draft and print its number; it changes nothing yet.

    Example: lamppost policy add policy.toml
    """
    with open_desk(data, store) as desk:
        row = desk.policies.add(_text(path), by=desk.who)
        desk.note("policy.add", str(row.version), {"digest": row.digest})
    typer.echo(str(row.version))


def shadow(version: Version, data: Data = FOLDER, store: Store = "") -> None:
    """Run a version beside the live one.

    Example: lamppost policy shadow 2
    """
    with open_desk(data, store) as desk:
        desk.policies.put_in_shadow(version, by=desk.who)
        desk.note("policy.shadow", str(version), {})
    note(f"policy {version} runs in shadow")


def backtest(version: Version, data: Data = FOLDER, store: Store = "") -> None:
    """Fold the stored events under a version and the live one; print what would change.

    Example: lamppost policy backtest 2
    """
    with open_desk(data, store) as desk:
        result = desk.policies.backtest(version)
        desk.note("policy.backtest", str(version), {"seen": result.seen})
    with output(None) as sink:
        sink(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    note(
        f"{result.appear_count} findings appear, {result.vanish_count} vanish; to deploy: "
        f"lamppost policy deploy {version} --seen {result.seen}"
    )


def deploy(
    version: Version,
    seen: Annotated[str, typer.Option("--seen", help="`seen` of the backtest you looked at.")],
    data: Data = FOLDER,
    store: Store = "",
) -> None:
    """Make a version the live one, having seen what it changes.

    Example: lamppost policy deploy 2 --seen 0f1e2d3c4b5a6978
    """
    with open_desk(data, store) as desk:
        desk.policies.deploy(version, seen=seen, by=desk.who)
        desk.note("policy.deploy", str(version), {"seen": seen})
    note(f"policy {version} is live; a running service uses it within seconds")
