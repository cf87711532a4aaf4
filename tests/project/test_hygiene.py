"""What must not be in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from .test_architecture import DOMAIN, HOUSE, ROOT

FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.~-])/(work|farm|root|home/\w+|Users/\w+)/",
    "the address of a package registry": (
        r"(pypi|pythonhosted|npmjs|debian|conda|crates)\.(org|com|io)\b"
    ),
    "an option that names a registry": r"--(extra-)?index-url|--find-links|--trusted-host",
    "a secret": r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|ghp_\w{36}",
    "a merge conflict": r"^(<{7}|>{7}) ",
}
EXCEPT = {"tests/project/test_hygiene.py"}


def files() -> list[Path]:
    """Files of the repository, committed or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git work tree")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden(what: str):
    pattern = re.compile(FORBIDDEN[what].encode(), re.MULTILINE)
    found = []
    for path in files():
        if str(path.relative_to(ROOT)) in EXCEPT:
            continue
        data = path.read_bytes()
        if b"\0" not in data[:8192] and (hit := pattern.search(data)):
            line = data[: hit.start()].count(b"\n") + 1
            found.append(f"{path.relative_to(ROOT)} line {line}")
    assert found == []


def test_no_large_files():
    large = [str(path.relative_to(ROOT)) for path in files() if path.stat().st_size > 2_000_000]
    assert large == []


def test_the_domain_opens_no_address():
    """`urllib.request` alone, which the import contracts cannot tell from `urllib.parse`."""
    wrong = []
    for path in HOUSE.rglob("*.py"):
        if path.relative_to(HOUSE).parts[0].removesuffix(".py") not in DOMAIN:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "name")]
            module = getattr(node, "module", None) or ""
            if "urllib.request" in (*names, module) or (module == "urllib" and "request" in names):
                wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []
