"""Set-up, locks, licences, audit and the wheel."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import audit
import licences
import locks
import screenshots

from .test_architecture import HOUSE, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [Requirement(text) for text in PROJECT["project"]["dependencies"]]


def locked(lock: str) -> dict[str, locks.Pin]:
    """Pins of a lock by name."""
    return {pin.name: pin for pin in locks.pins(lock)}


@pytest.mark.parametrize("lock", locks.LOCKS)
def test_every_locked_package_has_hashes(lock: str):
    assert locks.pins(lock)
    assert [pin.name for pin in locks.pins(lock) if pin.hashes < 1] == []


def test_locks_satisfy_the_project():
    groups = PROJECT["dependency-groups"]
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [Requirement(text) for part in (*groups.values(), *extras.values()) for text in part]
    for lock, needs in (
        ("requirements.lock", RUNTIME),
        (
            "requirements-service.lock",
            [*RUNTIME, *map(Requirement, extras["service"] + extras["exports"])],
        ),
        ("requirements-dev.lock", [*RUNTIME, *wanted]),
        ("requirements-build.lock", [Requirement(text) for text in groups["build"]]),
    ):
        pins = locked(lock)
        for need in needs:
            pin = pins.get(canonicalize_name(need.name))
            assert pin is not None, f"{lock} lacks {need.name}: run make lock"
            assert need.specifier.contains(pin.version), f"{lock}: {need}: run make lock"


def test_locks_agree():
    everything = locked("requirements-dev.lock")
    for lock in (*locks.RUNTIME, "requirements-build.lock"):
        for name, pin in locked(lock).items():
            assert everything[name].version == pin.version


def test_the_command_line_needs_little():
    """The service's packages stay out of what `make setup` installs; encoders are in."""
    assert len(locked("requirements.lock")) < 60
    assert "litestar" not in locked("requirements.lock")


def test_locks_cover_other_platforms():
    """More than one file per package that has compiled code: other systems and Pythons too."""
    pins = locked("requirements.lock")
    assert all(pins[name].hashes > 10 for name in ("msgspec", "numpy", "hyperscan", "google-re2"))


def test_every_import_is_a_declared_dependency():
    declared = {canonicalize_name(need.name) for need in RUNTIME} | {"google-re2"}
    for part in PROJECT["project"]["optional-dependencies"].values():
        declared |= {canonicalize_name(Requirement(text).name) for text in part}
    owners = metadata.packages_distributions()
    wrong = set()
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                tops = [alias.name.partition(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                tops = [node.module.partition(".")[0]]
            else:
                continue
            for top in tops:
                if top in sys.stdlib_module_names or top == "lamppost":
                    continue
                if not declared & {canonicalize_name(name) for name in owners.get(top, [top])}:
                    wrong.add(f"{path.relative_to(ROOT)}: {top}")
    assert wrong == set()


def test_the_wheel_holds_all_that_is_needed(tmp_path: Path):
    from hatchling.builders.wheel import WheelBuilder

    wheel = Path(
        next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    )
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    data = {
        path.relative_to(HOUSE.parent).as_posix()
        for path in HOUSE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert data <= inside
    assert "lamppost/py.typed" in inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
def test_an_old_python_is_named_in_one_line(tmp_path: Path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    result = subprocess.run(
        ["sh", str(ROOT / "scripts" / "setup.sh"), "run"],
        env={**os.environ, "PYTHON": str(old), "VENV": str(tmp_path / "venv")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "needs Python 3.11 or newer; found: Python 3.9.2" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_unreachable_service_is_never_called_an_audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(audit, "ask", lambda service: None)
    monkeypatch.setattr(audit, "offline", list)
    assert audit.main() == 0
    assert "NOT looked up for known flaws" in capsys.readouterr().out


def test_a_known_flaw_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(audit, "ask", lambda service: (20, ["rich 1.0: X-1, fixed in 2.0"], 0))
    monkeypatch.setattr(audit, "offline", list)
    assert audit.main() == 1
    assert "X-1" in capsys.readouterr().out


def test_an_unknown_licence_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(licences, "stated", lambda name: ["AGPL-3.0-only"])
    assert licences.main() == 1
    assert "'AGPL-3.0-only' is not on the list" in capsys.readouterr().out


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="only CI must have a browser")
def test_ci_has_a_browser():
    assert screenshots.chromium() is not None
