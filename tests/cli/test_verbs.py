"""The verbs: help, exit codes, streams, bad lines."""

from __future__ import annotations

import base64
import json
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main

from lamppost.cli import _main as main_module
from lamppost.cli import app
from lamppost.core.errors import LamppostError, PolicyError, StoreError
from lamppost.reports.scan.schema import account_schema, child_schema, report_schema, score_schema

from .conftest import EXAMPLE, Ran, spawn

Lamppost = Callable[..., Ran]


def commands(
    group: Any = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    group = group or typer.main.get_command(app())
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def line(**fields: object) -> bytes:
    base: dict[str, object] = {
        "type": "message",
        "id": "m1",
        "conversation_id": "c1",
        "sender_id": "a9",
        "recipient_ids": ["a1"],
        "sent_at": "2026-03-01T21:14:03Z",
        "text": "hello",
    }
    return json.dumps(base | fields).encode() + b"\n"


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids="-".join)
def test_every_help_text_has_an_example(lamppost: Lamppost, path: tuple[str, ...]) -> None:
    ran = lamppost(*path, "--help")
    assert ran.code == 0
    words = " ".join(re.sub(r"[│╭╮╰╯─]", " ", ran.out).split())
    assert "Example: lamppost" in words or f"lamppost {' '.join(path)}" in words


def test_usage_errors_are_one_line(lamppost: Lamppost) -> None:
    for args in (
        ("nonsense",),
        ("scan",),
        ("scan", "x", "--age", "200"),
        ("scan", EXAMPLE, "--age", "13"),
        ("scan", EXAMPLE, "--fail-on", "none"),
        ("scan", EXAMPLE, "--country", "XX"),
        ("scan", EXAMPLE, "--format", "nonsense"),
        ("scan", EXAMPLE, "--time-zone", "Mars/Base"),
        ("scan", EXAMPLE, "--date-order", "dym"),
        ("scan", EXAMPLE, "--column", "text"),
        ("scan", EXAMPLE, "--html", "/nonexistent/folder/report.html"),
        ("scan", "-"),
        ("import", "-"),
        ("scan", "missing.zip"),
        ("score", "missing.ndjson"),
        ("detectors", "show", "nonsense"),
    ):
        ran = lamppost(*args)
        assert ran.code == 2, args
        assert len([text for text in ran.err.splitlines() if text.startswith("error: ")]) == 1, args
        assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PolicyError("refused"), 4),
        (StoreError("down"), 3),
        (KeyboardInterrupt(), 130),
        (ValueError("very private text"), 3),
    ],
)
def test_exit_codes_of_errors(
    lamppost: Lamppost,
    monkeypatch: pytest.MonkeyPatch,
    error: LamppostError | KeyboardInterrupt | ValueError,
    code: int,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main_module, "app", lambda: fail)
    ran = lamppost("scan")
    assert ran.code == code
    assert ran.err.startswith("error: ")
    assert "private" not in ran.err or "may hold private" in ran.err
    assert "very private" not in ran.err


