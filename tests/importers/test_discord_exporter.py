"""DiscordChatExporter: fields, parts, order, damage."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .reading import FIXTURES, read, read_bytes, read_tree

HERE = FIXTURES / "discord-exporter"
START = datetime(2024, 4, 13, 9, 20, tzinfo=UTC)


def message(number: int, text: str = "x", **more: Any) -> dict[str, Any]:
    value = {
        "id": str(1000 + number),
        "type": "Default",
        "timestamp": (START + timedelta(minutes=number)).isoformat(),
        "timestampEdited": None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": text,
        "author": {
            "id": str(7 + number % 2),
            "name": f"user{number % 2}",
            "discriminator": "0000",
            "nickname": f"User {number % 2}",
            "isBot": False,
        },
        "attachments": [],
        "embeds": [],
        "stickers": [],
        "reactions": [],
        "mentions": [],
    }
    return value | more


def export(messages: list[Any], kind: str = "DirectTextChat", indent: int | None = 2) -> bytes:
    value = {
        "guild": {"id": "0", "name": "Direct Messages", "iconUrl": ""},
        "channel": {"id": "900", "type": kind, "name": "User 1", "topic": None},
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2024-04-20T10:00:00+00:00",
        "messages": messages,
        "messageCount": len(messages),
    }
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


def test_folder() -> None:
    got = read(HERE)
    first, reply, forwarded = got.messages
    assert first.text == 'have you seen the "new" map? 🗺️\nit has *two* rivers'
    assert first.sent_at == datetime(2024, 4, 13, 9, 20, 0, 123000, tzinfo=UTC)
    assert first.sent_at.utcoffset() == timedelta(hours=2)
    assert (first.sender_id, first.recipient_ids) == ("800000000000000001", ["800000000000000002"])
    assert reply.recipient_ids == ["800000000000000001"]
    assert reply.reply_to == first.id
    assert reply.edited_at == datetime(2024, 4, 13, 9, 27, tzinfo=UTC)
    river = (HERE / "files" / "river.png").read_bytes()
    assert reply.attachments[0].sha256 == hashlib.sha256(river).hexdigest()
    assert reply.attachments[1].name == "Wave"
    assert (forwarded.text, forwarded.surface) == ("forwarded words", "public")
    assert got.accounts["800000000000000002"] == "Oskar"
    assert got.log.skipped == {"system notification: Call": 1}


@pytest.mark.parametrize(
    ("kind", "surface"),
    [
        ("DirectTextChat", "direct"),
        ("DirectGroupTextChat", "group"),
        ("GuildTextChat", "public"),
        ("GuildPrivateThread", "group"),
        ("GuildPublicThread", "public"),
    ],
)
def test_surfaces(kind: str, surface: str) -> None:
    got = read_bytes(export([message(0), message(1)], kind), "any name.json")
    assert {m.surface for m in got.messages} == {surface}


def test_newest_first_is_turned_round() -> None:
    rows = [message(n, f"n{n}") for n in range(9)]
    got = read_bytes(export(rows[::-1]), "a.json")
    assert got.texts == [f"n{n}" for n in range(9)]


def test_parts_in_the_order_of_their_numbers() -> None:
    files = {
        f"a{f' [part {n + 1}]' if n else ''}.json": export([message(n, f"n{n}")], "GuildTextChat")
        for n in range(12)
    }
    got = read_tree(files, as_zip=True)
    assert got.texts == [f"n{n}" for n in range(12)]


def test_seven_digit_fractions_and_unknown_kinds() -> None:
    rows = [
        message(1, timestamp="2024-04-13T09:20:00.1234567+00:00"),
        message(2, type="23"),
        message(3, type="7"),
        message(4, author=None),
    ]
    got = read_bytes(export(rows, "GuildTextChat"), "a.json")
    assert got.messages[0].sent_at.microsecond == 123456
    assert [m.id for m in got.messages] == ["1001", "1002", "1004"]
    assert got.messages[2].sender_id == "deleted-account"
    assert got.log.skipped == {"system notification: 7": 1}


def test_odd_records_and_truncation() -> None:
    rows = [message(1), 5, message(2, timestamp="soon"), message(3, content={"a": 1}), message(4)]
    got = read_bytes(export(rows), "a.json")
    assert [m.id for m in got.messages] == ["1001", "1004"]
    assert got.places == [
        "a.json record 2",
        "a.json record 3, field timestamp",
        "a.json record 4, field content",
    ]
    data = export([message(n) for n in range(6)])
    got = read_bytes(data[: data.index(b'"1004"')], "a.json")
    assert len(got.messages) == 4
    assert got.places == ["a.json record 5"]


def test_empty_channel() -> None:
    assert read_bytes(export([]), "a.json").events == []


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(blacklist_categories=("Cs",))), max_size=10),
    minutes=st.integers(-720, 840),
    indent=st.sampled_from([None, 2]),
)
def test_round_trip(texts: list[str], minutes: int, indent: int | None) -> None:
    zone = timezone(timedelta(minutes=minutes))
    rows = [
        message(n, text, timestamp=(START + timedelta(seconds=n)).astimezone(zone).isoformat())
        for n, text in enumerate(texts)
    ]
    got = read_bytes(export(rows, indent=indent), "a.json")
    assert [(m.id, m.sender_id, m.text) for m in got.messages] == [
        (row["id"], row["author"]["id"], row["content"]) for row in rows
    ]
    assert [m.sent_at for m in got.messages] == [
        START + timedelta(seconds=n) for n in range(len(texts))
    ]
