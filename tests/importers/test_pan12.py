"""PAN12: invented chats in its shape, read exactly and safely."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamppost.core.errors import ExportError

from .exports import FIXTURES, read, winner, zipped

UTC = ZoneInfo("UTC")
legal = st.text(
    st.characters(exclude_categories=["Cs"]).filter(
        lambda char: char in "\t\n" or (ord(char) >= 32 and ord(char) not in (0xFFFE, 0xFFFF))
    ),
    max_size=40,
) | st.sampled_from(["", "<&>\"'", "]]>", "שלום \u202e", "👩‍👩‍👧‍👦", "x" * 100_000])


def document(conversations: dict[str, list[tuple[str, str, str]]]) -> str:
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<conversations>']
    for name, rows in conversations.items():
        parts.append(f"<conversation id={quoteattr(name)}>")
        for line, (author, time, text) in enumerate(rows, 1):
            parts.append(
                f'<message line="{line}">\n<author>{escape(author)}</author>\n<time>{time}</time>\n'
                f"<text>{escape(text)}</text>\n</message>"
            )
        parts.append("</conversation>")
    return "\n".join([*parts, "</conversations>"])


def test_fixture() -> None:
    result = read(FIXTURES / "pan12" / "invented.xml")
    first = [item for item in result.messages if item.conversation_id == "c0ffee01"]
    assert [item.text for item in first] == [
        "did you finish the jigsaw & the edges?",
        "almost <3 \"corner\" pieces are 'hard'",
        "",
    ]
    assert [item.sent_at for item in first] == [
        datetime(2012, 1, 1, 23, 58, tzinfo=UTC),
        datetime(2012, 1, 1, 23, 59, tzinfo=UTC),
        datetime(2012, 1, 2, 0, 3, tzinfo=UTC),
    ]
    assert [item.id for item in first] == ["c0ffee01:1", "c0ffee01:2", "c0ffee01:3"]
    assert {item.surface for item in result.messages[3:]} == {"group"}
    assert any("stand-in day" in note for note in result.log.notes)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["c1", "c2", 'odd "id" & more']),
        st.lists(
            st.tuples(st.sampled_from(["a1", "b2", "c3"]), st.just("10:05"), legal), max_size=6
        ),
        max_size=3,
    )
)
def test_round_trip(tmp_path: Path, value: dict[str, list[tuple[str, str, str]]]) -> None:
    path = tmp_path / "x.xml"
    path.write_text(document(value), encoding="utf-8", newline="")
    result = read(path)
    assert [(item.conversation_id, item.sender_id, item.text) for item in result.messages] == [
        (name, author, text) for name, rows in value.items() for author, _, text in rows
    ]
    assert not result.bad


LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]>
<conversations><conversation id="1"><message line="1"><author>a</author><time>10:00</time>
<text>&lol3;</text></message></conversation></conversations>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<conversations><conversation id="1"><message line="1"><author>a</author><time>10:00</time>
<text>&f;</text></message></conversation></conversations>"""


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE], ids=["laughs", "outside"])
def test_document_types_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(text)
    assert winner(path) == "pan12"
    with pytest.raises(ExportError, match="document type"):
        read(path)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<conversations>" + "<a>" * 100_000)
    with pytest.raises(ExportError, match="nested"):
        read(path)


def test_truncated_keeps_what_was_complete(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    data = document({"c1": [("a", "10:00", f"m{index}") for index in range(100)]})
    path.write_text(data[: len(data) // 2])
    result = read(path)
    assert 40 < len(result.messages) < 60
    assert [item.text for item in result.messages] == [f"m{n}" for n in range(len(result.messages))]
    assert "not valid XML" in result.bad[0][1]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-8-sig", "windows-1252"])
@pytest.mark.parametrize("declared", [True, False])
def test_encodings(encoding: str, declared: bool, tmp_path: Path) -> None:
    text = document({"c1": [("a", "10:00", "schöne grüße")]})
    text = text.replace("UTF-8", encoding.removesuffix("-sig") if declared else "UTF-8")
    path = tmp_path / "x.xml"
    path.write_bytes(text.encode(encoding))
    assert [item.text for item in read(path).messages] == ["schöne grüße"]


def test_odd_messages(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(
        "<conversations><conversation id='c'>"
        "<message line='1'><author>a</author><time>noon</time><text>CANARY</text></message>"
        "<message line='1'><author>a</author><time>10:00</time><text>one</text></message>"
        "<message line='1'><author/><time>10:00:05</time><text>two</text></message>"
        "<message line='2'><time>10:01</time></message><note>CANARY</note>"
        "</conversation><conversation id='c'/></conversations>"
    )
    result = read(path)
    assert [(item.id, item.sender_id) for item in result.messages] == [
        ("c:1", "a"),
        ("c:1#2", "deleted-account"),
    ]
    assert [reason for _, reason, _ in result.bad] == [
        "is no time of day",
        "a message has neither author nor text",
    ]
    assert result.log.skipped == {"PAN12 elements that are no messages": 1}


def test_long_conversation_streams(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    rows = [
        (f"a{index % 2}", f"{index // 60 % 24:02d}:{index % 60:02d}", "x")
        for index in range(25_000)
    ]
    path.write_text(document({"c": rows}))
    assert len(read(path).messages) == 25_000


def test_zip_of_two_files_with_the_same_conversation(tmp_path: Path) -> None:
    data = document({"c": [("a", "10:00", "x")]})
    result = read(zipped(tmp_path / "p.zip", {"train.xml": data, "test.xml": data}))
    assert [item.conversation_id for item in result.messages] == ["c", "c#2"]
