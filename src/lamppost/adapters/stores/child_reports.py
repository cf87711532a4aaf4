"""Reports of children in tables, and notices of floods."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Row, and_, case, delete, func, insert, not_, or_, select, true, update

from lamppost.adapters.stores.database import Database
from lamppost.adapters.stores.schema import log
from lamppost.adapters.stores.schema.child_reports import child_reports as reports
from lamppost.adapters.stores.schema.child_reports import report_floods as floods
from lamppost.protect.button import ChildReport, FloodNotice
from lamppost.protect.button.report import State

_LOCK: Final = 0x1A3B_0006
_LOOSE: Final = not_(and_(reports.c.vouched, reports.c.contact))
"""Reports that anybody could have made up."""


class SqlChildReports:
    """`ChildReportStore` over SQLAlchemy Core."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, report: ChildReport) -> bool:
        """Keep a new report; `False` when there is one with its code already."""
        with self._database.write(lock=_LOCK) as connection:
            known = select(reports.c.id).where(reports.c.code == report.code)
            if connection.execute(known).first() is not None:
                return False
            connection.execute(insert(reports), _row(report))
        return True

    def put(self, report: ChildReport) -> None:
        """Put a report in the place of the one with its id."""
        with self._database.write(lock=_LOCK) as connection:
            connection.execute(self._database.upsert(reports, ["id"]), _row(report))

    def report(self, identifier: str) -> ChildReport | None:
        """One report."""
        return self._one(reports.c.id == identifier)

    def by_code(self, digest: str) -> ChildReport | None:
        """The report of a code's digest."""
        return self._one(reports.c.code == digest)

    def new(self, limit: int = 100) -> list[ChildReport]:
        """Reports not yet placed, oldest first."""
        query = select(reports).where(reports.c.state == "new")
        query = query.order_by(reports.c.at, reports.c.id).limit(limit)
        with self._database.read() as connection:
            return [_report(row) for row in connection.execute(query)]

    def find(
        self,
        *,
        state: State | None = None,
        about: str | None = None,
        case_id: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[ChildReport], int]:
        """Reports: those unanswered, in danger, vouched for, of a chat that is there, first."""
        where = and_(
            true() if state is None else reports.c.state == state,
            true() if about is None else reports.c.about == about,
            true() if case_id is None else reports.c.case_id == case_id,
        )
        order = [
            case((reports.c.status == "received", 0), else_=1),
            case((and_(reports.c.vouched, reports.c.contact), 0), (reports.c.contact, 1), else_=2),
            case((reports.c.safe == "no", 0), else_=1),
            reports.c.at.desc(),
            reports.c.id,
        ]
        query = select(reports).where(where).order_by(*order).limit(limit).offset(offset)
        count = select(func.count()).select_from(reports).where(where)
        with self._database.read() as connection:
            found = [_report(row) for row in connection.execute(query)]
            return found, connection.execute(count).scalar_one()

    def loose(self, about: str, since: int) -> int:
        """How many placed reports since a moment name an account and do not stand."""
        query = select(func.count()).where(
            reports.c.about == about, reports.c.at >= since, reports.c.state != "new", _LOOSE
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def raised(self, since: int) -> int:
        """How many accounts such reports have brought into a case since a moment."""
        query = select(func.count(reports.c.about.distinct())).where(
            reports.c.at >= since, reports.c.state == "case", _LOOSE
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def contact(self, about: str, reporter: str, conversation: str) -> bool:
        """Whether an account has written in a conversation, or to a reporter."""
        pairs = log.relationships
        where = []
        if conversation:
            where.append(pairs.c.conversation == conversation)
        if reporter:
            where.append(pairs.c.target == reporter)
        if not about or not where:
            return False
        query = select(pairs.c.id).where(pairs.c.actor == about, or_(*where)).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def hold(self, report: ChildReport, about: str, identifier: str) -> FloodNotice | None:
        """Count a held report into the open notice of its flood; a new notice is given back."""
        with self._database.write(lock=_LOCK) as connection:
            grown = connection.execute(
                update(floods)
                .where(floods.c.about == about, floods.c.closed_at.is_(None))
                .values(
                    count=floods.c.count + 1,
                    danger=floods.c.danger + int(report.danger),
                    last_at=report.at,
                )
            )
            if grown.rowcount:
                return None
            made = FloodNotice(
                id=identifier, about=about, at=report.at, count=1, danger=int(report.danger),
                last_at=report.at,
            )  # fmt: skip
            connection.execute(insert(floods), msgspec.structs.asdict(made))
        return made

    def notices(self) -> list[FloodNotice]:
        """Open notices, newest first."""
        query = select(floods).where(floods.c.closed_at.is_(None)).order_by(floods.c.at.desc())
        with self._database.read() as connection:
            return [FloodNotice(**row._mapping) for row in connection.execute(query)]

    def close(self, identifier: str, by: str, at: int) -> bool:
        """Close a notice; whether it was open."""
        which = and_(floods.c.id == identifier, floods.c.closed_at.is_(None))
        with self._database.write(lock=_LOCK) as connection:
            done = connection.execute(
                update(floods).where(which).values(closed_at=at, closed_by=by)
            )
        return bool(done.rowcount)

    def erase(self, account: str) -> dict[str, int]:
        """Take an account out of every report; counts."""
        with self._database.write(lock=_LOCK) as connection:
            mine = connection.execute(
                update(reports).where(reports.c.reporter == account).values(
                    reporter="", conversation="", sealed=""
                )
            ).rowcount  # fmt: skip
            about = connection.execute(
                update(reports).where(reports.c.about == account).values(
                    about="", conversation="", state="waiting"
                )
            ).rowcount  # fmt: skip
            connection.execute(delete(floods).where(floods.c.about == account))
        return {"child_reports": mine + about}

    def expire(self, before: int) -> int:
        """Remove reports older than a moment; returns how many."""
        with self._database.write(lock=_LOCK) as connection:
            connection.execute(delete(floods).where(floods.c.last_at < before))
            return connection.execute(delete(reports).where(reports.c.at < before)).rowcount

    def _one(self, where: Any) -> ChildReport | None:
        with self._database.read() as connection:
            row = connection.execute(select(reports).where(where)).one_or_none()
        return None if row is None else _report(row)


def _row(report: ChildReport) -> dict[str, Any]:
    return msgspec.structs.asdict(report) | {"sealed": " ".join(report.sealed)}


def _report(row: Row[Any]) -> ChildReport:
    values = dict(row._mapping)
    values["sealed"] = tuple(values["sealed"].split())
    return ChildReport(**values)
