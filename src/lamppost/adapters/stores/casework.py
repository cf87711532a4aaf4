"""Cases in tables: changed one at a time, each change with its history in one transaction."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import casework as schema
from lamppost.adapters.stores.schema import log
from lamppost.adapters.stores.schema.cases import audit
from lamppost.adapters.stores.schema.log import relationships as pairs
from lamppost.adapters.stores.schema.office import settings
from lamppost.cases.case import (
    OPEN,
    Appeal,
    Case,
    CaseFile,
    CaseFinding,
    Change,
    Clock,
    Decision,
    History,
    Hit,
    Label,
    Link,
    Note,
    Piece,
    QueueFilter,
    QueuePage,
    Reading,
    Sample,
    Token,
)
from lamppost.cases.exposure import Reveal
from lamppost.cases.figures import Figures, Spread
from lamppost.cases.quality import precision
from lamppost.cases.search import folded
from lamppost.core.errors import ConflictError, UsageError
from lamppost.core.levels import Level
from lamppost.core.times import MINUTE
from lamppost.signals.recorded import reasons_in

_CASE_LOCK: Final = 0x1A3B_0005
_PAGE: Final = 1_000
_AT_ONCE: Final = 400
_SHOWN: Final = 240
"""Characters of a text that a search shows."""
_T = TypeVar("_T", bound=msgspec.Struct)

_WORDS: Final = ("detectors", "outcome", "acts", "labels", "reasons")
"""Columns that hold a list as words with spaces between."""
_TABLES: Final[tuple[tuple[str, Table, list[str]], ...]] = (
    ("findings", schema.case_findings, ["id"]),
    ("pieces", schema.case_pieces, ["case_id", "conversation", "event", "edit"]),
    ("notes", schema.case_notes, ["id"]),
    ("decisions", schema.case_decisions, ["id"]),
    ("labels", schema.case_labels, ["decision_id", "finding_id", "detector"]),
    ("clocks", schema.case_clocks, ["id"]),
    ("appeals", schema.case_appeals, ["id"]),
    ("links", schema.case_links, ["case_id", "kind", "other"]),
    ("history", schema.case_history, ["id"]),
    ("samples", schema.case_samples, ["id"]),
    ("readings", schema.case_readings, ["sample_id", "by"]),
)
_ORDER: Final = {
    "findings": "at", "pieces": "at", "notes": "at", "decisions": "at", "labels": "at",
    "clocks": "started_at", "appeals": "at", "links": "at", "history": "at",
}  # fmt: skip
_KINDS: Final[dict[str, type[msgspec.Struct]]] = {
    "findings": CaseFinding, "pieces": Piece, "notes": Note, "decisions": Decision,
    "labels": Label, "clocks": Clock, "appeals": Appeal, "links": Link, "history": History,
}  # fmt: skip


class SqlCases:
    """`CaseStore` over SQLAlchemy Core."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- changes ----------------------------------------------------------------------------

    def absorb(
        self,
        finding_id: str,
        account: str,
        make: Callable[[CaseFile | None, list[Case], int], Change | None],
    ) -> str | None:
        """Add a finding once; returns the id of the case it is in."""
        table = schema.cases
        found = schema.case_findings
        with self._database.write(lock=_CASE_LOCK) as connection:
            query = select(found.c.case_id).where(found.c.id == finding_id)
            known: str | None = connection.execute(query).scalar_one_or_none()
            if known is not None:
                return known
            rows = connection.execute(
                select(table).where(table.c.account == account).order_by(table.c.number.desc())
            )
            cases = [_read(Case, row) for row in rows]
            open_case = next((item for item in cases if item.status in OPEN), None)
            closed = [item for item in cases if item.status not in OPEN]
            file = None if open_case is None else self._file(connection, open_case)
            last = connection.execute(select(func.coalesce(func.max(table.c.number), 0)))
            change = make(file, closed, last.scalar_one() + 1)
            if change is None or change.case is None:
                return None
            self._write(connection, change)
            return change.case.id

    def change(
        self, case_id: str, make: Callable[[CaseFile], Change], token: Token | None = None
    ) -> str:
        """Change one case while nobody else can; a token used before changes nothing."""
        with self._database.write(lock=_CASE_LOCK) as connection:
            if token is not None:
                earlier = self._earlier(connection, token)
                if earlier is not None:
                    return earlier
            found = self._case(connection, case_id)
            if found is None:
                raise UsageError("there is no such case", where="case")
            change = make(self._file(connection, found))
            self._write(connection, change)
            if token is not None:
                at = max((item.at for item in change.history), default=0)
                row = {**msgspec.structs.asdict(token), "result": change.result, "at": at}
                connection.execute(insert(schema.case_tokens), row)
            return change.result

    def put_pieces(self, pieces: Sequence[Piece]) -> None:
        """Keep what is known of messages around a finding; a sealed one is never lost again."""
        if not pieces:
            return
        table = schema.case_pieces
        made = self._database.insert(table)
        keys = ["case_id", "conversation", "event", "edit"]
        upsert = made.on_conflict_do_update(
            index_elements=keys,
            set_={
                "labels": made.excluded.labels,
                "item": case((made.excluded.item == "", table.c.item), else_=made.excluded.item),
            },
        )
        with self._database.write() as connection:
            connection.execute(upsert, [_row(piece) for piece in pieces])

    def _earlier(self, connection: Connection, token: Token) -> str | None:
        table = schema.case_tokens
        row = connection.execute(select(table).where(table.c.id == token.id)).one_or_none()
        if row is None:
            return None
        if Token(row.id, row.who, row.act, row.case_id) != token:
            raise ConflictError(
                "this form was used for something else", kind="token", hint="load the page again"
            )
        result: str = row.result
        return result

    def _write(self, connection: Connection, change: Change) -> None:
        if change.case is not None:
            connection.execute(self._database.upsert(schema.cases, ["id"]), [_row(change.case)])
        for name, table, keys in _TABLES:
            rows = [_row(item) for item in getattr(change, name)]
            if rows:
                connection.execute(self._database.upsert(table, keys), rows)
        docs = [doc for doc in _docs(change) if doc["words"]]
        if docs:
            made = self._database.insert(schema.search_docs)
            connection.execute(
                made.on_conflict_do_update(
                    index_elements=["id"],
                    set_={name: made.excluded[name] for name in ("at", "text", "words", "case_id")},
                ),
                docs,
            )

    # --- reading ----------------------------------------------------------------------------

    def case(self, case_id: str) -> Case | None:
        """One case."""
        with self._database.read() as connection:
            return self._case(connection, case_id)

    def file(self, case_id: str) -> CaseFile | None:
        """One case with all that lies in it."""
        with self._database.read() as connection:
            found = self._case(connection, case_id)
            return None if found is None else self._file(connection, found)

    def open_of(self, account: str) -> Case | None:
        """The open case of an account."""
        table = schema.cases
        query = select(table).where(table.c.account == account, table.c.status != "closed")
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _read(Case, row)

    def queue(self, wanted: QueueFilter, now: int) -> QueuePage:
        """Cases in the order to be worked: by hand, urgent, soonest due."""
        table = schema.cases
        where = _wanted(wanted, now)
        order: list[Any] = [table.c.closed_at.desc(), table.c.id]
        if not wanted.closed:
            order = [
                table.c.rank.is_(None), table.c.rank,
                case((table.c.level >= Level.URGENT, 0), else_=1),
                table.c.due_at, table.c.id,
            ]  # fmt: skip
        query = select(table).where(where).order_by(*order)
        query = query.limit(wanted.limit).offset(wanted.offset)
        count = select(func.count()).select_from(table).where(where)
        with self._database.read() as connection:
            items = [_read(Case, row) for row in connection.execute(query)]
            return QueuePage(items, connection.execute(count).scalar_one())

    def touching(self, account: str) -> list[Case]:
        """Cases in which an account is on either side, newest first."""
        table = schema.cases
        found = schema.case_findings
        aimed = select(found.c.case_id).where(found.c.target == account)
        query = (
            select(table)
            .where(or_(table.c.account == account, table.c.id.in_(aimed)))
            .order_by(table.c.number.desc())
        )
        with self._database.read() as connection:
            return [_read(Case, row) for row in connection.execute(query)]

    def running(self, kind: str | None = None, limit: int = 200) -> list[Clock]:
        """Clocks that run, soonest due first."""
        table = schema.case_clocks
        query = select(table).where(table.c.stopped_at.is_(None)).order_by(table.c.due_at)
        if kind is not None:
            query = query.where(table.c.kind == kind)
        return self._all(Clock, query.limit(limit))

    def appeals(self, *, answered: bool = False, limit: int = 200) -> list[Appeal]:
        """Appeals, oldest first."""
        table = schema.case_appeals
        which = table.c.result != "" if answered else table.c.result == ""
        return self._all(Appeal, select(table).where(which).order_by(table.c.at).limit(limit))

    def samples(self, not_by: str, now: int, limit: int = 50) -> list[Sample]:
        """Samples that a person has neither decided nor read."""
        table = schema.case_samples
        read = select(schema.case_readings.c.sample_id).where(schema.case_readings.c.by == not_by)
        query = (
            select(table)
            .where(table.c.first_by != not_by, table.c.id.not_in(read), table.c.made_at <= now)
            .order_by(table.c.made_at, table.c.id)
            .limit(limit)
        )
        return self._all(Sample, query)

    def sample(self, sample_id: str) -> Sample | None:
        """One sample."""
        table = schema.case_samples
        found = self._all(Sample, select(table).where(table.c.id == sample_id))
        return found[0] if found else None

    def read_samples(self) -> list[tuple[Sample, Reading]]:
        """Every reading with its sample."""
        samples = {item.id: item for item in self._all(Sample, select(schema.case_samples))}
        table = schema.case_readings
        read = self._all(Reading, select(table).order_by(table.c.at, table.c.by))
        return [(samples[item.sample_id], item) for item in read if item.sample_id in samples]

    def labels(self) -> Iterator[Label]:
        """Labels that count, in the order they were given."""
        table = schema.case_labels
        query = (
            select(table)
            .where(table.c.counts)
            .order_by(table.c.at, table.c.decision_id, table.c.finding_id, table.c.detector)
        )
        start = 0
        while True:
            page = self._all(Label, query.limit(_PAGE).offset(start))
            yield from page
            if len(page) < _PAGE:
                return
            start += _PAGE

    def _all(self, kind: type[_T], query: Select[Any]) -> list[_T]:
        with self._database.read() as connection:
            return [_read(kind, row) for row in connection.execute(query)]

    def _case(self, connection: Connection, case_id: str) -> Case | None:
        table = schema.cases
        row = connection.execute(select(table).where(table.c.id == case_id)).one_or_none()
        return None if row is None else _read(Case, row)

    def _file(self, connection: Connection, found: Case) -> CaseFile:
        parts: dict[str, Any] = {}
        for name, table, keys in _TABLES:
            if name not in _KINDS:
                continue
            order = [table.c[_ORDER[name]], *(table.c[key] for key in keys)]
            rows = connection.execute(
                select(table).where(table.c.case_id == found.id).order_by(*order)
            )
            parts[name] = [_read(_KINDS[name], row) for row in rows]
        table = schema.cases
        rows = connection.execute(
            select(table)
            .where(table.c.account == found.account, table.c.id != found.id)
            .order_by(table.c.number.desc())
        )
        return CaseFile(case=found, others=[_read(Case, row) for row in rows], **parts)

    # --- search -----------------------------------------------------------------------------

    def search(
        self, words: Sequence[str], kinds: Sequence[str], *, offset: int = 0, limit: int = 50
    ) -> tuple[list[Hit], int]:
        """What holds every word (the last one may go on), newest first, and how many there are."""
        if not words or not kinds:
            return [], 0
        docs, cases = schema.search_docs, schema.cases
        where = and_(docs.c.kind.in_(list(kinds)), self._matches(words))
        query = (
            select(docs, cases.c.account, cases.c.status)
            .join(cases, cases.c.id == docs.c.case_id)
            .where(where)
            .order_by(docs.c.at.desc(), docs.c.number)
            .limit(limit)
            .offset(offset)
        )
        count = select(func.count()).select_from(docs).where(where)
        with self._database.read() as connection:
            hits = [
                Hit(
                    row.kind, row.ref, row.case_id, row.account, row.status, row.at,
                    _excerpt(row.text, words),
                )
                for row in connection.execute(query)
            ]  # fmt: skip
            return hits, connection.execute(count).scalar_one()

    def _matches(self, words: Sequence[str]) -> ColumnElement[bool]:
        """Words are letters and digits only, so they need no quoting beyond this."""
        if self._database.sqlite:
            asked = " ".join(f'"{word}"' for word in words) + "*"
            index: ColumnElement[bool] = text(
                "search_docs.number IN "
                "(SELECT rowid FROM search_index WHERE search_index MATCH :asked)"
            ).bindparams(asked=asked)  # type: ignore[assignment]
            return index
        asked = " & ".join(words) + ":*"
        vector: ColumnElement[bool] = text(
            "to_tsvector('simple', search_docs.words) @@ to_tsquery('simple', :asked)"
        ).bindparams(asked=asked)  # type: ignore[assignment]
        return vector

    # --- the audit chain --------------------------------------------------------------------

    def take_unpublished(self, now: int, limit: int = 100) -> list[History]:
        """Acts not yet in the audit chain, oldest first; nobody else gets them for a minute."""
        table = schema.case_history
        free = or_(table.c.row == 0, and_(table.c.row < 0, table.c.row > MINUTE - now))
        with self._database.read() as connection:
            if connection.execute(select(table.c.id).where(free).limit(1)).first() is None:
                return []
        with self._database.write(lock=_CASE_LOCK) as connection:
            rows = connection.execute(
                select(table).where(free).order_by(table.c.at, table.c.id).limit(limit)
            ).all()
            taken = [_read(History, row) for row in rows]
            names = [item.id for item in taken]
            connection.execute(update(table).where(table.c.id.in_(names)).values(row=-now))
        return taken

    def published(self, act_id: str, row: int) -> None:
        """An act is in the audit chain, at `row`."""
        table = schema.case_history
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id == act_id).values(row=row))

    def reveals(self, since: int, until: int, person: str | None = None) -> list[Reveal]:
        """Openings of the vault, from the audit chain, oldest first."""
        table = audit
        query = (
            select(table.c.at, table.c.actor, table.c.subject, table.c.details)
            .where(table.c.act == "vault.open", table.c.at >= since, table.c.at < until)
            .order_by(table.c.seq)
        )
        if person is not None:
            query = query.where(table.c.actor == person)
        with self._database.read() as connection:
            return [
                Reveal(row.at, row.actor, row.subject, *_revealed(row.details))
                for row in connection.execute(query)
            ]

    # --- findings come in -------------------------------------------------------------------

    def messages(self, case_id: str, conversation: str) -> list[Piece]:
        """Every version of every message of a conversation in the log, in the order of sending."""
        table = log.events.c
        query = (
            select(table.body, table.at, table.stamp)
            .where(table.conversation == conversation, table.kind == "message")
            .order_by(table.at, table.seq)
        )
        made = []
        with self._database.read() as connection:
            for row in connection.execute(query):
                found = _message(row.body)
                made.append(
                    Piece(
                        case_id=case_id, conversation=conversation, event=found.id,
                        edit=row.stamp, sender=found.sender_id, at=row.at,
                        labels=tuple(found.labels),
                        reasons=tuple(reasons_in(found.text)),
                    )
                )  # fmt: skip
        return made

    def place(self, name: str) -> int:
        """How far a reader of findings has come."""
        table = settings
        query = select(table.c.value).where(table.c.name == f"read.{name}")
        with self._database.read() as connection:
            value = connection.execute(query).scalar_one_or_none()
        return 0 if value is None else int(value)

    def advance(self, name: str, number: int) -> None:
        """A reader of findings has come so far; never goes back."""
        table = settings
        with self._database.write(lock=_CASE_LOCK) as connection:
            query = select(table.c.value).where(table.c.name == f"read.{name}")
            value = connection.execute(query).scalar_one_or_none()
            if value is None or int(value) < number:
                connection.execute(
                    self._database.upsert(table, ["name"]),
                    {"name": f"read.{name}", "value": str(number).encode()},
                )

    # --- figures ----------------------------------------------------------------------------

    def figures(self, since: int, now: int) -> Figures:
        """Figures of the dashboard: what happened from `since` to `now`, both in it."""
        cases = schema.cases.c
        is_open = cases.status != "closed"
        with self._database.read() as connection:

            def counted(column: ColumnElement[Any], *where: ColumnElement[bool]) -> dict[Any, int]:
                query = select(column, func.count()).where(*where).group_by(column)
                return {row[0]: row[1] for row in connection.execute(query)}

            def number(*where: ColumnElement[bool]) -> int:
                query = select(func.count()).select_from(schema.cases).where(*where)
                return int(connection.execute(query).scalar_one())

            levels = counted(cases.level, is_open)
            outcomes: dict[str, int] = {}
            for words, count in counted(cases.outcome, cases.closed_at.between(since, now)).items():
                for act in words.split():
                    outcomes[act] = outcomes.get(act, 0) + count
            times = connection.execute(
                select(cases.opened_at, cases.looked_at, cases.decided_at).where(
                    cases.opened_at.between(since, now)
                )
            ).all()
            clocks = schema.case_clocks.c
            reported = connection.execute(
                select(clocks.stopped_at - cases.opened_at)
                .join_from(schema.case_clocks, schema.cases, clocks.case_id == cases.id)
                .where(clocks.kind == "report", clocks.stopped_at.between(since, now))
            ).scalars()
            labels = schema.case_labels.c
            seen: dict[tuple[str, str], dict[str, int]] = {}
            for row in connection.execute(
                select(
                    labels.detector, labels.language, labels.label,
                    func.count(labels.case_id.distinct()),
                )
                .where(labels.counts)
                .group_by(labels.detector, labels.language, labels.label)
            ):  # fmt: skip
                seen.setdefault((row[0], row[1]), {})[row[2]] = row[3]
            decisions = schema.case_decisions.c
            ordinary = connection.execute(
                select(schema.case_findings.c.level, func.count())
                .join(schema.case_decisions, decisions.case_id == schema.case_findings.c.case_id)
                .where(decisions.state == "final", decisions.judgement == "ordinary")
                .group_by(schema.case_findings.c.level)
            )
            ordinary_alarms = {Level(level).word: count for level, count in ordinary}
            relationships = counted(pairs.c.level)
            return Figures(
                since=since,
                now=now,
                open_by_level={level.word: levels.get(int(level), 0) for level in Level if level},
                in_review=number(cases.status == "review"),
                overdue=number(is_open, cases.due_at < now),
                unclaimed=number(
                    cases.status == "open",
                    or_(cases.claimed_by.is_(None), cases.claimed_until <= now),
                ),
                appeals=int(
                    connection.execute(
                        select(func.count())
                        .select_from(schema.case_appeals)
                        .where(schema.case_appeals.c.result == "")
                    ).scalar_one()
                ),
                opened=number(cases.opened_at.between(since, now)),
                closed=number(cases.closed_at.between(since, now)),
                outcomes=outcomes,
                to_first_look=_spread(
                    [row.looked_at - row.opened_at for row in times if row.looked_at is not None]
                ),
                to_decision=_spread(
                    [row.decided_at - row.opened_at for row in times if row.decided_at is not None]
                ),
                to_report=_spread(list(reported)),
                precision=precision(seen),
                alarms={
                    level.word: sum(n for key, n in relationships.items() if key >= level)
                    for level in Level
                    if level
                },
                ordinary_alarms=ordinary_alarms,
                relationships=sum(relationships.values()),
            )

    # --- erasure ----------------------------------------------------------------------------

    def erase(self, account: str) -> dict[str, int]:
        """Remove an account from cases, notes, decisions and the search; counts.

        Its own cases stay as numbers: what was decided and when, about nobody. In cases of
        others its findings and messages go, and its name goes out of what people wrote.
        """
        cases = schema.cases
        gone: dict[str, int] = {}
        with self._database.write(lock=_CASE_LOCK) as connection:
            ids = list(
                connection.execute(select(cases.c.id).where(cases.c.account == account)).scalars()
            )
            for case_id in ids:
                _empty(connection, case_id, gone)
            gone["cases"] = len(ids)
            found, pieces = schema.case_findings.c, schema.case_pieces.c
            others = set(
                connection.execute(select(found.case_id).where(found.target == account)).scalars()
            ) | set(
                connection.execute(select(pieces.case_id).where(pieces.sender == account)).scalars()
            )
            _remove(connection, schema.case_findings, found.target == account, gone)
            _remove(connection, schema.case_pieces, pieces.sender == account, gone)
            docs = schema.search_docs
            _remove(connection, docs, and_(docs.c.kind == "person", docs.c.ref == account), gone)
            for case_id in sorted(others):
                gone["names"] = gone.get("names", 0) + _unname(connection, case_id, account)
            if self._database.sqlite:  # what was deleted is else still in the index's pages
                connection.exec_driver_sql(
                    "INSERT INTO search_index(search_index) VALUES('rebuild')"
                )
        return {name: count for name, count in gone.items() if count}


