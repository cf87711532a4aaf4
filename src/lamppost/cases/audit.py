"""The audit chain: every view, search, decision, export and change of policy, append-only.

Each row carries the hash of the row before it, so a row that is edited, removed, put in or moved
breaks the chain from there on. Whoever can write to the database could still recompute all
hashes, or cut the end off. So after each act a signed `Checkpoint` (Merkle root, newest hash,
Ed25519) goes to a file outside the database: a rewritten or shortened table disagrees with it.
`verify` names the first row that fails and why, in plain words.

What it cannot see: the table and the checkpoint file both set back to the same earlier moment.
Write the newest checkpoint down elsewhere (`lamppost audit verify` prints it) and give it back
with `--expect` to close that door too.

Rows hold ids, numbers and reasons a person typed; never message text, names or search words
(use `digest`). They outlive erasure, which is why.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol

import msgspec

from lamppost.cases.merkle import Frontier, leaf_hash
from lamppost.cases.ports import AuditRow, AuditStore
from lamppost.core.errors import StoreError, UsageError
from lamppost.core.times import from_ms

GENESIS: Final = "0" * 64
"""`prev_hash` of the first row."""
EVERYTHING: Final = -(2**63)
"""`rows(after=EVERYTHING)` reads also what somebody numbered 0 or below."""
MAX_DETAILS: Final = 16_384
"""Characters of one row's details."""
_ACT: Final = re.compile(r"^[a-z][a-z_]*(\.[a-z_]+)?$")
_canonical: Final = msgspec.json.Encoder(order="sorted").encode


class Checkpoint(msgspec.Struct, frozen=True):
    """The chain as it was after `size` rows, signed: Merkle root and hash of the newest row."""

    size: int
    root: str
    head: str
    at: int
    signature: str = ""

    @property
    def message(self) -> bytes:
        """What is signed."""
        return _canonical(
            ["lamppost.audit.checkpoint.v1", self.size, self.root, self.head, self.at]
        )


class Anchor(Protocol):
    """Port: where checkpoints are kept, outside the table."""

    def append(self, mark: Checkpoint) -> None:
        """Keep one, durably."""
        ...

    def newest(self) -> Checkpoint | None:
        """The one that knows most rows."""
        ...

    def read(self) -> list[Checkpoint]:
        """All kept; a damaged one without a signature."""
        ...


class Problem(msgspec.Struct, frozen=True):
    """The first thing found wrong: which row, what kind, and why in plain words."""

    seq: int
    kind: Literal[
        "edit", "deletion", "insertion", "reordering", "truncation", "rewrite", "checkpoint"
    ]
    why: str


class Verdict(msgspec.Struct, frozen=True):
    """What `verify` found. `anchored` rows are covered by a checkpoint; `head` is the newest."""

    rows: int
    anchored: int
    head: str
    root: str
    checkpoints: int
    problem: Problem | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def canonical(details: Mapping[str, Any]) -> str:
    """Details as text, the same for equal details: sorted keys, no spaces, whole numbers only.

    Raises `UsageError` for what has no single spelling, or is too long.
    """
    _plain(details)
    text = _canonical(dict(details)).decode()
    if len(text) > MAX_DETAILS:
        raise UsageError(f"{len(text)} characters are more than {MAX_DETAILS}", where="details")
    return text


def _plain(value: object) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise UsageError("a number does not fit 64 bits", where="details")
        return
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        for item in value.values():
            _plain(item)
        return
    if isinstance(value, list | tuple):
        for item in value:
            _plain(item)
        return
    raise UsageError(
        f"{type(value).__name__} has no canonical form",
        where="details",
        hint="use text, whole numbers, true, false, null, lists and objects",
    )


def digest(text: str, key: bytes) -> str:
    """A stand-in for words that must not be kept, such as a search; equal words, equal stand-in."""
    return hmac.new(key, b"lamppost.audit.words\0" + text.encode(), hashlib.sha256).hexdigest()


