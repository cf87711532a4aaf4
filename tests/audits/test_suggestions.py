"""The suggestion audit: what it counts, what it publishes, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.people import NOW, befriend, graph_of
from lamppost.cli._main import run
from lamppost.core.errors import InputError
from lamppost.evaluation.suggestions import audit, read_suggestions, read_truth, report
from lamppost.evaluation.suggestions.audit import Group
from lamppost.evaluation.suggestions.report import SMALL, published, rounded
from lamppost.events import ndjson
from lamppost.events.vocabulary import Account, Contact, Event
from lamppost.protect.gate import Gate, filter_suggestions
from lamppost.reports.audits import html, plain


def table(path: Path, rows: list[str], head: str = "account_id,suggested_id,feature,path") -> Path:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_it_counts_both_ways_and_what_connects_people(tmp_path: Path):
    graph = graph_of(befriend("adult", "parent"), befriend("kid", "child"))
    rows = [
        "child,coach,people,near",  # an adult shown to a child; a role alone is a way
        "child,young,people,near",  # crosses
        "adult,kid,people,near",  # crosses
        "adult,child,people,near",  # a friend of the guardian
        "child,kid,people,near",
        "adult,young,people,near",
        "nobody,child,people,near",  # an age that is not known: crosses
    ]
    found = audit(read_suggestions(table(tmp_path / "s.csv", rows)), graph, now=NOW)
    assert (found.child_shown_adult, found.adult_shown_child) == (1, 2)
    assert found.crossing.share == pytest.approx(3 / 7)
    assert found.crossing.low <= found.crossing.share <= found.crossing.high
    assert found.unknown == 1
    assert found.children_touched == 2


def test_baselines_differ_as_they_must():
    """Children know children and adults adults: friends of friends cross less than chance."""
    people = {f"c{n}": 11 for n in range(40)} | {f"a{n}": 40 for n in range(40)}
    events: list[Event] = [Account(id=name, age=age) for name, age in people.items()]
    for kind in "ca":
        for n in range(40):
            for step in (1, 2, 5):
                events += befriend(f"{kind}{n}", f"{kind}{(n + step) % 40}")
    graph = graph_of(events)
    rows = [msgspec.convert((f"c{n}", f"a{n}", "f", "p", None, None), _Row) for n in range(40)]
    found = audit([row.suggestion() for row in rows], graph, {"a1", "a2"}, now=NOW)
    assert found.crossing.share == 1
    assert found.random is not None
    assert found.friends is not None
    assert found.friends.share == 0
    assert 0.3 < found.random.share < 0.7
    assert found.random.low < found.random.share < found.random.high
    assert found.to_offender is not None
    assert found.to_offender.share == pytest.approx(2 / 40)
    assert found.to_offender_after == 0
    again = audit([row.suggestion() for row in rows], graph, {"a1", "a2"}, now=NOW)
    assert again == found  # the same seed gives the same figures


class _Row(msgspec.Struct, array_like=True):
    viewer: str
    shown: str
    feature: str
    path: str
    viewer_age: tuple[int, int] | None
    shown_age: tuple[int, int] | None

    def suggestion(self):
        from lamppost.evaluation.suggestions import Suggestion

        return Suggestion(self.viewer, self.shown, self.feature, self.path, None, None)


def test_what_the_filter_leaves_never_crosses(tmp_path: Path):
    graph = graph_of(befriend("kid", "child"))
    candidates = ["kid", "adult", "young", "parent", "teen", "nobody"]
    left = filter_suggestions(Gate(graph), "child", candidates, NOW)
    rows = [f"child,{name},f,p" for name in left]
    assert rows
    found = audit(read_suggestions(table(tmp_path / "s.csv", rows)), graph, now=NOW)
    assert found.crossing.share == 0
    assert found.crossing.high > 0  # few suggestions prove little


def test_ages_may_stand_in_the_file_alone(tmp_path: Path):
    head = "account_id,suggested_id,account_age,suggested_age_band"
    path = table(tmp_path / "s.csv", ["a,b,12,25+", "c,d,40,"], head)
    found = audit(read_suggestions(path))
    assert found.child_shown_adult == 1
    assert found.friends is None
    words = plain(report(found))
    assert "No events were given" in words


def test_parquet_says_the_same_as_csv(tmp_path: Path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    columns = {"account_id": ["a", "c"], "suggested_id": ["b", "d"], "feature": ["f", None],
               "account_age": [12, None], "suggested_age": [40, 30]}  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "s.parquet")
    csv = table(tmp_path / "s.csv", ["a,b,f,12,40", "c,d,,,30"],
                "account_id,suggested_id,feature,account_age,suggested_age")  # fmt: skip
    assert read_suggestions(tmp_path / "s.parquet") == read_suggestions(csv)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"account_id\na\n", "column suggested_id is missing"),
        (b"", "column account_id is missing"),
        (b"account_id,suggested_id\n", "holds no suggestion"),
        (b"account_id,suggested_id\na\n", "line 2"),
        (b"account_id,suggested_id\na,b,c\n", "line 2"),
        (b"account_id,suggested_id\n,b\n", "column account_id"),
        (b"account_id,suggested_id,account_age\na,b,old\n", "column account_age"),
        (b"account_id,suggested_id,account_age\na,b,inf\n", "column account_age"),
        (b"account_id,suggested_id,account_age_band\na,b,teen\n", "column account_age_band"),
        (b"account_id,suggested_id,account_id\na,b,c\n", "twice"),
        (b"account_id,suggested_id\na,\xff\n", "not UTF-8"),
        (b'account_id,suggested_id\na,"b\n', "is not CSV"),
        (b"PAR1 but no more", "Parquet"),
        (b"account_id,suggested_id\n" + b"a" * 300 + b",b\n", "longer than 256"),
    ],
)
def test_bad_files_are_told_by_place_and_fix(tmp_path: Path, content: bytes, told: str):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told) as caught:
        read_suggestions(path)
    assert caught.value.hint


def test_without_any_age_there_is_no_audit(tmp_path: Path):
    rows = read_suggestions(table(tmp_path / "s.csv", ["a,b,f,p"]))
    with pytest.raises(InputError, match="no age"):
        audit(rows)
    with pytest.raises(InputError, match="line 1"):
        read_truth(table(tmp_path / "t", [], "nonsense"))


def test_counts_are_rounded_and_small_ones_are_not_shown():
    assert [rounded(n) for n in (0, 1, 9, 10, 14, 1_016)] == [
        "0",
        "< 10",
        "< 10",
        "10",
        "10",
        "1,020",
    ]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=12))
def test_no_small_group_is_published(counts: list[tuple[int, int]]):
    groups = [
        Group(f"f{n}", "p", total, min(total, some)) for n, (total, some) in enumerate(counts)
    ]
    shown = published(groups)
    assert sum(item.suggestions for item in shown) == sum(item.suggestions for item in groups)
    assert all(item.suggestions >= SMALL or item.feature == "others" for item in shown)


def test_the_report_names_nobody(tmp_path: Path):
    events: list[Event] = [Account(id=f"kestrel-{n}", age=11 if n % 2 else 40) for n in range(40)]
    events += [
        Contact(id=f"k{n}", actor_id=f"kestrel-{n}", target_id=f"kestrel-{n + 2}",
                action="accepted", at=_START)
        for n in range(30)
    ]  # fmt: skip
    path = tmp_path / "events.ndjson"
    with path.open("wb") as file:
        ndjson.write(events, file.write)
    truth = tmp_path / "truth.ndjson"
    truth.write_bytes(b'{"account_id":"kestrel-0","kind":"single"}\n')
    shown = table(tmp_path / "s.csv", [f"kestrel-{n},kestrel-{n + 1},f,p" for n in range(30)])
    page, data = tmp_path / "a.html", tmp_path / "a.json"
    code = run(["audit-suggestions", str(shown), "--events", str(path), "--truth", str(truth),
                "--html", str(page), "--json", str(data)])  # fmt: skip
    assert code == 0
    for text in (page.read_text(), data.read_text()):
        assert "kestrel" not in text
    assert json.loads(data.read_text())["title"] == "Suggestion audit"
    assert "<script" not in page.read_text()
    assert page.stat().st_mode & 0o077 == 0


def test_the_page_escapes_what_a_file_says(tmp_path: Path):
    rows = [f"a{n},b{n},<script>alert(1)</script>,p,12,40" for n in range(20)]
    path = table(
        tmp_path / "s.csv", rows, "account_id,suggested_id,feature,path,account_age,suggested_age"
    )
    page = html(report(audit(read_suggestions(path))))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def _start():
    from datetime import UTC, datetime

    return datetime(2026, 3, 1, tzinfo=UTC)


_START = _start()