def _wanted(wanted: QueueFilter, now: int) -> ColumnElement[bool]:
    table = schema.cases.c
    parts: list[ColumnElement[bool]] = [
        table.status == "closed" if wanted.closed else table.status.in_(OPEN)
    ]
    if wanted.status is not None:
        parts.append(table.status == wanted.status)
    if wanted.level:
        parts.append(table.level >= wanted.level)
    if wanted.mine is not None:
        parts.append(
            or_(
                table.assigned_to == wanted.mine,
                and_(table.claimed_by == wanted.mine, table.claimed_until > now),
            )
        )
    if wanted.unclaimed:
        parts.append(or_(table.claimed_by.is_(None), table.claimed_until <= now))
    if wanted.account is not None:
        parts.append(table.account == wanted.account)
    if wanted.detector is not None:
        padded = " " + table.detectors + " "
        parts.append(padded.contains(f" {wanted.detector} ", autoescape=True))
    if wanted.overdue:
        parts.append(table.due_at < now)
    if wanted.child_under is not None:
        parts.append(and_(table.youngest >= 0, table.youngest < wanted.child_under))
    return and_(*parts)


def _row(item: msgspec.Struct) -> dict[str, Any]:
    row = msgspec.structs.asdict(item)
    for name in _WORDS:
        if name in row:
            row[name] = " ".join(row[name])
    return row


