"""Instagram and Messenger: what the fixtures hold, and generated exports read back exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamppost.core.errors import ExportError
from lamppost.core.times import to_ms
from lamppost.importers import meta
from lamppost.importers.shelf import Shelf

from .exports import FIXTURES, names, read, texts, winner, zipped

INSTAGRAM = FIXTURES / "instagram" / "instagram-mila.example-2026-02-01"
T = 1_767_261_600_000


def mojibake(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, list):
        return [mojibake(item) for item in value]
    if isinstance(value, dict):
        return {key: mojibake(item) for key, item in value.items()}
    return value


def thread(people: list[str], messages: list[dict[str, Any]], **more: Any) -> str:
    people_ = [{"name": name} for name in people]
    return json.dumps(mojibake({"participants": people_, "messages": messages, **more}))


def test_instagram_fixture() -> None:
    result = read(INSTAGRAM)
    noa = [item for item in result.messages if item.conversation_id.startswith("noa")]
    assert [(item.sender_id, item.text) for item in noa] == [
        ("Noa Brück", "Hast du das Training für heute schon gesehen? “Halle 2”"),
        ("Mila 🌻", "ja! um 15 Uhr am Café\nbring die Karten mit"),
        ("Mila 🌻", ""),
        ("Noa Brück", "👩‍👩‍👧‍👦 danke 🇨🇭"),
        ("Mila 🌻", ""),
        ("Noa Brück", ""),
        ("Noa Brück", "Audio call ended"),
    ]
    assert [item.id for item in noa] == [f"noa_17842000000000001:{n}" for n in range(1, 8)]
    assert [to_ms(item.sent_at) - T for item in noa] == [60_000 * n for n in (1, 2, 5, 6, 7, 8, 9)]
    assert all(item.surface == "direct" for item in noa)
    assert noa[0].recipient_ids == ["Mila 🌻"]
    assert noa[2].deleted_at == noa[2].sent_at
    assert len(noa[4].attachments[0].sha256 or "") == 64
    assert noa[4].attachments[0].name == (
        "your_instagram_activity/messages/inbox/noa_17842000000000001/photos/1001.png"
    )
    assert noa[5].attachments[0].name == "https://www.instagram.com/p/EXAMPLE/"
    assert noa[6].labels == ["call"]
    assert result.log.skipped == {"reactions": 1, "captions of shared posts": 1}


def test_requests_and_groups_are_facts() -> None:
    messages = read(INSTAGRAM).messages
    assert {item.conversation_id for item in messages if item.request} == {"theo_17842000000000002"}
    group = [item for item in messages if item.surface == "group"]
    assert {item.conversation_id for item in group} == {"chessclub_17842000000000003"}
    assert all(item.recipient_ids == [] for item in group)


def test_pointing_at_one_thread_or_one_file_gives_the_same() -> None:
    folder = INSTAGRAM / "your_instagram_activity/messages/inbox/noa_17842000000000001"
    inside = [item.text for item in read(INSTAGRAM).messages if item.conversation_id == folder.name]
    assert [item.text for item in read(folder).messages] == inside
    single = read(folder / "message_1.json").messages
    assert {item.conversation_id for item in single} == {folder.name}
    assert [item.text for item in single] == inside[2:]
    request = INSTAGRAM / "your_instagram_activity/messages/message_requests"
    assert all(item.request for item in read(request / "theo_17842000000000002").messages)


def test_messenger_fixture() -> None:
    result = read(FIXTURES / "messenger" / "facebook-example")
    arne = [item for item in result.messages if item.conversation_id.startswith("Arne")]
    assert [item.text for item in arne] == [
        "Hei! Blir du med på tur på søndag?",
        "Kan du ta med ski? ⛷️",
        "",
        "Arne called you.",
        "",
    ]
    assert arne[4].deleted_at is not None
    assert any("Messenger Kids" in note for note in result.log.notes)
    assert [item.request for item in result.messages] == [False] * 5 + [True]


def test_messenger_end_to_end_shape() -> None:
    result = read(FIXTURES / "messenger" / "e2ee")
    assert [item.text for item in result.messages] == ["God morgen ☕", "", ""]
    assert result.messages[1].attachments[0].sha256
    assert result.messages[2].deleted_at
    assert winner(FIXTURES / "messenger/e2ee/messages/Arne Solberg_3.json") == "messenger"


def test_members_who_join_and_leave(tmp_path: Path) -> None:
    path = tmp_path / "message_1.json"
    line = {
        "sender_name": "Ana",
        "timestamp_ms": T,
        "content": "Ana added Bo.",
        "type": "Subscribe",
    }
    path.write_text(thread(["Ana", "Bo", "Cy"], [{**line, "users": [{"name": "Bo"}]}]))
    rooms = [event for event in read(path).events if type(event).__name__ == "Room"]
    assert [(room.actor_id, room.action) for room in rooms] == [("Bo", "joined")]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("caf\u00c3\u00a9", "café"),
        ("café", "café"),
        ("\u00f0\u009f\u0098\u0080", "😀"),
        ("already 😀", "already 😀"),
        ("caf\u00c3\u00a9 \u00f0\u009f\u0098", "café \u00f0\u009f\u0098"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_repair(text: str, expected: str) -> None:
    assert meta.repair(text) == expected


@given(texts)
def test_repair_undoes_mojibake(text: str) -> None:
    assert meta.repair(text.encode().decode("latin-1")) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    rows=st.lists(st.tuples(names, texts, st.integers(0, 3)), max_size=12),
    cut=st.integers(1, 5),
    brand=st.sampled_from(["instagram", "facebook"]),
    as_zip=st.booleans(),
)
def test_round_trip(
    tmp_path: Path, rows: list[tuple[str, str, int]], cut: int, brand: str, as_zip: bool
) -> None:
    moment, records = T, []
    for who, text, step in rows:
        moment += step * 1000
        records.append({"sender_name": who, "timestamp_ms": moment, "content": text})
    people = sorted({who for who, _, _ in rows})
    newest = records[::-1]
    chunks = [newest[start : start + cut] for start in range(0, len(newest), cut)] or [[]]
    base = f"your_{brand}_activity/messages/inbox/chat_17"
    files = {
        f"{base}/message_{number}.json": thread(people, chunk, thread_path="inbox/chat_17")
        for number, chunk in enumerate(chunks, 1)
    }
    path = tmp_path / "e.zip"
    if as_zip:
        zipped(path, files)  # type: ignore[arg-type]
    else:
        path = tmp_path / "e"
        for old in path.rglob("*.json"):
            old.unlink()
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(data)
    result = read(path)
    assert winner(path) == ("instagram" if brand == "instagram" else "messenger")
    assert [(item.sender_id, item.text, to_ms(item.sent_at)) for item in result.messages] == [
        (item["sender_name"], item["content"], item["timestamp_ms"]) for item in records
    ]
    assert not result.bad


def test_bad_records_are_set_aside_without_text(tmp_path: Path) -> None:
    good = {"sender_name": "Ana", "timestamp_ms": T, "content": "fine"}
    bad = [
        {**good, "timestamp_ms": "CANARY"},
        {**good, "timestamp_ms": 10**30},
        {"sender_name": "Ana", "content": "CANARY"},
        {**good, "content": ["CANARY"]},
        {**good, "sender_name": {"CANARY": 1}},
        "CANARY",
        None,
    ]
    path = tmp_path / "message_1.json"
    path.write_text(thread(["Ana", "Bo"], [*bad, good]))  # type: ignore[list-item]
    result = read(path)
    assert [item.text for item in result.messages] == ["fine"]
    assert len(result.bad) == len(bad)
    assert result.bad[0][0] == "message_1.json record 1, field timestamp_ms"
    assert not any("CANARY" in place + reason for place, reason, _ in result.bad)


def test_truncated_file_keeps_what_was_readable(tmp_path: Path) -> None:
    records = [
        {"sender_name": "Ana", "timestamp_ms": T - n, "content": f"message {n}"} for n in range(50)
    ]
    path = tmp_path / "message_1.json"
    data = thread(["Ana", "Bo"], records)
    path.write_text(data[: len(data) // 2])
    result = read(path)
    assert 10 < len(result.messages) < 30
    assert result.messages[-1].text == "message 0"
    assert "truncated" in result.bad[0][1]


def test_utf16_and_right_text_are_read(tmp_path: Path) -> None:
    path = tmp_path / "message_1.json"
    record = {"sender_name": "Zoë", "timestamp_ms": T, "content": "schön 🌻"}
    value = {"participants": [{"name": "Zoë"}, {"name": "Bo"}], "messages": [record]}
    path.write_bytes(json.dumps(value, ensure_ascii=False).encode("utf-16"))
    result = read(path)
    assert [item.text for item in result.messages] == ["schön 🌻"]
    assert any("UTF-16" in note for note in result.log.notes)


def test_web_pages_only(tmp_path: Path) -> None:
    path = zipped(tmp_path / "html.zip", {"messages/inbox/a_1/message_1.html": b"<html></html>"})
    with pytest.raises(ExportError, match="not JSON"):
        read(path)


def test_order_of_files_is_by_number_not_by_name(tmp_path: Path) -> None:
    files = {
        f"your_instagram_activity/messages/inbox/a_1/message_{number}.json": thread(
            ["Ana", "Bo"],
            [{"sender_name": "Ana", "timestamp_ms": T - number, "content": str(number)}],
        )
        for number in range(1, 13)
    }
    result = read(zipped(tmp_path / "many.zip", files))  # type: ignore[arg-type]
    assert [item.text for item in result.messages] == [str(number) for number in range(12, 0, -1)]


@given(st.lists(st.integers(0, 50), max_size=60), st.booleans())
def test_shelf_sorts_and_keeps_everything(times: list[int], tidy: bool) -> None:
    if tidy:
        times.sort(reverse=True)
    shelf: Shelf[list[int]] = Shelf(list[int])
    for index, moment in enumerate(times):
        shelf.add(moment, [moment, index])
    rows = list(shelf)
    assert [row[0] for row in rows] == sorted(times)
    assert sorted(row[1] for row in rows) == list(range(len(times)))
    if tidy:
        assert [row[1] for row in rows] == list(range(len(times)))[::-1]
    assert list(shelf) == rows
