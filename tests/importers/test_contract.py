"""Every importer crossed with every fixture: what must hold for all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from lamppost.core.errors import LamppostError
from lamppost.events.ndjson import decode_line, encode
from lamppost.events.vocabulary import Account, Message, moment_of
from lamppost.importers import detect
from lamppost.importers.base import Importer
from lamppost.importers.source import Source

from .exports import FIXTURES, cases, read, winner

CASES = cases()
IDS = [f"{name}/{path.name}" for name, path in CASES]
KEEPS_FILE_ORDER = {"discord-package"}
"""Importers that say in their manual page that newest messages may come first."""
each = pytest.mark.parametrize(("name", "path"), CASES, ids=IDS)


def test_every_importer_has_a_fixture_and_every_fixture_an_importer() -> None:
    assert {folder.name for folder in FIXTURES.iterdir() if folder.is_dir()} == set(
        detect.importers()
    )


@pytest.mark.parametrize("name", detect.importers())
def test_importer_is_complete(name: str) -> None:
    importer = detect.importers()[name]
    assert isinstance(importer, Importer)
    assert importer.name == name
    assert importer.title
    module = __import__(type(importer).__module__, fromlist=["x"])
    assert len(module.__doc__ or "") > 400, "the module docstring is the manual page"


@each
def test_only_the_right_importer_wins(name: str, path: Path) -> None:
    with Source(path) as source:
        scores = {key: item.sniff(source) for key, item in detect.importers().items()}
    best = max(scores.values())
    assert winner(path) == name
    assert [key for key, score in scores.items() if score == best] == [name]
    assert all(0 <= score <= 100 for score in scores.values())


@each
def test_read_twice_gives_the_same(name: str, path: Path) -> None:
    first, second = read(path), read(path)
    assert first.events
    assert first.events == second.events
    assert (first.log.notes, first.log.skipped, first.bad) == (
        second.log.notes,
        second.log.skipped,
        second.bad,
    )


@each
def test_events_are_sane(name: str, path: Path) -> None:
    result = read(path)
    seen: set[str] = set()
    order: dict[str, list[object]] = defaultdict(list)
    for event in result.events:
        assert decode_line(encode(event)) == event
        moment = moment_of(event)
        assert moment is None or moment.tzinfo is not None
        if isinstance(event, Account):
            seen.add(event.id)
        elif isinstance(event, Message):
            assert event.sender_id in seen, "an account comes before its first message"
            assert set(event.recipient_ids) <= seen
            assert event.sender_id not in event.recipient_ids
            order[event.conversation_id].append(event.sent_at)
    for moments in order.values() if name not in KEEPS_FILE_ORDER else ():
        assert moments == sorted(moments), "a conversation is oldest first"
    ids = Counter(
        (type(event), event.id) for event in result.events if not isinstance(event, Account)
    )
    assert max(ids.values()) == 1


@each
def test_repr_holds_no_text_and_no_name(name: str, path: Path) -> None:
    result = read(path)
    for event in result.events:
        shown = repr(event)
        if isinstance(event, Message) and len(event.text) > 6:
            assert event.text not in shown
        if isinstance(event, Account):
            assert "display_name=" not in shown
    for event in result.messages:
        assert "text=" not in repr(event)
        for item in event.attachments:
            assert item.name is None or item.name not in repr(event)
    assert repr(result.events[0]) in repr(result.events)


@each
def test_a_cut_copy_never_fails_badly(name: str, path: Path, tmp_path: Path) -> None:
    """A file cut anywhere gives a prefix or a clear error, never a crash."""
    if not path.is_file() or path.suffix == ".zip":
        pytest.skip("only single files are cut")
    data = path.read_bytes()
    whole = [(event.sender_id, event.text) for event in read(path).messages]
    for part in (1, 2, 3):
        copy = tmp_path / path.name
        copy.write_bytes(data[: len(data) * part // 4])
        try:
            result = read(copy, name)
        except LamppostError as error:
            shown = str(error)
        else:
            shown = ""
            got = [(event.sender_id, event.text) for event in result.messages]
            assert len(got) <= len(whole)
        assert not any(len(text) > 6 and text in shown for _, text in whole)


def outcome(path: Path, name: str) -> tuple[list[Message], str]:
    """The messages, or what the error says."""
    try:
        return read(path, name).messages, ""
    except LamppostError as error:
        return [], str(error)


@pytest.mark.parametrize("name", detect.importers())
@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b"[]"], ids=["", "newline", "{}", "[]"])
def test_empty_file_gives_nothing_or_a_clear_error(
    name: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "empty.json"
    path.write_bytes(content)
    assert outcome(path, name)[0] == []


@pytest.mark.parametrize("name", detect.importers())
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\x00" * 1000,
        b"\xff\xfe\x00",
        bytes(range(256)) * 20,
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'cc'>]><conversations>&b;</conversations>",
        b'"just a string"',
        b"12",
        b"a,b\n" * 3 + b'"',
    ],
    ids=["lists", "objects", "zeros", "bom", "bytes", "entity", "string", "number", "quote"],
)
def test_hostile_file_never_crashes(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.dat"
    path.write_bytes(content)
    with Source(path) as source:
        assert 0 <= detect.importers()[name].sniff(source) <= 100
    messages, shown = outcome(path, name)
    assert messages == []
    assert "just a string" not in shown
