"""A platform's defaults for minors as a file, TOML or JSON.

Each setting says what a new account of somebody under 18 has before anything was changed. A
setting that is left out counts as not said, never as safe.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from lamppost.core.errors import InputError

Audience = Literal["nobody", "connections", "friends_of_friends", "everybody"]
_MOST: Final = 1 << 20


def _said(text: str) -> Meta:
    return Meta(description=text)


class Minors(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a minor's account has by default."""

    profile_visible_to: Annotated[Audience | None, _said("who sees profile and posts")] = None
    shown_suggested_friends: Annotated[
        bool | None, _said("lists of suggested friends are shown to them")
    ] = None
    appear_in_suggested_friends: Annotated[
        bool | None, _said("they appear in such lists of others")
    ] = None
    connection_list_visible_to: Annotated[
        Audience | None, _said("who sees whom they are connected with")
    ] = None
    appear_in_connection_lists: Annotated[
        bool | None, _said("they are seen in the connection lists of others")
    ] = None
    messages_from: Annotated[Audience | None, _said("who can send them direct messages")] = None
    added_to_groups_without_consent: Annotated[
        bool | None, _said("others can add them to a group without asking")
    ] = None
    location_visible_to: Annotated[Audience | None, _said("who sees where they are")] = None
    geolocation: Annotated[bool | None, _said("the app uses their location")] = None
    camera: Annotated[bool | None, _said("the app has access to the camera")] = None
    content_downloadable: Annotated[bool | None, _said("others can download what they post")] = None
    content_screenshots: Annotated[
        bool | None, _said("others can take pictures of the screen of what they post")
    ] = None
    like_counts: Annotated[bool | None, _said("counts of likes are shown")] = None
    autoplay: Annotated[bool | None, _said("videos start by themselves")] = None
    streaks: Annotated[bool | None, _said("streaks of daily messages are counted")] = None
    loot_boxes: Annotated[bool | None, _said("paid chances or currencies that hide prices")] = None
    profiled_advertising: Annotated[
        bool | None, _said("advertisements based on profiling with their data")
    ] = None
    block_and_mute: Annotated[bool | None, _said("they can block and mute anybody")] = None
    nudged_to_weaken_privacy: Annotated[
        bool | None, _said("prompts lead them to weaker privacy")
    ] = None


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the service is set up around them."""

    age_assurance: Annotated[
        Literal["none", "self_declaration", "estimation", "verification"] | None,
        _said("how the age of a new account is established"),
    ] = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A settings file."""

    platform: Annotated[str, Meta(min_length=1, max_length=128)]
    as_of: str = ""
    minors: Minors = Minors()
    service: Service = Service()

    def value(self, name: str) -> Any:
        """A setting by its place, such as `minors.messages_from`; `None` when not said."""
        section, _, field = name.partition(".")
        return getattr(getattr(self, section), field)


def _names(section: str, kind: type[msgspec.Struct]) -> dict[str, str]:
    found = {}
    for name, shape in msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"].items():
        options = [shape, *shape.get("anyOf", [])]
        found[f"{section}.{name}"] = next(
            (item["description"] for item in options if "description" in item), ""
        )
    return found


SETTINGS: Final[dict[str, str]] = {**_names("minors", Minors), **_names("service", Service)}
"""Every setting by its place, with what it says."""


def read_settings(path: Path) -> Settings:
    """Read a settings file. Raises `InputError` naming place, value and fix."""
    try:
        if path.stat().st_size > _MOST:
            raise InputError("is larger than 1 MiB", where=str(path), hint="give a settings file")
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "refused").lower()
        raise InputError(f"cannot be read: {reason}", where=str(path)) from None
    json = path.suffix.lower() == ".json"
    try:
        if json:
            return msgspec.json.decode(data, type=Settings)
        return msgspec.toml.decode(data, type=Settings)
    except msgspec.ValidationError as error:
        raise InputError(_plain(str(error)), where=str(path), hint=_hint(str(error))) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        detail = "not UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise InputError(
            f"is not {'JSON' if json else 'TOML'}: {detail}", where=str(path), hint="mend the file"
        ) from None


def _plain(text: str) -> str:
    return text[:1].lower() + text[1:].replace("$.", "").replace("$", "the file")


def _hint(text: str) -> str:
    unknown = text.partition("unknown field `")[2].partition("`")[0]
    names = [name.partition(".")[2] for name in SETTINGS]
    near = difflib.get_close_matches(unknown, names, 1) if unknown else []
    return f"did you mean {near[0]}" if near else "see docs/safer-defaults.md"
