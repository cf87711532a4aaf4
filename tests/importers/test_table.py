"""Tables: generated CSV and JSON read back exactly; dates, dialects, damage, wrong calls."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamppost.core.errors import UsageError
from lamppost.core.times import from_ms, to_ms
from lamppost.importers.table import FLOATING, parse_time

from .exports import FIXTURES, names, read, texts, winner

T = 1_767_261_600_000
CANARY = "CANARY-7731"
HEADER = ["time", "sender", "text", "chat"]
tolerant = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
rows_of_text = st.lists(st.tuples(names, texts, st.integers(0, 90)), min_size=1, max_size=10)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def table(rows: list[list[str]], delimiter: str = ",", end: str = "\r\n", quoting: int = 0) -> str:
    sink = io.StringIO(newline="")
    csv.writer(sink, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return sink.getvalue()


@tolerant
@given(
    rows=rows_of_text,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\r\n", "\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_csv_round_trip(
    tmp_path: Path,
    rows: list[tuple[str, str, int]],
    delimiter: str,
    end: str,
    quoting: int,
    encoding: str,
) -> None:
    moment, lines, expected = T, [HEADER], []
    for who, text, step in rows:
        moment += step * 1000
        lines.append([from_ms(moment).isoformat(), who, text, "c1"])
        expected.append((who, text, moment, "c1"))
    path = write(tmp_path / "t.csv", table(lines, delimiter, end, quoting), encoding)
    result = read(path)
    assert winner(path) == "table"
    assert [
        (item.sender_id, item.text, to_ms(item.sent_at), item.conversation_id)
        for item in result.messages
    ] == expected
    assert not result.bad


@tolerant
@given(rows=rows_of_text, shape=st.sampled_from(["lines", "list", "keyed"]), ascii_=st.booleans())
def test_json_round_trip(
    tmp_path: Path, rows: list[tuple[str, str, int]], shape: str, ascii_: bool
) -> None:
    moment, records = T, []
    for who, text, step in rows:
        moment += step * 1000
        records.append(
            {"created_at": moment, "user": {"id": who}, "content": text, "tags": [{"a": 1}]}
        )
    if shape == "lines":
        data = "\n".join(json.dumps(item, ensure_ascii=ascii_) for item in records)
    else:
        value: Any = records if shape == "list" else {"version": 1, "messages": records}
        data = json.dumps(value, ensure_ascii=ascii_, indent=1)
    path = write(tmp_path / ("t.jsonl" if shape == "lines" else "t.json"), data)
    result = read(path)
    assert winner(path) == "table"
    assert [(item.sender_id, item.text, to_ms(item.sent_at)) for item in result.messages] == [
        (item["user"]["id"], item["content"], item["created_at"]) for item in records
    ]
    assert not result.bad


def test_fixtures() -> None:
    folder = FIXTURES / "table"
    comma = read(folder / "comma.csv").messages
    assert [item.text for item in comma] == ['hello, "friend"\r\nsecond line', "ok 👍", ""]
    assert [item.id for item in comma] == ["1", "2", "3"]
    assert {item.conversation_id for item in comma} == {"ana|bo"}
    assert comma[0].recipient_ids == ["bo"]
    semicolon = read(folder / "semicolon.csv", time_zone=ZoneInfo("Europe/Zurich"))
    assert semicolon.messages[0].sent_at == datetime(2026, 1, 28, 20, 5, tzinfo=UTC)
    assert [item.text for item in semicolon.messages] == ["Schöne Grüße", "bis dann"]
    assert {item.surface for item in read(folder / "tabs.tsv").messages} == {"group"}
    assert [item.display_name for item in read(folder / "objects.jsonl").accounts][-1] == "Bo"


# --- times ------------------------------------------------------------------------------------

AT = datetime(2026, 3, 1, 21, 14, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T21:14:03Z",
        "2026-03-01 21:14:03 UTC",
        "2026-03-01T22:14:03+01:00",
        "2026-03-01 22:14:03 +0100",
        "1772399643",
        "1772399643.000",
        "1772399643000",
        "1772399643000000",
        "1772399643000000000",
        1772399643,
        1772399643.0,
        1772399643000,
        "Sun, 01 Mar 2026 21:14:03 +0000",
        "Sun Mar 01 21:14:03 +0000 2026",
        "Mar 1, 2026, 9:14:03 PM UTC",
    ],
)
def test_times_with_an_offset(value: object) -> None:
    assert parse_time(value, "dmy") == AT


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ("2026-03-01T21:14:03", "dmy"),
        ("2026-03-01 21:14:03", "mdy"),
        ("20260301T211403", "dmy"),
        ("20260301211403", "dmy"),
        ("1/3/2026 21:14:03", "dmy"),
        ("3/1/2026 9:14:03 PM", "mdy"),
        ("03/01/26, 9:14:03 p.m.", "mdy"),
        ("01.03.2026 21:14:03", "dmy"),
        ("1.3.26, 21:14:03", "dmy"),
        ("26-03-01 21:14:03", "ymd"),
        ("2026/3/1 21:14:03", "dmy"),
        ("1 March 2026 21:14:03", "dmy"),
        ("Sunday, March 1, 2026 at 9:14:03 PM", "dmy"),
        ("Mar 1, 2026 9:14:03\u202fPM", "dmy"),
    ],
)
def test_times_without_an_offset(value: str, order: Any) -> None:
    assert parse_time(value, order) == AT.replace(tzinfo=FLOATING)


@pytest.mark.parametrize(
    "value", ["", "soon", "13/13/2026", "31/02/2026", None, True, [], {}, "25:00", "9" * 40, 1e300]
)
def test_what_is_no_time(value: object) -> None:
    assert parse_time(value, "dmy") is None


@given(st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1)))
def test_any_moment_round_trips(moment: datetime) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(hours=2)))
    assert parse_time(aware.isoformat(), "dmy") == aware
    seconds = moment.replace(microsecond=0)
    assert parse_time(f"{seconds:%d/%m/%Y %H:%M:%S}", "dmy") == seconds.replace(tzinfo=FLOATING)
    assert parse_time(f"{seconds:%m/%d/%Y %I:%M:%S %p}", "mdy") == seconds.replace(tzinfo=FLOATING)
    assert parse_time(f"{seconds:%d %b %Y %H:%M:%S}", "mdy") == seconds.replace(tzinfo=FLOATING)


@given(st.text(max_size=40))
def test_no_text_breaks_the_time_reader(text: str) -> None:
    parse_time(text, "dmy")


def dated(tmp_path: Path, dates: list[str], **options: Any) -> Any:
    rows = [HEADER, *([date, "ana", f"m{index}", "c"] for index, date in enumerate(dates))]
    return read(write(tmp_path / "t.csv", table(rows)), **options)


@pytest.mark.parametrize(
    ("dates", "month"),
    [
        (["1/2/2026 10:00", "13/2/2026 10:00"], 2),
        (["2/1/2026 10:00", "2/13/2026 10:00"], 2),
        (["30/1/2026 10:00", "1/2/2026 10:00"], 1),
        (["1/2/2026 10:00", "2/2/2026 10:00", "1/3/2026 10:00"], 2),
        (["2/1/2026 10:00", "2/2/2026 10:00", "3/1/2026 10:00"], 2),
    ],
)
def test_date_order_is_inferred(tmp_path: Path, dates: list[str], month: int) -> None:
    result = dated(tmp_path, dates)
    assert result.messages[0].sent_at.month == month
    assert [item.text for item in result.messages] == [f"m{n}" for n in range(len(dates))]


def test_date_order_told_or_unknown(tmp_path: Path) -> None:
    told = dated(tmp_path, ["1/2/2026 10:00"], date_order="mdy")
    assert told.messages[0].sent_at.month == 1
    unknown = dated(tmp_path, ["1/2/2026 10:00"])
    assert unknown.messages[0].sent_at.month == 2
    assert any("cannot be told apart" in note for note in unknown.log.notes)


def test_no_zone_uses_the_option_and_says_so(tmp_path: Path) -> None:
    result = dated(tmp_path, ["2026-07-01 12:00"], time_zone=ZoneInfo("America/New_York"))
    assert result.messages[0].sent_at == datetime(2026, 7, 1, 16, tzinfo=UTC)
    assert any("America/New_York" in note for note in result.log.notes)


def test_newest_first_is_turned_round(tmp_path: Path) -> None:
    result = dated(tmp_path, ["2026-01-03 10:00", "2026-01-02 10:00", "2026-01-01 10:00"])
    assert [item.text for item in result.messages] == ["m2", "m1", "m0"]
    assert [item.id for item in result.messages] == ["c:1", "c:2", "c:3"]


# --- columns ----------------------------------------------------------------------------------


def test_column_map(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "wann,wer,was,wo\n2026-01-01T10:00:00Z,ana,hi,k\n")
    columns = {"sent_at": "wann", "sender": "WER", "text": "was", "conversation_id": "wo"}
    message = read(path, columns=columns).messages[0]
    assert (message.sender_id, message.text, message.conversation_id) == ("ana", "hi", "k")
    with pytest.raises(UsageError, match=r"wann, wer, was, wo.*--column text=NAME"):
        read(path)
    with pytest.raises(UsageError, match="no column 'nix'"):
        read(path, columns={"text": "nix"})
    with pytest.raises(UsageError, match="no field"):
        read(path, columns={"shoe": "wer"})


def test_option_beats_the_guess(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "time,sender,text,translation\n1767348000,ana,hallo,hello\n")
    assert read(path, columns={"text": "translation"}).messages[0].text == "hello"


@pytest.mark.parametrize(
    "header",
    [
        "Message ID;Sent At (UTC);From User;Message Text;Channel Name",
        "timestamp;author.id;author.name;content;thread.id;x",
        "DATE;Sender Name;Body;Room;To",
    ],
)
def test_common_names(header: str, tmp_path: Path) -> None:
    cells = []
    for name in header.lower().split(";"):
        if any(word in name for word in ("sent", "time", "date")):
            cells.append("2026-01-01T10:00:00Z")
        elif any(word in name for word in ("text", "content", "body")):
            cells.append("hello")
        else:
            cells.append("v")
    path = write(tmp_path / "t.csv", f"{header}\n{';'.join(cells)}\n")
    assert [item.text for item in read(path).messages] == ["hello"]


def test_a_first_row_of_data_is_never_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", f"2026-01-01T10:00:00Z,ana,{CANARY}\n" * 3)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert CANARY not in str(caught.value)
    assert "no header" in str(caught.value)


def test_excel_hint_and_spaces_after_commas(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "sep=;\r\ntime;sender;text\r\n1767348000;ana;a,b\r\n")
    assert read(path).messages[0].text == "a,b"
    path = write(tmp_path / "b.csv", 'time, sender, text\n1767348000, ana, "a, b"\n')
    assert [(item.sender_id, item.text) for item in read(path).messages] == [("ana", "a, b")]


def test_old_mac_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time,sender,text\r1767348000,ana,one\r1767348001,bo,two\r")
    assert [item.text for item in read(path).messages] == ["one", "two"]


def test_separate_date_and_time_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Date,Time,Name,Message\n2026-01-01,21:05,ana,hi\n")
    assert read(path).messages[0].sent_at == datetime(2026, 1, 1, 21, 5, tzinfo=UTC)


def test_repeated_ids_are_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,time,sender,text\n1,1767348000,a,x\n1,1767348001,b,y\n")
    result = read(path)
    assert [item.id for item in result.messages] == ["a:1", "a:2"]
    assert any("ids repeat" in note for note in result.log.notes)


# --- damage -----------------------------------------------------------------------------------


def test_an_open_quote_does_not_take_in_the_rest(tmp_path: Path) -> None:
    rows = "".join(f"{1767348000 + index},ana,m{index},c\n" for index in range(50))
    path = write(tmp_path / "a.csv", f'time,sender,text,chat\n1767347000,ana,"open,c\n{rows}')
    result = read(path)
    assert [item.text for item in result.messages] == [f"m{index}" for index in range(50)]
    assert [(place, reason) for place, reason, _ in result.bad] == [
        ("line 2", "a quote is never closed")
    ]


def test_bad_rows_are_set_aside_with_their_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "time,sender,text,chat\n"
        f'1767348000,ana,"two\nlines",c\n'
        f"1767348001,ana,{CANARY}\n"
        f"1767348001,,{CANARY},c\n"
        f"{CANARY},ana,x,c\n"
        f"1767348001,ana,{CANARY},c,d,e\n"
        "1767348001\n"
        ",,,\n"
        "1767348002,ana,last,c,\n",
    )
    result = read(path)
    assert [item.text for item in result.messages] == ["two\nlines", CANARY, "last"]
    assert [(place, reason) for place, reason, _ in result.bad] == [
        ("line 5, field sender_id", "is missing"),
        ("line 6, field sent_at", "is no time"),
        ("line 7", "has 6 cells, but the header has 4"),
        ("line 8", "has 1 cells, but the header has 4"),
    ]
    assert result.log.skipped == {"empty rows": 1}
    assert not any(CANARY in place + reason for place, reason, _ in result.bad)


def test_bad_json_lines(tmp_path: Path) -> None:
    good = '{"time": 1767348000, "sender": "ana", "text": "x"}'
    path = write(
        tmp_path / "a.jsonl",
        f'{good}\n{{"{CANARY}\n[1]\n\n{good[:-4]}["{CANARY}"]}}\n{"[" * 5000}\n{good}\n',
    )
    result = read(path)
    assert len(result.messages) == 2
    assert [place for place, _, _ in result.bad] == [
        "line 2",
        "line 3",
        "line 5, field text",
        "line 6",
    ]
    assert not any(CANARY in place + reason for place, reason, _ in result.bad)


@tolerant
@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"time,sender,text\n1767348000,ana,ok\n" + tail)
    result = read(path)
    assert result.messages[0].text.startswith("ok") or result.bad


@tolerant
@given(st.text(max_size=200, alphabet='",\n\r ;a1'))
def test_every_row_is_counted(tmp_path: Path, tail: str) -> None:
    path = write(tmp_path / "a.csv", "time,sender,text\n1767348000,ana,ok\n" + tail)
    result = read(path)
    assert len(result.messages) + len(result.bad) + sum(result.log.skipped.values()) >= 1


def test_empty_tables(tmp_path: Path) -> None:
    for name, text in (("a.csv", "time,sender,text\n"), ("b.csv", "time,sender,text")):
        result = read(write(tmp_path / name, text))
        assert result.events == []
        assert not result.bad


def test_windows_1252(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time,sender,text\n1767348000,Zoë,“grüße” – €5\n", "cp1252")
    result = read(path)
    assert (result.messages[0].sender_id, result.messages[0].text) == ("Zoë", "“grüße” – €5")
    assert any("Windows-1252" in note for note in result.log.notes)