def _read(kind: type[_T], row: Any) -> _T:
    values = dict(row._mapping)
    for name in _WORDS:
        if name in values and isinstance(values[name], str):
            values[name] = tuple(values[name].split())
    if "body" in values:
        values["body"] = bytes(values["body"])
    return kind(**values)


def _docs(change: Change) -> Iterator[dict[str, Any]]:
    """What a search may find of a change."""

    def doc(kind: str, ref: str, case_id: str, at: int, words: str) -> dict[str, Any]:
        return {
            "id": f"{kind}:{case_id}:{ref}", "kind": kind, "ref": ref, "case_id": case_id,
            "at": at, "text": words, "words": folded(words),
        }  # fmt: skip

    if change.case is not None:
        item = change.case
        about = " ".join([item.id, item.word, *item.detectors, *item.outcome])
        yield doc("case", item.id, item.id, item.opened_at, about)
        yield doc("person", item.account, item.id, item.opened_at, item.account)
    for found in change.findings:
        yield doc("person", found.target, found.case_id, found.added_at, found.target)
    for note in change.notes:
        yield doc("note", note.id, note.case_id, note.at, note.text)
    for decision in change.decisions:
        words = " ".join([*decision.acts, decision.judgement, decision.reason])
        if decision.review_reason:
            words += f" {decision.review_reason}"
        yield doc("decision", decision.id, decision.case_id, decision.at, words)
    for appeal in change.appeals:
        words = f"{appeal.words} {appeal.answer}".strip()
        yield doc("appeal", appeal.id, appeal.case_id, appeal.at, words)


