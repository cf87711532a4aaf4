"""The commands of docs/service.md work as they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from .conftest import Server
from .test_api import until

PAGE = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:sh|text)\n(.*?)```", PAGE, re.S)


def block(word: str) -> str:
    """The one block of commands that holds a word."""
    (found,) = [text for text in BLOCKS if word in text]
    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_from_nothing_to_the_first_scored_event(tmp_path: Path):
    server = Server(tmp_path / "lamppost-data")
    port = urlsplit(server.url).port

    def run(commands: str) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-ec", commands.replace(":8000/", f":{port}/")],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, "KEY": server.key, "PATH": path},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    lines = block("events.ndjson <<")
    assert '{"accepted":3,"duplicates":0' in run(lines)
    ask = "\n".join(line for line in lines.splitlines() if "/v1/relationships" in line)
    answer = until(lambda: text if '"actor_id":"sam"' in (text := run(ask)) else None)
    (row,) = [item for item in msgspec.json.decode(answer)["items"] if item["actor_id"] == "sam"]
    assert row["level"] != "none"
    assert "how old" not in answer
    shown = run(block("lamppost policy show").splitlines()[0])
    assert shown == ""
    assert (tmp_path / "policy.toml").read_text().startswith("# The policy")
    run("lamppost policy check policy.toml\nlamppost policy add policy.toml")
    assert '"state":"waiting"' in run(block("/v1/erasures").splitlines()[0] + "\n"
                                      + block("/v1/erasures").splitlines()[1])  # fmt: skip
    until(lambda: '"state":"done"' in run(block("/v1/erasures").splitlines()[2]))
    assert server.stop() == 0
