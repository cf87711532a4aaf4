"""Telegram: single and full exports, polymorphic text, memory."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.importers.base import ImportOptions

from .reading import FIXTURES, read, read_bytes, read_tree

HERE = FIXTURES / "telegram"


def chat(messages: list[Any], **head: Any) -> bytes:
    value = {"name": "Mila", "type": "personal_chat", "id": 5, **head, "messages": messages}
    return json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")


def message(number: int, text: Any = "x", **more: Any) -> dict[str, Any]:
    value = {
        "id": number,
        "type": "message",
        "date": "2024-04-13T11:20:00",
        "date_unixtime": str(1713000300 + number),
        "from": "Mila" if number % 2 else "Oskar",
        "from_id": "user5" if number % 2 else "user6",
        "text": text,
    }
    return {key: item for key, item in (value | more).items() if item != "absent"}


def test_single() -> None:
    got = read(HERE / "single")
    stamps = [(m.id, m.sender_id, m.recipient_ids, m.text) for m in got.messages]
    assert stamps == [
        (
            "1000001:42",
            "user1000001",
            ["user1000002"],
            'look at https://example.org/maps and "quote" it\n🗺️',
        ),
        ("1000001:43", "user1000002", ["user1000001"], "done: both rivers"),
        ("1000001:44", "user1000002", ["user1000001"], ""),
        ("1000001:45", "user1000001", ["user1000002"], "the list"),
    ]
    assert got.accounts == {"user1000001": "Mila", "user1000002": "Oskar"}
    assert len(got.events) == 6
    assert got.messages[0].sent_at == datetime.fromtimestamp(1713000300, UTC)
    assert got.messages[1].edited_at == datetime.fromtimestamp(1713000420, UTC)
    assert got.messages[1].reply_to == "1000001:42"
    photo = HERE / "single" / "photos" / "photo_1@13-04-2024_11-23-00.jpg"
    assert got.messages[2].attachments[0].sha256 == hashlib.sha256(photo.read_bytes()).hexdigest()
    assert got.messages[3].attachments[0].name == "rivers.pdf"
    assert got.log.skipped == {"service message: phone_call": 1}


def test_full() -> None:
    got = read(HERE / "full")
    assert [(m.conversation_id, m.sender_id, m.recipient_ids, m.surface) for m in got.messages] == [
        ("1000001", "user1000001", ["user1000002"], "direct"),
        ("1000002", "user1000002", [], "direct"),
        ("2000001", "user1000004", [], "public"),
        ("2000001", "channel2000001", [], "public"),
        ("2000003", "user1000003", [], "group"),
    ]
    assert got.accounts["user1000004"] is None
    assert got.accounts["user1000002"] == "Oskar"


def test_a_file_with_another_name() -> None:
    got = read_bytes(chat([message(1)]), "from_my_friend.json")
    assert got.texts == ["x"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        ("", ""),
        ([], ""),
        (["a", {"type": "bold", "text": "b"}, "\nc"], "ab\nc"),
        ([{"type": "custom_emoji", "text": "😀", "document_id": "1"}], "😀"),
        ({"type": "plain", "text": "d"}, "d"),
        ("lone \ud83d half", "lone \ufffd half"),
    ],
)
def test_shapes_of_text(text: Any, wanted: str) -> None:
    value = {"name": "M", "type": "personal_chat", "id": 5, "messages": [message(1, text)]}
    assert read_bytes(json.dumps(value).encode(), "result.json").texts == [wanted]


def test_text_entities_alone() -> None:
    value = message(1, "absent", text_entities=[{"type": "plain", "text": "e"}])
    assert read_bytes(chat([value]), "result.json").texts == ["e"]


def test_local_dates_use_the_option() -> None:
    options = ImportOptions(time_zone=ZoneInfo("Europe/Berlin"))
    data = chat([message(1, date_unixtime="absent", edited="1970-01-01T01:00:00")])
    got = read_bytes(data, "result.json", options=options)
    assert got.messages[0].sent_at == datetime(2024, 4, 13, 9, 20, tzinfo=UTC)
    assert got.messages[0].edited_at is None
    assert any("local times" in note for note in got.log.notes)


def test_deleted_accounts_and_old_number_ids() -> None:
    rows = [
        message(1, **{"from": None, "from_id": None}),
        message(2, **{"from": None, "from_id": "user9"}),
        message(3, **{"from_id": 7}),
    ]
    got = read_bytes(chat(rows, type="private_group"), "result.json")
    assert [m.sender_id for m in got.messages] == ["deleted-account", "user9", "user7"]


def test_one_sided_chat_knows_its_counterpart() -> None:
    got = read_bytes(chat([message(2), message(4)]), "result.json")
    assert [m.recipient_ids for m in got.messages] == [["user5"], ["user5"]]
    assert got.accounts == {"user6": "Oskar", "user5": "Mila"}


def test_head_after_the_messages() -> None:
    value = {"messages": [message(1), message(2)], "name": "M", "type": "personal_chat", "id": 5}
    got = read_bytes(json.dumps(value).encode(), "result.json")
    assert {m.conversation_id for m in got.messages} == {"5"}


def test_odd_records_are_set_aside() -> None:
    rows = [
        message(1),
        "nothing",
        message(2, 17),
        message(3, date_unixtime="absent", date="soon"),
        message(4, type="poem"),
        message(5),
        None,
    ]
    got = read_bytes(chat(rows), "result.json")
    assert [m.id for m in got.messages] == ["5:1", "5:5"]
    assert got.places == [
        "result.json record 2",
        "result.json record 3, field text",
        "result.json record 4, field date",
        "result.json record 5, field type",
        "result.json record 7",
    ]


def test_truncated_anywhere() -> None:
    data = chat([message(n, f'number {n} 🌳 " \\ ') for n in range(1, 6)])
    begin = data.index(b"[")
    last = 0
    for cut in range(begin + 1, len(data) - 1):
        got = read_bytes(data[:cut], "result.json", "telegram")
        complete = data[:cut].count(b"\n  }")
        assert len(got.messages) == complete
        assert len(got.bad) == 1
        assert any("incomplete" in note or "damaged" in note for note in got.log.notes)
        assert complete >= last
        last = complete


def test_a_damaged_record_does_not_stop_the_rest() -> None:
    data = chat([message(n, f"number {n}") for n in range(1, 6)])
    got = read_bytes(data.replace(b'"number 3"', b'"number" 3'), "result.json")
    assert got.texts == ["number 1", "number 2", "number 4", "number 5"]
    assert got.places == ["result.json record 3"]


def test_empty() -> None:
    assert read_bytes(chat([]), "result.json").events == []
    assert read_bytes(b"", "result.json", "telegram").events == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings(encoding: str) -> None:
    data = chat([message(1, "grün 🌳 žluť")]).decode().encode(encoding)
    got = read_bytes(data, "result.json")
    assert got.texts == ["grün 🌳 žluť"]


def test_windows_1252() -> None:
    got = read_bytes(chat([message(1, "grün")]).decode().encode("cp1252"), "result.json")
    assert got.texts == ["grün"]
    assert any("Windows-1252" in note for note in got.log.notes)


def test_deep_nesting_and_long_numbers() -> None:
    deep = b'{"name":"M","type":"personal_chat","id":5,"messages":[' + b"[" * 200_000
    assert len(read_bytes(deep, "result.json").bad) == 1
    long = chat([message(1), message(2)]).replace(b'"id": 2', b'"id": ' + b"9" * 5000)
    assert read_bytes(long, "result.json").texts == ["x"]


def test_control_characters_are_kept() -> None:
    data = chat([message(1, "a\x00b\x1fc\x7f")]).replace(b"\\u001f", b"\x1f")
    assert read_bytes(data, "result.json").texts == ["a\x00b\x1fc\x7f"]


TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=200)
PIECES = st.lists(
    st.one_of(TEXT, st.fixed_dictionaries({"type": st.just("bold"), "text": TEXT})), max_size=4
)


@settings(max_examples=200, deadline=None)
@given(
    texts=st.lists(st.one_of(TEXT, PIECES), max_size=10),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1, 4]),
    full=st.booleans(),
    as_zip=st.booleans(),
)
def test_round_trip(
    texts: list[Any], ascii_only: bool, indent: int | None, full: bool, as_zip: bool
) -> None:
    rows = [message(n, text) for n, text in enumerate(texts, 1)]
    value: dict[str, Any] = {"name": "M", "type": "personal_chat", "id": 5, "messages": rows}
    if full:
        value = {"about": "a", "chats": {"about": "b", "list": [value]}}
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    got = read_tree({"result.json": data}, as_zip=as_zip)
    wanted = [
        text
        if isinstance(text, str)
        else "".join(piece if isinstance(piece, str) else piece["text"] for piece in text)
        for text in texts
    ]
    assert got.texts == wanted
    assert [m.sender_id for m in got.messages] == [row["from_id"] for row in rows]
    assert [m.sent_at.timestamp() for m in got.messages] == [
        int(row["date_unixtime"]) for row in rows
    ]
    assert not got.bad


SCALE = """
import sys, time
from pathlib import Path
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.source import Source
from lamppost.importers.telegram import IMPORTER
def highest():  # not ru_maxrss, which a child takes over from its parent
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
base = highest()
started = time.perf_counter()
count = sum(1 for _ in IMPORTER.read(Source(Path(sys.argv[1])), ImportOptions(), ImportLog()))
peak = highest()
print(count, peak // 1024, (peak - base) // 1024, time.perf_counter() - started)
"""


@pytest.mark.scale
def test_memory_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    total = 450_000
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n "name": "M",\n "type": "personal_chat",\n "id": 5,\n "messages": [')
        for n in range(1, total + 1):
            row = message(n, f"number {n} of a long synthetic chat 🌳")
            row["text_entities"] = [{"type": "plain", "text": row["text"]}]
            row_text = json.dumps(row, indent=1, ensure_ascii=False).replace("\n", "\n  ")
            file.write((",\n  " if n > 1 else "\n  ") + row_text)
        file.write("\n ]\n}")
    assert path.stat().st_size > 140_000_000
    out = subprocess.run(
        [sys.executable, "-c", SCALE, str(path)], capture_output=True, text=True, check=True
    ).stdout.split()
    print(out)  # noqa: T201
    assert int(out[0]) == total + 2
    assert int(out[1]) < 250  # MiB at the highest, interpreter included
    assert float(out[3]) < 60
