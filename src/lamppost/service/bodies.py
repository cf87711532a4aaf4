"""Bodies of `POST /v1/events`: NDJSON, or CloudEvents one by one or in batches.

    application/x-ndjson, application/json      one Lamppost event a line
    application/cloudevents+json                one CloudEvent 1.0, the event as its `data`
    application/cloudevents-batch+json          a list of them

A CloudEvent's `type` ends in the kind of event (`com.example.message`); `data` may leave out
`type` and `id`, which are then those of the CloudEvent. Nothing here raises for a bad line: it
comes back with its number, field and reason. The number of a CloudEvent is its place in the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from lamppost.core.errors import InputError, MediaTypeError
from lamppost.events import ndjson
from lamppost.events.vocabulary import Event
from lamppost.history.ports import Rejected

NDJSON: Final = (
    "application/x-ndjson", "application/jsonl", "application/ndjson", "application/json",
)  # fmt: skip
CLOUD: Final = "application/cloudevents+json"
CLOUD_BATCH: Final = "application/cloudevents-batch+json"
_KINDS: Final = frozenset(
    ("account", "message", "contact", "room", "gift", "session", "profile", "user_report")
)


class Body(msgspec.Struct):
    """What a body held."""

    events: list[Event]
    bad: list[ndjson.BadLine]

    def rejected(self, key_name: str) -> list[Rejected]:
        """The bad lines as they are set aside: without their content."""
        return [
            Rejected(
                key_name, item.number, item.field[:256], item.reason, len(item.raw),
                hashlib.sha256(item.raw).hexdigest(),
            )
            for item in self.bad
        ]  # fmt: skip


def read_body(content_type: str, data: bytes, headers: Mapping[str, str]) -> Body:
    """Read a body. Raises `MediaTypeError`, or `InputError` when the whole of it is broken."""
    media = content_type.partition(";")[0].strip().lower() or NDJSON[0]
    if "ce-specversion" in headers and media not in (CLOUD, CLOUD_BATCH):
        return _binary(data, headers)
    if media in NDJSON:
        bad: list[ndjson.BadLine] = []
        lines = data.split(b"\n")
        if b"\\u00" in data:  # rare: control characters, which ids may not hold
            return _careful(lines)
        events = list(ndjson.read(lines, bad.append))
        return Body(events, bad)
    if media == CLOUD:
        return _cloud([_json(data)])
    if media == CLOUD_BATCH:
        items = _json(data)
        if not isinstance(items, list):
            raise InputError("a batch of CloudEvents is a list", where="body")
        return _cloud(items)
    raise MediaTypeError(
        "this media type is not read",
        where="header content-type",
        hint=f"send {NDJSON[0]}, {CLOUD} or {CLOUD_BATCH}",
    )


def _careful(lines: list[bytes]) -> Body:
    body = Body([], [])
    for number, line in enumerate(lines, 1):
        bad: list[ndjson.BadLine] = []
        for event in ndjson.read([line], bad.append, start=number):
            field = _control(event)
            if field:
                bad.append(ndjson.BadLine(number, field, "holds a control character", line))
            else:
                body.events.append(event)
        body.bad += bad
    return body


def _control(event: Event) -> str:
    """Field of an event whose identifiers hold a control character, or nothing."""
    for field in event.__struct_fields__:
        if field == "id" or field.endswith(("_id", "_ids")) or field == "guardian_of":
            value = getattr(event, field)
            for text in value if isinstance(value, list) else [value or ""]:
                if any(character < " " for character in text):
                    return field
    return ""


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("is not valid JSON", where="body") from None


def _binary(data: bytes, headers: Mapping[str, str]) -> Body:
    """A CloudEvent in binary mode: attributes are headers, the body is its data."""
    item = {
        name: headers[f"ce-{name}"]
        for name in ("specversion", "id", "source", "type")
        if f"ce-{name}" in headers
    }
    return _cloud([{**item, "data": _json(data)}])


def _cloud(items: list[Any]) -> Body:
    events: list[Event] = []
    bad: list[ndjson.BadLine] = []
    for number, item in enumerate(items, 1):
        result = _event(number, item)
        if isinstance(result, ndjson.BadLine):
            bad.append(result)
        else:
            events.append(result)
    return Body(events, bad)


def _event(number: int, item: Any) -> Event | ndjson.BadLine:
    raw = msgspec.json.encode(item)

    def wrong(field: str, reason: str) -> ndjson.BadLine:
        return ndjson.BadLine(number, field, reason, raw)

    if not isinstance(item, dict):
        return wrong("", "is not a CloudEvent object")
    for name in ("id", "source", "type"):
        if not isinstance(item.get(name), str) or not item[name]:
            return wrong(name, "is missing")
    if item.get("specversion") != "1.0":
        return wrong("specversion", "is not 1.0")
    data = item.get("data")
    if not isinstance(data, dict):
        return wrong("data", "is not an object")
    kind = item["type"].rpartition(".")[2]
    if "type" not in data and kind not in _KINDS:
        return wrong("type", "does not end in a known kind of event")
    found = ndjson.decode_line(msgspec.json.encode({"type": kind, "id": item["id"], **data}))
    if isinstance(found, ndjson.BadLine):
        field = f"data.{found.field}" if found.field else "data"
        return wrong(field, found.reason)
    control = _control(found)
    return wrong(f"data.{control}", "holds a control character") if control else found
