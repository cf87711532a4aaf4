"""`lamppost demo`: a service over a synthetic community, to look around in."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from lamppost.cli._deployment import need_service
from lamppost.cli._files import note, plural
from lamppost.core.errors import UsageError

if TYPE_CHECKING:
    import socket

    from lamppost.service.runtime import FirstStart, Service, Settings


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    data: Annotated[
        Path, typer.Option("--data", help="Folder of the demonstration; made when it is new.")
    ] = Path("lamppost-demo"),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Another free one if it is taken.")
    ] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Build the store and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON line: cases, and url and sign_in.")
    ] = False,
) -> None:
    """Look around: review pages over an invented community. Ends with Ctrl-C.

    The first time it builds a store of synthetic people in --data, which takes about half a
    minute. It prints the address and a one-time sign-in.

    Example: lamppost demo
    """
    need_service()
    from lamppost.console.app import review_pages
    from lamppost.service import demo as build
    from lamppost.service.run import serve as run
    from lamppost.service.runtime import Settings

    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(message)s"
    )
    if not as_json and not (data / "demo.json").is_file():
        note("Building a synthetic community; everybody in it is invented …")
    made = build.build(data)
    if no_serve:
        if as_json:
            _print({"data": str(data), **msgspec.to_builtins(made)})
        else:
            note(f"{plural(len(made.cases), 'case')} in {data}")
            print("\n".join(made.cases))  # noqa: T201
        return
    settings = Settings(data=str(data), port=port)
    place, url = _listen(settings)
    words: list[str] = []

    def make() -> Service:
        service = build.open_service(settings)
        words.append(build.invite(service).word)
        return service

    def ready(first: FirstStart) -> None:
        address = f"{url}/console/first?word={words[0]}"
        if as_json:
            _print({"url": url, "sign_in": address, **msgspec.to_builtins(made)})
            return
        note(f"{plural(made.events, 'synthetic event')}, {plural(len(made.cases), 'case')}")
        note(f"Lamppost serves {url} from {data}. Sign in, once, with this address:")
        print(address, flush=True)  # noqa: T201
        note("Ctrl-C ends it.")

    with place:
        run(make, place, ready, review_pages(demonstration=True))


def _listen(settings: Settings) -> tuple[socket.socket, str]:
    """A listening socket on the port wished for, or another free one."""
    from lamppost.service.run import listen

    try:
        place = listen(settings)
    except UsageError:
        place = listen(msgspec.structs.replace(settings, port=0))
    return place, f"http://127.0.0.1:{place.getsockname()[1]}"


def _print(value: object) -> None:
    print(msgspec.json.encode(value).decode(), flush=True)  # noqa: T201
