"""`lamppost guidance`: what to say, on a topic, to an audience, in a language."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from lamppost.cli._files import note, output, plural
from lamppost.core.errors import UsageError


class Audience(StrEnum):
    """Who reads: child is 8 to 12 years, teen 13 to 17."""

    CHILD = "child"
    TEEN = "teen"
    GUARDIAN = "guardian"
    EDUCATOR = "educator"
    MODERATOR = "moderator"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("guidance")(guidance)


def guidance(
    topic: Annotated[str, typer.Option("--topic", "-t", help="Such as secrecy.")] = "",
    audience: Annotated[Audience, typer.Option("--audience", "-a", help="Who reads.")] = (
        Audience.GUARDIAN
    ),
    language: Annotated[str, typer.Option("--language", "-l", help="BCP 47, such as en.")] = "en",
    country: Annotated[
        str | None, typer.Option("--country", help="For who to call, such as GB.")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Every text as a JSON line, without its body.")
    ] = False,
) -> None:
    """Print advice: what is going on, one next step, who to call.

    Example: lamppost guidance --topic secrecy --audience child --language en --country GB
    """
    from lamppost.protect.guidance import load_pack, who_to_call

    pack = load_pack()
    if list_:
        with output(None) as sink:
            for advice in pack.all():
                row = msgspec.to_builtins(advice)
                del row["paragraphs"]
                row["kind"] = pack.topics[advice.topic].kind
                sink(msgspec.json.encode(row) + b"\n")
        note(f"{plural(len(pack.all()), 'text')}, languages {', '.join(pack.languages)}")
        return
    if not topic:
        raise UsageError("no topic was given", where="--topic", hint="or use --list")
    advice = pack.find(topic, audience.value, language)
    tongue = pack.tongues[advice.language]
    who = who_to_call(advice.audience, country, today=datetime.now(UTC).date())
    lines = [f"# {advice.title}", *advice.paragraphs, f"{tongue.next_step}: {advice.next_step}"]
    calls = [
        f"- {tongue.purposes[row.purpose]}: {row.organisation}, {row.value}"
        + (f" ({row.note})" if row.note else "")
        for row in who.rows
    ]
    calls = calls if country else [tongue.no_country]
    lines.append("\n".join([f"{tongue.who_to_call}:", *calls]))
    with output(None) as sink:
        sink(("\n\n".join(lines) + "\n").encode())
    for warning in who.warnings if country else ():
        note(f"note: {warning}")