def row_hash(row: AuditRow, *, seq: int | None = None, prev_hash: str | None = None) -> str:
    """SHA-256 over every field of a row but its hash; `seq` and `prev_hash` may be supposed."""
    fields = [
        "lamppost.audit.row.v1",
        row.seq if seq is None else seq,
        row.at, row.actor, row.act, row.subject, row.details,
        row.prev_hash if prev_hash is None else prev_hash,
    ]  # fmt: skip
    return hashlib.sha256(_canonical(fields)).hexdigest()


def next_row(
    last: AuditRow | None,
    *,
    at: int,
    actor: str,
    act: str,
    subject: str,
    details: Mapping[str, Any],
) -> AuditRow:
    """The row that follows `last`. A clock that went back is held at the newest time.

    Raises `UsageError` for an act without a person or a known form.
    """
    if not actor.strip():
        raise UsageError("an act needs the name of a person or key", where="actor")
    if not _ACT.match(act):
        raise UsageError(f"{act!r} is not a word such as view or vault.open", where="act")
    for name, text in (("actor", actor), ("subject", subject)):
        if len(text) > 256 or "\0" in text:
            raise UsageError("is longer than 256 characters or holds a zero byte", where=name)
    text = canonical(details)
    if "\\u0000" in text:
        raise UsageError("holds a zero byte", where="details")
    row = AuditRow(
        seq=last.seq + 1 if last else 1,
        at=max(at, last.at) if last else at,
        actor=actor,
        act=act,
        subject=subject,
        details=text,
        prev_hash=last.hash if last else GENESIS,
        hash="",
    )
    return msgspec.structs.replace(row, hash=row_hash(row))


def leaf(digest_of_row: str) -> bytes:
    """Merkle leaf of a row, from its hash."""
    return leaf_hash(bytes.fromhex(digest_of_row))


def _number(value: object) -> bool:
    return isinstance(value, int)


def _typed(row: AuditRow) -> bool:
    """Whether every value has the type and form an honest row has; a database checks neither."""
    try:
        msgspec.convert(msgspec.structs.asdict(row), AuditRow)
        bytes.fromhex(row.hash)
        row_hash(row)
    except (msgspec.ValidationError, ValueError, TypeError):
        return False
    return len(row.hash) == len(GENESIS)


def verify(
    rows: Iterable[AuditRow],
    checkpoints: Sequence[Checkpoint] | None = None,
    signed: Callable[[Checkpoint], bool] | None = None,
    expect: tuple[int, str] | None = None,
) -> Verdict:
    """Walk the chain; rows come in order of `seq`, with whatever values the table holds.

    `checkpoints` are those kept outside the table, `signed` says whether a signature is good,
    `expect` is a row number and its hash as somebody wrote them down.
    Memory: one hash per row.
    """
    marks: dict[int, list[Checkpoint]] = {}
    problem = None
    for mark in checkpoints or ():
        if signed is not None and not signed(mark):
            problem = problem or Problem(
                mark.size,
                "checkpoint",
                f"the checkpoint for row {mark.size} in the file outside the database does not "
                "carry a good signature: that file was edited, or another key made it",
            )
            continue
        marks.setdefault(mark.size, []).append(mark)
    walk = _Walk(rows, marks, expect)
    found = walk.run()
    return Verdict(
        rows=walk.count,
        anchored=max(marks, default=0),
        head=walk.last.hash if walk.last else GENESIS,
        root=walk.frontier.root.hex(),
        checkpoints=len(checkpoints or ()),
        problem=found or problem,
    )


Marks = dict[int, list[Checkpoint]]


