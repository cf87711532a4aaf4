"""Small counts are hidden and cannot be computed; nobody is named; the shapes hold."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.cases.case import Appeal, Label
from lamppost.cases.figures import Figures, Spread
from lamppost.reports.transparency import Transparency, as_csv, as_dsa, as_html, count
from lamppost.reports.transparency.count import JUDGED, _sums, _zeros
from lamppost.reports.transparency.hide import determined, hidden

NONE = Spread(0, None, None)
FIGURES = Figures(
    since=0, now=9, open_by_level={}, in_review=0, overdue=0, unclaimed=0, appeals=0, opened=40,
    closed=3, outcomes={"suspend": 12, "report": 2}, to_first_look=Spread(40, 3_600_000, 7_200_000),
    to_decision=NONE, to_report=NONE, precision=[], alarms={}, ordinary_alarms={}, relationships=0,
)  # fmt: skip


def label(number: int, detector: str, language: str, word: str, at: int = 5) -> Label:
    return Label(
        decision_id=f"d{number}", case_id=f"case-{number}", finding_id=f"find-{number}",
        detector=detector, version=1, language=language, bits=1.0, label=word, at=at,
        by="synthetic-person",
    )  # fmt: skip


def report(rows: list[tuple[str, str, str, int]]) -> Transparency:
    labels = [
        label(number * 1000 + one, detector, language, word)
        for number, (detector, language, word, many) in enumerate(rows)
        for one in range(many)
    ]
    appeals = [
        (
            Appeal(
                id=f"a{n}", case_id=f"case-{n}", decision_id="d", at=1, recorded_by="synthetic",
                words="", result="overturned" if n < 6 else "upheld", answered_at=5,
            ),
            ("rapport",),
        )
        for n in range(20)
    ]  # fmt: skip
    return count(
        labels, appeals, FIGURES, since=date(2026, 1, 1), until=date(2026, 6, 30), between=(0, 10)
    )


ROWS = [
    ("rapport", "en", "harmful", 60), ("rapport", "es", "ordinary", 20),
    ("gifts", "en", "harmful", 3), ("gifts", "en", "ordinary", 9),
    ("secrecy", "es", "harmful", 14), ("secrecy", "en", "unsure", 7),
]  # fmt: skip


def test_a_small_count_and_its_neighbour_are_hidden():
    found = report(ROWS)
    assert found.shown("detector", "gifts", "harmful") is None
    assert found.shown("detector", "secrecy", "harmful") is None  # 77 - 60 - 14 would tell it
    assert found.shown("detector", "rapport", "harmful") == 60
    assert found.shown("signals", "all", "harmful") == 77
    assert found.shown("decisions", "report", "cases") is None
    assert [rate.value for rate in found.overturned] == [0.3, 0.3]
    gifts = next(rate for rate in found.errors if rate.of == "gifts")
    assert gifts.value is None  # a rate would give the hidden count away


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["en", "es", "de"]),
            st.sampled_from(JUDGED), st.integers(0, 12),
        ),
        max_size=14,
    )
)  # fmt: skip
def test_no_hidden_count_follows_from_what_is_shown(rows: list[tuple[str, str, str, int]]):
    from collections import Counter

    counts: Counter[tuple[str, ...]] = Counter()
    for detector, language, word, many in rows:
        for key in (("detector", detector, word), ("language", language, word),
                    ("signals", "all", word)):  # fmt: skip
            counts[key] += many
    _zeros(counts)
    sums = _sums(counts)
    gone = hidden(counts, sums)
    assert all(key in gone for key, value in counts.items() if 0 < value < 5)
    small = {key for key in gone if 0 < counts[key] < 5}
    assert not determined(sums, gone) & small
    for total, parts in sums:  # what is lost of a shown total is never itself a small number
        lost = sum(counts[key] for key in parts if key in gone)
        assert total in gone or not 0 < lost < 5 or all(k in gone for k in parts)


def test_nobody_is_in_it_and_the_shapes_hold():
    found = report(ROWS)
    page, table = as_html(found), as_csv(found)
    for text in (page, table):
        assert "synthetic" not in text
        assert "case-" not in text
        assert "find-" not in text
    assert "<script" not in page
    assert "http" not in page
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {"section": "detector", "of": "gifts", "name": "harmful", "value": "",
            "note": "hidden"} in rows  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(as_dsa(found, "Synthetic Chat"))) as archive:
        names = archive.namelist()
        assert [name.partition("_")[0] for name in names] == ["6", "7", "8"]
        for name in names:
            lines = list(csv.reader(io.StringIO(archive.read(name).decode())))
            assert all(len(one) == len(two) for one, two in pairwise(lines))
            assert lines[0][:3] == ["Applicability", "Service", "Reporting period"]
        six = list(csv.DictReader(io.StringIO(archive.read(names[0]).decode())))
        assert six[0]["Account restriction Suspension"] == "12"
        assert len(six[0]) == 37


def test_what_lies_outside_the_days_is_not_counted():
    late = [label(1, "rapport", "en", "harmful", at=10)] * 9
    found = count(
        late, [], FIGURES, since=date(2026, 1, 1), until=date(2026, 1, 2), between=(0, 10)
    )
    assert found.shown("signals", "all", "harmful") == 0
