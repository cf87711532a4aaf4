"""NDJSON: round trip, and reasons that never repeat the line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.core.errors import InputError, LineError
from lamppost.events import ndjson
from lamppost.events.vocabulary import EVENT_TYPES, Account, Message

from .strategies import events

CANARY = "CANARY-7731"
AT = "2026-03-01T21:14:03Z"
GOOD = b'{"type":"account","id":"a1"}\n'


def bad(line: str | bytes) -> ndjson.BadLine:
    result = ndjson.decode_line(line.encode() if isinstance(line, str) else line, 12)
    assert isinstance(result, ndjson.BadLine)
    return result


@given(st.lists(events(), max_size=8))
def test_round_trip(items: list[ndjson.Event]) -> None:
    buffer = bytearray()
    assert ndjson.write(items, buffer.extend) == len(items)
    problems: list[ndjson.BadLine] = []
    assert list(ndjson.read(bytes(buffer).splitlines(keepends=True), problems.append)) == items
    assert not problems
    for item in items:
        assert ndjson.encode(item).startswith(b'{"type":"')


@given(events())
def test_type_stands_first_and_defaults_are_left_out(event: ndjson.Event) -> None:
    line = json.loads(ndjson.encode(event))
    assert next(iter(line)) == "type"
    assert all(value not in (None, []) for value in line.values())


PLANTED = [
    {"type": CANARY},
    {"type": "message", "id": "m", "conversation_id": "c", "sender_id": "s", "sent_at": CANARY},
    {"type": "message", "id": "m", "conversation_id": "c", "sender_id": "s", "sent_at": AT,
     "surface": CANARY},
    {"type": "message", "id": "m", "conversation_id": "c", "sender_id": "s", "sent_at": AT,
     "text": [CANARY]},
    {"type": "message", "id": "m", "conversation_id": "c", "sender_id": "s", "sent_at": AT,
     "attachments": [{"sha256": CANARY}]},
    {"type": "message", "id": "m", "conversation_id": "c", "sender_id": "s",
     "sent_at": "2026-03-01T21:14:03", "text": CANARY},
    {"type": "contact", "id": "k", "actor_id": "a", "target_id": "b", "at": AT,
     "action": f"x - at `{CANARY}`"},
    {"type": "contact", "id": "k", "actor_id": "a", "target_id": "b", "at": AT,
     "action": f"x` - at `$.{CANARY}"},
    {"type": "account", "id": "a", "country": CANARY},
    {"type": "account", "id": "a", "age": CANARY},
    {"type": "account", "id": "a", "age_band": CANARY},
    {"type": "account", "id": "a", "age_confidence": CANARY},
    {"type": "account", "id": "a", "guardian_of": {CANARY: 1}},
    {"type": "account", CANARY: 1},
    {CANARY: CANARY},
    [CANARY],
    CANARY,
]  # fmt: skip


@pytest.mark.parametrize("value", PLANTED, ids=range(len(PLANTED)))
def test_reasons_never_hold_text(value: object) -> None:
    found = bad(json.dumps(value))
    shown = f"{found.place} {found.reason} {found!r} {found.error()!r} {found.error()}"
    assert CANARY not in shown
    assert found.reason
    assert isinstance(found.error(), LineError)


@given(st.sampled_from(sorted({str(cls.__struct_config__.tag) for cls in EVENT_TYPES})), st.data())
def test_no_field_leaks(tag: str, data: st.DataObject) -> None:
    cls = next(item for item in EVENT_TYPES if item.__struct_config__.tag == tag)
    broken = st.sampled_from(
        [CANARY, [CANARY], {CANARY: CANARY}, [{"sha256": CANARY, CANARY: 1}], 1.5, True, None, -1]
    )
    line = {"type": tag} | {name: data.draw(broken) for name in cls.__struct_fields__}
    found = ndjson.decode_line(json.dumps(line).encode(), 1)
    if isinstance(found, ndjson.BadLine):
        assert CANARY not in f"{found.place} {found.reason} {found!r} {found.error()}"


@pytest.mark.parametrize(
    ("line", "place", "reason"),
    [
        ('{"type":"message","id":"m","conversation_id":"c","sender_id":"s","sent_at":"soon"}',
         "line 12, field sent_at", "invalid RFC3339 encoded datetime"),
        ('{"type":"message","id":"m","conversation_id":"c","sender_id":"s"}',
         "line 12, field sent_at", "is missing"),
        ('{"type":"telegram"}', "line 12, field type", "is not a known event type"),
        ('{"id":"a"}', "line 12, field type", "is missing"),
        ('{"type":"account","id":""}', "line 12, field id", "expected `str` of length >= 1"),
        ('{"type":"account","id":"a","age":200}', "line 12, field age", "expected `int` <= 120"),
        ('{"type":"account"', "line 12", "is not valid JSON: input data was truncated"),
        ("hello", "line 12", "is not valid JSON: invalid character (byte 0)"),
        ("[" * 100_000, "line 12", None),
    ],
    ids=range(9),
)  # fmt: skip
def test_golden_reasons(line: str, place: str, reason: str | None) -> None:
    found = bad(line)
    assert found.place == place
    assert reason is None or found.reason == reason


def test_bad_utf8_and_long_lines() -> None:
    assert bad(b'{"type":"account","id":"\xff"}').reason == "is not valid UTF-8"
    found = bad(b"x" * (ndjson.MAX_LINE + 1))
    assert "longer than" in found.reason
    assert len(found.raw) == 1024


def test_reading_goes_on_after_bad_lines_and_skips_empty_ones() -> None:
    problems: list[ndjson.BadLine] = []
    lines = [b"\xef\xbb\xbf" + GOOD, b"\n", b"  \r\n", b"nonsense\n", GOOD]
    assert len(list(ndjson.read(lines, problems.append))) == 2
    assert [item.number for item in problems] == [4]


def test_byte_order_mark_alone_is_an_empty_line() -> None:
    problems: list[ndjson.BadLine] = []
    assert list(ndjson.read([b"\xef\xbb\xbf\n", GOOD], problems.append)) == [Account(id="a1")]
    assert not problems


@pytest.mark.parametrize("seconds", [1172, -1172, 20, 3620, -3599])
def test_offset_with_seconds_keeps_the_instant(seconds: int) -> None:
    zone = timezone(timedelta(seconds=seconds))
    message = Message(
        id="m", conversation_id="c", sender_id="s", sent_at=datetime(1930, 1, 1, 12, tzinfo=zone)
    )
    assert ndjson.decode_line(ndjson.encode(message)) == message


@pytest.mark.parametrize("moment", [datetime.max, datetime.min])
def test_ends_of_the_calendar(moment: datetime) -> None:
    message = Message(
        id="m", conversation_id="c", sender_id="s", sent_at=moment.replace(tzinfo=UTC)
    )
    assert ndjson.decode_line(ndjson.encode(message)) == message


def test_what_json_cannot_carry_is_refused_without_text() -> None:
    half = Account(id="a", display_name=f"\ud800{CANARY}")
    naive = Account(id="a", created_at=datetime(2026, 1, 1), display_name=CANARY)
    for event in (half, naive):
        with pytest.raises(InputError) as caught:
            ndjson.encode(event)
        assert CANARY not in repr(caught.value)
        assert caught.value.__cause__ is None
        written = bytearray()
        with pytest.raises(InputError):
            ndjson.write([Account(id="b"), event, Account(id="c")], written.extend)
        assert bytes(written) == b'{"type":"account","id":"b"}\n'
