"""Events as NDJSON: one JSON object a line, `type` first.

Reading never stops at a bad line: each is handed to `on_bad` with line number, field and
reason, so that the caller can quarantine it. The reason never repeats text of the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from lamppost.core.errors import LineError
from lamppost.events.vocabulary import Event

MAX_LINE: Final = 10 * 1024 * 1024
"""Longest line accepted, in bytes."""

_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()
_AT = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_QUOTED_VALUE = re.compile(r"^Invalid value '.*'$", re.DOTALL)


class BadLine(msgspec.Struct, frozen=True):
    """A line that could not be read: its number (1-based), the field at fault and why."""

    number: int
    field: str
    reason: str
    raw: bytes

    def __repr__(self) -> str:
        return f"BadLine(number={self.number}, field={self.field!r}, reason={self.reason!r})"

    def error(self) -> LineError:
        """The same as an exception, for callers that stop at once."""
        return LineError(self.reason, where=self.place, hint="mend or remove the line")

    @property
    def place(self) -> str:
        """`line 12, field sent_at` or `line 12`."""
        return f"line {self.number}, field {self.field}" if self.field else f"line {self.number}"


def decode_line(line: bytes, number: int = 1) -> Event | BadLine:
    """Decode one line; a bad one comes back as `BadLine`, never as an exception."""
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
        reason = "value is not one of those allowed"
        if field == "":
            field, reason = "type", "is not a known event type"
    return field, reason[:1].lower() + reason[1:]


def _json_reason(text: str) -> str:
    return f"is not valid JSON: {text[:1].lower()}{text[1:]}" if text else "is not valid JSON"


def encode(event: Event) -> bytes:
    """One event as a JSON line without its newline; `type` stands first."""
    return _encoder.encode(event)


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
        if not line.strip():
            continue
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        result = decode_line(line, number)
        if isinstance(result, BadLine):
            on_bad(result)
        else:
            yield result


def write(events: Iterable[Event], sink: Callable[[bytes], object]) -> int:
    """Write events as lines to `sink` (such as `file.write`); returns how many."""
    count = 0
    buffer = bytearray()
    for event in events:
        _encoder.encode_into(event, buffer, len(buffer))
        buffer += b"\n"
        count += 1
        if len(buffer) > 1 << 20:
            sink(bytes(buffer))
            buffer.clear()
    if buffer:
        sink(bytes(buffer))
    return count
