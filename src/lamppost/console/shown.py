"""From data to HTML: the one template environment, and what every page is given."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lamppost.console.wording import LANGUAGES
from lamppost.core.levels import Level

ROOT: Final = "/console"
"""Path under which every page is."""
TEMPLATES: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent / "static"

ICONS: Final[dict[str, str]] = {
    "queue": "M4 6h16M4 12h16M4 18h10",
    "told": "M4 5h16v11H9l-5 4z",
    "search": "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
    "dashboard": "M4 20V10M10 20V4M16 20v-7M21 20H3",
    "quality": "M5 12l4 4L19 6",
    "appeals": "M4 8h11a5 5 0 0 1 0 10h-4M8 4L4 8l4 4",
    "policy": "M6 3h9l4 4v14H6zM9 12h7M9 16h7",
    "people": (
        "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21c0-4 3-7 7-7s7 3 7 7M17 4a4 4 0 0 1 0 7"
        "M19 14c2 1 3 3 3 6"
    ),
    "audit": "M12 3l8 3v6c0 5-3.5 8-8 9-4.500-1-8-4-8-9V6z",
}
"""Outline of each icon of the menu, in a box of 24."""


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def iso(ms: int) -> str:
    """RFC 3339."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


@cache
def environment() -> Environment:
    """The templates; a name that is not given is a fault."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        root=ROOT,
        icons=ICONS,
        languages=LANGUAGES,
        iso=iso,
        level_number=lambda word: int(Level.parse(word)),
        levels=[level.word for level in Level],
    )
    return made


def render(template: str, **values: Any) -> str:
    """A page or a part of one. `values` hold `t`, the words of the reader's language."""
    return environment().get_template(template).render(now=now_ms(), **values)


def drawn(svg: str) -> Markup:
    """A drawing of ours, whose every text was escaped when it was made."""
    return Markup(svg)  # noqa: S704
