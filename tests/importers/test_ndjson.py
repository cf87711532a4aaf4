"""Lamppost's own events through the importer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamppost.events import ndjson

from .exports import FIXTURES, NASTY, read, texts, winner, zipped

LINE = '{{"type":"message","id":"{0}","conversation_id":"c","sender_id":"s","sent_at":"{1}"}}'
AT = "2026-03-01T21:14:03Z"
GOOD = LINE.format("m", AT) + "\n"


def test_fixture() -> None:
    result = read(FIXTURES / "ndjson" / "events.ndjson")
    assert [event.id for event in result.events] == ["a1", "a2", "k1", "m1", "m2"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(texts, min_size=1, max_size=8))
def test_round_trip(tmp_path: Path, items: list[str]) -> None:
    base = ndjson.decode_line(GOOD.encode())
    assert not isinstance(base, ndjson.BadLine)
    import msgspec

    events = [
        msgspec.structs.replace(base, id=str(index), text=text) for index, text in enumerate(items)
    ]
    path = tmp_path / "events.ndjson"
    with path.open("wb") as file:
        ndjson.write(events, file.write)
    assert winner(path) == "ndjson"
    assert read(path).events == events


def test_bad_lines_have_place_and_reason_and_raw(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text(GOOD + LINE.format("x", "CANARY") + "\n{CANARY\n\n" + GOOD)
    result = read(path)
    assert len(result.events) == 2
    assert [(place, reason) for place, reason, _ in result.bad] == [
        ("line 2, field sent_at", "invalid RFC3339 encoded datetime"),
        ("line 3", "is not valid JSON: object keys must be strings (byte 1)"),
    ]
    assert b"CANARY" in result.bad[0][2]


def test_a_line_that_is_too_long_counts_as_one(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    with path.open("wb") as file:
        file.write(GOOD.encode())
        file.write(b'{"type":"message","text":"' + b"x" * (ndjson.MAX_LINE * 2) + b'"}\n')
        file.write(GOOD.encode())
        file.write(b"broken\n")
    result = read(path)
    assert len(result.events) == 2
    assert [place for place, _, _ in result.bad] == ["line 2", "line 4"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes((GOOD * 3).encode(encoding))
    assert winner(path) == "ndjson"
    assert len(read(path).events) == 3


def test_folder_and_zip(tmp_path: Path) -> None:
    files = {"a.ndjson": GOOD, "b.jsonl": GOOD + "oops\n", "readme.txt": "hello"}
    result = read(zipped(tmp_path / "e.zip", files))  # type: ignore[arg-type]
    assert len(result.events) == 2
    assert result.bad[0][0] == "b.jsonl line 2"


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"m.room.message","sender":"a"}\n',
        '{"text":"type"}\n',
        "[1]\n",
        "hello\n",
        *NASTY[:6],
    ],
)
def test_others_are_not_claimed(text: str, tmp_path: Path) -> None:
    from lamppost.importers.ndjson import IMPORTER
    from lamppost.importers.source import Source

    path = tmp_path / "x.ndjson"
    path.write_text(text)
    with Source(path) as source:
        assert IMPORTER.sniff(source) == 0
