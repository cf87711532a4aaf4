"""Synthetic scenarios: one conversation a TOML file, written to be read by people.

    chat = '''
    marlow: hey saw your sketch
    +3h
    kit {sexual}: (message withheld)
    '''

`name: text`, `name {label}: text`, or a pause `+5m`, `+3h`, `+1d`. Between two lines a minute
passes. `people` gives ages and roles where the scenario says them; `group` whom it stands for in
the fairness table, where the title does not say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from lamppost.core.errors import PackError
from lamppost.events.vocabulary import Account, Event, Message

START: Final = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
_LINE = re.compile(r"^(?P<who>[^\s:{}]+)(?: \{(?P<label>[a-z_]+)\})?: ?(?P<text>.*)$")
_PAUSE = re.compile(r"^\+(\d+)([mhd])$")
_UNIT = {"m": "minutes", "h": "hours", "d": "days"}


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One synthetic conversation and what a careful reader finds in it."""

    id: str
    title: str
    language: str
    synthetic: bool
    chat: str
    child: str = ""
    other: str = ""
    tactics: list[str] = []
    group: str = ""
    people: dict[str, dict[str, Any]] = {}

    def events(self, *, ages: bool = True) -> list[Event]:
        """The scenario as events; `ages=False` leaves out what is known of people."""
        now = START
        events: list[Event] = []
        lines = [line for line in self.chat.splitlines() if line.strip()]
        names = list(dict.fromkeys(match["who"] for line in lines if (match := _LINE.match(line))))
        for name in names:
            facts = self.people.get(name, {}) if ages else {}
            events.append(
                Account(id=name, age=facts.get("age"), roles=list(facts.get("roles", [])))
            )
        for number, line in enumerate(lines, 1):
            pause = _PAUSE.match(line.strip())
            if pause:
                now += timedelta(**{_UNIT[pause[2]]: int(pause[1])})
                continue
            match = _LINE.match(line)
            if match is None:
                raise PackError("chat line is not `name: text`", where=f"{self.id}, line {number}")
            now += timedelta(minutes=1)
            others = [name for name in names if name != match["who"]]
            events.append(
                Message(
                    id=f"{self.id}:{len(events) - len(names) + 1}",
                    conversation_id=self.id,
                    sender_id=match["who"],
                    recipient_ids=others,
                    sent_at=now,
                    text=match["text"],
                    labels=[match["label"]] if match["label"] else [],
                    surface="direct" if len(others) < 2 else "group",
                )
            )
        return events


def load_scenario(path: Path) -> Scenario:
    """Read one file; raises `PackError` naming file and fault."""
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=path.name) from error
    if not scenario.synthetic or scenario.id != path.stem:
        raise PackError("a scenario says synthetic = true and is named like its id",
                        where=path.name)  # fmt: skip
    return scenario


def load_scenarios(folder: Path) -> Iterator[Scenario]:
    """Every scenario of a folder, in name order."""
    for path in sorted(folder.glob("*.toml")):
        yield load_scenario(path)
