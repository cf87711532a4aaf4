"""Matrix: Element exports and raw events, edits, redactions, order."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.events.vocabulary import Room

from .reading import FIXTURES, read, read_bytes

HERE = FIXTURES / "matrix"


def event(number: int, body: Any = "x", **more: Any) -> dict[str, Any]:
    value = {
        "type": "m.room.message",
        "sender": f"@p{number % 2}:example.org",
        "content": {"msgtype": "m.text", "body": body},
        "origin_server_ts": 1713000300000 + number * 1000,
        "event_id": f"${number}",
        "room_id": "!r:example.org",
    }
    return value | more


def shaped(events: list[Any], shape: str) -> bytes:
    if shape == "lines":
        return "".join(json.dumps(item) + "\n" for item in events).encode()
    if shape == "list":
        return json.dumps(events, ensure_ascii=False).encode()
    if shape == "chunk":
        return json.dumps({"start": "a", "chunk": events, "end": "b"}).encode()
    head = {"room_name": "R", "room_creator": "A", "topic": "", "export_date": "1 May 2024"}
    value = head | {"exported_by": "A", "messages": events}
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def test_element_export() -> None:
    got = read(HERE / "element-export.json")
    assert [(m.id, m.sender_id, m.text) for m in got.messages] == [
        ("$m1", "@ada:example.org", 'hello: "map" 🗺️\nline two'),
        ("$m2", "@ben:example.org", "my better answer"),
        ("$m4", "@ada:example.org", "river.png"),
        ("$m5", "@ada:example.org", ""),
    ]
    first, answer, picture, gone = got.messages
    assert first.sent_at == datetime(2024, 4, 13, 9, 25, 0, 123000, tzinfo=UTC)
    assert (first.surface, first.recipient_ids) == ("direct", ["@ben:example.org"])
    assert answer.reply_to == "$m1"
    assert answer.edited_at == datetime(2024, 4, 13, 9, 26, 10, tzinfo=UTC)
    assert picture.attachments[0].media_type == "image/png"
    assert gone.deleted_at == datetime(2024, 4, 13, 9, 26, 35, tzinfo=UTC)
    assert got.accounts == {"@ada:example.org": "Ada", "@ben:example.org": "Ben"}
    rooms = [item for item in got.events if isinstance(item, Room)]
    assert [(room.action, room.actor_id) for room in rooms] == [
        ("created", "@ada:example.org"),
        ("joined", "@ada:example.org"),
        ("joined", "@ben:example.org"),
    ]
    assert got.log.skipped["encrypted message that could not be read"] == 1
    assert any("Encrypted" in note for note in got.log.notes)


def test_events_one_a_line() -> None:
    got = read(HERE / "events.ndjson")
    assert [(m.text, bool(m.deleted_at)) for m in got.messages] == [
        ("first", False),
        ("second", True),
        ("third", False),
    ]
    assert {m.surface for m in got.messages} == {"group"}


@pytest.mark.parametrize("back", [False, True])
def test_edits_in_either_order(back: bool) -> None:
    def edit(number: int, of: int, body: str) -> dict[str, Any]:
        relation = {"rel_type": "m.replace", "event_id": f"${of}"}
        content = {"msgtype": "m.text", "body": f"* {body}", "m.relates_to": relation}
        return event(number, content=content | {"m.new_content": {"body": body}})

    rows = [event(0, "a"), event(1, "b"), edit(2, 0, "a2"), edit(4, 0, "a3"), edit(6, 99, "lone")]
    rows.append(edit(7, 0, "not by the same sender"))
    got = read_bytes(shaped(rows[::-1] if back else rows, "chunk"), "a.json")
    assert [(m.id, m.text) for m in got.messages] == [
        ("$0", "a3"),
        ("$1", "b"),
        ("$6", "lone"),
        ("$7", "not by the same sender"),
    ]
    assert got.log.skipped == {"edit (kept as the last wording of its message)": 2}


def test_odd_events_and_both_forms() -> None:
    rows = [
        event(0, "a"),
        {"decrypted": event(1, "b"), "encrypted": {"type": "m.room.encrypted"}},
        event(2, origin_server_ts="soon"),
        event(3, sender=None),
        event(4, 5),
        event(5, type=None),
        3,
    ]
    got = read_bytes(shaped(rows, "list"), "a.json")
    assert got.texts == ["a", "b"]
    assert got.places == [
        "a.json record 3, field origin_server_ts",
        "a.json record 4, field sender",
        "a.json record 5, field content.body",
        "a.json record 6, field type",
        "a.json record 7",
    ]


def test_bad_line_and_truncation() -> None:
    data = shaped([event(n, f"n{n}") for n in range(4)], "lines").splitlines(keepends=True)
    got = read_bytes(b"".join([data[0], b"{broken\n", data[1], b"\n", data[2][:40]]), "a.ndjson")
    assert got.texts == ["n0", "n1"]
    assert got.places == ["a.ndjson line 2", "a.ndjson line 5"]
    data = shaped([event(n, f"n{n}") for n in range(4)], "element")
    got = read_bytes(data[: data.index(b'"$3"')], "a.json")
    assert got.texts == ["n0", "n1", "n2"]
    assert got.places == ["a.json record 4"]


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(blacklist_categories=("Cs",))), min_size=1, max_size=8),
    shape=st.sampled_from(["lines", "list", "chunk", "element"]),
    back=st.booleans(),
)
def test_round_trip(texts: list[str], shape: str, back: bool) -> None:
    rows = [event(n, text) for n, text in enumerate(texts)]
    got = read_bytes(shaped(rows[::-1] if back else rows, shape), "a.json")
    assert [(m.id, m.sender_id, m.text) for m in got.messages] == [
        (row["event_id"], row["sender"], row["content"]["body"]) for row in rows
    ]
    assert [int(m.sent_at.timestamp() * 1000) for m in got.messages] == [
        row["origin_server_ts"] for row in rows
    ]
