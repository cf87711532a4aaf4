"""Discord data package: JSON and CSV, folder case, one-sidedness."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .reading import FIXTURES, read, read_tree, zipped

HERE = FIXTURES / "discord-package"


def test_json_package() -> None:
    got = read(HERE / "json")
    assert [(m.conversation_id, m.text, m.surface) for m in got.messages] == [
        ("111111111111111111", "", "direct"),
        ("111111111111111111", 'yes: "here" 🗺️\nsecond line', "direct"),
        ("222222222222222222", "hello guild", "public"),
    ]
    assert {m.sender_id for m in got.messages} == {"800000000000000002"}
    assert got.messages[0].recipient_ids == ["800000000000000001"]
    assert got.messages[1].id == "910000000000000012"
    assert got.messages[1].sent_at == datetime(2024, 4, 13, 9, 26, tzinfo=UTC)
    assert [a.name for a in got.messages[1].attachments] == ["river one.png", "b.mp4"]
    assert got.accounts["800000000000000001"] == "mila_maps#0"
    assert got.accounts["800000000000000002"] == "Oskar"
    assert any(note.startswith("One-sided") for note in got.log.notes)


def test_old_csv_package_as_zip(tmp_path: Path) -> None:
    got = read(zipped(HERE / "csv", tmp_path / "package.zip"))
    assert got.texts == ['two lines\r\nwith "quotes", and a comma', ""]
    assert got.messages[0].surface == "group"
    assert got.messages[0].recipient_ids == ["800000000000000001", "800000000000000003"]
    assert got.messages[1].attachments[0].name == "c.png"


def test_translated_folders_and_no_user_file() -> None:
    files = {
        "package/Nachrichten/c5/channel.json": b'{"id": "5", "type": 1, "recipients": ["8"]}',
        "package/Nachrichten/c5/messages.json": (
            b'[{"ID": 1, "Timestamp": "2024-04-13 09:26:00", "Contents": "a"}]'
        ),
        "package/Nachrichten/c6/channel.json": b'{"id": "6", "type": 1}',
    }
    got = read_tree(files)
    assert [(m.sender_id, m.text) for m in got.messages] == [("owner", "a")]
    assert got.log.skipped == {"channel without a file of messages": 1}


def test_odd_rows() -> None:
    rows = [
        {"ID": 1, "Timestamp": "2024-04-13 09:26:00", "Contents": "a", "Attachments": ""},
        {"Timestamp": "2024-04-13 09:26:00", "Contents": "b"},
        {"ID": 3, "Timestamp": "soon", "Contents": "c"},
        {"ID": 4, "Timestamp": "2024-04-13 09:26:00", "Contents": 5},
        7,
    ]
    files = {
        "messages/c5/channel.json": b'{"id": "5", "type": 1, "recipients": ["8", "9"]}',
        "messages/c5/messages.json": json.dumps(rows).encode(),
        "account/user.json": b'{"id": "9", "username": "o"}',
    }
    got = read_tree(files, as_zip=True)
    assert got.texts == ["a"]
    where = "messages/c5/messages.json record"
    assert sorted(got.places) == [
        f"{where} 2, field ID",
        f"{where} 3, field Timestamp",
        f"{where} 4, field Contents",
        f"{where} 5",
    ]


TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=100)


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=8), old=st.booleans(), back=st.booleans())
def test_round_trip(texts: list[str], old: bool, back: bool) -> None:
    rows = [
        {
            "ID": n + 1,
            "Timestamp": f"2024-04-13 09:26:{n:02}.000000+00:00",
            "Contents": text,
            "Attachments": "",
        }
        for n, text in enumerate(texts)
    ]
    rows = rows[::-1] if back else rows
    if old:
        sheet = io.StringIO(newline="")
        writer = csv.DictWriter(sheet, list(rows[0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
        name, data = "messages.csv", sheet.getvalue().encode()
    else:
        name, data = "messages.json", json.dumps(rows).encode()
    files = {
        "Messages/c5/channel.json": b'{"id": "5", "type": 1, "recipients": ["8", "9"]}',
        f"Messages/c5/{name}": data,
        "Account/user.json": b'{"id": "9", "username": "o"}',
    }
    got = read_tree(files)
    assert got.texts == texts
    assert [m.id for m in got.messages] == [str(n + 1) for n in range(len(texts))]


@pytest.mark.parametrize("cut", [10, 40, 90, 130])
def test_truncated_messages(cut: int) -> None:
    rows = [{"ID": n, "Timestamp": "2024-04-13 09:26:00", "Contents": "a"} for n in range(1, 4)]
    files = {
        "messages/c5/channel.json": b'{"id": "5", "type": 1, "recipients": ["8"]}',
        "messages/c5/messages.json": json.dumps(rows).encode()[:cut],
    }
    got = read_tree(files)
    assert len(got.messages) == json.dumps(rows)[:cut].count("}")
    assert len(got.bad) == 1
