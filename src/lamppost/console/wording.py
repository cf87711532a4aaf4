"""Every word of the pages, in English and Spanish: one TOML file of messages for each language.

A message is text with `{names}`; one that counts has `one` and `other`. A message that is missing
is a fault, not an empty place: a test compares the files and what the pages ask for.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from lamppost.core.errors import PackError

FOLDER: Final = Path(__file__).parent / "words"
LANGUAGES: Final[dict[str, str]] = {"en": "English", "es": "Español"}
"""Language tag to its own name."""
_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


class Words:
    """The messages of one language."""

    def __init__(self, language: str, messages: Mapping[str, str]) -> None:
        self.language = language
        self.messages = messages

    def __call__(self, key: str, n: int | None = None, /, **values: object) -> str:
        """A message with its names filled in; `n` chooses `one` or `other`, and is `{n}`.

        Raises `PackError` for a message that is not there.
        """
        if n is not None:
            key = f"{key}.{'one' if n == 1 else 'other'}"
            values["n"] = self.number(n)
        text = self.messages.get(key)
        if text is None:
            raise PackError(f"no message {key!r}", where=f"words/{self.language}.toml")
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        """Whether there is such a message."""
        return key in self.messages

    def number(self, value: float, digits: int = 0) -> str:
        """A number as this language writes it: `1,234.5` or `1.234,5`."""
        text = f"{value:,.{digits}f}"
        if self.language == "es":
            text = text.translate(str.maketrans(",.", ".,"))
        return text

    def bits(self, value: float) -> str:
        """Bits with their sign, for a line of an explanation."""
        return f"{'−' if value < 0 else '+'}{self.number(abs(value), 2)}"

    def moment(self, ms: int) -> str:
        """`25 Nov 2026, 14:05`, in UTC."""
        at = datetime.fromtimestamp(ms / 1000, UTC)
        return f"{self.day(ms)}, {at:%H:%M}"

    def day(self, ms: int) -> str:
        """`25 Nov 2026`."""
        at = datetime.fromtimestamp(ms / 1000, UTC)
        return f"{at.day} {self.messages['time.months'].split()[at.month - 1]} {at.year}"

    def clock(self, ms: int) -> str:
        """`14:05`, in UTC."""
        return f"{datetime.fromtimestamp(ms / 1000, UTC):%H:%M}"

    def span(self, ms: float) -> str:
        """A length of time in its largest unit: `3 h`, `2 days`."""
        ms = abs(ms)
        if ms < _MINUTE:
            return self("time.seconds", round(ms / 1000))
        if ms < _HOUR:
            return self("time.minutes", round(ms / _MINUTE))
        if ms < 2 * _DAY:
            return self("time.hours", round(ms / _HOUR))
        return self("time.days", round(ms / _DAY))

    def listed(self, items: list[str]) -> str:
        """`a`, `a and b`, `a, b and c`."""
        if len(items) < 2:
            return "".join(items)
        last = items[-1]
        word = self("list.and")
        if self.language == "es" and last.lower().startswith(("i", "hi")):
            word = "e"
        return f"{', '.join(items[:-1])} {word} {last}"


@cache
def words(language: str) -> Words:
    """The messages of a language. Raises `PackError` when the file is wrong."""
    path = FOLDER / f"{language}.toml"
    try:
        tree = msgspec.toml.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise PackError("cannot be read", where=f"words/{path.name}") from error
    return Words(language, dict(_flat(tree, "")))


def choose(wanted: str, accepted: str) -> str:
    """The language for somebody: what they chose, else the first accepted one that is known."""
    if wanted in LANGUAGES:
        return wanted
    for part in accepted.split(","):
        tag = part.split(";")[0].strip().lower().split("-")[0]
        if tag in LANGUAGES:
            return tag
    return "en"


def names_in(message: str) -> set[str]:
    """Names that a message wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def _flat(tree: Mapping[str, object], before: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in tree.items():
        key = f"{before}{name}"
        if isinstance(value, Mapping):
            found += _flat(value, f"{key}.")
        else:
            found.append((key, str(value)))
    return found
