"""WhatsApp: both apps, many locales, texts that look like message starts."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.source import Source
from lamppost.importers.whatsapp import IMPORTER, _head

from .reading import FIXTURES, read, read_bytes, zipped

HERE = FIXTURES / "whatsapp"


def at(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type]


def test_android() -> None:
    got = read(HERE / "android")
    assert [(m.sender_id, m.sent_at, m.text) for m in got.messages] == [
        ("Mila", at(2024, 4, 13, 9, 15), "hi! did you finish: the map? 🗺️"),
        (
            "Oskar",
            at(2024, 4, 13, 9, 16),
            "nearly\ntwo rivers left:\n- the long one\n12/04/2024 was too busy",
        ),
        ("Mila", at(2024, 4, 13, 9, 17), "<Media omitted>"),
        ("Oskar", at(2024, 4, 13, 9, 18), "IMG-20240413-WA0001.jpg (file attached)\nmy rivers"),
        ("Mila", at(2024, 4, 13, 9, 19), "This message was deleted"),
        ("Mila", at(2024, 4, 13, 9, 20), "lovely blue"),
        ("Oskar", at(2024, 4, 13, 9, 21), "You deleted this message"),
        ("Mila", at(2024, 4, 14, 17, 2), "null"),
        ("Mila", at(2024, 4, 14, 17, 3), ""),
        ("Oskar", at(2024, 4, 14, 17, 4), "12:30 works? room 4: upstairs"),
    ]
    assert {m.conversation_id for m in got.messages} == {"Mila"}
    assert {m.surface for m in got.messages} == {"direct"}
    assert [m.recipient_ids for m in got.messages[:2]] == [["Oskar"], ["Mila"]]
    assert [bool(m.deleted_at) for m in got.messages].count(True) == 2
    assert [bool(m.edited_at) for m in got.messages].count(True) == 1
    assert len(got.messages[2].attachments) == 1
    picture = (HERE / "android" / "IMG-20240413-WA0001.jpg").read_bytes()
    assert got.messages[3].attachments[0].sha256 == hashlib.sha256(picture).hexdigest()
    assert got.log.skipped == {"system line": 1}
    assert any("without a zone" in note for note in got.log.notes)


def test_ios_group() -> None:
    got = read(HERE / "ios")
    assert [(m.sender_id, m.text) for m in got.messages] == [
        ("Noor", "who brings the drums?\nand the cables"),
        ("~\u202fJo 🥁", "me: always"),
        ("+44\u00a07700\u00a0900123", "\u200fأهلا"),
        ("Noor", "<attached: 00000012-PHOTO-2024-04-13-21-17-00.jpg>"),
        ("Noor", "image omitted"),
        ("Noor", "This message was deleted."),
        ("Noor", "see you at noon"),
    ]
    assert got.messages[0].sent_at == at(2024, 4, 13, 21, 15, 41)
    assert got.messages[5].sent_at == at(2024, 4, 14, 0, 0, 0)
    assert got.messages[6].sent_at == at(2024, 4, 14, 12, 0, 1)
    assert {m.surface for m in got.messages} == {"group"}
    assert got.messages[3].attachments[0].sha256 is not None
    assert got.messages[4].attachments[0].media_type == "image/*"
    assert got.log.skipped == {"system line": 2}


def test_german_in_windows_1252() -> None:
    got = read(HERE / "german")
    assert got.texts[0] == "Grüß dich"
    assert got.messages[0].sent_at == at(2024, 2, 1, 18, 5)
    assert got.messages[1].attachments
    assert got.messages[2].deleted_at
    assert any("Windows-1252" in note for note in got.log.notes)
    assert not any("two ways" in note for note in got.log.notes)


def test_zip_names_the_chat(tmp_path: Path) -> None:
    got = read(zipped(HERE / "ios", tmp_path / "WhatsApp Chat - Band practice.zip"))
    assert {m.conversation_id for m in got.messages} == {"Band practice"}


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("4/13/24, 9:15 PM - A: x", at(2024, 4, 13, 21, 15)),
        ("4/13/24, 9:15\u202fPM - A: x", at(2024, 4, 13, 21, 15)),
        ("13/04/2024, 9:15 pm - A: x", at(2024, 4, 13, 21, 15)),
        ("13/4/24 21:15 - A: x", at(2024, 4, 13, 21, 15)),
        ("13.04.24, 21:15 - A: x", at(2024, 4, 13, 21, 15)),
        ("13-04-2024 21:15 - A: x", at(2024, 4, 13, 21, 15)),
        ("2024-04-13 21:15 - A: x", at(2024, 4, 13, 21, 15)),
        ("2024/04/13, 21:15 - A: x", at(2024, 4, 13, 21, 15)),
        ("13/04/24 21.15 - A: x", at(2024, 4, 13, 21, 15)),
        ("13/04/2024 à 21:15 - A: x", at(2024, 4, 13, 21, 15)),
        ("13/4/24, 9:15 p. m. - A: x", at(2024, 4, 13, 21, 15)),
        ("13/4/24, 9:15 p.\u00a0m. - A: x", at(2024, 4, 13, 21, 15)),
        ("13/4/2567 21:15 - A: x", at(2024, 4, 13, 21, 15)),
        ("2024년 4월 13일 오후 9:15, A : x", at(2024, 4, 13, 21, 15)),
        ("[13/04/2024, 21:15:07] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[13.04.24, 21:15:07] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[13.4.2024 klo 21.15.07] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[2024-04-13, 9:15:07 PM] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[2024/4/13 下午9:15:07] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[2024. 4. 13. 오후 9:15:07] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[2024/04/13 21:15:07] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[١٣\u200f/٤\u200f/٢٠٢٤، ٩:١٥:٠٧ م] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("\u200e[13/04/24, 9:15:07\u202fpm] A: x", at(2024, 4, 13, 21, 15, 7)),
        ("[13/04/24, 12:05:00\u202fAM] A: x", at(2024, 4, 13, 0, 5)),
    ],
)
def test_forms_of_the_start(line: str, moment: datetime) -> None:
    got = read_bytes(line.encode(), "_chat.txt")
    assert [(m.sender_id, m.sent_at, m.text) for m in got.messages] == [("A", moment, "x")]


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (["1/2/24", "13/2/24"], at(2024, 2, 1, 10)),  # a day above 12
        (["1/2/24", "2/13/24"], at(2024, 1, 2, 10)),  # a day above 12, month first
        (["1/2/24", "2/2/24", "3/2/24"], at(2024, 2, 1, 10)),  # the shorter chat
        (["2/1/24", "2/2/24", "2/3/24"], at(2024, 2, 1, 10)),
        (["9/1/24", "1/2/24", "2/2/24"], at(2024, 1, 9, 10)),  # time runs forward
        (["5/6/24"], at(2024, 6, 5, 10)),  # a guess
    ],
)
def test_date_order_from_the_whole_file(dates: list[str], first: datetime) -> None:
    text = "\n".join(f"{day}, 10:00 - A: x" for day in dates)
    got = read_bytes(text.encode(), "_chat.txt")
    assert got.messages[0].sent_at == first


def test_date_order_can_be_forced_and_a_guess_is_noted() -> None:
    data = b"5/6/24, 10:00 - A: x\n"
    got = read_bytes(data, "_chat.txt", options=ImportOptions(date_order="mdy"))
    assert got.messages[0].sent_at == at(2024, 5, 6, 10)
    got = read_bytes(data, "_chat.txt", options=ImportOptions(time_zone=ZoneInfo("Asia/Tokyo")))
    assert got.messages[0].sent_at == at(2024, 6, 5, 1)
    assert any("two ways" in note for note in got.log.notes)


def test_pasted_chat_stays_text() -> None:
    text = (
        "13/04/2024, 09:15 - Ann: look\n"
        "[12/04/2024, 10:15:30] Bob: pasted from a phone\n"
        "11/04/2020, 09:15 - dentist: bring card\n"
        "13/04/2024, 09:16 - Bob: ok\n"
        "13/04/2024, 09:17 - Ann: bye\n"
    )
    got = read_bytes(text.encode(), "_chat.txt")
    assert len(got.messages) == 3
    assert got.texts[0].endswith("dentist: bring card")
    assert {m.surface for m in got.messages} == {"direct"}


def test_names_with_colons() -> None:
    lines = [f"13/04/2024, 09:1{n} - Dr: Bob: number {n}" for n in range(6)]
    lines.append("13/04/2024, 09:20 - Ann: note: all")
    got = read_bytes("\n".join(lines).encode(), "_chat.txt")
    assert {m.sender_id for m in got.messages} == {"Dr: Bob", "Ann"}
    assert got.texts == [*(f"number {n}" for n in range(6)), "note: all"]


def test_system_lines_with_colons_are_no_people() -> None:
    text = (
        '13/04/2024, 09:14 - Ann created group "Trip: Spain"\n'
        '13/04/2024, 09:14 - Ann changed the subject from "Trip: Spain" to "Trip: Oslo"\n'
        "13/04/2024, 09:15 - Ann: hello\n"
    )
    got = read_bytes(text.encode(), "_chat.txt")
    assert [(m.sender_id, m.text) for m in got.messages] == [("Ann", "hello")]
    assert got.log.skipped == {"system line": 2}


def test_line_ends() -> None:
    lf = (
        "13/04/2024, 09:14 - Bob: a\n13/04/2024, 09:15 - Ann: kept\r\n"
        "13/04/2024, 09:16 - Bob: b\n13/04/2024, 09:17 - Ann: c\n"
    )
    assert read_bytes(lf.encode(), "_chat.txt").texts == ["a", "kept\r", "b", "c"]
    crlf = "[13/04/24, 09:15:00] Ann: one\ntwo\r\n[13/04/24, 09:16:00] Bob: b\r\n"
    assert read_bytes(crlf.encode(), "_chat.txt").texts == ["one\ntwo", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings(encoding: str) -> None:
    text = "13/04/2024, 09:15 - Ann: grün 🌳\n13/04/2024, 09:16 - Bob: žluťoučký\n"
    got = read_bytes(text.encode(encoding), "_chat.txt")
    assert got.texts == ["grün 🌳", "žluťoučký"]


def test_empty_and_odd_files() -> None:
    assert read_bytes(b"", "_chat.txt").events == []
    got = read_bytes(b"stray\n13/04/2024, 09:15 - Ann: x\n", "_chat.txt", "whatsapp")
    assert got.texts == ["x"]
    assert got.places == ["line 1"]
    got = read_bytes(b"31/02/2024, 09:15 - A: y\n13/02/2024, 09:15 - A: x\n", "_chat.txt")
    assert got.texts == ["x"]
    assert got.places == ["line 1, field date"]


def test_message_cut_in_the_middle_of_a_character() -> None:
    data = "13/04/2024, 09:15 - Ann: done 🗺️".encode()
    assert read_bytes(data[:-5], "_chat.txt").texts[0].startswith("done ")


TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=80)


def plain(text: str) -> bool:
    """A text that is no placeholder of the app and whose lines start no message."""
    if any(_head(line) for line in text.split("\n")):
        return False
    if "\r\n" in f"{text}\n" or "omit" in text:
        return False
    return not text.rstrip().endswith((">", ")"))


ORDER = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "ymd": "%Y-%m-%d"}


@settings(max_examples=300, deadline=None)
@given(
    texts=st.lists(TEXT.filter(plain), min_size=1, max_size=12),
    order=st.sampled_from(sorted(ORDER)),
    ios=st.booleans(),
    twelve=st.booleans(),
    start=st.datetimes(datetime(2012, 1, 14), datetime(2030, 12, 1)),
    step=st.integers(1, 400_000),
)
def test_round_trip(
    texts: list[str], order: str, ios: bool, twelve: bool, start: datetime, step: int
) -> None:
    start = start.replace(day=max(start.day, 13), second=0, microsecond=0)
    people = ["Ann 🎉", "+49 151 000000"]
    lines, wanted = [], []
    for number, text in enumerate(texts):
        moment = start + timedelta(seconds=step * number // 60 * 60)
        day = moment.strftime(ORDER[order])
        clock = moment.strftime("%I:%M" if twelve else "%H:%M")
        clock += ":00" if ios else ""
        clock += moment.strftime("\u202f%p") if twelve else ""
        head = f"[{day}, {clock}] " if ios else f"{day}, {clock} - "
        lines.append(f"{head}{people[number % 2]}: {text}")
        wanted.append((people[number % 2], moment.replace(tzinfo=UTC), text))
    data = "\n".join(lines) + "\n"
    got = read_bytes(data.encode(), "_chat.txt", options=ImportOptions(date_order=order))
    assert [(m.sender_id, m.sent_at, m.text) for m in got.messages] == wanted
    inferred = read_bytes(data.encode(), "_chat.txt")
    assert [(m.sent_at, m.text) for m in inferred.messages] == [w[1:] for w in wanted]


@pytest.mark.scale
def test_a_million_messages_stream(tmp_path: Path) -> None:
    path = tmp_path / "_chat.txt"
    with path.open("w", encoding="utf-8") as file:
        for n in range(1_000_000):
            day, minute = n // 1440 % 28 + 1, n % 1440
            month, year = n // 40320 % 12 + 1, 2020 + n // 483840
            file.write(
                f"{day:02}/{month:02}/{year}, {minute // 60:02}:{minute % 60:02} - "
                f"{'Ann' if n % 2 else 'Bob'}: message number {n} 🌳\n"
            )
    started = time.perf_counter()
    count = sum(1 for _ in IMPORTER.read(Source(path), ImportOptions(), ImportLog()))
    assert count == 1_000_002
    assert time.perf_counter() - started < 60
