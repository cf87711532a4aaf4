"""What people do with cases: each act counts once; nobody decides on what they have not seen."""

from __future__ import annotations

import threading

import msgspec
import pytest

from lamppost.adapters.stores.casework import SqlCases
from lamppost.adapters.stores.staff import SqlStaff
from lamppost.cases.case import QueueFilter
from lamppost.cases.desk import CaseDesk
from lamppost.cases.opening import Opener
from lamppost.cases.rights import RIGHTS, ROLES, Who
from lamppost.cases.staff import Staff
from lamppost.core.errors import (
    ConflictError,
    ReauthenticationError,
    RightError,
    UsageError,
)
from lamppost.core.levels import Level
from lamppost.core.times import DAY, HOUR
from lamppost.history.ports import FoundRow
from lamppost.pipeline import Finding
from lamppost.risk.policy import Policy
from lamppost.risk.score import Contribution

from .conftest import Office

REASON = "asks a child of 12 to keep secrets and to meet"


class Findings:
    """Findings in a list."""

    def __init__(self) -> None:
        self.rows: list[FoundRow] = []

    def found(self, after: int = 0, limit: int = 100) -> list[FoundRow]:
        return [row for row in self.rows if row.number > after][:limit]


class Room:
    """A desk over an office, with people at it and findings that come in."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.store = SqlCases(office.database)
        self.staff = SqlStaff(office.database)
        self.findings = Findings()
        self.told: list[tuple[str, str]] = []
        self.ages: dict[str, int] = {}
        self.sampled = False
        self.desk = self.another()
        self.opener = self.another_opener()

    def another(self) -> CaseDesk:
        """A desk as another process has it."""
        return CaseDesk(
            self.store, self.staff, self.office.start(), self.office.vault, self.office.clock,
            key=b"k" * 32, told=lambda kind, name, data: self.told.append((kind, name)),
            languages=lambda detector, reasons: "en", drawn=lambda: self.sampled,
        )  # fmt: skip

    def another_opener(self) -> Opener:
        return Opener(
            self.store, self.findings, self.store, self.office.snapshots, self.office.clock,
            lambda: Policy(name="test"), lambda names: {n: self.ages.get(n, -1) for n in names},
            publish=self.desk.publish,
        )  # fmt: skip

    def find(self, level: str = "high", actor: str = "a9", child: str = "kid", room: str = "c1"):
        """Something is found."""
        number = len(self.findings.rows) + 1
        finding = Finding(
            id=f"f{number}", conversation_id=room, actor_id=actor, target_id=child, level=level,
            bits=9.0, message=3, event="m3", at=self.office.clock.now, engine="e",
            contributions=[
                Contribution("tactic.secrecy", 2, 6.0, "asks for secrecy", ["m1"]),
                Contribution("tactic.meeting", 1, 2.5, "suggests a meeting", ["m3"]),
                Contribution("context.adult_to_child", 1, 2.0, "an adult writes to a child"),
                Contribution("protective.openness", 1, -1.5, "is open about it", ["m2"]),
            ],
        )  # fmt: skip
        self.findings.rows.append(
            FoundRow(
                finding.id, room, actor, child, int(Level.parse(level)), finding.at, "1",
                msgspec.json.encode(finding), number=number,
            )
        )  # fmt: skip

    def case(self, **values: str) -> str:
        """A new case; returns its id."""
        self.find(**values)
        self.opener.work()
        case_id = self.store.open_of(values.get("actor", "a9")).id
        return case_id

    def who(self, name: str, *roles: str) -> Who:
        return Who(name, name.title(), frozenset(roles or ("reviewer",)), self.office.clock.now)

    def acts(self) -> list[tuple[str, str]]:
        """Acts in the audit chain: who and what."""
        return [(row.actor, row.act) for row in self.office.table.rows()]


@pytest.fixture
def room(office: Office) -> Room:
    return Room(office)


@pytest.fixture
def any_room(either: Office) -> Room:
    return Room(either)


# --- findings become cases --------------------------------------------------------------------


def test_an_account_has_one_open_case_that_grows(any_room: Room):
    room = any_room
    room.find("concern")
    room.find("high", child="kid2", room="c2")
    room.find("high", actor="a8")
    assert room.opener.work() == 3
    assert room.opener.work() == 0
    page = room.store.queue(QueueFilter(), room.office.clock.now)
    assert page.total == 2
    grown = room.store.open_of("a9")
    assert (grown.findings, grown.children, grown.conversations) == (2, 2, 2)
    assert (grown.word, grown.version) == ("high", 2)
    assert grown.detectors == ("tactic.secrecy", "tactic.meeting")


def test_findings_again_or_after_a_crash_change_nothing(any_room: Room):
    room = any_room
    room.find("concern")
    row = room.findings.rows[0]
    first = room.opener.absorb(row)  # and then the process dies: the place is not remembered
    again = room.another_opener()
    assert again.work() == 1
    assert again.absorb(row) == first
    file = room.store.file(first)
    assert (file.case.version, len(file.findings), len(file.clocks)) == (1, 1, 1)
    assert [act for _, act in room.acts()].count("case.open") == 1


def test_openers_at_once_make_one_case(any_room: Room):
    room = any_room
    for number in range(12):
        room.find(room=f"c{number}")
    openers = [room.another_opener() for _ in range(3)]
    workers = [threading.Thread(target=opener.work) for opener in openers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert room.store.queue(QueueFilter(), 0).total == 1
    assert room.store.open_of("a9").version == 12


def test_a_level_without_the_action_opens_no_case_but_adds_to_one(room: Room):
    room.find("watch")
    room.opener.work()
    assert room.store.open_of("a9") is None
    room.find("concern")
    room.find("watch", room="c2")
    room.opener.work()
    assert room.store.open_of("a9").findings == 2


def test_urgent_comes_first_then_what_is_due_soonest(room: Room):
    room.ages = {"little": 11}
    names = {
        room.case(level=level, actor=actor, child=child): actor
        for level, actor, child in (
            ("concern", "slow", "kid"), ("high", "soon", "kid"), ("urgent", "now", "kid"),
            ("concern", "young", "little"),
        )
    }  # fmt: skip

    def order() -> list[str]:
        return [names[item.id] for item in room.desk.queue(room.who("ann")).items]

    assert order() == ["now", "soon", "young", "slow"]
    room.office.clock.now += 3 * DAY  # one that waits comes forward by itself
    room.case(level="high", actor="late")
    names[room.store.open_of("late").id] = "late"
    assert order() == ["now", "soon", "young", "slow", "late"]


# --- two at once ------------------------------------------------------------------------------


def test_of_two_who_claim_at_once_one_gets_the_case(any_room: Room):
    room = any_room
    case_id = room.case()
    desks = [room.another() for _ in range(4)]
    outcome: list[str] = []

    def claim(number: int) -> None:
        try:
            desks[number].claim(room.who(f"p{number}"), case_id)
            outcome.append("got it")
        except ConflictError as error:
            outcome.append(error.kind)

    workers = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(outcome) == ["claimed", "claimed", "claimed", "got it"]
    assert [act for _, act in room.acts()].count("case.claim") == 1


def test_a_claim_ends_by_itself_and_by_handing_over(room: Room):
    case_id = room.case()
    ann, bo = room.who("ann"), room.who("bo")
    room.desk.claim(ann, case_id)
    with pytest.raises(ConflictError) as caught:
        room.desk.claim(bo, case_id)
    assert caught.value.facts["by"] == "ann"
    room.office.clock.now += HOUR
    assert room.desk.claim(bo, case_id).claimed_by == "bo"
    room.desk.hand_over(bo, case_id)
    assert room.desk.claim(ann, case_id).claimed_by == "ann"


def test_nobody_decides_on_a_case_that_changed_meanwhile(room: Room):
    case_id = room.case(level="concern")
    ann = room.who("ann")
    seen = room.desk.open(ann, case_id).case.version
    room.find("high")
    room.opener.work()
    with pytest.raises(ConflictError) as caught:
        decide(room, ann, case_id, version=seen)
    assert caught.value.kind == "changed"
    assert room.store.file(case_id).decisions == []
    decide(room, ann, case_id)
    assert room.store.case(case_id).status == "closed"


def test_a_form_sent_twice_acts_once_and_a_second_tab_is_told(any_room: Room):
    room = any_room
    case_id = room.case()
    ann = room.who("ann")
    seen = room.store.case(case_id).version
    first = decide(room, ann, case_id, version=seen, token="form-1")
    again = decide(room, ann, case_id, version=seen, token="form-1")
    assert first == again
    with pytest.raises(ConflictError) as caught:  # the same page in another tab
        decide(room, ann, case_id, version=seen, token="form-2")
    assert caught.value.kind == "closed"
    assert len(room.store.file(case_id).decisions) == 1
    assert [act for _, act in room.acts()].count("case.decide") == 1
    assert room.desk.note(ann, case_id, "once", token="t") == room.desk.note(
        ann, case_id, "once", token="t"
    )
    assert len(room.store.file(case_id).notes) == 1
    with pytest.raises(ConflictError):
        room.desk.claim(ann, case_id, token="t")


# --- four eyes --------------------------------------------------------------------------------


def test_heavy_acts_wait_for_another_person_with_a_fresh_sign_in(room: Room):
    case_id = room.case()
    lead, other = room.who("lee", "lead"), room.who("kim", "lead")
    with pytest.raises(ReauthenticationError):
        decide(room, msgspec.structs.replace(lead, reauthenticated_at=0), case_id, acts=["report"])
    made = decide(room, lead, case_id, acts=["report", "suspend", "refer_support"])
    assert (made.state, room.store.case(case_id).status) == ("proposed", "review")
    assert room.told == []
    assert list(room.store.labels()) == []
    version = room.store.case(case_id).version
    with pytest.raises(RightError, match="somebody else"):
        room.desk.confirm(lead, case_id, made.id, version=version)
    with pytest.raises(RightError):
        room.desk.confirm(room.who("ann"), case_id, made.id, version=version)
    done = room.desk.confirm(other, case_id, made.id, version=version)
    assert (done.state, done.reviewed_by) == ("final", "kim")
    case = room.store.case(case_id)
    assert (case.status, case.outcome) == ("closed", ("suspend", "report", "refer_support"))
    assert room.told == [("case.decided", made.id)]
    assert [clock.kind for clock in room.store.running()] == ["report"]
    room.desk.reported(other, case_id, "r1")
    assert room.store.running() == []
    with pytest.raises(ConflictError):
        room.desk.send_back(other, case_id, made.id, reason="it should be looked at again")


def test_evidence_that_comes_while_a_decision_waits_is_shown_before_it_counts(room: Room):
    case_id = room.case()
    made = decide(room, room.who("ann"), case_id, acts=["suspend"])
    version = room.store.case(case_id).version
    room.find("urgent")
    room.opener.work()
    lead = room.who("lee", "lead")
    with pytest.raises(ConflictError) as caught:
        room.desk.confirm(lead, case_id, made.id, version=version)
    assert caught.value.kind == "changed"
    room.desk.send_back(lead, case_id, made.id, reason="there is new evidence to look at")
    case = room.store.case(case_id)
    assert (case.status, case.word) == ("open", "urgent")
    assert [clock.kind for clock in room.store.running()] == ["decide"]


# --- closed, appealed, opened again -----------------------------------------------------------


def test_later_findings_open_a_new_case_that_names_the_first(room: Room):
    first = room.case()
    decide(room, room.who("ann"), first)
    second = room.case()
    assert second != first
    file = room.store.file(second)
    assert [(link.kind, link.other) for link in file.links] == [("prior", first)]
    assert [item.id for item in file.others] == [first]
    with pytest.raises(ConflictError) as caught:
        room.desk.reopen(room.who("lee", "lead"), first, reason="new facts came to light")
    assert caught.value.facts["other"] == second


def test_an_appeal_is_answered_by_somebody_else_and_may_overturn(room: Room):
    case_id = room.case()
    lee, kim = room.who("lee", "lead"), room.who("kim", "lead")
    decide(room, lee, case_id, acts=["warn"])
    appeal = room.desk.record_appeal(room.who("ann"), case_id, "it was a joke among brothers")
    with pytest.raises(RightError):
        room.desk.answer_appeal(lee, case_id, appeal, overturn=True, answer="it was a joke")
    answered = room.desk.answer_appeal(kim, case_id, appeal, overturn=True, answer="they are kin")
    assert answered.result == "overturned"
    case = room.store.case(case_id)
    assert (case.status, case.reopened, case.outcome) == ("open", 1, ())
    assert list(room.store.labels()) == []
    with pytest.raises(ConflictError):
        room.desk.answer_appeal(kim, case_id, appeal, overturn=False, answer="changed my mind")
    decide(room, kim, case_id, acts=["no_action"], judgement="ordinary")
    assert {item.label for item in room.store.labels()} == {"ordinary"}


# --- labels and quality -----------------------------------------------------------------------


def test_a_decision_labels_its_signals_and_they_are_counted(room: Room):
    ann = room.who("ann")
    for number in range(4):
        case_id = room.case(actor=f"h{number}")
        decide(room, ann, case_id, labels={"tactic.meeting": "ordinary"})
    case_id = room.case(actor="o")
    decide(room, ann, case_id, acts=["no_action"], judgement="ordinary")
    with pytest.raises(UsageError):
        decide(room, ann, room.case(actor="x"), labels={"tactic.nothing": "ordinary"})
    lead = room.who("lee", "lead")
    rows = list(room.desk.export_labels(lead))
    assert len(rows) == 10
    assert {(row.detector, row.version, row.language) for row in rows} == {
        ("tactic.secrecy", 2, "en"), ("tactic.meeting", 1, "en"),
    }  # fmt: skip
    figures = room.desk.figures(lead)
    found = {row.detector: row.precision for row in figures.precision}
    assert (found["tactic.secrecy"].hits, found["tactic.secrecy"].count) == (4, 5)
    assert found["tactic.meeting"].hits == 0
    assert 0.37 < found["tactic.secrecy"].low < 0.38
    assert 0.96 < found["tactic.secrecy"].high < 0.97
    assert (figures.opened, figures.closed, figures.outcomes) == (6, 5, {"warn": 4, "no_action": 1})
    assert figures.to_decision.count == 5


def test_samples_are_read_blind_once_and_compared(room: Room):
    room.sampled = True
    ann, bo, lead = room.who("ann"), room.who("bo"), room.who("lee", "lead")
    answers = ("harmful", "ordinary", "harmful", "ordinary", "unsure", "harmful")
    for number, answer in enumerate(answers):
        decide(room, ann, room.case(actor=f"a{number}"), judgement=answer)
    assert room.desk.samples(ann) == []
    given = room.desk.samples(bo)
    assert len(given) == len(answers)
    assert {item.judgement for item in given} == {"unsure"}
    for item in given:
        blind = room.desk.open_sample(bo, item.id)
        assert (blind.decisions, blind.notes, blind.history, blind.case.outcome) == ([], [], [], ())
        seen = room.store.sample(item.id).judgement
        said = "ordinary" if seen == "unsure" else seen
        room.desk.read_sample(bo, item.id, judgement=said, acts=["watch"])
        with pytest.raises(ConflictError):
            room.desk.read_sample(bo, item.id, judgement=said, acts=["watch"])
    everybody = next(row for row in room.desk.agreement(lead) if row.person == "*")
    assert (everybody.agreement.count, everybody.agreement.same) == (6, 5)
    assert everybody.agreement.kappa == pytest.approx(1 - (1 / 6) / (1 - 15 / 36))
    room.desk.make_golden(lead, room.store.open_of("a0") or given[0].case_id)
    assert [item.case_id for item in room.desk.samples(bo)] == [given[0].case_id]


# --- search, exposure, rights -----------------------------------------------------------------


def test_a_search_finds_what_people_wrote_and_leaves_no_words_behind(any_room: Room):
    room = any_room
    ann = room.who("ann")
    case_id = room.case(child="kid-7")
    room.desk.note(ann, case_id, "Spoke to the École lead; calls again on Tuesday")
    decide(room, ann, case_id)
    assert [hit.kind for hit in room.desk.search(ann, "ecole tues").hits] == ["note"]
    assert [hit.kind for hit in room.desk.search(ann, "keep secrets").hits] == ["decision"]
    assert {hit.ref for hit in room.desk.search(ann, "kid-7").hits} == {"kid-7"}
    assert room.desk.search(ann, "ecole", kinds=["decision"]).total == 0
    assert room.desk.search(ann, "' OR 1 & | !").total == 0
    rows = [row for row in room.office.table.rows() if row.act == "case.search"]
    assert len(rows) == 5
    assert not any("ecole" in row.details.lower() for row in rows)


def test_an_erased_account_is_no_longer_found(any_room: Room):
    room = any_room
    ann = room.who("ann")
    theirs = room.case(actor="gone", child="kid")
    room.desk.note(ann, theirs, "wrote to the parents of a pupil")
    other = room.case(actor="stays", child="gone")
    room.desk.note(ann, other, "gone and goner were told")
    room.store.erase("gone")
    assert room.desk.search(ann, "pupil").total == 0
    assert {hit.ref for hit in room.desk.search(ann, "gone").hits} <= {
        note.id for note in room.store.file(other).notes
    }
    assert room.store.file(other).notes[0].text == "[erased] and goner were told"
    assert room.store.touching("gone") == []
    emptied = room.store.file(theirs)
    assert (emptied.findings, emptied.notes, emptied.case.status) == ([], [], "closed")
    again = room.case(actor="gone")
    assert again not in (theirs, other)


def test_exposure_is_what_the_audit_chain_says_was_opened(room: Room):
    from lamppost.cases.vault import Evidence
    from lamppost.core.times import from_ms

    ann, bo = room.who("ann"), room.who("bo")
    case_id = room.case()
    vault = room.office.vault
    items = vault.snapshot(
        case=case_id, actor="service",
        pieces=[
            Evidence(conversation_id="c1", event_id=f"m{n}", subject_id="a9",
                     sent_at=from_ms(room.office.clock.now), text="(a line)")
            for n in range(5)
        ],
    )  # fmt: skip
    assert room.desk.exposure(ann).today.pieces == 0
    room.desk.reveal(ann, case_id, items[:2])
    room.desk.reveal(ann, case_id, items[1:2])
    room.desk.reveal(bo, case_id)
    with pytest.raises(RightError):
        room.desk.reveal(room.who("ada", "auditor"), case_id)
    assert room.desk.exposure(ann).today.pieces == 3
    assert room.desk.exposure(ann).suggest == ""
    counts = {row.person: row for row in room.desk.exposures(room.who("lee", "lead"))}
    assert {name: (row.openings, row.pieces) for name, row in counts.items()} == {
        "ann": (2, 3), "bo": (1, 5),
    }  # fmt: skip
    for _ in range(40):
        room.desk.reveal(ann, case_id)
    assert room.desk.exposure(ann).suggest == "many"
    room.office.clock.now += HOUR + 60_000
    assert room.desk.exposure(ann).suggest == ""


def test_roles_hold_known_rights_and_the_desk_asks_for_them(room: Room):
    assert {right for rights in ROLES.values() for right in rights} == set(RIGHTS)
    case_id = room.case()
    admin, policy = room.who("root", "admin"), room.who("pol", "policy")
    auditor, reporter = room.who("ada", "auditor"), room.who("rex", "reporter")
    calls = {
        "queue.read": lambda who: room.desk.queue(who),
        "case.read": lambda who: room.desk.open(who, case_id),
        "case.claim": lambda who: room.desk.claim(who, case_id),
        "case.note": lambda who: room.desk.note(who, case_id, "seen"),
        "case.decide": lambda who: decide(room, who, case_id),
        "case.assign": lambda who: room.desk.assign(who, [case_id], None),
        "case.reopen": lambda who: room.desk.reopen(who, case_id, reason=REASON),
        "search": lambda who: room.desk.search(who, "kid"),
        "labels.export": lambda who: room.desk.export_labels(who),
        "dashboard.read": lambda who: room.desk.figures(who),
        "exposure.read": lambda who: room.desk.exposures(who),
        "quality.manage": lambda who: room.desk.agreement(who),
        "quality.read": lambda who: room.desk.samples(who),
    }
    for who in (admin, policy, auditor, reporter):
        for right, call in calls.items():
            if who.may(right):
                call(who)
            else:
                with pytest.raises(RightError):
                    call(who)


def test_cases_are_given_to_people_who_can_work_on_them(room: Room):
    lead = room.who("lee", "lead")
    for name, role in (("ann", "reviewer"), ("root", "admin")):
        room.staff.add(
            Staff(
                id=name,
                name=name,
                email=f"{name}@example.org",
                roles=frozenset({role}),
                created_at=1,
            )
        )
    ids = [room.case(actor=f"a{number}") for number in range(3)]
    with pytest.raises(UsageError):
        room.desk.assign(lead, ids, "root")
    room.desk.claim(room.who("bo"), ids[1])
    done = room.desk.assign(lead, ids, "ann", token="t")
    assert [bool(item.refused) for item in done] == [False, True, False]
    with pytest.raises(ConflictError):
        room.desk.claim(room.who("bo"), ids[0])
    room.desk.reorder(lead, [ids[2], ids[1]])
    assert [item.id for item in room.desk.queue(lead).items] == [ids[2], ids[1], ids[0]]
    room.desk.unrank(lead, ids)
    assert [item.id for item in room.desk.queue(lead).items] == ids


def test_what_was_done_is_in_the_audit_chain_once_even_after_a_crash(room: Room):
    case_id = room.case()
    ann = room.who("ann")

    def broken(*args: object, **values: object) -> None:
        raise OSError

    crashed = room.another()
    crashed._journal = type("Broken", (), {"record": broken})()  # type: ignore[assignment]
    with pytest.raises(OSError):  # noqa: PT011
        crashed.note(ann, case_id, "kept although the chain could not be written")
    assert len(room.store.file(case_id).notes) == 1
    assert ("ann", "case.note") not in room.acts()
    assert room.another().publish() == 0  # somebody may still be writing it
    room.office.clock.now += 120_000
    assert room.another().publish() == 1
    assert room.acts().count(("ann", "case.note")) == 1
    assert room.office.verify().sound


def decide(room: Room, who: Who, case_id: str, **values: object):
    """Decide as is usual, but for what is given."""
    given = {
        "version": room.store.case(case_id).version, "acts": ["warn"], "judgement": "harmful",
        "reason": REASON, **values,
    }  # fmt: skip
    return room.desk.decide(who, case_id, **given)
