"""Folding the log gives what folding the events gives, however it is cut, evicted or resumed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lamppost import pipeline
from lamppost.config import Options
from lamppost.core.levels import Level
from lamppost.evaluation.scenarios import load_scenarios
from lamppost.events.vocabulary import Account, Event, Message, Room
from lamppost.history.memory import Conversation, Person, Relationship, State
from lamppost.history.ports import FoundRow
from lamppost.pipeline import Engine, Finding, fold, scores
from lamppost.risk.policy import DEFAULT, read_policy
from lamppost.service.folding import Folder, Rules, finding_id, relationship_id
from lamppost.service.intake import Intake, bare
from lamppost.service.metrics import Metrics
from lamppost.service.runtime import Service
from lamppost.service.views import Views
from lamppost.signals import recorded
from lamppost.signals.recorded import RecordedReader
from lamppost.wiring import Stores, build_engine, open_stores

from .conftest import START, grooming, message

SCENARIOS = Path(__file__).parents[1] / "scenarios" / "en"
RULES = Rules(read_policy(DEFAULT.read_text()), "1")


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Every scenario, mixed, with edits, duplicates, rooms and latecomers."""
    rng = random.Random(7)
    talks = [list(scenario.events()) for kind in ("fires", "quiet")
             for scenario in load_scenarios(SCENARIOS / kind)]  # fmt: skip
    talks.append(
        [
            Room(
                id="r1",
                room_id="hall",
                actor_id="u1",
                action="created",
                member_ids=["u2"],
                at=START,
            ),
            message("h1", "hall", "u1", "", "how old are you?"),
            message("h2", "hall", "u2", "u1", "i am 12"),
        ]
    )  # fmt: skip
    lonely = [
        Message(id=f"l{n}", conversation_id="lonely", sender_id=who, sent_at=START, text=text)
        for n, (who, text) in enumerate(
            (("x1", "do not tell your mum"), ("x1", "how old are you?"), ("x2", "i am 11"))
        )
    ]
    talks.append(lonely)
    mixed: list[Event] = []
    while talks:
        talk = rng.choice(talks)
        mixed.append(talk.pop(0))
        if not talk:
            talks.remove(talk)
    known = [item for item in mixed if isinstance(item, Message)]
    for item in rng.sample(known, 60):
        edited = Message(
            **{name: getattr(item, name) for name in item.__struct_fields__ if name != "edited_at"},
            edited_at=item.sent_at,
        )
        mixed.insert(rng.randrange(len(mixed) // 2, len(mixed)), edited)
    return mixed


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Reads every message by itself: what is remembered between lines does not survive a kill."""
    return build_engine(Options(languages=["en"]), off={"split", "meaning"})


def intake(engine: Engine, stores: Stores, folder: Folder | None) -> Intake:
    return Intake(engine, stores.ledger, lambda: RULES, Metrics(), folder=folder)


def expected(engine: Engine, events: Sequence[Event]) -> tuple[list[bytes], list[Finding]]:
    state, found = State(), []
    for state, new in fold(engine, events):
        found += new
    import msgspec

    return sorted(msgspec.json.encode(row) for row in scores(engine, state)), found


def got(engine: Engine, stores: Stores) -> list[bytes]:
    import msgspec

    views = Views(engine, stores.ledger, lambda: RULES)
    rows, after = [], None
    while True:
        page = views.relationships(None, None, Level.NONE, after, 500)
        rows += page.items
        if page.next is None:
            return sorted(msgspec.json.encode(row) for row in rows)
        after = page.next


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_cuts_the_result_is_that_of_the_fold(
    engine: Engine, events: list[Event], tmp_path: Path, seed: int
):
    """Batches of any size, few conversations in memory, a new process now and then."""
    rng = random.Random(seed)
    stores = open_stores(f"sqlite:///{tmp_path / 'l.db'}")
    reading = replace(engine, reader=RecordedReader(engine.library))
    folder = Folder(reading, stores.ledger, 0, RULES, held=rng.choice((3, 50)))
    folder.start()
    writer = intake(engine, stores, folder)
    place = 0
    while place < len(events):
        size = rng.choice((1, 3, 40, 400))
        part = events[place : place + size]
        place += size
        if rng.random() < 0.3:
            part = [*part, *rng.sample(events[:place], min(place, 5))]  # sent again
        kept, _ = writer._read(part)
        logged_rows, _ = stores.ledger.accept([writer._new(item) for item in kept], [], [], 1)
        from lamppost.service.folding import LoggedEvent

        folder.fold(
            [LoggedEvent(row.seq, row.known, item)
             for row, item in zip(logged_rows, kept, strict=True) if row.seq]
        )  # fmt: skip
        chance = rng.random()
        if chance < 0.3 and (change := folder.change(most=rng.choice((1, 5)), age=0.0)):
            stores.ledger.checkpoint(change, lambda rows: ())
            folder.written()
        elif chance < 0.4:
            folder.checkpoint()
        if rng.random() < 0.2:  # the process is killed and another one takes over
            folder = Folder(reading, stores.ledger, 0, RULES, held=rng.choice((3, 50)))
            folder.start()
            writer = intake(engine, stores, folder)
    folder.checkpoint()
    rows, found = expected(engine, events)
    assert got(engine, stores) == rows
    assert sorted(row.id for row in stores.ledger.found(limit=10_000)) == sorted(
        item.id for item in found
    )
    assert len(found) > 20
    stores.close()


def test_states_survive_a_restart(make_service: Callable[..., Service]):
    first = make_service()
    first.start()
    first.intake.submit(grooming(), []).result()
    first.stop()
    second = make_service()
    second.start()
    assert second.views.account("a9").level == "urgent"  # type: ignore[union-attr]
    second.intake.submit([message("later", "c1", "a9", "a1", minute=9)], []).result()
    second.stop()
    third = make_service()
    third.start()
    assert third.views.relationships("c1", None, Level.WATCH, None, 10).items[0].messages == 5
    assert len(third.stores.ledger.found()) == 4


def test_with_other_detector_data_the_log_is_folded_anew(
    make_service: Callable[..., Service], engine: Engine
):
    first = make_service()
    first.start()
    first.intake.submit(grooming(), []).result()
    first.stop()
    second = make_service()
    second._folders[0]._library = "other"
    second.start()
    assert second.views.account("a9").level == "urgent"  # type: ignore[union-attr]
    assert second.stores.ledger.progress(0).library == "other"  # type: ignore[union-attr]
    assert len(second.stores.ledger.found()) == 4


def test_the_ids_of_findings_are_those_of_the_pipeline(engine: Engine):
    _, found = expected(engine, grooming())
    for item in found:
        pair = Relationship(item.conversation_id, item.actor_id, item.target_id)
        assert item.id == finding_id(pair, Level.parse(item.level))


def test_everything_the_fold_remembers_is_stored():
    """A new part of the state must be stored too, or a restart would forget it."""
    assert State.__struct_fields__ == (
        "relationships", "people", "conversations", "by_conversation", "seen", "newest", "counters",
        "book",
    )  # fmt: skip
    assert State().book is None  # the service follows no accounts yet
    assert all(kind.__struct_config__.array_like for kind in (Person, Conversation, Relationship))


def test_relationship_ids_are_told_apart():
    assert relationship_id("a", "b", "c") != relationship_id("a", "c", "b")
    assert len(relationship_id("a", "b", "c")) == 32


def test_a_change_that_failed_is_written_later(engine: Engine, tmp_path: Path):
    stores = open_stores(f"sqlite:///{tmp_path / 'l.db'}")
    reading = replace(engine, reader=RecordedReader(engine.library))
    folder = Folder(reading, stores.ledger, 0, RULES)
    folder.start()
    writer = intake(engine, stores, folder)
    kept, _ = writer._read(grooming())
    stores.ledger.accept([writer._new(item) for item in kept], [], [], 1)
    assert folder.change(most=10, age=0.0) is None
    stores.ledger.accept([], [], [], 1)
    folder.catch_up()
    folder.fold([])
    found: list[FoundRow] = stores.ledger.found()
    assert [Level(row.level).word for row in found][-1] == "urgent"
    stores.close()


def test_an_account_told_of_later_changes_the_scores(service: Service):
    service.intake.submit(grooming(), []).result()
    service.intake.submit([Account(id="a9", age=40)], []).result()
    service.settle()
    row = service.views.relationships("c1", "a9", Level.WATCH, None, 10).items[0]
    assert "context.age_gap" in {item.detector for item in row.contributions}


@pytest.mark.parametrize(
    "text", ["i'm thirteen", "im 12?", "i'm in year 8", "i am 14 and you are 30", "I AM TEN ok"]
)
def test_ages_are_recorded_as_the_fold_finds_them(engine: Engine, text: str):
    assert recorded.AGE.pattern == pipeline._AGE.pattern
    said = [message("m1", "c", "kid", "x", text), *grooming("c", "x", "kid")[1:]]
    kept = [
        bare(item, recorded.record(engine.library, item.text, sorted(
            hit.reason for hit in engine.reader.read([item.text]))))
        for item in said
        if isinstance(item, Message)
    ]  # fmt: skip
    other = replace(engine, reader=RecordedReader(engine.library))
    assert expected(engine, said) == expected(other, kept)
