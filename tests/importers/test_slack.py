"""Slack: conversations, threads, notices, files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .reading import FIXTURES, read, read_bytes, read_tree, zipped

HERE = FIXTURES / "slack" / "workspace"


def test_workspace(tmp_path: Path) -> None:
    got = read(HERE)
    rows = [
        (m.conversation_id, m.sender_id, m.recipient_ids, m.surface, m.text) for m in got.messages
    ]
    assert rows == [
        ("D0SYN00001", "U0SYNADA1", ["U0SYNBEN1"], "direct", "lunch?"),
        ("D0SYN00001", "U0SYNBEN1", ["U0SYNADA1"], "direct", "yes :)"),
        (
            "C0SYNGEN1",
            "U0SYNADA1",
            [],
            "public",
            "hello <@U0SYNBEN1> &amp; all: *two* rivers\nnew map 🗺️",
        ),
        ("C0SYNGEN1", "U0SYNBEN1", [], "public", "done"),
        ("C0SYNGEN1", "B0SYN", [], "public", "reminder"),
        ("C0SYNGEN1", "U0SYNADA1", [], "public", ""),
        ("G0SYNMP01", "U0SYNCLEO", ["U0SYNADA1", "U0SYNBEN1"], "group", "all three"),
    ]
    start, reply = got.messages[2], got.messages[3]
    assert start.sent_at == datetime.fromtimestamp(1713000300, UTC) + timedelta(microseconds=123456)
    assert start.reply_to is None
    assert reply.reply_to == start.id
    assert reply.edited_at is not None
    assert got.messages[5].attachments[0].name == "river.png"
    assert got.accounts["U0SYNADA1"] == "ada"
    assert got.accounts["U0SYNBEN1"] == "Ben Example"
    assert got.log.skipped["notice: channel_join"] == 1
    assert read(zipped(HERE, tmp_path / "export.zip")).events == got.events


def test_one_day() -> None:
    rows = [{"type": "message", "user": "U1", "text": "a", "ts": "1713000300.000100"}]
    got = read_bytes(json.dumps(rows).encode(), "2024-04-13.json")
    assert [(m.sender_id, m.text) for m in got.messages] == [("U1", "a")]


def tree(rows: list[Any]) -> dict[str, bytes]:
    return {
        "x/users.json": b'[{"id": "U1", "name": "one"}, {"name": "no id"}]',
        "x/channels.json": b'[{"id": "C1", "name": "general", "members": ["U1"]}]',
        "x/general/2024-04-13.json": json.dumps(rows).encode(),
    }


def test_deletions_unknown_people_and_odd_records() -> None:
    rows = [
        {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "text": "This message was "
         "deleted.", "ts": "1.000100"},
        {"type": "message", "subtype": "message_deleted", "ts": "9.000000", "previous_message":
         {"type": "message", "user": "U1", "text": "gone", "ts": "2.000100"}},
        {"type": "message", "text": "who", "ts": "3.000100"},
        {"type": "message", "user": "U9", "text": None, "ts": "4.000100"},
        {"type": "message", "user": "U1", "text": "late", "ts": "soon"},
        {"type": "message", "user": "U1", "text": ["a"], "ts": "5.000100"},
        "odd",
        {"type": "reaction", "ts": "6.000100"},
    ]  # fmt: skip
    got = read_tree(tree(rows))
    assert [(m.sender_id, m.text, bool(m.deleted_at)) for m in got.messages] == [
        ("USLACKBOT", "This message was deleted.", True),
        ("U1", "gone", True),
        ("deleted-account", "who", False),
        ("U9", "", False),
    ]
    where = "x/general/2024-04-13.json record"
    assert got.places == [
        "users.json record 2, field id",
        f"{where} 5, field ts",
        f"{where} 6, field text",
        f"{where} 7",
    ]
    assert got.log.skipped == {"record that is no message": 1}


def test_truncated_day_does_not_stop_the_next() -> None:
    files = tree([{"type": "message", "user": "U1", "text": "a", "ts": "1.000100"}] * 1)
    files["x/general/2024-04-14.json"] = files["x/general/2024-04-13.json"].replace(b"1.0", b"2.0")
    files["x/general/2024-04-13.json"] = files["x/general/2024-04-13.json"][:-20]
    got = read_tree(files, as_zip=True)
    assert got.texts == ["a"]
    assert got.places[-1] == "x/general/2024-04-13.json record 1"


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(blacklist_categories=("Cs",))), max_size=8),
    micros=st.integers(0, 999_999),
)
def test_round_trip(texts: list[str], micros: int) -> None:
    rows = [
        {
            "type": "message",
            "user": f"U{n % 3}",
            "text": text,
            "ts": f"{1713000300 + n}.{micros:06}",
        }
        for n, text in enumerate(texts)
    ]
    got = read_tree(tree(rows))
    assert got.texts == texts
    assert [m.sender_id for m in got.messages] == [row["user"] for row in rows]
    assert all(m.sent_at.microsecond == micros for m in got.messages)
