"""Corpora of other people: truth files, labelled texts, what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamppost.core.errors import InputError
from lamppost.evaluation.corpora import Corpus, bundled, pieces, read, read_labels, read_truth
from lamppost.evaluation.groups import OTHER, group_of
from lamppost.evaluation.replay import replay
from lamppost.events.vocabulary import Message
from lamppost.wiring import build_engine

PAN12 = Path(__file__).parents[1] / "fixtures" / "exports" / "pan12" / "invented.xml"


def given(path: Path, truth: Path | None = None, **more: object) -> Corpus:
    return Corpus(name="mine", kind="file", source="test", path=str(path),
                  truth=str(truth or ""), **more)  # type: ignore[arg-type] # fmt: skip


def test_the_most_exact_row_wins(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(
        "conversation_id,actor_id,target_id,label,language,group\n"
        "c1,,,harmful,de,games\n,a9,,harmful,,\nc2,a9,,ordinary,,\nc2,a9,a1,harmful,,\n"
    )
    truth = read_truth(path)
    assert truth.of("c1", "x", "y") == "harmful"
    assert truth.whole("c1")
    assert truth.of("c7", "a9", "y") == "harmful"
    assert truth.of("c2", "a9", "other") == "ordinary"
    assert truth.of("c2", "a9", "a1") == "harmful"
    assert truth.of("c3", "x", "y") == "ordinary"
    assert truth.facts["c1"].language == "de"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conversation_id,label\nc1,maybe\n", "line 2: label is neither"),
        ("label,language\nharmful,de\n", "line 2: names neither"),
        ('{"label": "harmful", "actor_id": "a"}\nnonsense\n', "line 2: is not a JSON object"),
    ],
)
def test_bad_rows_name_line_and_fix(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_truth(path)


def test_pan12_with_its_list_of_ids(tmp_path: Path) -> None:
    events, _ = read(given(PAN12))
    talks = [event for event in events if isinstance(event, Message)]
    offender = talks[0].sender_id
    ids = tmp_path / "ids.txt"
    ids.write_text(f"{offender}\n")
    made = replay(build_engine(), given(PAN12, ids))
    assert {item.actor for item in made.harmful} == {offender}
    assert {item.actor for item in made.ordinary} - {offender}
    only = replay(build_engine(), given(PAN12, ids, only_labelled=True))
    assert only.ordinary == []
    assert len(only.harmful) == len(made.harmful)


def test_labelled_texts(tmp_path: Path) -> None:
    path = tmp_path / "segments.csv"
    path.write_text(
        'label,chatName,segment\n"predator","s1","are your parents asleep?\ndon\'t tell anyone"\n'
        f'"non-predator","s2","{"word " * 50}"\n'
    )
    events, truth = read(given(path))
    talks = [event for event in events if isinstance(event, Message)]
    assert [item.conversation_id for item in talks] == ["s1", "s1", "s2", "s2", "s2", "s2"]
    assert truth.of("s1", "s1/a", "s1/b") == "harmful"
    made = replay(build_engine(), given(path))
    assert [(item.conversation, item.actor) for item in made.harmful] == [("s1", "s1/a")]
    assert made.harmful[0].peak > 2


def test_an_event_file_is_no_table_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text("sender,time,text,label\nann,2026-03-01T10:00:00Z,hello,harmful\n")
    events, _ = read(given(path))
    assert [event.sender_id for event in events if isinstance(event, Message)] == ["ann"]


def test_long_lines_are_cut() -> None:
    assert pieces("a b c") == ["a b c"]
    assert [len(part.split()) for part in pieces("w " * 41)] == [14, 14, 13]


def test_bundled_corpora_know_what_they_are() -> None:
    names = {item.name: item for item in bundled()}
    fires, held = names["scenarios/en/fires"], names["held-out/en/quiet"]
    assert fires.harmful
    assert fires.seen_in_fitting
    assert held.held_out
    assert not held.seen_in_fitting
    assert all(item.synthetic for item in (fires, held))
    made = replay(build_engine(), fires)
    assert len(made.harmful) == made.conversations
    assert {item.language for item in made.outcomes} == {"en"}


def test_groups() -> None:
    assert group_of("Football coach sorts a lift to an away match") == "coaches and clubs"
    assert group_of("Two dog walkers arrange a walk") == OTHER


def test_labels_of_decisions(tmp_path: Path) -> None:
    path = tmp_path / "labels.ndjson"
    path.write_text('{"detector": "tactic.secrecy", "label": "harmful", "language": "en"}\n')
    assert read_labels(path) == [("tactic.secrecy", True, "en")]
    path.write_text('{"label": "harmful"}\n')
    with pytest.raises(InputError, match="names no detector"):
        read_labels(path)
