"""A case as a page shows it: from the file of the case and what is kept of the account."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import msgspec

from lamppost.cases.case import Case, CaseFile, CaseFinding
from lamppost.console import drawings
from lamppost.console.asking import Visit
from lamppost.console.naming import Sign, age_words, side_of, years_shown, years_words
from lamppost.console.shown import ROOT
from lamppost.console.wording import Words
from lamppost.core.levels import Level
from lamppost.history.memory import Person
from lamppost.pipeline import Finding, RelationshipScore
from lamppost.risk.score import Contribution
from lamppost.service.folding import person_from

_finding: Final = msgspec.json.Decoder(Finding).decode
_NUMBER: Final = re.compile(r"^(\d+) ")
AROUND: Final = 60
"""Most relationships of an account that a page reads."""
SHOWN: Final = 4
"""Most signs that a row of the queue names."""
NEAR: Final = 6 * 3_600_000
"""Silence after which a conversation shows a gap, ms."""
STAGES: Final = (
    "contact",
    "trust",
    "dependency",
    "isolation",
    "risk_assessment",
    "exploitation",
    "maintenance",
    "behaviour",
)


@dataclass(slots=True)
class Line:
    """One line of the sum."""

    sign: Sign
    bits: float
    share: float
    count: int


@dataclass(slots=True)
class Said:
    """A message of the conversation; `text` only when it was just revealed."""

    item: str
    name: str
    side: str
    at: int
    signs: list[str]
    explicit: bool
    gone: bool
    text: str | None = None
    new_day: bool = False
    gap: bool = False


@dataclass(slots=True)
class Related:
    """Somebody the account writes to."""

    name: str
    about: str
    level: str
    bits: float
    messages: int
    signs: str
    link: str


@dataclass(slots=True)
class Around:
    """The drawing of relationships and the same as rows."""

    drawing: drawings.Drawing
    rows: list[Related]


@dataclass(slots=True)
class CasePage:
    """All that the page of a case shows."""

    file: CaseFile
    headline: str
    sure: str
    care: bool
    tags: list[dict[str, str]]
    clocks: list[dict[str, Any]]
    lines: list[Line]
    total: float
    timeline: drawings.Drawing | None
    talk: list[Said]
    around: Around | None
    facts: list[tuple[str, str]]
    unseen: list[str]
    chosen: CaseFinding | None
    pairs: list[dict[str, Any]]
    imminent: bool = False
    detectors: list[Sign] = field(default_factory=list)

    @property
    def case(self) -> Case:
        """The case itself."""
        return self.file.case


def people_of(visit: Visit, names: Sequence[str]) -> dict[str, Person]:
    """What is kept of accounts."""
    found = visit.console.service.stores.ledger.people(list(names))
    return {name: person_from(data) for name, data in found.items()}


def newest(file: CaseFile) -> list[CaseFinding]:
    """The highest finding of each relationship, worst first."""
    best: dict[tuple[str, str, str], CaseFinding] = {}
    for item in file.findings:
        key = (item.conversation, item.actor, item.target)
        if key not in best or (item.level, item.at) >= (best[key].level, best[key].at):
            best[key] = item
    return sorted(best.values(), key=lambda item: (-item.level, -item.bits, item.at))


def headline_of(visit: Visit, level: int, actor: str, whom: str, signs: Sequence[Sign]) -> str:
    """The verdict in one sentence, from the strongest signs."""
    t = visit.t
    harm = _harm(signs)
    if not signs:
        return t("case.headline_told", actor=actor)
    how = [sign.because for sign in signs if sign.kind == "actor"][:3]
    if not how:
        return t("case.headline_plain", actor=actor, target=whom, harm=t(f"case.harm.{harm}"))
    key = "case.headline_watch" if level <= Level.WATCH else "case.headline"
    return t(key, actor=actor, target=whom, how=t.listed(how), harm=t(f"case.harm.{harm}"))


def _harm(signs: Sequence[Sign]) -> str:
    found = {sign.id for sign in signs}
    if "tactic.threat" in found:
        return "threat"
    return "exploitation" if "tactic.exploitation" in found else "grooming"


def headline_of_case(visit: Visit, case: Case) -> str:
    """The verdict of a case for a list, from what stands on its row alone."""
    t = visit.t
    whom = t("case.a_child_unknown")
    if case.youngest >= 0:
        whom = t("case.a_child", age=case.youngest)
    signs = [visit.console.sign(name, "", t) for name in case.detectors]
    if not signs:
        return t("case.headline_told", actor=case.account)
    return t(
        "case.headline_plain", actor=case.account, target=whom, harm=t(f"case.harm.{_harm(signs)}")
    )


def signs_of_case(visit: Visit, case: Case) -> str:
    """Titles of the strongest signs of a case."""
    signs = [visit.console.sign(name, "", visit.t) for name in case.detectors]
    titles = [sign.title for sign in signs if sign.kind != "context"]
    more = len(titles) - SHOWN
    text = " · ".join(titles[:SHOWN])
    return f"{text} · {visit.t('graph.more', more)}" if more > 0 else text


def tags_of(case: Case, t: Words) -> list[dict[str, str]]:
    """What is said of a case beside its level."""
    found = []
    if case.level >= Level.URGENT:
        found.append(("bad", "imminent"))
    if case.status == "review":
        found.append(("warn", "review"))
    if case.reopened:
        found.append(("", "reopened"))
    if case.children > 1:
        found.append(("child", "several"))
    if case.rank is not None:
        found.append(("", "hand"))
    return [{"kind": kind, "text": t(f"case.tag.{name}")} for kind, name in found]


def children_words(case: Case, t: Words) -> str:
    """How many children, and how old the youngest is."""
    if not case.children:
        return t("case.children_unknown")
    if case.youngest < 0:
        return t("case.children", case.children)
    return t("case.children_youngest", case.children, age=case.youngest)


def build(visit: Visit, file: CaseFile, wanted: str = "") -> CasePage:
    """The page of a case; `wanted` is the id of the finding of another relationship to show."""
    t, case = visit.t, file.case
    best = newest(file)
    chosen = next((item for item in best if item.id == wanted), best[0] if best else None)
    finding = _finding(chosen.body) if chosen is not None else None
    scores = _scores(visit, case.account)
    names = {case.account, *(item.target for item in best), *(row.target_id for row in scores)}
    people = people_of(visit, sorted(names)[:400])
    current = _current(scores, chosen)
    rows: Sequence[Contribution] = finding.contributions if finding is not None else []
    total = finding.bits if finding is not None else 0.0
    if current is not None and current.bits >= total:
        rows, total = current.contributions, current.bits
    lines = _lines(visit, rows)
    word = Level(case.level).word
    target = chosen.target if chosen is not None else ""
    years = years_shown(people.get(target))
    young = side_of(people.get(target)) == "child" and years is not None
    whom = (
        t("case.a_child", age=years_words(years)) if young and years else t("case.a_child_unknown")
    )
    strongest = [line.sign for line in lines if line.bits > 0]
    page = CasePage(
        file=file,
        headline=headline_of(visit, case.level, case.account, whom, strongest),
        sure=t(
            "case.sure_bits", sure=t(f"case.sure.{word}"), bits=t.number(max(case.bits, total), 2)
        ),
        care=_care(file),
        tags=tags_of(case, t),
        clocks=_clocks(file),
        lines=lines,
        total=total,
        timeline=None,
        talk=[],
        around=None,
        facts=_facts(visit, case, people.get(case.account), scores),
        unseen=_unseen(visit, file, scores, chosen),
        chosen=chosen,
        pairs=[
            {
                "id": item.id,
                "name": item.target,
                "level": Level(item.level).word,
                "here": item is chosen,
            }
            for item in best
        ],
        detectors=_judged(visit, best),
    )
    signs = _signs_by_event(visit, rows)
    page.timeline = _timeline(visit, file, chosen, signs, total)
    page.talk = _talk(visit, file, chosen, signs, people)
    page.around = around(visit, case.account, scores, people)
    return page


def talk_of(
    visit: Visit, file: CaseFile, wanted: str = "", *, texts: dict[str, str] | None = None
) -> list[Said]:
    """The conversation alone; `texts` by item are shown in clear."""
    best = newest(file)
    chosen = next((item for item in best if item.id == wanted), best[0] if best else None)
    current = _current(_scores(visit, file.case.account), chosen)
    rows: Sequence[Contribution] = _finding(chosen.body).contributions if chosen is not None else []
    if current is not None:
        rows = current.contributions
    people = people_of(visit, sorted({piece.sender for piece in file.pieces})[:400])
    found = _talk(visit, file, chosen, _signs_by_event(visit, rows), people)
    for piece in found:
        piece.text = (texts or {}).get(piece.item)
    return found


def _scores(visit: Visit, account: str) -> list[RelationshipScore]:
    page = visit.console.service.views.relationships(None, account, Level.NONE, None, AROUND)
    return [row for row in page.items if row.actor_id == account]


def _current(
    scores: Sequence[RelationshipScore], chosen: CaseFinding | None
) -> RelationshipScore | None:
    """What the relationship of a finding adds up to now, while its state is kept."""
    return next(
        (
            row
            for row in scores
            if chosen is not None
            and (row.conversation_id, row.target_id) == (chosen.conversation, chosen.target)
        ),
        None,
    )


def _judged(visit: Visit, best: Sequence[CaseFinding]) -> list[Sign]:
    """Signs that a decision judges: those of the findings, each once."""
    found: dict[str, Sign] = {}
    for item in best:
        for row in _finding(item.body).contributions:
            if row.bits > 0 and not row.detector.startswith("context."):
                found.setdefault(
                    row.detector, visit.console.sign(row.detector, row.because, visit.t)
                )
    return list(found.values())


def _lines(visit: Visit, rows: Sequence[Contribution]) -> list[Line]:
    most = max((abs(row.bits) for row in rows), default=1.0) or 1.0
    return [
        Line(
            visit.console.sign(row.detector, row.because, visit.t),
            row.bits,
            round(100 * abs(row.bits) / most, 1),
            len(row.events),
        )
        for row in rows
    ]


def _signs_by_event(visit: Visit, rows: Sequence[Contribution]) -> dict[str, list[Sign]]:
    found: dict[str, list[Sign]] = {}
    for row in rows:
        for event in row.events:
            found.setdefault(event, []).append(
                visit.console.sign(row.detector, row.because, visit.t)
            )
    return found


def _care(file: CaseFile) -> bool:
    return any(
        row.detector in ("child_signal.asking_for_help", "child_signal.distress") and row.bits > 0
        for item in newest(file)
        for row in _finding(item.body).contributions
    )


def _clocks(file: CaseFile) -> list[dict[str, Any]]:
    case = file.case
    found: list[dict[str, Any]] = [
        {"name": clock.kind, "at": clock.due_at, "due": True}
        for clock in file.clocks
        if clock.stopped_at is None
    ]
    found.append({"name": "opened", "at": case.opened_at, "due": False})
    found.append({"name": "changed", "at": case.changed_at, "due": False})
    if case.closed_at is not None:
        found.append({"name": "closed", "at": case.closed_at, "due": False})
    return found


def _timeline(
    visit: Visit,
    file: CaseFile,
    chosen: CaseFinding | None,
    signs: dict[str, list[Sign]],
    total: float,
) -> drawings.Drawing | None:
    if chosen is None:
        return None
    t = visit.t
    times = {
        piece.event: piece.at for piece in file.pieces if piece.conversation == chosen.conversation
    }
    marks = [
        drawings.Mark(
            times[event], _lane(sign, t), sign.kind, f"{sign.title}, {t.moment(times[event])}"
        )
        for event, found in signs.items()
        if event in times
        for sign in found
        if sign.kind != "context"
    ]
    rises = [
        drawings.Rise(item.at, item.bits, Level(item.level).word)
        for item in file.findings
        if (item.conversation, item.actor, item.target)
        == (chosen.conversation, chosen.actor, chosen.target)
    ]
    last = max([mark.at for mark in marks], default=0)
    if rises and total > max(rise.bits for rise in rises):
        rises.append(drawings.Rise(last, total, ""))
    lanes = [t(f"stage.{stage}") for stage in STAGES]
    lanes += [t("chart.said_by_child"), t("chart.in_favour")]
    policy = visit.console.service.policies.live().policy
    edges = {name: float(getattr(policy.thresholds, name)) for name in ("watch", "concern", "high")}
    return drawings.evidence(marks, sorted(rises, key=lambda rise: rise.at), lanes, t, edges)


def _lane(sign: Sign, t: Words) -> str:
    if sign.kind == "child":
        return t("chart.said_by_child")
    if sign.kind == "good":
        return t("chart.in_favour")
    return t(f"stage.{sign.stage or 'behaviour'}")


def _talk(
    visit: Visit,
    file: CaseFile,
    chosen: CaseFinding | None,
    signs: dict[str, list[Sign]],
    people: dict[str, Person],
) -> list[Said]:
    if chosen is None:
        return []
    found: list[Said] = []
    before = 0
    pieces = sorted(
        (piece for piece in file.pieces if piece.conversation == chosen.conversation),
        key=lambda piece: (piece.at, piece.event, piece.edit),
    )
    for piece in pieces:
        side = "other"
        if piece.sender == file.case.account:
            side = "actor"
        elif piece.sender == chosen.target or side_of(people.get(piece.sender)) == "child":
            side = "child"
        found.append(
            Said(
                item=piece.item,
                name=piece.sender,
                side=side,
                at=piece.at,
                signs=[sign.title for sign in signs.get(piece.event, [])],
                explicit=piece.explicit,
                gone=not piece.item,
                new_day=not before or visit.t.day(piece.at) != visit.t.day(before),
                gap=bool(before) and piece.at - before > NEAR,
            )
        )
        before = piece.at
    return found


def around(
    visit: Visit,
    account: str,
    scores: Sequence[RelationshipScore],
    people: dict[str, Person],
    *,
    towards: bool = False,
) -> Around | None:
    """Whom an account writes to, or with `towards` who writes to it; worst first."""
    if not scores:
        return None
    t = visit.t
    rows: list[Related] = []
    spokes: list[drawings.Spoke] = []
    for score in sorted(scores, key=lambda row: (-int(Level.parse(row.level)), -row.bits)):
        other = score.actor_id if towards else score.target_id
        if other in ("*", ""):
            continue
        person = people.get(other)
        side = side_of(person)
        years = years_shown(person)
        about = t(f"graph.{side}") if side else ""
        if years is not None:
            about = f"{about} {years_words(years)}".strip()
        best = [
            row
            for row in score.contributions
            if row.bits > 0 and not row.detector.startswith("context.")
        ][:2]
        signs = t.listed([visit.console.sign(row.detector, row.because, t).title for row in best])
        link = f"{ROOT}/accounts/{quote(other, safe='')}?from={quote(account, safe='')}"
        rows.append(Related(other, about, score.level, score.bits, score.messages, signs, link))
        words = f"{other}, {about}, {t(f'level.{score.level}')}"
        spokes.append(
            drawings.Spoke(other, about, score.level, score.bits, side == "child", link, words)
        )
    if not rows:
        return None
    summary = t("graph.summary", len(rows), account=account)
    drawing = drawings.wheel(
        account, spokes, t, child=towards, about=summary, title=t("graph.title")
    )
    return Around(drawing, rows)


def _facts(
    visit: Visit, case: Case, person: Person | None, scores: Sequence[RelationshipScore]
) -> list[tuple[str, str]]:
    t = visit.t
    facts = [(t("fact.account"), case.account), (t("fact.age"), age_words(person, t))]
    if person is not None and person.country:
        facts.append((t("fact.country"), person.country))
    if person is not None and person.roles:
        facts.append((t("fact.roles"), ", ".join(person.roles)))
    facts += [
        (t("fact.children"), children_words(case, t)),
        (
            t("fact.conversations"),
            t.number(len({row.conversation_id for row in scores}) or case.conversations),
        ),
        (t("fact.messages"), t.number(sum(row.messages for row in scores))),
    ]
    return facts


def _unseen(
    visit: Visit, file: CaseFile, scores: Sequence[RelationshipScore], chosen: CaseFinding | None
) -> list[str]:
    t = visit.t
    found: list[str] = []
    gone = sum(not piece.item for piece in file.pieces)
    if gone:
        found.append(t("skipped.gone", gone))
    mine = [
        row
        for row in scores
        if chosen is None
        or (row.conversation_id, row.target_id) == (chosen.conversation, chosen.target)
    ]
    for row in mine:
        for item in row.skipped:
            number = _NUMBER.match(item.reason)
            key = ""
            if item.detector == "context.age_gap":
                key = "skipped.age_actor" if "this person" in item.reason else "skipped.age_target"
            elif item.detector == "context.night":
                key = "skipped.night"
            words = t(key) if key else item.reason
            if number and item.detector == "media":
                words = t("skipped.attachments", int(number[1]))
            elif number and "deleted" in item.reason:
                words = t("skipped.deleted", int(number[1]))
            elif number and "legal basis" in item.reason:
                words = t("skipped.basis", int(number[1]))
            found.append(words)
    return list(dict.fromkeys(found))