class _Walk:
    def __init__(
        self,
        rows: Iterable[AuditRow],
        marks: dict[int, list[Checkpoint]],
        expect: tuple[int, str] | None,
    ) -> None:
        self.expect = expect
        self.rows = iter(rows)
        self.marks = marks
        self.last: AuditRow | None = None
        self.frontier = Frontier()
        self.count = 0

    def run(self) -> Problem | None:
        for row in self.rows:
            found = self._one(row)
            if found is not None:
                self.count += 1 + sum(1 for _ in self.rows)
                return found
            self.count += 1
        if self.expect is not None and self.expect[0] > self.count:
            return Problem(
                self.count + 1,
                "truncation",
                f"{_rows(self.count + 1, self.expect[0])} missing at the end: you expect row "
                f"{self.expect[0]}, the table has {self.count}",
            )
        newest = max(self.marks, default=0)
        if newest > self.count:
            first = self.count + 1
            mark = self.marks[newest][-1]
            return Problem(
                first,
                "truncation",
                f"{_rows(first, newest)} missing at the end: a checkpoint signed "
                f"{_when(mark.at)} knows {newest} rows, the table has {self.count}",
            )
        return None

    def _one(self, row: AuditRow) -> Problem | None:
        expected = self.last.seq + 1 if self.last else 1
        before = self.last.hash if self.last else GENESIS
        seq = row.seq
        if not _number(seq):
            return Problem(
                expected, "edit", f"row {expected} is missing or its number was edited to a word"
            )
        if seq > expected:
            return Problem(
                expected,
                "deletion",
                f"{_rows(expected, seq - 1)} missing: the table goes from row {expected - 1} to "
                f"row {seq}",
            )
        if seq < expected:
            return Problem(seq, "insertion", f"row {seq} was put in: numbers begin at 1")
        if not _typed(row):
            return Problem(seq, "edit", f"row {seq} was edited: it holds a value of a wrong type")
        if row_hash(row) != row.hash:
            return self._moved(row) or Problem(
                seq, "edit", f"row {seq} was edited: its contents do not give its hash"
            )
        if row.prev_hash != before:
            return self._unlinked(row)
        self.frontier.append(leaf(row.hash))
        for mark in self.marks.get(seq, ()):
            if mark.head != row.hash or mark.root != self.frontier.root.hex():
                return self._rewritten(row, mark)
        if self.expect is not None and self.expect[0] == seq and self.expect[1] != row.hash:
            return Problem(
                seq,
                "rewrite",
                f"row {seq} does not have the hash you expect: it or a row before it was changed "
                "and all later hashes recomputed",
            )
        self.last = row
        return None

    def _after(self, row: AuditRow) -> list[AuditRow]:
        return [row, *(item for item in self.rows if _typed(item))]

    def _moved(self, row: AuditRow) -> Problem | None:
        """A row whose hash fits another number was written under that number."""
        rest = self._after(row)
        limit = max(rest[-1].seq, max(self.marks, default=0)) + 1_000
        was = next((n for n in range(1, limit) if row_hash(row, seq=n) == row.hash), None)
        if was is None:
            self.rows = iter(rest[1:])
            return None
        self.rows = iter(rest[1:])
        if was < row.seq:
            return Problem(
                was,
                "insertion",
                f"row {was} was put in: the row written as number {was} now stands at {row.seq}",
            )
        if any(row_hash(item, seq=row.seq) == item.hash for item in rest[1:]):
            return Problem(
                row.seq,
                "reordering",
                f"rows were reordered: at row {row.seq} stands what was written as row {was}",
            )
        return Problem(
            row.seq,
            "deletion",
            f"{_rows(row.seq, was - 1)} missing: what was written as row {was} was renumbered "
            f"to {row.seq}",
        )

    def _unlinked(self, row: AuditRow) -> Problem:
        """The row is whole but does not follow the one before it, which so was not the original."""
        if self.last is None:
            return Problem(
                row.seq, "rewrite", "row 1 was replaced: it does not begin a chain"
            )  # fmt: skip
        return Problem(
            self.last.seq,
            "edit",
            f"row {self.last.seq} was edited and its hash recomputed: row {row.seq} was written "
            "after a row with another hash",
        )

    def _rewritten(self, row: AuditRow, mark: Checkpoint) -> Problem:
        """The chain agrees with itself but not with what was signed."""
        since = max((size for size in self.marks if size < row.seq), default=0)
        first = since + 1
        signed = f"by the checkpoint signed {_when(mark.at)}"
        if first != row.seq:
            return Problem(
                first,
                "rewrite",
                f"one of rows {first} to {row.seq} was changed and all later hashes recomputed: "
                f"the table is contradicted {signed}",
            )
        before = self.last.hash if self.last else GENESIS
        rest = self._after(row)
        self.rows = iter(rest[1:])
        after = self.marks.get(row.seq + 1)
        swapped = after is not None and any(
            row_hash(row, seq=row.seq + 1, prev_hash=mark.head) == item.head for item in after
        )
        original = any(
            row_hash(item, seq=row.seq, prev_hash=before) == mark.head for item in rest[1:]
        )
        if original and swapped:
            return Problem(
                row.seq,
                "reordering",
                f"rows were reordered from row {row.seq} on and all later hashes recomputed: "
                f"contradicted {signed}",
            )
        if original:
            return Problem(
                row.seq,
                "insertion",
                f"row {row.seq} was put in and all later hashes recomputed: contradicted {signed}",
            )
        if swapped:
            return Problem(
                row.seq,
                "deletion",
                f"row {row.seq} is missing; later rows were renumbered and all later hashes "
                f"recomputed: contradicted {signed}",
            )
        return Problem(
            row.seq,
            "edit",
            f"row {row.seq} was edited and all later hashes recomputed: contradicted {signed}",
        )


