"""Words of the report button: one TOML file a language, all with the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import iso3166
import msgspec

from lamppost.core.errors import PackError

FOLDER: Final = Path(__file__).parent / "words"
LANGUAGES: Final = ("en", "es", "pt", "fr", "de", "nl")


class Words:
    """Messages of one language by dotted key."""

    def __init__(self, language: str, messages: Mapping[str, str]) -> None:
        self.language = language
        self.messages = messages

    def __call__(self, key: str, **values: str) -> str:
        """A message with its names filled in. Raises `PackError` for one that is not there."""
        text = self.messages.get(key)
        if text is None:
            raise PackError(f"no message {key!r}", where=f"button/words/{self.language}.toml")
        return text.format_map(values) if values else text


@cache
def words(language: str) -> Words:
    """The messages of a language of `LANGUAGES`."""
    path = FOLDER / f"{language}.toml"
    try:
        tree = msgspec.toml.decode(path.read_bytes(), type=dict[str, str | dict[str, str]])
    except (OSError, msgspec.DecodeError) as error:
        raise PackError("cannot be read", where=f"button/words/{path.name}") from error
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, str):
            flat[name] = value
        else:
            flat |= {f"{name}.{key}": text for key, text in value.items()}
    return Words(language, flat)


def choose(wanted: str, accepted: str) -> str:
    """The language asked for, else the first that the browser accepts, else English."""
    for tag in (wanted, *accepted.split(",")):
        bare = tag.split(";")[0].strip().lower().split("-")[0]
        if bare in LANGUAGES:
            return bare
    return "en"


def country_from(wanted: str, accepted: str) -> str:
    """The country asked for, else the region of the browser's languages, else nothing."""
    for tag in (f"x-{wanted}", *accepted.split(",")):
        region = tag.split(";")[0].strip().rpartition("-")[2].upper()
        if "-" in tag and region in iso3166.countries_by_alpha2:
            return region
    return ""
