"""Events as Arrow record batches, one table per event type (needs the `arrow` extra).

Column names are the field names of the vocabulary; times are microseconds UTC plus the
offset in minutes, so that a round trip gives back the same event.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from lamppost.core.errors import EngineError, InputError
from lamppost.events.vocabulary import EVENT_TYPES, Attachment, Event

if typing.TYPE_CHECKING:
    import pyarrow as pa

_BY_TAG: dict[str, Any] = {str(cls.__struct_config__.tag): cls for cls in EVENT_TYPES}
_OFFSET = "_offset"
_MINUTE = timedelta(minutes=1)
_US = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    """Group events by type into one record batch each; order within a type is kept.

    Raises `InputError` for what Arrow cannot carry: a time without offset, half a surrogate
    pair, a number beyond 64 bits. The error names the event type, never a value.
    """
    pa = _arrow()
    rows: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        row: dict[str, Any] = {}
        tag = str(event.__struct_config__.tag)
        for name in event.__struct_fields__:
            value = getattr(event, name)
            if isinstance(value, datetime):
                offset = value.utcoffset()
                if offset is None:
                    raise InputError(
                        "a time has no offset",
                        where=f"{tag}, field {name}",
                        hint="give it a time zone",
                    )
                row[name], row[name + _OFFSET] = (value - _EPOCH) // _US, offset // _MINUTE
            elif name == "attachments":
                row[name] = [
                    {key: getattr(item, key) for key in item.__struct_fields__} for item in value
                ]
            else:
                row[name] = value
        rows.setdefault(tag, []).append(row)
    batches = {}
    for tag, items in rows.items():
        try:
            batches[tag] = pa.RecordBatch.from_pylist(items, schema=schema_of(tag))
        except (pa.ArrowException, OverflowError, UnicodeError, TypeError):
            raise InputError(
                "a value does not fit its Arrow column",
                where=tag,
                hint="check numbers beyond 64 bits and half surrogate pairs",
            ) from None  # the cause quotes the value
    return batches


def decode(batches: Mapping[str, pa.RecordBatch]) -> Iterator[Event]:
    """Yield the events of `encode`'s batches, type by type.

    Columns of a newer version are ignored and missing optional ones take their defaults. Raises
    `InputError` for an unknown event type or a missing required column.
    """
    pa = _arrow()
    for tag, batch in batches.items():
        cls = _BY_TAG.get(tag)
        if cls is None:
            raise InputError(
                "is not a known event type", where=tag, hint=f"use one of {', '.join(_BY_TAG)}"
            )
        present = set(batch.schema.names)
        missing = [
            item.name
            for item in msgspec.structs.fields(cls)
            if item.required and item.name not in present
        ]
        if missing:
            raise InputError("a required column is missing", where=f"{tag}, column {missing[0]}")
        moments = {
            item.name: item.name + _OFFSET
            for item in batch.schema
            if pa.types.is_timestamp(item.type)
        }
        columns = [
            batch.column(name).cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
            if name in moments
            else batch.column(name)
            for name in batch.schema.names
        ]
        plain = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        for row in plain.to_pylist():
            values: dict[str, Any] = {}
            for name in cls.__struct_fields__:
                value = row.get(name)
                if value is None:
                    continue
                if name in moments:
                    value = _moment(value, row.get(moments[name]) or 0)
                elif name == "attachments":
                    value = [msgspec.convert(item, Attachment) for item in value]
                values[name] = value
            yield cls(**values)


def _moment(microseconds: int, minutes: int) -> datetime:
    """Time of microseconds since 1970, shown at an offset; exact at both ends of the calendar."""
    if not minutes:
        return _EPOCH + microseconds * _US
    zone = timezone(minutes * _MINUTE)
    return (_EPOCH.replace(tzinfo=None) + (microseconds * _US + minutes * _MINUTE)).replace(
        tzinfo=zone
    )
