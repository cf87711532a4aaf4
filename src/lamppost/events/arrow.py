"""Events as Arrow record batches, one table per event type (needs the `arrow` extra).

Column names are the field names of the vocabulary; times are microseconds UTC plus the
offset in minutes, so that a round trip gives back the same event.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from lamppost.core.errors import EngineError
from lamppost.events.vocabulary import EVENT_TYPES, Attachment, Event

if typing.TYPE_CHECKING:
    import pyarrow as pa

_BY_TAG: dict[str, Any] = {str(cls.__struct_config__.tag): cls for cls in EVENT_TYPES}
_OFFSET = "_offset"
_MINUTE = timedelta(minutes=1)


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise EngineError(
            "the Arrow codec needs pyarrow", hint="pip install 'lamppost[arrow]'"
        ) from error
    return pyarrow


def _is_moment(hint: Any) -> bool:
    return datetime in _leaves(hint)


def _leaves(hint: Any) -> set[Any]:
    arguments = typing.get_args(hint)
    if not arguments:
        return {hint}
    return set().union(*(_leaves(item) for item in arguments))


def _column_type(pa: Any, hint: Any) -> Any:
    leaves = _leaves(hint)
    if datetime in leaves:
        return pa.timestamp("us", tz="UTC")
    if Attachment in leaves:
        return pa.list_(
            pa.struct(
                [
                    ("sha256", pa.string()),
                    ("media_type", pa.string()),
                    ("size", pa.int64()),
                    ("name", pa.string()),
                ]
            )
        )
    if typing.get_origin(hint) is list:
        return pa.list_(pa.string())
    if bool in leaves:
        return pa.bool_()
    if int in leaves:
        return pa.int64()
    return pa.string()


def schema_of(tag: str) -> pa.Schema:
    """Arrow schema of one event type, such as `message`; raises `KeyError` if unknown."""
    pa = _arrow()
    fields = []
    for name, hint in typing.get_type_hints(_BY_TAG[tag], include_extras=False).items():
        if name == "private":
            continue
        fields.append(pa.field(name, _column_type(pa, hint)))
        if _is_moment(hint):
            fields.append(pa.field(name + _OFFSET, pa.int32()))
    return pa.schema(fields, metadata={"lamppost.event": tag, "lamppost.version": "1"})


def encode(events: Iterable[Event]) -> dict[str, pa.RecordBatch]:
    """Group events by type into one record batch each; order within a type is kept."""
    pa = _arrow()
    rows: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        row: dict[str, Any] = {}
        for name in event.__struct_fields__:
            value = getattr(event, name)
            if isinstance(value, datetime):
                offset = value.utcoffset() or timedelta()
                row[name], row[name + _OFFSET] = value.astimezone(UTC), offset // _MINUTE
            elif name == "attachments":
                row[name] = [
                    {key: getattr(item, key) for key in item.__struct_fields__} for item in value
                ]
            else:
                row[name] = value
        rows.setdefault(str(event.__struct_config__.tag), []).append(row)
    return {
        tag: pa.RecordBatch.from_pylist(items, schema=schema_of(tag))
        for tag, items in rows.items()
    }


def decode(batches: dict[str, pa.RecordBatch]) -> Iterator[Event]:
    """Yield the events of `encode`'s batches, type by type."""
    for tag, batch in batches.items():
        cls = _BY_TAG[tag]
        for row in batch.to_pylist():
            values: dict[str, Any] = {}
            for name in cls.__struct_fields__:
                value = row[name]
                if value is None:
                    continue
                if isinstance(value, datetime):
                    minutes = row.get(name + _OFFSET) or 0
                    zone = timezone(timedelta(minutes=minutes)) if minutes else UTC
                    value = value.astimezone(zone)
                elif name == "attachments":
                    value = [msgspec.convert(item, Attachment) for item in value]
                values[name] = value
            yield cls(**values)
