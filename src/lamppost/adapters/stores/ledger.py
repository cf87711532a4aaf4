"""The log of events and the state folded from it, in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import cases, log, office
from lamppost.history.memory import KeptConversation
from lamppost.history.ports import (
    EVERYWHERE,
    Checkpoint,
    ConversationRow,
    Delivery,
    FoundRow,
    NewEvent,
    Progress,
    Receipt,
    Rejected,
    RelationshipRow,
    Sealed,
    ShadowRow,
    StoredEvent,
)

_AT_ONCE: Final = 400
"""Values in one `IN (…)`."""
_LOG_LOCK: Final = 0x1A3B_0002
_FOUND_LOCK: Final = 0x1A3B_0003

_events = log.events
_T = TypeVar("_T")

_STAMPS: Final = (
    select(_events.c.key, func.max(_events.c.stamp))
    .where(_events.c.key.in_(bindparam("keys", expanding=True)))
    .group_by(_events.c.key)
)
_LAST: Final = select(func.coalesce(func.max(_events.c.seq), 0))
_FOLDED: Final = select(func.coalesce(func.max(log.progress.c.seq), 0))


def parts(values: Sequence[_T], size: int = _AT_ONCE) -> Iterator[list[_T]]:
    """`values` in pieces that fit one statement."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


