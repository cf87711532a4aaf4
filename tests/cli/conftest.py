"""Running the command in this process, and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lamppost.cli._main import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "synthetic-whatsapp-chat.zip"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def lamppost(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Run a command in this process."""

    def call(*args: object) -> Ran:
        code = run([str(arg) for arg in args])
        caught = capfdbinary.readouterr()
        return Ran(code, caught.out.decode(), caught.err.decode())

    return call


def spawn(args: Sequence[object], home: Path, *, stdin: bytes = b"") -> Ran:
    """Run a command in a process of its own, with its own HOME and TMPDIR."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home / "home"),
        "TMPDIR": str(home / "tmp"),
        "XDG_CACHE_HOME": str(home / "home" / ".cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMPPOST_DEBUG": "1",
    }
    for name in ("home", "tmp", "cwd"):
        (home / name).mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "lamppost", *map(str, args)],
        env=env,
        cwd=home / "cwd",
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
