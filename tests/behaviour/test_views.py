"""`lamppost score --accounts --children` on a small community, and the judging of communities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from typer.testing import CliRunner

from lamppost.cli import app
from lamppost.evaluation.community.measure import judge
from lamppost.reports.scan.schema import account_schema, child_schema
from lamppost.wiring import build_engine


def lines(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_every_account_and_every_child_has_a_line(tmp_path: Path) -> None:
    run = CliRunner().invoke
    events, truth, members = (str(tmp_path / name) for name in ("e", "t", "m"))
    made = run(app(), ["simulate", "--accounts", "150", "--days", "10", "--seed", "21", "--out",
                       events, "--truth", truth, "--members", members])  # fmt: skip
    assert made.exit_code == 0
    scored = run(app(), ["score", events, "--out", str(tmp_path / "s"), "--accounts",
                         str(tmp_path / "a"), "--children", str(tmp_path / "c")])  # fmt: skip
    assert scored.exit_code == 0, scored.output
    people = {row["account_id"]: row for row in lines(tmp_path / "m")}
    accounts = lines(tmp_path / "a")
    for row in accounts:
        jsonschema.validate(row, account_schema())
        assert round(sum(item["bits"] for item in row["contributions"]), 2) == row["bits"]
    there = {row["account_id"] for row in accounts}
    assert {row["account_id"] for row in lines(tmp_path / "t")} <= there <= set(people)
    children = lines(tmp_path / "c")
    for row in children:
        jsonschema.validate(row, child_schema())
    assert {row["child_id"] for row in children if people[row["child_id"]]["age"] < 18}
    assert any(row["exposure"]["points"] for row in children if row["exposure"])
    offenders = {row["account_id"] for row in lines(tmp_path / "t")}
    best = max(accounts, key=lambda row: row["bits"])
    assert best["account_id"] in offenders


@pytest.mark.scale
@pytest.mark.parametrize("text", [True, False])
def test_offenders_rank_first_before_their_third_child(text: bool) -> None:
    """The promises of docs/behaviour.md on communities that no rate was measured on."""
    engine = build_engine()
    found = [judge(engine, seed, 3000, 30, text=text) for seed in (2001, 2002)]
    ranks = [rank.rank for item in found for rank in item.ranks]
    border, share = (0.01, 0.9) if text else (0.02, 0.7)
    assert sum(rank <= border for rank in ranks) >= share * len(ranks)
    for item in found:
        for kind in ("coach", "teacher", "parent", "clan_leader"):
            assert not {"high", "urgent"} & set(item.levels.get(kind, {}))
