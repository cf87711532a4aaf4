"""`lamppost serve`: the HTTP service."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from lamppost.cli._files import note
from lamppost.core.errors import EngineError, UsageError

if TYPE_CHECKING:
    from lamppost.service.runtime import FirstStart, Service


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("serve")(serve)


def serve(
    data: Annotated[
        Path, typer.Option("--data", help="Folder for the database and the service's secret.")
    ] = Path("lamppost-data"),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")
    ] = 8000,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    store: Annotated[
        str, typer.Option("--store", help="Database URL (default: SQLite in the data folder).")
    ] = "",
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Key folder (default: `keys` in the data folder)."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes; more need PostgreSQL.")
    ] = 1,
    max_body: Annotated[
        int, typer.Option("--max-body", min=1, max=1024, help="Largest body, in MiB.")
    ] = 16,
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Requests a second and key; 0 is no limit.")
    ] = 500.0,
    event_rate: Annotated[
        float, typer.Option("--event-rate", min=0, help="Events a second and key; 0 is no limit.")
    ] = 0.0,
    allow_private_webhooks: Annotated[
        bool, typer.Option("--allow-loopback-webhooks", help="For tests on one machine only.")
    ] = False,
    behind_https: Annotated[
        bool, typer.Option("--behind-https", help="A proxy in front speaks https.")
    ] = False,
    oidc_issuer: Annotated[
        str, typer.Option("--oidc-issuer", help="Identity provider for staff: its address.")
    ] = "",
    oidc_client: Annotated[
        str, typer.Option("--oidc-client", help="Client id there; secret: LAMPPOST_OIDC_SECRET.")
    ] = "lamppost",
    oidc_name: Annotated[
        str, typer.Option("--oidc-name", help="What its button says.")
    ] = "OpenID Connect",
    follow_accounts: Annotated[
        bool,
        typer.Option(
            "--accounts/--no-accounts",
            help="Follow how accounts behave, and red flags of children, beside what is written.",
        ),
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON line first: url, api_key, sign_in.")
    ] = False,
) -> None:
    """Serve the HTTP API and the review pages. The first start prints the first API key.

    Example: lamppost serve --data lamppost-data --port 8000
    """
    try:
        from lamppost.console.app import review_pages
        from lamppost.console.door.oidc import Provider
        from lamppost.service.run import listen, serve_many
        from lamppost.service.run import serve as run
        from lamppost.service.runtime import Service, Settings
        from lamppost.wiring import remember_keys
    except ImportError as error:
        raise EngineError(
            f"the service needs {error.name}", hint="pip install 'lamppost[service]'"
        ) from error

    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(message)s"
    )
    logging.getLogger("lamppost").setLevel(logging.INFO)
    settings = Settings(
        data=str(data), store=store, host=host, port=port, workers=workers,
        max_body=max_body * 1024 * 1024, requests_per_second=rate, events_per_second=event_rate,
        allow_private_webhooks=allow_private_webhooks, read_apart=True,
        follow_accounts=follow_accounts,
        keys=str(keys) if keys is not None else "",
    )  # fmt: skip
    if workers > 1 and settings.url.startswith("sqlite"):
        raise UsageError(
            "SQLite has one writer",
            where="--workers",
            hint="use PostgreSQL: --store postgresql://…",
        )
    provider = None
    if oidc_issuer:
        secret = os.environ.get("LAMPPOST_OIDC_SECRET", "")
        provider = Provider(
            issuer=oidc_issuer, client_id=oidc_client, client_secret=secret, name=oidc_name
        )
    pages = review_pages(behind_https=behind_https, provider=provider)
    place = listen(settings)
    if keys is not None:
        remember_keys(data, keys)
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{place.getsockname()[1]}"

    def ready(first: FirstStart) -> None:
        if as_json:
            line: dict[str, str] = {"url": url}
            if first.api_key is not None and first.sign_in is not None:
                line |= {"api_key": first.api_key, "sign_in": first.sign_in}
            print(msgspec.json.encode(line).decode(), flush=True)  # noqa: T201
            return
        note(f"Lamppost serves {url} from {data}")
        if first.api_key is not None:
            note("This is shown once. Keep it:")
            print(first.api_key, flush=True)  # noqa: T201
            note(f"Set up the first admin: {url}/console/first?word={first.sign_in}")

    def make() -> Service:
        return Service(settings)

    with place:
        if workers > 1:
            serve_many(make, place, workers, ready, pages)
        else:
            run(make, place, ready, pages)
