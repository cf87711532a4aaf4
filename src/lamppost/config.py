"""One settings file and the environment → frozen options.

The file is `$LAMPPOST_CONFIG`, else `lamppost.toml` in the working directory, else
`lamppost/config.toml` in the user's configuration folder; none is needed. A variable
`LAMPPOST_<OPTION>` overrides the file.

    # lamppost.toml
    patterns = "auto"            # hyperscan, re2, or auto
    languages = ["en"]           # default: all there are
    packs = ["/etc/lamppost/packs"]
    country = "GB"
    time_zone = "Europe/London"
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from lamppost.core.errors import UsageError

PREFIX: Final = "LAMPPOST_"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every setting there is, with its default.

    `packs` are folders with an operator's own detectors, outside the source tree.
    `second_reader_url` is the base of an OpenAI-compatible endpoint, such as
    `http://localhost:8000/v1`; nothing is sent there unless a verb is told to ask it. Its key is
    read from the file `second_reader_key_file`.
    `meaning` chooses the second channel: `deep` also takes the slow multilingual encoder, `static`
    only the fast English one, `off` none; `meaning_share` is how much of a stream of messages it
    may look at, 0 to 1.
    """

    patterns: Literal["auto", "hyperscan", "re2"] = "auto"
    languages: list[str] | None = None
    packs: list[str] = []
    meaning: Literal["deep", "static", "off"] = "deep"
    meaning_share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    time_zone: str | None = None
    second_reader_url: str | None = None
    second_reader_model: str = "gpt-oss-safeguard-20b"
    second_reader_key_file: str | None = None


def config_path(environ: Mapping[str, str]) -> Path | None:
    """The settings file in force, if any; raises `UsageError` if one is named in vain."""
    named = environ.get(f"{PREFIX}CONFIG")
    if named:
        path = Path(named)
        if not path.is_file():
            raise UsageError(
                "names a file that does not exist",
                where="LAMPPOST_CONFIG",
                hint="check the path or unset it",
            )
        return path
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")) / ".config")
    for path in (Path("lamppost.toml"), home.expanduser() / "lamppost" / "config.toml"):
        if path.is_file():
            return path
    return None


def load_options(environ: Mapping[str, str] | None = None) -> Options:
    """Options in force. Raises `UsageError` naming file or variable, setting and fix."""
    env = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    path = config_path(env)
    if path is not None:
        try:
            values = msgspec.toml.decode(path.read_bytes())
            msgspec.convert(values, Options)
        except (msgspec.DecodeError, OSError) as error:
            raise UsageError(str(error), where=str(path), hint="mend the settings file") from error
    for name in Options.__struct_fields__:
        text = env.get(f"{PREFIX}{name.upper()}")
        if text:
            split = os.pathsep if name == "packs" else ","
            values[name] = text.split(split) if name in ("packs", "languages") else text
    try:
        return msgspec.convert(values, Options, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(str(error), where="LAMPPOST_… in the environment") from error