class SqlLedger:
    """`Ledger` over SQLAlchemy Core."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last = 0

    # --- the log ----------------------------------------------------------------------------

    def accept(
        self,
        events: Sequence[NewEvent],
        rejected: Sequence[Rejected],
        sealed: Sequence[Sealed],
        now: int,
        change: Checkpoint | None = None,
        outbox: Callable[[Sequence[FoundRow]], Sequence[Delivery]] = lambda rows: (),
        renewed: Callable[[Sequence[Sealed]], Sequence[Sealed]] = lambda rows: rows,
    ) -> tuple[list[Receipt], list[FoundRow]]:
        """Keep what is new in one transaction; numbers follow the order of commits."""
        receipts: list[Receipt] = []
        rows: list[dict[str, Any]] = []
        bulk = self._database.bulk
        new: list[FoundRow] = []
        with self._database.write(lock=_LOG_LOCK) as connection:
            known = self._stamps(connection, [event.key for event in events])
            seq = self._place(connection) if events else 0
            for event in events:
                before = known.get(event.key, -1)
                if before >= event.stamp:
                    receipts.append(Receipt(0, before))
                    continue
                known[event.key] = event.stamp
                seq += 1
                receipts.append(Receipt(seq, before))
                rows.append(
                    {
                        "seq": seq, "key": event.key, "stamp": event.stamp, "known": before,
                        "partition": event.partition, "kind": event.kind,
                        "conversation": event.conversation, "at": event.at, "received": now,
                        "body": event.body,
                    }
                )  # fmt: skip
            bulk(connection, "events", insert(_events), rows)
            bulk(
                connection,
                "quarantine",
                insert(log.quarantine),
                [{"received": now, **msgspec.structs.asdict(item)} for item in rejected],
            )
            bulk(
                connection,
                "sealed_texts",
                self._database.insert_new(cases.sealed_texts),
                [{"received": now, **msgspec.structs.asdict(item)} for item in renewed(sealed)],
            )
            if change is not None:
                new = self._write(connection, change, outbox)
        return receipts, new

    def _stamps(self, connection: Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
        known: dict[bytes, int] = {}
        for part in parts(keys):
            known.update(
                (bytes(key), stamp) for key, stamp in connection.execute(_STAMPS, {"keys": part})
            )
        return known

    def _place(self, connection: Connection) -> int:
        """Last place given; places of erased events are not given again."""
        last: int = connection.execute(_LAST).scalar_one()
        folded: int = connection.execute(_FOLDED).scalar_one()
        return max(last, folded)

    def events(
        self,
        after: int = 0,
        limit: int = 1000,
        *,
        partition: int | None = None,
        conversation: str | None = None,
        kinds: Sequence[str] = (),
    ) -> list[StoredEvent]:
        """Events after a place in the log, in order."""
        columns = _events.c
        query = (
            select(
                columns.seq, columns.known, columns.kind, columns.conversation, columns.at,
                columns.body,
            )
            .where(columns.seq > after)
            .order_by(columns.seq)
            .limit(limit)
        )  # fmt: skip
        if partition is not None:
            query = query.where(columns.partition.in_((partition, EVERYWHERE)))
        if conversation is not None:
            query = query.where(columns.conversation == conversation)
        if kinds:
            query = query.where(columns.kind.in_(kinds))
        with self._database.read() as connection:
            return [StoredEvent(*row) for row in connection.execute(query)]

    def newest(self) -> int:
        """Place of the newest event."""
        with self._database.read() as connection:
            return int(connection.execute(_LAST).scalar_one())

    def rejected(self, after: int = 0, limit: int = 100) -> list[tuple[int, int, Rejected]]:
        """Lines set aside: number, time of receipt, reason."""
        table = log.quarantine
        query = select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
        with self._database.read() as connection:
            return [
                (row.id, row.received, Rejected(row.key_name, row.line, row.field, row.reason,
                                                row.size, row.digest))
                for row in connection.execute(query)
            ]  # fmt: skip

    def sealed(self, conversation: str) -> Iterator[Sealed]:
        """Sealed texts of a conversation, in the order of receipt."""
        table = cases.sealed_texts
        query = (
            select(
                table.c.conversation, table.c.event, table.c.stamp, table.c.sender,
                table.c.key_id, table.c.nonce, table.c.ciphertext,
            )
            .where(table.c.conversation == conversation)
            .order_by(table.c.received, table.c.event, table.c.stamp)
        )  # fmt: skip
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield Sealed(*row)

    # --- the state --------------------------------------------------------------------------

    def progress(self, partition: int) -> Progress | None:
        """How far a partition has been folded."""
        table = log.progress
        query = select(table).where(table.c.partition == partition)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Progress(row.seq, row.newest, row.library, row.counters)

    def reset(self, partition: int) -> None:
        """Forget the state of a partition."""
        with self._database.write() as connection:
            for table in (
                log.progress, log.people, log.conversations, log.relationships,
            ):  # fmt: skip
                connection.execute(delete(table).where(table.c.partition == partition))

    def conversations(self, ids: Sequence[str]) -> list[ConversationRow]:
        """States of conversations."""
        table = log.conversations
        query = select(table).where(table.c.id.in_(bindparam("ids", expanding=True)))
        found: list[ConversationRow] = []
        with self._database.read() as connection:
            for part in parts(ids):
                found += [ConversationRow(*row) for row in connection.execute(query, {"ids": part})]
        return found

    def relationships_in(self, conversations: Sequence[str]) -> list[RelationshipRow]:
        """Every relationship of some conversations."""
        table = log.relationships
        query = select(table).where(table.c.conversation.in_(bindparam("ids", expanding=True)))
        found: list[RelationshipRow] = []
        with self._database.read() as connection:
            for part in parts(conversations):
                found += [RelationshipRow(*row) for row in connection.execute(query, {"ids": part})]
        return found

    def people(self, ids: Sequence[str], *, partition: int | None = None) -> dict[str, bytes]:
        """States of people."""
        table = log.people
        query = select(table.c.id, table.c.state).where(
            table.c.id.in_(bindparam("ids", expanding=True))
        )
        if partition is not None:
            query = query.where(table.c.partition == partition)
        else:
            query = query.order_by(table.c.partition.desc())
        found: dict[str, bytes] = {}
        with self._database.read() as connection:
            for part in parts(ids):
                found.update(
                    (row.id, row.state) for row in connection.execute(query, {"ids": part})
                )
        return found

    def checkpoint(
        self, change: Checkpoint, outbox: Callable[[Sequence[FoundRow]], Sequence[Delivery]]
    ) -> list[FoundRow]:
        """Write a change, all or nothing; returns the findings that were new."""
        # One writer of findings at a time: a reader's cursor never passes a number not yet there.
        with self._database.write(lock=_FOUND_LOCK if change.found else None) as connection:
            return self._write(connection, change, outbox)

    def _write(
        self,
        connection: Connection,
        change: Checkpoint,
        outbox: Callable[[Sequence[FoundRow]], Sequence[Delivery]],
    ) -> list[FoundRow]:
        upsert, bulk = self._database.upsert, self._database.bulk
        table = log.relationships
        partition = change.partition
        for part in parts(change.gone):
            connection.execute(delete(table).where(table.c.id.in_(part)))
        asdict = msgspec.structs.asdict
        bulk(connection, "relationships", upsert(table, ["id"]),
             [asdict(row) for row in change.relationships])  # fmt: skip
        bulk(connection, "conversations", upsert(log.conversations, ["id"]),
             [asdict(row) for row in change.conversations])  # fmt: skip
        bulk(
            connection,
            "people",
            upsert(log.people, ["partition", "id"]),
            [{"partition": partition, "id": key, "state": state} for key, state in change.people],
        )
        if change.shadow:
            connection.execute(
                self._database.insert_new(log.shadow_findings),
                [asdict(row) for row in change.shadow],
            )
        new = self._find(connection, change)
        messages = outbox(new) if new else ()
        if messages:
            connection.execute(
                self._database.insert_new(office.deliveries),
                [asdict(message) for message in messages],
            )
        connection.execute(
            upsert(log.progress, ["partition"]),
            {"partition": partition, **asdict(change.progress)},
        )
        return new

    def _find(self, connection: Connection, change: Checkpoint) -> list[FoundRow]:
        table = log.findings
        there: set[str] = set()
        for part in parts([row.id for row in change.found]):
            there.update(
                connection.execute(select(table.c.id).where(table.c.id.in_(part))).scalars()
            )
        new: list[FoundRow] = []
        for row in change.found:
            if row.id in there:
                continue
            there.add(row.id)
            new.append(msgspec.structs.replace(row, found_at=change.now))
        if new:
            connection.execute(
                insert(table),
                [
                    {key: value for key, value in msgspec.structs.asdict(row).items()
                     if key != "number"}
                    for row in new
                ],
            )  # fmt: skip
        return new

    # --- reading ----------------------------------------------------------------------------

    def relationship(self, identifier: str) -> RelationshipRow | None:
        """One relationship."""
        query = select(log.relationships).where(log.relationships.c.id == identifier)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else RelationshipRow(*row)

    def relationships(
        self,
        *,
        conversation: str | None = None,
        account: str | None = None,
        actors: Sequence[str] = (),
        targets: Sequence[str] = (),
        level: int = 0,
        after: str = "",
        limit: int = 100,
    ) -> list[RelationshipRow]:
        """Relationships by id above `after`."""
        table = log.relationships
        query = select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
        if conversation is not None:
            query = query.where(table.c.conversation == conversation)
        if account is not None:
            query = query.where(or_(table.c.actor == account, table.c.target == account))
        if actors:
            query = query.where(table.c.actor.in_(actors))
        if targets:
            query = query.where(table.c.target.in_(targets))
        if level:
            query = query.where(table.c.level >= level)
        with self._database.read() as connection:
            return [RelationshipRow(*row) for row in connection.execute(query)]

    def sides(
        self,
        side: str,
        *,
        conversation: str | None = None,
        account: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[str]:
        """Distinct accounts on a side, in order, above `after`."""
        table = log.relationships
        column: ColumnElement[str] = table.c[side]
        query = select(column).distinct().where(column > after).order_by(column).limit(limit)
        if conversation is not None:
            query = query.where(table.c.conversation == conversation)
        if account is not None:
            query = query.where(or_(table.c.actor == account, table.c.target == account))
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def found(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        conversation: str | None = None,
        account: str | None = None,
        level: int = 0,
    ) -> list[FoundRow]:
        """Findings after a number, in the order of finding."""
        table = log.findings
        query = select(table).where(table.c.number > after).order_by(table.c.number).limit(limit)
        if conversation is not None:
            query = query.where(table.c.conversation == conversation)
        if account is not None:
            query = query.where(or_(table.c.actor == account, table.c.target == account))
        if level:
            query = query.where(table.c.level >= level)
        with self._database.read() as connection:
            return [FoundRow(**row._mapping) for row in connection.execute(query)]

    def finding(self, identifier: str) -> FoundRow | None:
        """One finding."""
        query = select(log.findings).where(log.findings.c.id == identifier)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else FoundRow(**row._mapping)

    def shadow(self, policy: str, after: str = "", limit: int = 100) -> list[ShadowRow]:
        """What a policy in shadow found, by id above `after`."""
        table = log.shadow_findings
        query = (
            select(table)
            .where(table.c.policy == policy, table.c.id > after)
            .order_by(table.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [ShadowRow(**row._mapping) for row in connection.execute(query)]

    def counts(self) -> dict[str, int]:
        """Rows of each kind."""
        deliveries = office.deliveries

        def rows(table: Any) -> Any:
            return select(func.count()).select_from(table)

        queries = {
            "events": rows(_events),
            "findings": rows(log.findings),
            "relationships": rows(log.relationships),
            "quarantined": rows(log.quarantine),
            "sealed_texts": rows(cases.sealed_texts),
            "deliveries_pending": rows(deliveries).where(deliveries.c.state == "pending"),
            "deliveries_dead": rows(deliveries).where(deliveries.c.state == "dead"),
        }
        with self._database.read() as connection:
            return {name: connection.execute(query).scalar_one() for name, query in queries.items()}

    # --- forgetting -------------------------------------------------------------------------

    def expire(self, *, state_before: int, log_before: int, sealed_before: int) -> dict[str, int]:
        """Forget what is older; returns how much of each.

        A legal hold wins: conversations of an account that is held stay whole, and so does all
        else it did.
        """
        rel, held = log.relationships.c, cases.legal_holds.c
        accounts = select(held.subject_id).where(held.released_at.is_(None))
        talks = select(rel.conversation).where(
            or_(rel.actor.in_(accounts), rel.target.in_(accounts))
        )
        found, shadow = log.findings.c, log.shadow_findings.c
        texts, rooms = cases.sealed_texts.c, log.conversations.c
        doomed: tuple[tuple[str, Table, tuple[ColumnElement[bool], ...]], ...] = (
            ("findings", log.findings, (found.at < state_before,
                                           found.conversation.not_in(talks))),
            ("shadow_findings", log.shadow_findings, (shadow.at < state_before,
                                                         shadow.conversation.not_in(talks))),
            ("conversations", log.conversations, (rooms.last_at < state_before,
                                                     rooms.id.not_in(talks))),
            ("quarantined", log.quarantine, (log.quarantine.c.received < log_before,)),
            ("deliveries", office.deliveries, (office.deliveries.c.created_at < log_before,)),
            ("sealed_texts", cases.sealed_texts, (texts.received < sealed_before,
                                                   texts.sender.not_in(accounts),
                                                   texts.conversation.not_in(talks))),
            ("relationships", log.relationships, (rel.last_at < state_before,
                                                     rel.conversation.not_in(talks))),
        )  # fmt: skip
        gone = {}
        with self._database.write(lock=_LOG_LOCK) as connection:
            names = set(connection.execute(accounts).scalars())
            old: list[ColumnElement[bool]] = [
                _events.c.received < log_before, _events.c.conversation.not_in(talks)
            ]  # fmt: skip
            if names:
                old.append(_events.c.seq.not_in(self._deeds(connection, names, log_before)))
            gone["events"] = connection.execute(delete(_events).where(*old)).rowcount
            for name, table, conditions in doomed:
                gone[name] = connection.execute(delete(table).where(*conditions)).rowcount
        return gone

    @staticmethod
    def _deeds(connection: Connection, names: set[str], before: int) -> list[int]:
        """Places of old events outside any conversation that are an account's doing."""
        query = select(_events.c.seq, _events.c.kind, _events.c.body).where(
            _events.c.conversation == "", _events.c.received < before
        )
        return [row.seq for row in connection.execute(query) if _owner(row.kind, row.body) in names]

    def erase(self, account: str) -> dict[str, int]:
        """Remove an account: its state, its events, what was found, its sealed texts; counts.

        Events of others that name the account stay, since they are about others; its own go.
        """
        rel, found, shadow = log.relationships, log.findings, log.shadow_findings
        gone: dict[str, int] = {}
        with self._database.write(lock=_LOG_LOCK) as connection:
            either = or_(rel.c.actor == account, rel.c.target == account)
            talks = list(
                connection.execute(select(rel.c.conversation).distinct().where(either)).scalars()
            )
            gone["relationships"] = connection.execute(delete(rel).where(either)).rowcount
            for table, name in ((found, "findings"), (shadow, "shadow_findings")):
                about = or_(table.c.actor == account, table.c.target == account)
                gone[name] = connection.execute(delete(table).where(about)).rowcount
            self._forget_speaker(connection, account, talks)
            gone["people"] = connection.execute(
                delete(log.people).where(log.people.c.id == account)
            ).rowcount
            gone["sealed_texts"] = connection.execute(
                delete(cases.sealed_texts).where(cases.sealed_texts.c.sender == account)
            ).rowcount
            doomed: list[int] = []
            for part in parts(["", *talks]):
                query = select(_events.c.seq, _events.c.kind, _events.c.body).where(
                    _events.c.conversation.in_(part)
                )
                doomed += [
                    row.seq
                    for row in connection.execute(query)
                    if _owner(row.kind, row.body) == account
                ]
            gone["events"] = 0
            for numbers in parts(doomed):
                gone["events"] += connection.execute(
                    delete(_events).where(_events.c.seq.in_(numbers))
                ).rowcount
        if self._database.sqlite:
            self._database.compact()
        return gone

    @staticmethod
    def _forget_speaker(connection: Connection, account: str, talks: Sequence[str]) -> None:
        """Take an account out of the conversations it was in, so that nobody speaks to it anew."""
        table = log.conversations
        for part in parts(talks):
            query = select(table.c.id, table.c.state).where(table.c.id.in_(part))
            for row in connection.execute(query).all():
                kept = _conversation(row.state)
                if account in kept.conversation.speakers:
                    kept.conversation.speakers.remove(account)
                    connection.execute(
                        update(table).where(table.c.id == row.id).values(state=_pack(kept))
                    )

    def check(self, size: int = 1) -> None:
        """Raise `StoreError` unless the store can be read, and `size` bytes be written to it."""
        query = self._database.upsert(office.settings, ["name"])
        with self._database.write() as connection:
            connection.execute(query, {"name": "check", "value": b"1" * size})
        if size > 1:
            self.check()


_conversation: Final = msgspec.msgpack.Decoder(KeptConversation).decode
_pack: Final = msgspec.msgpack.Encoder().encode
_OWNERS: Final = {
    "message": "sender_id", "account": "id", "contact": "actor_id", "room": "actor_id",
    "gift": "sender_id", "session": "account_id", "profile": "account_id",
    "user_report": "reporter_id",
}  # fmt: skip


def _owner(kind: str, body: bytes) -> object:
    """Whose doing an event was."""
    return msgspec.json.decode(body).get(_OWNERS.get(kind, ""))
