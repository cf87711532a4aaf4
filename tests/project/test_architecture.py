"""The house holds, and a broken contract is seen."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "src" / "lamppost"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
DOMAIN = {
    "core", "events", "importers", "history", "signals", "risk", "pipeline", "protect", "cases",
    "reports", "evaluation",
}  # fmt: skip


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the house below `root`."""
    script = (
        f"import sys; sys.path.insert(0, {str(root / 'src')!r}); sys.argv = ['lint-imports', "
        f"{str(ROOT / 'pyproject.toml')!r}, '--no-cache', '--no-logo']; "
        "from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    return subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the house that may be broken."""
    shutil.copytree(
        HOUSE, tmp_path / "src" / "lamppost", ignore=shutil.ignore_patterns("__pycache__", "*.txt")
    )
    return tmp_path


def test_the_house_holds():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("core/levels.py", "import lamppost.pipeline", "layers"),
        ("events/schema.py", "from lamppost.importers import base", "layers"),
        ("pipeline.py", "import lamppost.reports", "spine"),
        ("cli/score.py", "from lamppost.adapters.patterns import re2_engine", "wiring"),
        ("risk/score.py", "import socket", "offline"),
        ("importers/common.py", "import subprocess", "offline"),
        ("newroom/__init__.py", "", "layers"),
    ],
)
def test_a_broken_contract_is_seen(copy: Path, file: str, line: str, contract: str):
    path = copy / "src" / "lamppost" / file
    path.parent.mkdir(exist_ok=True)
    text = path.read_text() if path.exists() else ""
    path.write_text(f"{text}\n{line}\n")
    result = lint(copy)
    name = next(item["name"] for item in CONTRACTS["contracts"] if item["id"] == contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{name} BROKEN" in result.stdout or "newroom" in result.stdout, result.stdout


def test_detectors_that_import_each_other_are_seen(copy: Path):
    folder = copy / "src" / "lamppost" / "signals" / "behaviour"
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").write_text("")
    (folder / "left.py").write_text("import lamppost.signals.behaviour.right\n")
    (folder / "right.py").write_text("")
    result = lint(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Detectors never import each other BROKEN" in result.stdout


@pytest.mark.parametrize(
    ("contract", "folders"),
    [("offline", DOMAIN), ("wiring", {"cli", "service", "console", "config"})],
)
def test_a_contract_names_every_folder_it_is_about(contract: str, folders: set[str]):
    named = {
        module.removeprefix("lamppost.")
        for item in CONTRACTS["contracts"]
        if item["id"] == contract
        for module in item["source_modules"]
    }
    there = {
        path.stem
        for path in HOUSE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert named == folders & there


def test_every_folder_says_what_it_holds():
    wrong = []
    for folder in {path.parent for path in HOUSE.rglob("*.py")}:
        init = folder / "__init__.py"
        if not init.is_file() or not init.read_text().lstrip().startswith(('"""', 'r"""')):
            wrong.append(str(folder.relative_to(ROOT)))
    assert wrong == []
