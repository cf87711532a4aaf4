"""The threat model names only tests that exist, and every file for deployment is sane."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", MODEL)
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def names_in(path: Path) -> set[str]:
    """Names of the tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_named_there_exists():
    assert len(NAMED) > 30
    wrong = [
        f"{file}::{name}"
        for file, name in NAMED
        if not (ROOT / file).is_file() or name not in names_in(ROOT / file)
    ]
    assert wrong == []


def test_every_row_of_the_threat_model_names_a_test():
    rows = [line for line in MODEL.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith(("| does", "| ---"))]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


@pytest.mark.parametrize("who", ["offender with an account", "insider", "stolen laptop", "flood",
                                 "malicious export"])  # fmt: skip
def test_the_attackers_are_there(who: str):
    assert re.search(rf"^## .*{who}", MODEL, re.MULTILINE)


def test_the_container_runs_without_rights_from_the_locks():
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    last = text.split("FROM ")[-1]
    assert re.search(r"^USER lamppost$", last, re.MULTILINE)
    assert "--require-hashes" in text
    for lock in re.findall(r"requirements[\w-]*\.lock", text):
        assert (ROOT / lock).is_file(), lock
    assert not re.search(r"(?i)(secret|password|token)\s*=", text)
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert f"!{name}" in ignored or (name.endswith(".lock") and
                                             "!requirements*.lock" in ignored), name  # fmt: skip


def test_the_compose_file_keeps_secrets_and_the_database_inside():
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    service, database = compose["services"]["lamppost"], compose["services"]["database"]
    assert "ports" not in database
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert compose["networks"]["back"]["internal"] is True
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "POSTGRES_PASSWORD" not in database["environment"]
    assert not re.search(r"://[^\s/@]*:[^\s/@]+@", text)
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert "lamppost" in options


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_run_without_rights(path: Path):
    text = path.read_text(encoding="utf-8")
    for line in ("User=lamppost", "NoNewPrivileges=yes", "ProtectSystem=strict", "LimitCORE=0",
                 "CapabilityBoundingSet=", "PrivateTmp=yes", "UMask=0077"):  # fmt: skip
        assert f"\n{line}\n" in text, line


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_reads_the_units(tmp_path: Path):
    for path in (ROOT / "deploy" / "systemd").iterdir():
        text = path.read_text(encoding="utf-8").replace("/opt/lamppost/bin/lamppost", "/bin/true")
        (tmp_path / path.name).write_text(text)
    result = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if "Failed to" in result.stderr and "bus" in result.stderr:
        pytest.skip("no systemd here")
    assert result.returncode == 0, result.stderr
    assert "Unknown" not in result.stderr
