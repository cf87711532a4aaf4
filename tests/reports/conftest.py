"""Reports built from lines of chat, and a stored one for golden text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lamppost.events.vocabulary import Account, Event, Message
from lamppost.pipeline import Engine
from lamppost.protect.support import support_for
from lamppost.reports.scan.build import Request, build_report
from lamppost.reports.scan.model import ScanReport
from lamppost.wiring import build_engine

GOLDEN = Path(__file__).parent / "golden"
START = datetime(2026, 9, 14, 16, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

GROOMING = """
jay: how old are you?
mia: im 13
jay: you're so mature for your age, not like other girls
mia: thanks
jay: are you home alone? does your mum check your phone?
mia: not really
jay: this is our secret. don't tell your mum, she wouldn't understand us
jay: and delete our chat after we talk
mia: ok
jay: now send me a pic of you. just for me
mia: stop asking me please
jay: after everything I did for you? I thought you trusted me
jay: come and meet me on Saturday, come alone. I'll pick you up
mia: this feels weird
"""
"""Plain warning signs, synthetic, at the level of a leaflet."""

QUIET = """
ana: did you finish the maths
leo: nearly, question 4 is horrible
ana: same lol. see you at training?
leo: yes, dad is driving us
"""


@cache
def engine() -> Engine:
    return build_engine()


def events(chat: str, conversation: str = "c1", start: datetime = START) -> list[Event]:
    lines = [line.split(": ", 1) for line in chat.strip().splitlines() if line]
    people = list(dict.fromkeys(who for who, _ in lines))
    out: list[Event] = [Account(id=who, display_name=who.title()) for who in people]
    for number, (who, text) in enumerate(lines, 1):
        out.append(
            Message(
                id=f"{conversation}-m{number}",
                conversation_id=conversation,
                sender_id=who,
                recipient_ids=[other for other in people if other != who],
                sent_at=start + timedelta(hours=number),
                text=text,
            )
        )
    return out


@pytest.fixture
def report() -> Callable[..., ScanReport]:
    """Build a report from events or chat lines."""

    def build(what: str | Sequence[Event], **fields: Any) -> ScanReport:
        stream = events(what) if isinstance(what, str) else list(what)
        country = fields.pop("country", "GB")
        return build_report(
            engine(),
            Request(
                read=lambda: iter(stream),
                support=support_for(country, today=NOW.date()),
                now=NOW,
                **fields,
            ),
        )

    return build


@pytest.fixture(scope="session")
def stored() -> ScanReport:
    """A report kept as data, so that golden text does not move with the detectors."""
    return msgspec.json.decode((GOLDEN / "report.json").read_bytes(), type=ScanReport)