def test_score_counts_bad_lines_and_goes_on(lamppost: Lamppost, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_bytes(
        line() + b"{nonsense\n" + line(id="m2", sent_at="yesterday") + line(id="m3", sender_id="a1")
    )
    bad = tmp_path / "bad.ndjson"
    ran = lamppost("score", events, "--quarantine", bad)
    assert ran.code == 0
    assert "line 2: is not valid JSON" in ran.err
    assert "line 3, field sent_at: " in ran.err
    assert "yesterday" not in ran.err
    assert "read 2 messages in 1 conversation, 2 lines set aside in" in ran.err
    rows = [json.loads(row) for row in ran.out.splitlines()]
    assert {(row["actor_id"], row["target_id"]) for row in rows} == {("a9", "a1"), ("a1", "a9")}
    for row in rows:
        jsonschema.validate(row, score_schema())
        assert {"first_watch", "first_concern", "first_high", "contributions", "skipped"} <= set(
            row
        )
    kept = [json.loads(row) for row in bad.read_text().splitlines()]
    assert [row["place"] for row in kept] == ["line 2", "line 3, field sent_at"]
    assert base64.b64decode(kept[0]["raw"]).strip() == b"{nonsense"
    assert stat.S_IMODE(bad.stat().st_mode) == 0o600


def test_score_strict_stops(lamppost: Lamppost, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_bytes(line() + line(id="m2", sent_at="yesterday"))
    ran = lamppost("score", events, "--strict")
    assert ran.code == 2
    assert ran.err.startswith("error: line 2, field sent_at: ")
    assert ran.out == ""


def test_many_bad_lines_are_counted_not_all_shown(lamppost: Lamppost, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_bytes(b"{\n" * 500 + line())
    ran = lamppost("score", events)
    assert "500 lines set aside" in ran.err
    assert len(ran.err.splitlines()) < 30


def test_score_reads_stdin_and_writes_the_other_views(tmp_path: Path) -> None:
    imported = spawn(["import", EXAMPLE], tmp_path)
    assert imported.code == 0
    ran = spawn(
        ["score", "-", "--accounts", tmp_path / "a", "--children", tmp_path / "c"],
        tmp_path,
        stdin=b'{"type":"account","id":"Mia","age":13}\n' + imported.out.encode(),
    )
    assert ran.code == 0
    accounts = [json.loads(row) for row in (tmp_path / "a").read_text().splitlines()]
    children = [json.loads(row) for row in (tmp_path / "c").read_text().splitlines()]
    for row in accounts:
        jsonschema.validate(row, account_schema())
    for row in children:
        jsonschema.validate(row, child_schema())
    worst = max(accounts, key=lambda row: row["bits"])
    assert worst["account_id"] == "Jay K"
    child = next(row for row in children if row["child_id"] == "Mia")
    assert child["level"] == worst["level"]
    assert child["aimed_at_by"] == ["Jay K"]
    assert child["signals"]


def test_scan_fail_on_and_json(lamppost: Lamppost, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    given = ("scan", EXAMPLE, "--child", "mia", "--age", 13, "--country", "gb", "--json", out)
    assert lamppost(*given).code == 0
    assert lamppost(*given, "--fail-on", "concern").code == 1
    report = json.loads(out.read_text())
    jsonschema.validate(report, report_schema())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    level = report["verdict"]["level"]
    assert level in ("high", "urgent")
    assert lamppost(*given, "--fail-on", level).code == 1
    if level == "high":
        assert lamppost(*given, "--fail-on", "urgent").code == 0


def test_json_to_stdout_is_only_json(lamppost: Lamppost) -> None:
    ran = lamppost("scan", EXAMPLE, "--json", "-")
    assert json.loads(ran.out)["totals"]["messages"] == 27


def test_child_that_is_nobody_is_an_error_with_a_way_out(lamppost: Lamppost) -> None:
    ran = lamppost("scan", EXAMPLE, "--child", "Somebody Else")
    assert ran.code == 2
    assert "there are 2" in ran.err
    assert "--people" in ran.err
    assert "Jay" not in ran.err
    assert "Somebody" not in ran.err
    people = [json.loads(row) for row in lamppost("scan", EXAMPLE, "--people").out.splitlines()]
    assert {(row["name"], row["messages"]) for row in people} == {("Mia", 13), ("Jay K", 14)}


def test_import_writes_events_and_a_summary(lamppost: Lamppost, tmp_path: Path) -> None:
    out = tmp_path / "events.ndjson"
    ran = lamppost("import", EXAMPLE, "--time-zone", "Europe/London", "--out", out)
    assert ran.code == 0
    assert ran.out == ""
    events = [json.loads(row) for row in out.read_text().splitlines()]
    assert sum(event["type"] == "message" for event in events) == 27
    assert events[2]["sent_at"].startswith("2026-09-14T16:02:11")
    assert "29 events written" in ran.err


def test_detectors_are_listed_shown_and_checked(lamppost: Lamppost) -> None:
    listed = lamppost("detectors", "list", "--json")
    rows = [json.loads(row) for row in listed.out.splitlines()]
    assert {row["detector"] for row in rows} >= {"tactic.secrecy", "child_signal.discomfort"}
    assert "tactic.secrecy" in lamppost("detectors", "list").out
    assert "false positive" in lamppost("detectors", "show", "secrecy").out
    assert json.loads(lamppost("detectors", "show", "tactic.secrecy", "--json").out)["number"]


@pytest.mark.parametrize("name", ["events", "report", "score", "account", "child"])
def test_schemas_are_valid(lamppost: Lamppost, name: str) -> None:
    ran = lamppost("schema", name)
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.out))


def test_a_closed_pipe_is_no_fault(tmp_path: Path) -> None:
    import subprocess
    import sys

    big = tmp_path / "big.ndjson"
    big.write_bytes(b"".join(line(id=f"m{n}", sender_id=f"a{n}") for n in range(20000)))
    done = subprocess.run(
        f"{sys.executable} -m lamppost score {big} | head -1",
        shell=True,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert b"Traceback" not in done.stderr
    assert b"error" not in done.stderr


def test_settings_come_from_file_and_environment(
    lamppost: Lamppost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamppost.config import load_options

    settings = tmp_path / "lamppost.toml"
    settings.write_text('country = "IE"\npatterns = "re2"\n')
    monkeypatch.setenv("LAMPPOST_CONFIG", str(settings))
    assert load_options().country == "IE"
    monkeypatch.setenv("LAMPPOST_COUNTRY", "NZ")
    assert (load_options().country, load_options().patterns) == ("NZ", "re2")
    report = json.loads(lamppost("scan", EXAMPLE, "--json", "-").out)
    assert report["support"]["country"] == "NZ"
    settings.write_text('nonsense = "1"\n')
    ran = lamppost("scan", EXAMPLE)
    assert ran.code == 2
    assert str(settings) in ran.err
    monkeypatch.setenv("LAMPPOST_CONFIG", str(tmp_path / "none.toml"))
    assert lamppost("scan", EXAMPLE).code == 2
