"""The audit chain: whoever changes it, also directly in the database, is found."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.cases.audit import (
    GENESIS,
    Checkpoint,
    canonical,
    digest,
    leaf,
    next_row,
    row_hash,
    verify,
)
from lamppost.cases.merkle import root
from lamppost.cases.ports import AuditRow
from lamppost.core.errors import StoreError, UsageError

from .conftest import Office


def chain(count: int) -> list[AuditRow]:
    """An honest chain."""
    rows: list[AuditRow] = []
    for index in range(count):
        rows.append(
            next_row(
                rows[-1] if rows else None, at=1_000 + index, actor=f"p{index % 2}", act="view",
                subject=f"case-{index}", details={"n": index},
            )
        )  # fmt: skip
    return rows


def marks(rows: list[AuditRow], sizes: list[int]) -> list[Checkpoint]:
    """Checkpoints of an honest chain."""
    leaves = [leaf(row.hash) for row in rows]
    return [
        Checkpoint(size, root(leaves[:size]).hex(), rows[size - 1].hash, rows[size - 1].at)
        for size in sizes
    ]


def forge(rows: list[AuditRow]) -> list[AuditRow]:
    """Number and hash rows anew, as an attacker would who can write to the table."""
    made: list[AuditRow] = []
    for row in rows:
        last = made[-1] if made else None
        changed = msgspec.structs.replace(
            row, seq=len(made) + 1, prev_hash=last.hash if last else GENESIS
        )
        made.append(msgspec.structs.replace(changed, hash=row_hash(changed)))
    return made


def edit(rows: list[AuditRow], at: int) -> list[AuditRow]:
    changed = list(rows)
    changed[at] = msgspec.structs.replace(rows[at], actor="somebody else")
    return changed


def delete(rows: list[AuditRow], at: int) -> list[AuditRow]:
    return [*rows[:at], *rows[at + 1 :]]


def insert(rows: list[AuditRow], at: int) -> list[AuditRow]:
    return [*rows[:at], msgspec.structs.replace(rows[at], subject="case-x"), *rows[at:]]


def swap(rows: list[AuditRow], at: int) -> list[AuditRow]:
    return [*rows[:at], rows[at + 1], rows[at], *rows[at + 2 :]]


def cut(rows: list[AuditRow], at: int) -> list[AuditRow]:
    return rows[:at]


@dataclass
class Attack:
    """What is done to the rows, and what it is called."""

    do: Callable[[list[AuditRow], int], list[AuditRow]]
    kind: str


ATTACKS = {
    "edit": Attack(edit, "edit"),
    "delete": Attack(delete, "deletion"),
    "insert": Attack(insert, "insertion"),
    "swap": Attack(swap, "reordering"),
    "cut": Attack(cut, "truncation"),
}


def test_an_honest_chain_is_sound():
    rows = chain(20)
    found = verify(rows, marks(rows, [1, 7, 20]))
    assert found.sound
    assert (found.rows, found.anchored, found.head) == (20, 20, rows[-1].hash)
    assert verify([]).sound


@pytest.mark.parametrize("name", ATTACKS)
@given(data=st.data())
def test_a_full_rewrite_is_found_and_named(name: str, data: st.DataObject):
    """All hashes recomputed: only checkpoints of the file outside can tell."""
    rows = chain(data.draw(st.integers(4, 12)))
    at = data.draw(st.integers(0, len(rows) - 3))
    attack = ATTACKS[name]
    found = verify(
        forge(attack.do(rows, at)), marks(rows, list(range(1, len(rows) + 1)))
    )  # fmt: skip
    assert found.problem is not None
    assert (found.problem.kind, found.problem.seq) == (attack.kind, at + 1), found.problem.why
    sparse = verify(forge(attack.do(rows, at)), marks(rows, [len(rows)]))
    assert sparse.problem is not None


@given(st.lists(st.sampled_from(["edit", "delete", "insert", "swap"]), min_size=1, max_size=3),
       st.data())  # fmt: skip
def test_no_change_goes_unseen(names: list[str], data: st.DataObject):
    rows = chain(10)
    changed = rows
    for name in names:
        at = data.draw(st.integers(0, len(changed) - 3))
        changed = ATTACKS[name].do(changed, at)
    if data.draw(st.booleans()):
        changed = forge(changed)
    same = changed == rows
    assert verify(changed, marks(rows, [5, 10])).sound == same


@given(st.integers(1, 9), st.sampled_from(["at", "actor", "act", "subject", "details",
       "prev_hash", "hash"]))  # fmt: skip
def test_every_field_is_covered(number: int, field: str):
    rows = chain(9)
    row = rows[number - 1]
    value = row.at + 1 if field == "at" else f"{getattr(row, field)}x"
    if field in ("hash", "prev_hash"):
        value = "ab" * 32
    rows[number - 1] = msgspec.structs.replace(row, **{field: value})
    found = verify(rows).problem
    assert found is not None
    assert found.seq == number


WORDS = st.text(max_size=8)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | WORDS
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, VALUES))
def test_canonical_details_have_one_spelling(details: dict[str, object]):
    text = canonical(details)
    again = dict(sorted(msgspec.json.decode(text).items(), reverse=True))
    assert canonical(again) == text
    assert msgspec.json.decode(text) == details


@pytest.mark.parametrize("value", [1.5, {"a": {1, 2}}, 2**70, b"bytes", object()])
def test_what_has_no_single_spelling_is_refused(value: object):
    with pytest.raises(UsageError):
        canonical({"value": value})


def test_neighbouring_fields_cannot_be_shifted():
    one = next_row(None, at=1, actor="ab", act="view", subject="c", details={})
    two = next_row(None, at=1, actor="a", act="view", subject="bc", details={})
    assert one.hash != two.hash


def test_a_clock_that_goes_back_is_held():
    first = next_row(None, at=5_000, actor="p", act="view", subject="c", details={})
    second = next_row(first, at=1_000, actor="p", act="view", subject="c", details={})
    assert second.at == 5_000
    assert verify([first, second]).sound


@pytest.mark.parametrize(
    ("actor", "act"), [("", "view"), (" ", "view"), ("p", "View case"), ("p", ""), ("p\0", "view")]
)
def test_an_act_needs_a_person_and_a_word(actor: str, act: str):
    with pytest.raises(UsageError):
        next_row(None, at=1, actor=actor, act=act, subject="c", details={})


def test_search_words_are_kept_as_a_stand_in():
    assert digest("quiet river", b"k") == digest("quiet river", b"k")
    assert digest("quiet river", b"k") != digest("quiet river", b"other")
    assert "quiet" not in digest("quiet river", b"k")


# --- in a real database -----------------------------------------------------------------------


def tamper(path: Path, *statements: str) -> None:
    """Do as somebody with the database file would: drop the guards first."""
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


DIRECT = {
    "edit": (["UPDATE audit SET details='{}' WHERE seq=4"], "edit", 4),
    "edit of the actor": (["UPDATE audit SET actor='nobody' WHERE seq=1"], "edit", 1),
    "wrong type": (["UPDATE audit SET at='soon' WHERE seq=6"], "edit", 6),
    "blob": (["UPDATE audit SET actor=x'00ff' WHERE seq=6"], "edit", 6),
    "deletion": (["DELETE FROM audit WHERE seq=5"], "deletion", 5),
    "deletion of several": (["DELETE FROM audit WHERE seq BETWEEN 3 AND 6"], "deletion", 3),
    "deletion of the first": (["DELETE FROM audit WHERE seq=1"], "deletion", 1),
    "deletion, renumbered": (
        ["DELETE FROM audit WHERE seq=5", "UPDATE audit SET seq=-seq WHERE seq>5",
         "UPDATE audit SET seq=-seq-1 WHERE seq<0"], "deletion", 5),
    "reordering": (
        ["UPDATE audit SET seq=-1 WHERE seq=3", "UPDATE audit SET seq=3 WHERE seq=4",
         "UPDATE audit SET seq=4 WHERE seq=-1"], "reordering", 3),
    "reordering of far rows": (
        ["UPDATE audit SET seq=-1 WHERE seq=2", "UPDATE audit SET seq=2 WHERE seq=9",
         "UPDATE audit SET seq=9 WHERE seq=-1"], "reordering", 2),
    "insertion": (
        ["UPDATE audit SET seq=-seq WHERE seq>=5", "UPDATE audit SET seq=-seq+1 WHERE seq<0",
         "INSERT INTO audit SELECT 5, at, actor, act, 'case-x', details, prev_hash, hash "
         "FROM audit WHERE seq=4"], "edit", 5),
    "insertion before the first": (
        ["INSERT INTO audit SELECT 0, at, actor, act, 'case-x', details, prev_hash, hash "
         "FROM audit WHERE seq=4"], "insertion", 0),
    "number edited to a word": (["UPDATE audit SET seq='four' WHERE seq=4"], "deletion", 4),
    "truncation": (["DELETE FROM audit WHERE seq>7"], "truncation", 8),
    "truncation of the last": (["DELETE FROM audit WHERE seq=10"], "truncation", 10),
    "everything": (["DELETE FROM audit"], "truncation", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", DIRECT)
def test_tampering_with_the_database_is_found(office: Office, name: str):
    statements, kind, seq = DIRECT[name]
    office.act(10)
    assert office.verify().sound
    office.database.close()
    tamper(office.folder / "lamppost.db", *statements)
    problem = office.verify().problem
    assert problem is not None
    assert (problem.kind, problem.seq) == (kind, seq), problem.why
    assert str(seq) in problem.why


def test_a_row_put_in_with_a_right_hash_is_named(office: Office):
    office.act(10)
    rows = list(office.table.rows())
    made = next_row(rows[3], at=rows[3].at, actor="p", act="view", subject="c", details={})
    office.database.close()
    values = ", ".join(
        str(value) if isinstance(value, int) else f"'{value}'"
        for value in msgspec.structs.astuple(made)
    )
    tamper(
        office.folder / "lamppost.db",
        "UPDATE audit SET seq=-seq WHERE seq>=5",
        "UPDATE audit SET seq=-seq+1 WHERE seq<0",
        f"INSERT INTO audit VALUES ({values})",
    )
    anchored, alone = office.verify().problem, office.verify(anchored=False).problem
    assert anchored is not None
    assert (anchored.kind, anchored.seq) == ("insertion", 5), anchored.why
    assert alone is not None
    assert (alone.kind, alone.seq) == ("insertion", 5), alone.why


def test_nothing_is_written_over_a_break(office: Office):
    office.act(6)
    office.database.close()
    tamper(office.folder / "lamppost.db", "DELETE FROM audit WHERE seq>3")
    journal = office.start()
    with pytest.raises(StoreError, match="has 3 rows, its checkpoint knows 6"):
        journal.record(actor="p", act="view", subject="c")
    assert sum(1 for _ in office.table.rows()) == 3


def test_a_forged_checkpoint_is_found(office: Office):
    office.act(3)
    last = office.anchor.read()[-1]
    office.anchor.append(msgspec.structs.replace(last, size=2, head="ab" * 32))
    problem = office.verify().problem
    assert problem is not None
    assert problem.kind == "checkpoint"
    assert "good signature" in problem.why


def test_a_damaged_checkpoint_line_is_found(office: Office):
    office.act(3)
    with office.anchor.path.open("ab") as file:
        file.write(b'{"size": 3}\n')
    assert office.verify().problem is not None


def test_a_line_torn_by_a_power_cut_is_no_break(office: Office):
    office.act(3)
    with office.anchor.path.open("ab") as file:
        file.write(b'{"size": 4, "root": "12')
    assert office.verify().sound
    office.journal = office.start()
    office.act(2)
    assert office.verify().sound
    assert office.verify().anchored == 5


def test_both_set_back_are_found_by_what_was_written_down(office: Office):
    office.act(5)
    known = office.verify()
    office.database.close()
    tamper(office.folder / "lamppost.db", "DELETE FROM audit WHERE seq>3")
    lines = office.anchor.path.read_bytes().splitlines(keepends=True)
    office.anchor.path.write_bytes(b"".join(lines[:3]))
    assert office.verify().sound  # the limit that the module states
    problem = office.verify(expect=(known.rows, known.head)).problem
    assert problem is not None
    assert (problem.kind, problem.seq) == ("truncation", 4)


def test_the_chain_goes_on_after_a_restart(office: Office):
    office.act(5)
    office.journal = office.start()
    office.act(5)
    assert office.verify().sound
    assert office.verify().anchored == 10


def test_a_crash_before_the_checkpoint_is_no_break(office: Office):
    office.act(4)
    lines = office.anchor.path.read_bytes().splitlines(keepends=True)
    office.anchor.path.write_bytes(b"".join(lines[:-1]))
    assert office.verify().sound
    office.journal = office.start()
    office.act(1)
    assert office.verify().sound


def test_writers_of_several_threads_and_journals_make_one_chain(office: Office):
    journals = [office.journal, office.start(), office.start()]
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for index in range(15):
                journals[number % 3].record(actor=f"p{number}", act="view", subject=f"c{index}")
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = office.verify()
    assert found.problem is None, found.problem
    assert (found.rows, found.anchored) == (90, 90)
