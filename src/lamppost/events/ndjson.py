"""Events as NDJSON: one JSON object a line, `type` first.

Reading never stops at a bad line: each is handed to `on_bad` with line number, field and
reason, so that the caller can quarantine it. The reason never repeats text of the line.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from lamppost.core.errors import InputError, LineError
from lamppost.events.vocabulary import EVENT_TYPES, Event

MAX_LINE: Final = 10 * 1024 * 1024
"""Longest line accepted, in bytes."""

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()
_AT = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_QUOTED_VALUE = re.compile(r"^Invalid (?:enum )?value\b", re.DOTALL)
_SAFE = re.compile(
    r"(?:Expected `[a-z0-9 |,]+`(?:, got `[a-z0-9 ]+`| of .*| matching regex .*| with .*| [<>=].*)?"
    r"|Invalid (?:RFC3339 encoded datetime|base64 encoded string|UUID)"
    r"|Number out of range|Integer value out of range|Timestamp is out of range)$"
)
"""Messages of msgspec that name types and limits of ours only, never a value of the line."""

_BOM: Final = b"\xef\xbb\xbf"


class BadLine(msgspec.Struct, frozen=True):
    """A line that could not be read: its number (1-based), the field at fault and why."""

    number: int
    field: str
    reason: str
    raw: bytes

    def __repr__(self) -> str:
        """Without the raw line, which may hold text."""
        return f"BadLine(number={self.number}, field={self.field!r}, reason={self.reason!r})"

    def error(self) -> LineError:
        """The same as an exception, for callers that stop at once."""
        return LineError(self.reason, where=self.place, hint="mend or remove the line")

    @property
    def place(self) -> str:
        """`line 12, field sent_at` or `line 12`."""
        return f"line {self.number}, field {self.field}" if self.field else f"line {self.number}"


def decode_line(line: bytes, number: int = 1) -> Event | BadLine:
    """Decode one line; a bad one comes back as `BadLine`, never as an exception.

    A byte-order mark before line 1 is ignored.
    """
    if number == 1 and line.startswith(_BOM):
        line = line[len(_BOM) :]
    if len(line) > MAX_LINE:
        return BadLine(number, "", f"longer than {MAX_LINE} bytes", line[:1024])
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError as error:
        field, reason = _explain(str(error))
        return BadLine(number, field, reason, line)
    except msgspec.DecodeError as error:
        return BadLine(number, "", _json_reason(str(error)), line)
    except UnicodeDecodeError:
        return BadLine(number, "", "is not valid UTF-8", line)
    except RecursionError:
        return BadLine(number, "", "is nested too deeply", line)


def _explain(text: str) -> tuple[str, str]:
    """Split a msgspec message into field name and reason, dropping any quoted value."""
    match = _AT.match(text)
    reason = match["reason"] if match else text
    path = (match["path"] or "") if match else ""
    field = path.removeprefix("$").removeprefix(".")
    missing = re.search(r"missing required field `([^`]+)`", reason)
    if missing:
        field = f"{field}.{missing[1]}" if field else missing[1]
        return field, "is missing"
    if _QUOTED_VALUE.match(reason):
        if field in {"", "type"}:
            return "type", "is not a known event type"
        return field, "is not one of the values allowed"
    if not _SAFE.match(reason):
        return field, "is not valid"
    return field, reason[:1].lower() + reason[1:]


def _json_reason(text: str) -> str:
    """msgspec's words for broken JSON; they hold a byte position, never a value."""
    detail = text.removeprefix("JSON is malformed: ")
    return f"is not valid JSON: {detail[:1].lower()}{detail[1:]}" if detail else "is not valid JSON"


def _moments(cls: type) -> tuple[str, ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        name
        for name in cls.__struct_fields__  # type: ignore[attr-defined]
        if hints[name] is datetime or datetime in typing.get_args(hints[name])
    )


_MOMENTS: Final[dict[type, tuple[str, ...]]] = {cls: _moments(cls) for cls in EVENT_TYPES}


def _writable(event: Event) -> Event:
    """The event with every time in an offset of whole minutes, which is all RFC 3339 can say.

    Silent failure prevented: the encoder rounds an offset such as +00:19:32 and so moves the
    instant. Raises `InputError` for a time without any offset.
    """
    changes: dict[str, Any] = {}
    for name in _MOMENTS[type(event)]:
        moment: datetime | None = getattr(event, name)
        if moment is None or moment.tzinfo is UTC:
            continue
        offset = moment.utcoffset()
        if offset is None:
            raise InputError(
                "a time has no offset",
                where=f"{event.__struct_config__.tag}, field {name}",
                hint="give it a time zone",
            )
        if offset.seconds % 60 or offset.microseconds:
            changes[name] = moment.astimezone(UTC)
    return msgspec.structs.replace(event, **changes) if changes else event


def _unwritable(event: Event) -> InputError:
    return InputError(
        "a string holds half of a surrogate pair",
        where=str(event.__struct_config__.tag),
        hint="replace it by U+FFFD",
    )


def encode(event: Event) -> bytes:
    """One event as a JSON line without its newline; `type` stands first.

    Raises `InputError` for what JSON cannot carry: a time without offset, half a surrogate pair.
    """
    try:
        return _encoder.encode(_writable(event))
    except UnicodeEncodeError:  # its repr holds the whole string: never let it out
        raise _unwritable(event) from None


def read(
    lines: Iterable[bytes], on_bad: Callable[[BadLine], None], *, start: int = 1
) -> Iterator[Event]:
    """Yield the events of `lines` in order; empty lines are skipped, bad ones go to `on_bad`."""
    decode = _decoder.decode
    for number, line in enumerate(lines, start):
        try:
            if len(line) <= MAX_LINE:
                yield decode(line)
                continue
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        if not line.removeprefix(_BOM if number == 1 else b"").strip():
            continue
        result = decode_line(line, number)
        if isinstance(result, BadLine):
            on_bad(result)
        else:
            yield result


def write(events: Iterable[Event], sink: Callable[[bytes], object]) -> int:
    """Write events as lines to `sink` (such as `file.write`); returns how many.

    Raises `InputError` as `encode` does, after everything before that event was written.
    """
    count = 0
    buffer = bytearray()
    for event in events:
        size = len(buffer)
        try:
            _encoder.encode_into(_writable(event), buffer, size)
        except (UnicodeEncodeError, InputError) as error:
            del buffer[size:]
            sink(bytes(buffer))
            if isinstance(error, InputError):
                raise
            raise _unwritable(event) from None
        buffer += b"\n"
        count += 1
        if len(buffer) > 1 << 20:
            sink(bytes(buffer))
            buffer.clear()
    if buffer:
        sink(bytes(buffer))
    return count
