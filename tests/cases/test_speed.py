"""How fast the queue and a case answer with 100,000 events and 1,000 open cases in the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
import pytest

from lamppost.adapters.stores.ledger import SqlLedger
from lamppost.cases.case import QueueFilter
from lamppost.history.ports import Checkpoint, NewEvent, Progress, RelationshipRow, Sealed

from .conftest import Office
from .test_desk import Room, decide

EVENTS = 100_000
CASES = 1_000
LOOKS = 30


def filled(office: Office) -> Room:
    """A room with a log of 100 messages in each of 1,000 conversations, a case for each."""
    room = Room(office)
    ledger = SqlLedger(office.database)
    rng = Random(7)
    now = office.clock.now
    for start in range(0, EVENTS, 5_000):
        events, sealed = [], []
        for number in range(start, start + 5_000):
            talk = f"c{number // 100}"
            name = f"m{number % 100}"
            body = msgspec.json.encode(
                {
                    "type": "message",
                    "id": name,
                    "conversation_id": talk,
                    "sender_id": "a",
                    "text": "",
                }
            )
            key = f"{talk}/{name}".encode().ljust(16, b".")
            events.append(NewEvent(key, 0, 0, "message", talk, now + number, body))
            if number % 100 < 20:
                about = f"{talk}\x1f{name}\x1f0"
                shut = office.sealer.seal("a", about, "a line of an invented chat")
                sealed.append(Sealed(talk, name, 0, "a", shut.key_id, shut.nonce, shut.ciphertext))
        ledger.accept(events, [], sealed, now)
    ledger.checkpoint(
        Checkpoint(
            0, Progress(EVENTS, now, "x", b""), now,
            relationships=[
                RelationshipRow(f"r{n}", 0, f"c{n % CASES}", f"a{n}", "kid", n % 3, now, b"x" * 300)
                for n in range(50_000)
            ],
        ),
        lambda rows: (),
    )  # fmt: skip
    levels = ("concern", "concern", "high", "urgent")
    for number in range(CASES):
        room.find(rng.choice(levels), actor=f"a{number}", child=f"k{number}", room=f"c{number}")
    while room.opener.work():
        pass
    ann = room.who("ann")
    for item in room.store.queue(QueueFilter(limit=200), now).items:
        room.desk.note(ann, item.id, "wrote to the school about this")
    return room


def median(what: Callable[[], object]) -> float:
    """Milliseconds that a call takes, the median of some, after one that is not counted."""
    what()
    times = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        what()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[LOOKS // 2]


@pytest.mark.scale
def test_queue_and_case_answer_at_once(office: Office, capsys: pytest.CaptureFixture[str]):
    room = filled(office)
    ann, lead = room.who("ann"), room.who("lee", "lead")
    page = room.desk.queue(ann)
    assert page.total == CASES
    case_id = page.items[0].id
    file = room.desk.open(ann, case_id)
    assert len(file.findings) == 1
    assert sum(bool(piece.item) for piece in file.pieces) > 5
    took = {
        "queue": median(lambda: room.desk.queue(ann)),
        "queue, last page": median(
            lambda: room.desk.queue(ann, QueueFilter(offset=950, child_under=None))
        ),
        "case": median(lambda: room.desk.open(ann, case_id)),
        "words of a case": median(lambda: room.desk.reveal(ann, case_id)),
        "exposure": median(lambda: room.desk.exposure(ann)),
        "search": median(lambda: room.desk.search(ann, "school")),
        "figures": median(lambda: room.desk.figures(lead)),
        "decision": median(lambda: decide(room, ann, room.desk.queue(ann).items[0].id)),
    }
    size = Path(office.folder / "lamppost.db").stat().st_size / 1e6
    lines = [f"{EVENTS:,} events, {CASES:,} open cases, {size:.0f} MB; median of {LOOKS}:"]
    lines += [f"  {name:18}{value:8.1f} ms" for name, value in took.items()]
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201
    assert took["queue"] < 100
    assert took["case"] < 200
    assert took["search"] < 200
    assert took["figures"] < 500
