"""TikTok: what the fixtures hold, and generated exports read back exactly."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamppost.core.times import from_ms, to_ms

from .exports import FIXTURES, read, texts, winner, zipped

T = 1_767_261_600_000


def wrap(history: Any, version: int = 0) -> dict[str, Any]:
    if version == 0:
        return {"Direct Messages": {"Chat History": {"ChatHistory": history}}}
    return {
        "Your Activity": {"Searches": {"SearchList": [{"Date": "x", "SearchTerm": "y"}]}},
        "Direct Message": {"Direct Messages": {"ChatHistory": history}},
    }


def test_new_names_and_owner_from_the_profile() -> None:
    result = read(FIXTURES / "tiktok" / "user_data_tiktok.json")
    assert [
        (item.conversation_id, item.sender_id, item.recipient_ids) for item in result.messages
    ] == [
        ("pia.draws", "pia.draws", ["ben_bikes"]),
        ("pia.draws", "ben_bikes", ["pia.draws"]),
        ("pia.draws", "pia.draws", ["ben_bikes"]),
        ("club.page", "club.page", ["ben_bikes"]),
    ]
    assert result.messages[0].sent_at == datetime(2026, 1, 2, 15, tzinfo=UTC)
    assert result.messages[1].text == 'cool colours 🎨 how did you mix "teal"?'


def test_owner_is_looked_up_in_the_profile_when_silent(tmp_path: Path) -> None:
    value = wrap({"Chat History with ana:": [
        {"Date": "2026-01-01 10:00:00", "From": "ana", "Content": "hi"}]})  # fmt: skip
    value["Profile"] = {"Profile Information": {"ProfileMap": {"userName": "owner1"}}}
    path = tmp_path / "user_data.json"
    path.write_text(json.dumps(value))
    assert read(path).messages[0].recipient_ids == ["owner1"]


def test_text_variant() -> None:
    result = read(FIXTURES / "tiktok" / "txt")
    assert [item.text for item in result.messages] == [
        "look at my drawing",
        "first line\nsecond: line\n\nthird line",
        "Ride starts at 9",
    ]
    assert not result.bad


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    chats=st.dictionaries(
        st.sampled_from(["ana.k", "bo_99", "zoë", "a.b"]),
        st.lists(st.tuples(st.booleans(), texts, st.integers(0, 90)), min_size=1, max_size=8),
        max_size=3,
    ),
    version=st.integers(0, 1),
    newest_first=st.booleans(),
)
def test_round_trip(
    tmp_path: Path,
    chats: dict[str, list[tuple[bool, str, int]]],
    version: int,
    newest_first: bool,
) -> None:
    history, expected = {}, []
    for name, rows in chats.items():
        moment, records = T, []
        for mine, text, step in rows:
            moment += (step + 1) * 1000
            who = "owner" if mine else name
            date = from_ms(moment).strftime("%Y-%m-%d %H:%M:%S")
            records.append({"Date": date, "From": who, "Content": text})
            expected.append((name, who, text, moment))
        history[f"Chat History with {name}:"] = records[::-1] if newest_first else records
    path = tmp_path / "user_data_tiktok.json"
    path.write_text(json.dumps(wrap(history, version)))
    result = read(path)
    assert winner(path) == "tiktok"
    assert [
        (item.conversation_id, item.sender_id, item.text, to_ms(item.sent_at))
        for item in result.messages
    ] == expected
    assert {item.surface for item in result.messages} <= {"direct"}
    assert not result.bad


lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() and not text.startswith(">>>")
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.lists(lines, min_size=1, max_size=3)), min_size=1))
def test_text_round_trip(tmp_path: Path, rows: list[tuple[bool, list[str]]]) -> None:
    body = ">>> Chat History with ana::\n\n"
    for index, (mine, parts) in enumerate(rows):
        date = from_ms(T + index * 1000).strftime("%Y-%m-%d %H:%M:%S")
        body += f"{date} UTC {'owner' if mine else 'ana'}: " + "\n".join(parts) + "\n"
    path = tmp_path / "Direct Messages.txt"
    path.write_text(body, encoding="utf-8", newline="")
    assert [(item.sender_id, item.text) for item in read(path).messages] == [
        ("owner" if mine else "ana", "\n".join(parts)) for mine, parts in rows
    ]


def test_group_chats_and_deeper_lists(tmp_path: Path) -> None:
    rows = [
        {"Date": f"2026-01-01 10:00:0{index}", "From": who, "Content": who}
        for index, who in enumerate(("ana", "bo", "cy"))
    ]
    value = {
        "Direct Message": {"Group Chat": {"GroupChat": {"Group Chat History with Club:": rows}}}
    }
    path = tmp_path / "user_data_tiktok.json"
    path.write_text(json.dumps(value))
    result = read(path)
    assert [(item.surface, item.conversation_id) for item in result.messages] == [
        ("group", "Club")
    ] * 3


@pytest.mark.parametrize("history", [None, {}, {"Chat History with ana:": []}])
def test_no_messages(history: Any, tmp_path: Path) -> None:
    path = tmp_path / "user_data.json"
    path.write_text(json.dumps(wrap(history)))
    result = read(path)
    assert result.events == []
    assert not result.bad


def test_bad_records(tmp_path: Path) -> None:
    good = {"Date": "2026-01-01 10:00:00", "From": "ana", "Content": "fine"}
    rows = [{**good, "Date": "CANARY"}, {**good, "Content": {"CANARY": 1}}, "CANARY", good]
    path = tmp_path / "user_data.json"
    path.write_text(json.dumps(wrap({"Chat History with ana:": rows, "other": "CANARY"})))
    result = read(path)
    assert [item.text for item in result.messages] == ["fine"]
    assert len(result.bad) == 4
    assert not any("CANARY" in place + reason for place, reason, _ in result.bad)


def test_truncated_and_big_activity(tmp_path: Path) -> None:
    videos = [{"Date": "2026-01-01 10:00:00", "Link": "https://example.org/" + "x" * 200}] * 5000
    rows = [
        {"Date": "2026-01-01 10:00:00", "From": "ana", "Content": f"m{index}"}
        for index in range(100)
    ]
    value = {"Activity": {"Video Browsing History": {"VideoList": videos}}}
    data = json.dumps(value | wrap({"Chat History with ana:": rows}))
    path = zipped(tmp_path / "t.zip", {"TikTok/user_data.json": data[:-3000]})
    result = read(path)
    assert winner(path) == "tiktok"
    assert 40 < len(result.messages) < 80
    assert "truncated" in result.bad[0][1]
