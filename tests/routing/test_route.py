"""Worked questions with known answers, each from the text of the law or its named summary."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from lamppost.core.errors import UsageError
from lamppost.reports.routing import duties, places_with_duties, recipients, route
from lamppost.reports.routing.duties import EU, Duty
from lamppost.reports.routing.text import as_text
from lamppost.reports.routing.worked import WORKED, worked_examples

DAY = date(2026, 11, 25)
DOCS = Path(__file__).parents[2] / "docs" / "routing.md"


# Child, suspect, platform, urgency, who has it already; then ids: must, not again, unknown.
QUESTIONS = [
    # A US provider tells NCMEC, wherever it is.
    ("US", "US", "US", "soon", (), {"us.cybertipline"}, set(), set()),
    # Section 70(5): what goes to a foreign agency is not "unreported". Three countries.
    ("GB", "PH", "US", "now", (), {"us.cybertipline"}, {"gb.nca.uk-linked"}, {"ph.osaec"}),
    # Section 66(2): a provider elsewhere reports what is UK-linked by the child. Three countries.
    ("GB", "PH", "BR", "soon", (), {"gb.nca.uk-linked"}, set(), {"ph.osaec", "br.none"}),
    # The same by the suspect's place (s.70(6)(c)). Three countries; article 18 needs danger.
    ("DE", "GB", "BR", "soon", (), {"gb.nca.uk-linked"}, set(), {"eu.national.law", "br.none"}),
    # A UK provider reports all content, UK-linked or not (s.66(1)). Three countries.
    ("IN", "PH", "GB", "soon", (), {"gb.nca.uk-provider"}, set(), {"in.pocso19", "ph.osaec"}),
    # One duty, told once, though provider and child are in the UK.
    ("GB", "GB", "GB", "soon", (), {"gb.nca.uk-provider"}, set(), set()),
    # A UK provider with an arrangement abroad does not report again.
    ("GB", "GB", "GB", "soon", ("ncmec",), set(), {"gb.nca.uk-provider"}, set()),
    # Article 18(2): the child's and the suspect's member states. Three countries.
    ("DE", "FR", "US", "now", (), {"eu.dsa18", "us.cybertipline"}, set(), {"eu.national.law"}),
    # Without danger to life or safety article 18 does not stand.
    ("DE", "FR", "IE", "soon", (), set(), set(), {"eu.national.law"}),
    # Only the platform is in the Union: article 18(2) speaks of it, its reach is open.
    ("BR", None, "IE", "now", (), set(), set(),
     {"br.none", "eu.dsa18", "eu.national.law", "place.suspect"}),
    # Whether a foreign provider is bound by 2258A is not said.
    ("US", "US", "BR", "soon", (), set(), set(), {"us.cybertipline", "br.none"}),
    # Canada's Act speaks of material; text alone and foreign providers are not said.
    ("CA", "US", "CA", "soon", (), set(), set(), {"ca.mra.police", "us.cybertipline"}),
    # Australia's 24 hours concern material. Three countries.
    ("AU", "PH", "US", "now", (), {"us.cybertipline"}, set(), {"au.codes", "ph.osaec"}),
    # POCSO s.19 binds any person; in India with an Indian child it stands.
    ("IN", "IN", "IN", "soon", (), {"in.pocso19"}, set(), set()),
    # Nothing is known of any place.
    (None, None, None, "now", (), set(), set(),
     {"place.child", "place.suspect", "place.platform"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("child", "suspect", "platform", "urgency", "told", "must", "again", "unknown"), QUESTIONS
)
def test_worked_questions(child, suspect, platform, urgency, told, must, again, unknown):
    found = route(child, suspect, platform, urgency=urgency, today=DAY, told=told)
    assert {row.id for row in found.must} == must
    assert {row.id for row in found.must_not} == again
    assert {row.id for row in found.unknown} == unknown
    for row in (*found.must, *found.may, *found.must_not):
        assert row.law
        assert row.deadline
        assert row.language
        assert row.source
        assert not row.stale
    for item in found.unknown:
        assert item.answer == "unknown, ask counsel"


def test_the_childs_emergency_number_comes_first_when_it_is_now():
    now = route("GB", "PH", "US", urgency="now", today=DAY)
    assert [(n.party, n.country, n.number) for n in now.emergency] == [
        ("child", "GB", "999"), ("suspect", "PH", "911"),
    ]  # fmt: skip
    assert as_text(now).splitlines()[1] == "CALL NOW (child, GB): Emergency services 999"
    assert list(msgspec.to_builtins(now))[4] == "emergency"
    assert route("GB", "PH", "US", urgency="soon", today=DAY).emergency == ()
    assert "no checked emergency number" in as_text(
        route(None, None, "US", urgency="now", today=DAY)
    )


def test_every_duty_has_a_source_and_a_place_that_exists():
    for place in places_with_duties():
        assert place == "EU" or route(place, None, None, urgency="soon", today=DAY).child == place
        assert duties(place)
    assert len(EU) == 27
    with pytest.raises(msgspec.ValidationError, match="source"):
        msgspec.convert({"id": "x"} | dict.fromkeys(
            ("recipient", "name", "law", "deadline", "language"), "x"
        ) | {"kind": "must", "verified_at": DAY, "stale_after_days": 1}, Duty)  # fmt: skip


def test_a_stale_duty_is_shown_as_stale():
    later = route("US", "US", "US", urgency="soon", today=DAY + timedelta(days=400))
    assert all(row.stale for row in later.must)
    assert "STALE" in as_text(later)


def test_recipients_of_a_case_and_wrong_places():
    found = route("GB", "DE", "US", urgency="now", today=DAY)
    assert recipients(found) == ("eu", "ncmec")
    with pytest.raises(UsageError, match="not a country"):
        route("UK", None, None, urgency="soon", today=DAY)


def test_the_docs_show_what_the_code_says():
    assert len(WORKED) >= 4
    assert worked_examples(DAY) in DOCS.read_text("utf-8")
