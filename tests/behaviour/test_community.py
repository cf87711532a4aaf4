"""The synthetic community: what it promises to those who build and judge on it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import cache

import msgspec
import pytest
from typer.testing import CliRunner

from lamppost.cli import app
from lamppost.evaluation.community import Community, simulate
from lamppost.events import ndjson
from lamppost.events.vocabulary import Account, Contact, Event, Message, moment_of


@cache
def world(seed: int = 11, accounts: int = 900) -> tuple[Community, list[Event]]:
    community = simulate(accounts, 20, seed)
    return community, list(community.events())


def test_equal_seeds_give_equal_bytes() -> None:
    def lines(seed: int) -> bytes:
        made: list[bytes] = []
        ndjson.write(simulate(120, 4, seed).events(), made.append)
        return b"".join(made)

    assert lines(5) == lines(5)
    assert lines(5) != lines(6)


def test_every_kind_of_event_in_order_of_time_and_readable() -> None:
    _, events = world()
    kinds = {type(event).__name__ for event in events}
    assert kinds == {
        "Account", "Message", "Contact", "Room", "Gift", "Session", "Profile", "UserReport",
    }  # fmt: skip
    shown: datetime | None = None
    for event in events:
        if isinstance(event, Account) or (isinstance(event, Message) and event.deleted_at):
            continue
        moment = moment_of(event)
        assert moment is not None
        assert shown is None or moment >= shown
        shown = moment
    bad: list[ndjson.BadLine] = []
    lines = [ndjson.encode(event) for event in events[::50]]
    assert len(list(ndjson.read(lines, bad.append))) == len(lines)
    assert not bad


def test_nobody_acts_before_having_an_account() -> None:
    _, events = world()
    there: set[str] = set()
    for event in events:
        if isinstance(event, Account):
            there.add(event.id)
        elif isinstance(event, Message):
            assert event.sender_id in there
        elif isinstance(event, Contact):
            assert event.actor_id in there


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_third_child_is_the_third_who_took_or_answered(seed: int) -> None:
    community, events = world(seed)
    children = {member.account_id for member in community.members if member.age < 18}
    truth = {row.account_id: row for row in community.truth}
    assert truth
    asked: dict[str, set[str]] = defaultdict(set)
    reached: dict[str, dict[str, datetime]] = defaultdict(dict)
    for event in events:
        if isinstance(event, Contact) and event.action == "accepted":
            if event.target_id in truth and event.actor_id in children:
                reached[event.target_id].setdefault(event.actor_id, event.at)
        elif isinstance(event, Message) and event.surface == "direct" and event.recipient_ids:
            sender, other = event.sender_id, event.recipient_ids[0]
            if sender in truth:
                asked[sender].add(other)
            elif other in truth and sender in children and sender in asked[other]:
                reached[other].setdefault(sender, event.sent_at)
    for account, row in truth.items():
        times = [reached[account][child] for child in row.children]
        assert times == sorted(times)
        assert row.third_child_at == (times[2] if len(times) > 2 else None)
    assert any(row.third_child_at for row in truth.values())


def test_the_verb_writes_events_and_truth(tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = [tmp_path / name for name in ("e.ndjson", "t.ndjson", "m.ndjson")]
    result = CliRunner().invoke(
        app(),
        ["simulate", "--accounts", "200", "--days", "6", "--seed", "4", "--out", str(files[0]),
         "--truth", str(files[1]), "--members", str(files[2])],
    )  # fmt: skip
    assert result.exit_code == 0
    rows = [msgspec.json.decode(line) for line in files[1].read_bytes().splitlines()]
    assert rows
    assert set(rows[0]) >= {"account_id", "kind", "third_child_at"}
    members = {
        msgspec.json.decode(line)["account_id"] for line in files[2].read_bytes().splitlines()
    }
    assert {row["account_id"] for row in rows} <= members


def test_a_bad_size_is_refused() -> None:
    result = CliRunner().invoke(app(), ["simulate", "--accounts", "3"])
    assert result.exit_code != 0


@pytest.mark.scale
def test_ten_thousand_accounts_for_thirty_days_take_less_than_a_minute() -> None:
    import time

    begun = time.process_time()
    count = ndjson.write(simulate(10_000, 30, 1).events(), lambda data: None)
    assert count > 500_000
    assert time.process_time() - begun < 60
