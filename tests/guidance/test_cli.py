"""`lamppost guidance` prints one text, lists all, and says what is wrong."""

from __future__ import annotations

import json

import pytest

from lamppost.cli._main import run
from lamppost.protect.guidance import AUDIENCES, load_pack
from lamppost.protect.support import support_for


def test_prints_a_text_with_one_next_step_and_who_to_call(capsys) -> None:
    assert run(["guidance", "-t", "secrecy", "-a", "child", "-l", "en-GB", "--country", "GB"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# Some secrets are not okay\n")
    assert said.count("Next step: ") == 1
    from datetime import UTC, datetime

    helpline = support_for("GB", today=datetime.now(UTC).date()).of("child_helpline")[0]
    assert helpline.value in said


def test_without_a_country_no_number_is_shown(capsys) -> None:
    assert run(["guidance", "-t", "threat", "-a", "teen"]) == 0
    said = capsys.readouterr().out
    assert not any(sign.isdigit() for sign in said)


def test_lists_every_text_as_json_lines(capsys) -> None:
    assert run(["guidance", "--list"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    pack = load_pack()
    assert len(rows) == len(pack.topics) * len(AUDIENCES) * len(pack.languages)
    assert all(row["title"] and row["reading_level"] is not None for row in rows)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-t", "dragons"], "topic 'dragons' is not known"),
        (["-t", "threat", "-l", "xx"], "language 'xx' has no guidance"),
        (["-t", "threat", "--country", "ZZ"], "'ZZ' is not a country code"),
        ([], "no topic was given"),
    ],
)
def test_says_what_is_wrong(capsys, args, said) -> None:
    assert run(["guidance", *args]) == 2
    assert said in capsys.readouterr().err
