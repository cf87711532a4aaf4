"""`lamppost audit-settings`: a platform's defaults for minors, beside what law and codes ask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import note, output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("audit-settings")(audit_settings)


def audit_settings(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A settings file, TOML or JSON.")],
    law: Annotated[
        list[str] | None, typer.Option("--law", help="EU or GB; both when left out.")
    ] = None,
    html: Annotated[str | None, typer.Option("--html", help="Write the page here.")] = None,
    json: Annotated[str | None, typer.Option("--json", help="Write it as JSON here, or -.")] = None,
) -> None:
    """Hold a platform's defaults for minors against the duties of the EU and the UK.

    Example: lamppost audit-settings examples/settings.toml --html defaults.html
    """
    from lamppost.protect.settings import check, read_settings
    from lamppost.reports.audits import html as page_of
    from lamppost.reports.audits import plain
    from lamppost.reports.audits.settings import settings_page

    checked = check(read_settings(file), [name.upper() for name in law or ()])
    page = settings_page(checked)
    if html is not None:
        with output(html) as sink:
            sink(page_of(page).encode())
    if json is not None:
        with output(json) as sink:
            sink(msgspec.json.format(msgspec.json.encode(checked)) + b"\n")
    if json != "-" and html != "-":
        with output(None) as sink:
            sink(plain(page).encode())
    note(
        f"{len(checked.of('gap'))} gaps, {len(checked.of('not_said'))} not said, "
        f"{len(checked.of('met'))} met"
    )