def _rows(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def _when(ms: int) -> str:
    try:
        return from_ms(ms).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "at an impossible time"


class Journal:
    """Writes acts: to the table first, then their checkpoint to the file outside it.

    Silent failure prevented: a table cut short and then grown again. The first act of a process
    compares the table with the newest checkpoint and refuses to write over a break.
    """

    def __init__(
        self,
        table: AuditStore,
        anchor: Anchor,
        sign: Callable[[bytes], bytes],
        clock: Callable[[], int],
    ) -> None:
        self._table = table
        self._anchor = anchor
        self._sign = sign
        self._clock = clock
        self._frontier: Frontier | None = None
        self._head = GENESIS
        self._turn = threading.RLock()

    def record(
        self, *, actor: str, act: str, subject: str, details: Mapping[str, Any] | None = None
    ) -> AuditRow:
        """Write one act; it is durable, in the table and outside, when this returns.

        Raises `StoreError` when the table contradicts its checkpoints or cannot be written.
        """
        with self._turn:
            self._resume()
            row = self._table.append(
                lambda last: next_row(
                    last,
                    at=self._clock(),
                    actor=actor,
                    act=act,
                    subject=subject,
                    details=details or {},
                )
            )
            self.checkpoint()
        return row

    def checkpoint(self) -> Checkpoint:
        """Sign the chain as it stands and keep that outside the table."""
        with self._turn:
            frontier = self._resume()
            head = self._head
            for row in self._table.rows(after=frontier.size):
                head = row.hash
                frontier.append(leaf(head))
            self._head = head
            mark = Checkpoint(frontier.size, frontier.root.hex(), head, self._clock())
            mark = msgspec.structs.replace(mark, signature=self._sign(mark.message).hex())
            self._anchor.append(mark)
        return mark

    def _resume(self) -> Frontier:
        if self._frontier is not None:
            return self._frontier
        frontier, head = Frontier(), GENESIS
        newest = self._anchor.newest()
        for row in self._table.rows():
            head = row.hash
            frontier.append(leaf(head))
            if newest is not None and frontier.size == newest.size:
                _same(frontier, newest)
        if newest is not None and frontier.size < newest.size:
            raise StoreError(
                f"the audit table has {frontier.size} rows, its checkpoint knows {newest.size}",
                where="audit",
                hint="run lamppost audit verify; nothing is written over a break",
            )
        self._frontier, self._head = frontier, head
        return frontier


def _same(frontier: Frontier, newest: Checkpoint) -> None:
    if frontier.root.hex() != newest.root:
        raise StoreError(
            f"the audit table contradicts its checkpoint for row {newest.size}",
            where="audit",
            hint="run lamppost audit verify; nothing is written over a break",
        )
