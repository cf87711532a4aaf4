"""From places to people: who must be told, who may, who must not, and what nobody here knows."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

import msgspec

from lamppost.protect.support import ContactRow, country_code, support_for
from lamppost.reports.routing.duties import EU, Duty, Party, duties, places_with_duties

Urgency = Literal["now", "soon"]
ASK: Final = "unknown, ask counsel"
COUNSEL: Final = "ask counsel in that country, and the police there when in doubt"


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """A number to call, in the place of somebody; the child's place comes first."""

    party: Party
    country: str
    organisation: str
    number: str
    note: str
    source: str
    verified_at: date
    stale: bool


class Routed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be told, or not to be told, and why."""

    id: str
    place: str
    recipient: str
    name: str
    law: str
    deadline: str
    language: str
    preserve: str
    note: str
    because: str
    contacts: tuple[str, ...]
    source: str
    verified_at: date
    stale: bool


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """What the sources do not say."""

    id: str
    place: str
    question: str
    answer: str
    law: str
    source: str
    verified_at: date | None
    stale: bool


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. Its order and its names are fixed: scripts read it."""

    child: str | None
    suspect: str | None
    platform: str | None
    urgency: Urgency
    emergency: tuple[Emergency, ...]
    must: tuple[Routed, ...]
    may: tuple[Routed, ...]
    must_not: tuple[Routed, ...]
    unknown: tuple[Unknown, ...]


def route(
    child: str | None,
    suspect: str | None,
    platform: str | None,
    *,
    urgency: Urgency,
    today: date,
    told: tuple[str, ...] = (),
) -> Route:
    """Who is to be told of a case, given where child, suspect and platform are.

    Places are ISO 3166 alpha-2, `None` when not known. `told` are recipients that have a report
    of this case already. Raises `UsageError` for a place that is no country.
    """
    where: dict[Party, str | None] = {
        "child": _country(child, "--child"),
        "suspect": _country(suspect, "--suspect"),
        "platform": _country(platform, "--platform"),
    }
    here: dict[str, set[Party]] = {}
    for party, code in where.items():
        if code is not None:
            here.setdefault(code, set()).add(party)
            if code in EU:
                here.setdefault("EU", set()).add(party)
    must: list[Routed] = []
    may: list[Routed] = []
    unknown: list[Unknown] = []
    applied: list[tuple[str, Duty]] = []
    for place, parties in here.items():
        known = duties(place)
        if not known and place not in EU:
            unknown.append(_nothing_known(place, parties))
        for duty in known:
            if duty.urgent_only and urgency != "now":
                continue
            if parties & set(duty.unless_any):
                continue
            if _applies(duty, parties):
                applied.append((place, duty))
                continue
            if parties & set(duty.open_when):
                unknown.append(_open(place, duty, today))
    after = set(told) | {duty.recipient for _, duty in applied if duty.kind == "must"}
    must_not: list[Routed] = []
    for place, duty in applied:
        by = [name for name in duty.satisfied_by if name in after]
        made = _routed(place, duty, here[place], where, today)
        if by:
            because = f"{made.because}; {', '.join(by)} has or must get the report: tell once"
            must_not.append(msgspec.structs.replace(made, because=because))
        elif duty.kind == "must":
            must.append(made)
        else:
            may.append(made)
    unknown += [
        Unknown(
            id=f"place.{party}", place="?", answer=ASK, law="", source="", verified_at=None,
            question=f"Where is the {party}? Duties of that place cannot be named until it is "
            "known.", stale=False,
        )
        for party, code in where.items()
        if code is None
    ]  # fmt: skip
    return Route(
        child=where["child"],
        suspect=where["suspect"],
        platform=where["platform"],
        urgency=urgency,
        emergency=_emergency(where, today) if urgency == "now" else (),
        must=tuple(must),
        may=tuple(may),
        must_not=tuple(must_not),
        unknown=tuple(unknown),
    )


def recipients(found: Route) -> tuple[str, ...]:
    """Recipients a case may be drafted to, those that must be told first, each once."""
    return tuple(dict.fromkeys(row.recipient for row in (*found.must, *found.may)))


def _country(code: str | None, where: str) -> str | None:
    if code is None or code.lower() in ("", "unknown"):
        return None
    return country_code(code, where)


def _emergency(where: dict[Party, str | None], today: date) -> tuple[Emergency, ...]:
    found: dict[tuple[str, str], Emergency] = {}
    for party, code in where.items():
        if code is None or party == "platform":
            continue
        for row in support_for(code, today=today).of("emergency"):
            found.setdefault(
                (code, row.value),
                Emergency(
                    party=party, country=code, organisation=row.organisation, number=row.value,
                    note=row.note, source=row.source, verified_at=row.verified_at, stale=row.old,
                ),
            )  # fmt: skip
    return tuple(found.values())


def _applies(duty: Duty, parties: set[Party]) -> bool:
    """Whether the source says that the duty stands for what is in its place."""
    if not duty.when_all and not duty.when_any:
        return False
    return set(duty.when_all) <= parties and (
        not duty.when_any or bool(parties & set(duty.when_any))
    )


def _routed(
    place: str, duty: Duty, parties: set[Party], where: dict[Party, str | None], today: date
) -> Routed:
    named = {party: str(code) for party, code in where.items() if party in parties}
    reached = [row for code in dict.fromkeys(named.values()) for row in _contacts(code, today)]
    return Routed(
        id=duty.id,
        place=place,
        recipient=duty.recipient,
        name=duty.name,
        law=duty.law,
        deadline=duty.deadline,
        language=duty.language,
        preserve=duty.preserve,
        note=duty.note,
        because=", ".join(f"{party} in {code}" for party, code in named.items()),
        contacts=tuple(_reach(row) for row in reached),
        source=duty.source,
        verified_at=duty.verified_at,
        stale=duty.stale_on(today),
    )


def _contacts(place: str, today: date) -> list[ContactRow]:
    found = support_for(place, today=today)
    return found.of("platform_legal_report") or found.of("exploitation_report")


def _reach(row: ContactRow) -> str:
    return f"{row.organisation}: {row.value}" + (" (stale)" if row.old else "")


def _open(place: str, duty: Duty, today: date) -> Unknown:
    return Unknown(
        id=duty.id, place=place, question=duty.question, answer=ASK, law=duty.law,
        source=duty.source, verified_at=duty.verified_at, stale=duty.stale_on(today),
    )  # fmt: skip


def _nothing_known(place: str, parties: set[Party]) -> Unknown:
    return Unknown(
        id=f"{place.lower()}.none", place=place, answer=ASK, law="", verified_at=None, stale=False,
        question=f"No duty of {place} ({', '.join(sorted(parties))} there) has a source here; "
        f"{COUNSEL}.",
        source=f"no file for {place} among {', '.join(places_with_duties())}",
    )  # fmt: skip
