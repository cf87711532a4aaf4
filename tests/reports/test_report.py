"""What a report says: exact sums, careful words, nothing lost, nobody blamed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jsonschema
import msgspec
import pytest

from lamppost.core.errors import UsageError
from lamppost.core.levels import Level
from lamppost.events.vocabulary import Attachment, Message
from lamppost.protect.support import support_for
from lamppost.reports.redaction import Redactor
from lamppost.reports.scan import words
from lamppost.reports.scan.build import Plain
from lamppost.reports.scan.clean import cleaned
from lamppost.reports.scan.excerpt import excerpts
from lamppost.reports.scan.model import ScanReport
from lamppost.reports.scan.page import page
from lamppost.reports.scan.schema import report_schema

from .conftest import GROOMING, NOW, QUIET, START, engine, events

Report = Callable[..., ScanReport]


def test_grooming_is_named_with_its_reasons(report: Report) -> None:
    made = report(GROOMING, child="Mia", age=13)
    assert Level.parse(made.verdict.level) >= Level.HIGH
    assert made.verdict.sentence.startswith(
        "What Jay writes to Mia (13) shows signs consistent with grooming: Jay "
    )
    view = made.relationships[0]
    assert (view.actor.name, view.target.name, view.target.child) == ("Jay", "Mia", True)
    assert len(view.how) == 4
    assert view.timeline[-1].at <= view.last_at
    assert {tactic.detector for tactic in view.tactics} >= {"tactic.secrecy", "tactic.probing"}
    assert view.child_words


def test_contributions_sum_to_the_total(report: Report) -> None:
    for made in (report(GROOMING, child="mia", age=13), report(GROOMING)):
        for view in made.relationships:
            total = sum(row.bits for row in view.contributions)
            assert abs(total - view.bits) < 0.005


def test_quotes_stand_in_context_and_marks_are_inside_them(report: Report) -> None:
    view = report(GROOMING).relationships[0]
    for tactic in (*view.tactics, *view.child_words):
        assert tactic.quotes
        for quote in tactic.quotes:
            assert quote.line is not None
            assert len(quote.before) <= 2 >= len(quote.after)
            assert quote.line.marks
            for start, end in quote.line.marks:
                assert 0 <= start < end <= len(quote.line.text)
    roles = {tactic.quotes[0].line.role for tactic in view.tactics if tactic.quotes[0].line}
    assert roles == {"actor"}
    assert all(t.quotes[0].line and t.quotes[0].line.role == "target" for t in view.child_words)


def test_the_child_is_never_accused(report: Report) -> None:
    made = report(GROOMING, child="Mia", age=13)
    assert all(view.actor.name != "Mia" for view in made.relationships)
    assert "Mia shows" not in page(made)


def test_a_calm_chat_is_calm_and_promises_nothing(report: Report) -> None:
    made = report(QUIET)
    assert made.verdict.level == "none"
    assert made.verdict.sentence == words.CALM
    assert "not a promise" in made.verdict.sure
    assert made.relationships == []
    assert made.actions[0].title == "Nothing needs doing because of this chat"
    assert len(made.looked_for) == len(engine().library.cards)


def test_an_empty_export_says_so(report: Report) -> None:
    made = report([])
    assert made.verdict.sentence == words.EMPTY
    page(made)


def test_what_was_found_is_not_among_what_was_not(report: Report) -> None:
    made = report(GROOMING)
    found = {item.detector for item in made.looked_for if item.found}
    assert "tactic.secrecy" in found
    assert not {item.detector for item in made.looked_for if not item.found} & found


def test_attachments_deletions_and_length_are_not_looked_at(report: Report) -> None:
    at = START
    stream = [
        Message(
            id="1",
            conversation_id="c",
            sender_id="a",
            recipient_ids=["b"],
            sent_at=at,
            text="x" * 30_000,
            attachments=[Attachment(name="a.jpg")],
        ),
        Message(
            id="2",
            conversation_id="c",
            sender_id="b",
            recipient_ids=["a"],
            sent_at=at,
            deleted_at=at,
        ),
    ]
    what = {item.what for item in report(stream).not_looked}
    assert {"Pictures, voice and files", "Deleted messages", "Very long messages"} <= what
    assert "Other languages" in what


def test_the_child_must_be_somebody(report: Report) -> None:
    with pytest.raises(UsageError, match="there are 2"):
        report(GROOMING, child="Mira")
    assert report(GROOMING, child="  MIA\u200e ").child is not None


def test_two_of_one_name_are_refused(report: Report) -> None:
    stream = [*events("mia: hi\njay: hi"), *events("mia2: hi\njay: hi", "c2")]
    stream = [
        msgspec.structs.replace(item, display_name="Mia")
        if getattr(item, "id", "") in ("mia", "mia2") and hasattr(item, "display_name")
        else item
        for item in stream
    ]
    with pytest.raises(UsageError, match="2 participants have that name"):
        report(stream, child="Mia")
    assert report(stream, child="mia2", age=12).child is not None


def test_old_evidence_still_counts(report: Report) -> None:
    stream = events(GROOMING)
    later = START + timedelta(days=900)
    stream += events("jay: ok\nmia: ok", "c1x", later)
    stream = [
        msgspec.structs.replace(item, conversation_id="c1") if isinstance(item, Message) else item
        for item in stream
    ]
    view = report(stream, child="mia", age=13).relationships[0]
    assert Level.parse(view.level) >= Level.HIGH
    assert view.as_of < view.last_at


def test_worst_first_and_the_others_listed(report: Report) -> None:
    stream = events(GROOMING)
    for number in range(20):
        text = f"u{number}: don't tell your mum\nv{number}: what"
        stream += events(text, f"d{number}")
    made = report(stream)
    ranks = [Level.parse(view.level) for view in made.relationships]
    assert ranks == sorted(ranks, reverse=True)
    assert made.relationships[0].conversation_id == "c1"
    assert len(made.relationships) <= 12
    assert made.others


def test_a_call_for_help_is_heard_without_any_tactic(report: Report) -> None:
    made = report("ana: i want to kill myself\nleo: please talk to me")
    assert made.verdict.level == "none"
    assert made.verdict.care is not None
    assert "Ana" in made.verdict.care
    assert any(action.title == "Talk with the child today" for action in made.actions)
    assert made.relationships[0].child_words


def test_labelled_messages_are_explicit(report: Report) -> None:
    stream = events(GROOMING)
    stream[-2] = msgspec.structs.replace(stream[-2], labels=["sexual"])
    view = report(stream).relationships[0]
    shown = [t for t in view.tactics if t.detector == "tactic.sexual_talk"]
    assert shown
    assert all(quote.explicit for quote in shown[0].quotes)


def test_json_agrees_with_the_published_schema(report: Report) -> None:
    for made in (report(GROOMING, child="mia", age=13), report(QUIET), report([], country=None)):
        jsonschema.validate(msgspec.json.decode(msgspec.json.encode(made)), report_schema())


def test_careful_words(report: Report) -> None:
    for chat in (GROOMING, QUIET):
        text = re.sub(r"<[^>]+>", " ", page(report(chat, country="US"))).lower()
        for word in ("predator", "paedophile", "pedophile", "groomer", "guilty of", "criminal"):
            assert word not in text


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("country", ["GB", "US", "BR", "PL", None])
def test_actions_of_every_level(level: Level, country: str | None) -> None:
    support = support_for(country, today=NOW.date())
    actions = words.actions(level, "Jay", "Mia", ["meeting"], False, support)
    text = " ".join(f"{action.title} {action.detail}" for action in actions)
    called = [support.rows[index] for action in actions for index in action.contacts]
    if support.of("emergency"):
        assert any(row.purpose == "emergency" for row in called)
    else:
        assert "local emergency number" in text
    if level >= Level.CONCERN:
        for phrase in (
            "Do not delete",
            "Do not confront",
            "Not even as evidence",
            "not their fault",
        ):
            assert phrase in text
    if level == Level.URGENT:
        assert actions[0].title == "Act now"
        assert "does not go to meet" in text


def test_redacted_report_holds_no_name_or_id(report: Report) -> None:
    chat = GROOMING + "jay: call 07700 900123 or mail jay_x@example.com, i live at 12 Elm Road\n"
    chat += "jay: delete this mia, don't tell ellie\n"
    made = report(chat, child="Mia", age=13, veil=lambda names: Redactor(names, country="GB"))
    assert made.redacted
    text = msgspec.json.encode(made).decode() + page(made)
    for private in ("Jay", "jay", "Mia", "mia", "07700", "example.com", "Elm Road", "c1-m", "llie"):
        assert not re.search(rf"\b{private}\b", text), private
    assert "Person A" in text
    for view in made.relationships:
        for tactic in view.tactics:
            for quote in tactic.quotes:
                assert quote.line is not None
                for start, end in quote.line.marks:
                    assert quote.line.text[start:end].strip()


def test_reprs_show_nothing_private(report: Report) -> None:
    made = report(GROOMING, child="Mia", age=13)
    assert "Mia" not in repr(made)
    assert "Jay" not in repr(made.relationships[0].tactics[0].quotes[0])
    assert Plain().redacts is False


def test_hostile_text_is_shown_as_text(report: Report) -> None:
    nasty = "<script>alert(1)</script>\x1b[2J\u202e don't tell your mum \x00 {{7*7}} </style>"
    made = report(f"jay: {nasty}\nmia: </title><img src=x onerror=alert(1)>\n{GROOMING.strip()}")
    text = page(made)
    assert "<script" not in text
    assert "<img" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "{{7*7}}" in text
    clean = cleaned(made)
    line = clean.relationships[0].tactics[0].quotes[0].line
    assert line is not None
    assert "\x1b" not in line.text


def test_excerpts_show_each_message_once(report: Report) -> None:
    view = report(GROOMING).relationships[0]
    for tactic in view.tactics:
        for excerpt in excerpts(tactic.quotes, around=2):
            ids = [said.line.event for said in excerpt.said]
            assert len(ids) == len(set(ids))
            assert any(said.because for said in excerpt.said)


def test_stored_report_reads_and_renders(stored: ScanReport) -> None:
    assert stored.made_at.tzinfo is not None
    assert "Evidence over time" in page(stored)
    assert datetime.now(UTC) > stored.made_at or stored.made_at.year >= 2026
