"""Snapchat: what the fixtures hold, and generated exports read back exactly."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamppost.core.errors import ExportError
from lamppost.core.times import from_ms, to_ms

from .exports import FIXTURES, read, texts, zipped

T = 1_767_261_600_000
users = st.sampled_from(["ana.k", "bo_99", "zoe"])


def record(who: str, ms: int, text: str | None, **more: Any) -> dict[str, Any]:
    return {
        "From": who,
        "Media Type": "TEXT",
        "Created": from_ms(ms).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "Content": text,
        "Conversation Title": None,
        "IsSender": False,
        "Created(microseconds)": ms,
        "IsSaved": True,
        "Media IDs": "",
    } | more


def test_current_shape() -> None:
    result = read(FIXTURES / "snapchat" / "mydata~1767700000000")
    friend = [item for item in result.messages if item.conversation_id == "juno.k"]
    assert [(item.sender_id, item.text) for item in friend] == [
        ("sol_b", "film night?\nat ours"),
        ("juno.k", "Tom & Jerry <3 &amp; popcorn"),
        ("sol_b", ""),
        ("juno.k", ""),
    ]
    assert friend[0].sent_at == datetime(2026, 1, 5, 16, 0, 10, 250_000, UTC)
    assert friend[0].recipient_ids == ["juno.k"]
    assert friend[1].recipient_ids == ["sol_b"]
    assert friend[2].attachments[0].name == ("chat_media/2026-01-05_b~EiQSFXAMPLE1.png")
    assert friend[2].attachments[0].sha256
    assert friend[3].deleted_at == friend[3].sent_at
    assert [item.surface for item in result.messages[4:]] == ["group"] * 3
    assert {item.display_name for item in result.accounts} == {"sol_b", "Juno 🌊", "max_w"}
    assert result.log.skipped == {
        "Snapchat status records (STATUSSAVETOCAMERAROLL)": 1,
        "snaps listed without content in snap_history.json": 1,
    }


def test_old_shape() -> None:
    result = read(FIXTURES / "snapchat" / "chat_history_2021.json", owner="nour")
    assert [(item.sender_id, item.recipient_ids, item.text) for item in result.messages] == [
        ("sami", ["nour"], "lunch?"),
        ("nour", ["sami"], "yes!"),
        ("sami", ["nour"], "fish & chips <3 it's on me"),
        ("nour", ["sami"], ""),
    ]
    assert {item.conversation_id for item in result.messages} == {"sami"}
    assert result.messages[3].attachments[0].media_type == "image/*"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    chats=st.dictionaries(
        st.sampled_from(["ana.k", "0f1e2d3c-aaaa-bbbb-cccc-001122334455", "a b.c", "*"]),
        st.lists(st.tuples(users, texts, st.integers(0, 5000)), min_size=1, max_size=8),
        max_size=3,
    )
)
def test_round_trip(tmp_path: Path, chats: dict[str, list[tuple[str, str, int]]]) -> None:
    value: dict[str, list[dict[str, Any]]] = {}
    expected = []
    for name, rows in chats.items():
        moment, records = T, []
        for who, text, step in rows:
            moment += step
            records.append(record(who, moment, text))
            expected.append((name, who, text, moment))
        value[name] = records[::-1]
    path = zipped(tmp_path / "mydata.zip", {"json/chat_history.json": json.dumps(value)})
    result = read(path)
    assert [
        (item.conversation_id, item.sender_id, item.text, to_ms(item.sent_at))
        for item in result.messages
    ] == expected
    assert not result.bad


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(st.booleans(), texts), max_size=10))
def test_old_round_trip(tmp_path: Path, rows: list[tuple[bool, str]]) -> None:
    sides: dict[str, list[dict[str, Any]]] = {
        "Received Saved Chat History": [],
        "Sent Saved Chat History": [],
    }
    for index, (mine, text) in enumerate(rows):
        side, key = ("Sent", "To") if mine else ("Received", "From")
        created = from_ms(T + index * 1000).strftime("%Y-%m-%d %H:%M:%S UTC")
        line = {key: "sami", "Media Type": "TEXT", "Created": created, "Text": html.escape(text)}
        sides[f"{side} Saved Chat History"].insert(0, line)
    path = tmp_path / "chat_history.json"
    path.write_text(json.dumps(sides))
    result = read(path, owner="me!")
    assert [(item.sender_id, item.text) for item in result.messages] == [
        ("me!" if mine else "sami", text) for mine, text in rows
    ]


def test_time_that_contradicts_itself_uses_the_written_one(tmp_path: Path) -> None:
    path = tmp_path / "chat_history.json"
    odd = record("ana", T, "x", **{"Created(microseconds)": 5})
    real = record("ana", T + 7, "y", **{"Created(microseconds)": (T + 7) * 1000})
    path.write_text(json.dumps({"ana": [real, odd]}))
    assert [to_ms(item.sent_at) for item in read(path).messages] == [T, T + 7]


def test_group_without_title_is_told_by_its_senders(tmp_path: Path) -> None:
    path = tmp_path / "chat_history.json"
    path.write_text(json.dumps({"u": [record(who, T, "x") for who in ("ana", "bo", "cy")]}))
    assert {item.surface for item in read(path).messages} == {"group"}


def test_bad_records(tmp_path: Path) -> None:
    path = tmp_path / "chat_history.json"
    bad = [record("ana", T, "CANARY", Created="no", **{"Created(microseconds)": None}), "CANARY", 5]
    wrong = [record("ana", T, None, Content=["CANARY"])]
    path.write_text(json.dumps({"ana": bad + wrong, "bo": "CANARY", "cy": {"CANARY": 1}}))
    result = read(path)
    assert result.messages == []
    assert len(result.bad) == 6
    assert not any("CANARY" in place + reason for place, reason, _ in result.bad)


def test_truncated(tmp_path: Path) -> None:
    path = tmp_path / "chat_history.json"
    data = json.dumps({"ana": [record("ana", T - index, f"m{index}") for index in range(20)]})
    path.write_text(data[: len(data) // 2])
    result = read(path)
    assert 5 < len(result.messages) < 15
    assert result.messages[-1].text == "m0"
    assert result.bad


def test_export_without_json(tmp_path: Path) -> None:
    path = zipped(tmp_path / "mydata.zip", {"html/chat_history.html": b"<html></html>"})
    with pytest.raises(ExportError, match="chat_history"):
        read(path)
