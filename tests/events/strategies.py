"""Any event that the vocabulary allows."""

from __future__ import annotations

import typing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import msgspec
from hypothesis import strategies as st

from lamppost.events.vocabulary import EVENT_TYPES, Attachment, Event

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
zones = st.one_of(
    st.just(UTC), st.integers(-1439, 1439).map(lambda value: timezone(timedelta(minutes=value)))
)
moments = st.datetimes(
    min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=zones
)
attachments = st.builds(
    Attachment,
    sha256=st.none() | st.from_regex("[0-9a-f]{64}", fullmatch=True),
    media_type=st.none() | text,
    size=st.none() | st.integers(0, 2**62),
    name=st.none() | text,
)
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "id": ids,
    "country": st.sampled_from(["CH", "NO", "ZA"]),
    "currency": st.sampled_from(["CHF", "EUR"]),
    "age": st.integers(0, 120),
    "age_band": st.sampled_from(["13-15", "25+", "0-9"]),
    "value_minor": st.integers(0, 2**62),
    "attachments": st.lists(attachments, max_size=2),
    "request": st.booleans(),
}


def _of(name: str, hint: Any, required: bool) -> st.SearchStrategy[Any]:
    leaves = _leaves(hint)
    words = [leaf for leaf in leaves if isinstance(leaf, str)]
    if name in BY_NAME:
        found = BY_NAME[name]
    elif datetime in leaves:
        found = moments
    elif words:
        found = st.sampled_from(sorted(words))
    elif typing.get_origin(hint) is list:
        found = st.lists(ids, max_size=2)
    elif required or name.endswith("_id") or name == "reply_to":
        found = ids
    else:
        found = text
    return found if type(None) not in leaves else st.none() | found


def _leaves(hint: Any) -> set[Any]:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is Literal or not arguments:
        return set(arguments) or {hint}
    return set().union(*(_leaves(item) for item in arguments))


def _event(cls: type[Event]) -> st.SearchStrategy[Event]:
    hints = typing.get_type_hints(cls)
    return st.builds(
        cls,
        **{
            item.name: _of(item.name, hints[item.name], item.required)
            for item in msgspec.structs.fields(cls)
        },
    )


def events() -> st.SearchStrategy[Event]:
    """One event of any type."""
    return st.one_of(*(_event(cls) for cls in EVENT_TYPES))  # type: ignore[arg-type]
