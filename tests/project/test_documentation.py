"""Documentation is fresh, complete and true."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import generate_docs
from lamppost.history import memory

from .test_architecture import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(
    path for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if path.name != "CHANGELOG.md"
)
COMMANDS = {path: (command, context) for path, command, context in generate_docs.all_commands()}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:make|(?:\.venv/bin/)?lamppost) [^`]+)`")


def calls(path: Path) -> list[str]:
    """Every command line that a page tells people to use."""
    text = path.read_text(encoding="utf-8")
    lines = [line.strip() for block in BLOCK.findall(text) for line in block.splitlines()]
    return [line for line in lines if line] + INLINE.findall(text)


def test_generated_pages_are_fresh():
    assert [str(path.relative_to(ROOT)) for path in generate_docs.stale()] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented_with_an_example(name: str):
    command, _ = COMMANDS[name]
    assert "Example:" in (command.help or ""), f"{name} has no example in its help text"
    assert f"## {name}\n" in (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_on_pages_exist(path: Path):
    wrong = []
    for call in calls(path):
        for part in re.split(r"\s[|>]\s", call):
            words = shlex.split(part)
            if words[0] == "make":
                named = [word for word in words[1:] if "=" not in word]
                wrong += [f"{call}: no target {word}" for word in named if word not in TARGETS]
            elif words[0].endswith("lamppost"):
                wrong += [f"{call}: {fault}" for fault in faults(words[1:])]
    assert wrong == []


def faults(words: list[str]) -> list[str]:
    """What does not exist of a call of the command line."""
    name = "lamppost"
    for word in words:
        if f"{name} {word}" not in COMMANDS:
            break
        name = f"{name} {word}"
    command, _ = COMMANDS[name]
    if getattr(command, "commands", {}) and not all(word.startswith("-") for word in words):
        rest = [word for word in words if word not in name.split()]
        if rest:
            return [f"no command {rest[0]} of {name}"]
    known = {"--help", "-h"} | {
        option for item in command.params for option in [*item.opts, *item.secondary_opts]
    }
    return [
        f"no option {word} of {name}"
        for word in words
        if word.startswith("--") and word.partition("=")[0] not in known
    ]


def test_readme_is_in_order():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    places = [
        text.index(part)
        for part in (
            "# Lamppost",
            "![",
            "```sh\nmake run\n```",
            "```sh\nmake test\n```",
            "## What it does not do",
            "## Use it on your own export",
        )
    ]
    assert places == sorted(places)
    assert text.count("![") == 1
    assert len(text.split()) < 600


def test_links_between_files_lead_somewhere():
    wrong = []
    for path in [*PAGES, ROOT / "CHANGELOG.md"]:
        text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
        wrong += [
            f"{path.relative_to(ROOT)}: {target}"
            for target in targets
            if not target.startswith("http") and not (path.parent / target).exists()
        ]
    assert wrong == []


def test_the_site_builds(tmp_path: Path):
    result = subprocess.run(
        [
            sys.executable, "-W", "ignore", "-m", "properdocs", "build", "--strict", "--quiet",
            "--config-file", str(ROOT / "mkdocs.yml"), "--site-dir", str(tmp_path / "site"),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 10
    loaded = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"')
    assert [hit for page in pages for hit in loaded.findall(page.read_text("utf-8"))] == []


def test_prose_agrees_with_the_code():
    decision = (DOCS / "decisions" / "0002-order-independent-sightings.md").read_text("utf-8")
    assert f"at most {memory.KEPT} sightings, at most {memory.PER_DETECTOR} of one" in decision
    privacy = (DOCS / "privacy.md").read_text(encoding="utf-8")
    assert f"at most {memory.KEPT} sightings" in privacy


def test_decisions_are_numbered_and_listed():
    numbers = [path.name[:4] for path in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == [f"{index:04}" for index in range(1, len(numbers) + 1)]
    listed = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert all(path.name in listed for path in (DOCS / "decisions").glob("*.md"))