def _excerpt(words: str, asked: Sequence[str]) -> str:
    """The part of a text around the first word that was asked for."""
    place = words.casefold().find(asked[0])
    start = max(0, place - _SHOWN // 3)
    cut = words[start : start + _SHOWN]
    return f"{'…' if start else ''}{cut}{'…' if start + _SHOWN < len(words) else ''}"


class _Message(msgspec.Struct):
    id: str
    sender_id: str
    text: str = ""
    labels: list[str] = []


_message: Final = msgspec.json.Decoder(_Message).decode


class _Opened(msgspec.Struct):
    items: list[str] | int = 0
    explicit: int = 0


_opened: Final = msgspec.json.Decoder(_Opened).decode


def _revealed(details: str) -> tuple[int, int]:
    """Pieces and explicit pieces of an opening."""
    found = _opened(details)
    return found.items if isinstance(found.items, int) else len(found.items), found.explicit


def _spread(values: list[int]) -> Spread:
    if not values:
        return Spread(0, None, None)
    ranked = sorted(values)
    count = len(ranked)
    return Spread(count, ranked[(count - 1) // 2], ranked[min(count - 1, -(-count * 9 // 10) - 1)])


def _remove(
    connection: Connection, table: Table, which: ColumnElement[bool], gone: dict[str, int]
) -> None:
    count = connection.execute(delete(table).where(which)).rowcount
    gone[table.name] = gone.get(table.name, 0) + count


def _empty(connection: Connection, case_id: str, gone: dict[str, int]) -> None:
    """Take out of a case everything that is about a person."""
    for table in (
        schema.case_findings, schema.case_pieces, schema.case_notes, schema.case_appeals,
        schema.search_docs,
    ):  # fmt: skip
        _remove(connection, table, table.c.case_id == case_id, gone)
    decisions, labels, cases = schema.case_decisions, schema.case_labels, schema.cases
    connection.execute(
        update(decisions).where(decisions.c.case_id == case_id).values(reason="", review_reason="")
    )
    rows = connection.execute(select(labels).where(labels.c.case_id == case_id)).all()
    connection.execute(delete(labels).where(labels.c.case_id == case_id))
    if rows:  # the ids of findings are made from names of accounts
        names: dict[str, str] = {}
        kept = [
            {**row._mapping, "finding_id": names.setdefault(row.finding_id, uuid.uuid4().hex)}
            for row in rows
        ]
        connection.execute(insert(labels), kept)
    connection.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(
            account=f"erased {case_id}", status="closed", claimed_by=None, assigned_to=None,
            rank=None, closed_at=func.coalesce(cases.c.closed_at, cases.c.changed_at),
        )
    )  # fmt: skip
    connection.execute(
        update(schema.case_clocks)
        .where(schema.case_clocks.c.case_id == case_id, schema.case_clocks.c.stopped_at.is_(None))
        .values(stopped_at=schema.case_clocks.c.due_at)
    )


def _unname(connection: Connection, case_id: str, account: str) -> int:
    """Take a name out of what people wrote in a case; returns in how many places."""
    pattern = re.compile(rf"(?<!\w){re.escape(account)}(?!\w)")
    count = 0
    for table, columns in (
        (schema.case_notes, ("text",)),
        (schema.case_decisions, ("reason", "review_reason")),
        (schema.case_appeals, ("words", "answer")),
        (schema.search_docs, ("text",)),
    ):
        for row in connection.execute(select(table).where(table.c.case_id == case_id)).all():
            changed = {
                name: bare
                for name in columns
                if (bare := pattern.sub("[erased]", getattr(row, name))) != getattr(row, name)
            }
            if not changed:
                continue
            count += 1
            if table is schema.search_docs:
                changed["words"] = folded(changed["text"])
                connection.execute(
                    update(table).where(table.c.number == row.number).values(**changed)
                )
            else:
                connection.execute(update(table).where(table.c.id == row.id).values(**changed))
    return count
