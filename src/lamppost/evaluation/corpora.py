"""Corpora: conversations to measure on, and what is known of them.

Bundled: the project's synthetic scenarios, and BYU chit-chat (package `chitchat-dataset`, MIT).
Anybody's own: every format that `lamppost import` reads (PAN12, CSV, NDJSON, chat exports), or
labelled texts, with a truth file beside them. Nothing of a corpus is ever written anywhere but
counts and ids.

A truth file is CSV (with a header) or NDJSON of

    conversation_id, actor_id, target_id, label, language, group

where `label` is `harmful` or `ordinary` and every other field may be missing. The most exact row
wins: relationship, then account within a conversation, account, conversation. A row that names
a conversation alone is met by any relationship within it; the others there are not counted. A
plain list of ids, one a line, is the list of harmful accounts (the file that comes with PAN12).
What no row names is ordinary, or with `--only-labelled` left out.

Labelled texts are CSV or NDJSON with `label` and `text` (or `segment`), and may have `language`,
`group` and `id` (or `chatName`): each row is a conversation of one speaker of unknown age, a
message a line. Lines of more than 40 words are cut into messages of 14, the mean of chat.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from lamppost.core.errors import EngineError, InputError
from lamppost.evaluation.groups import group_of
from lamppost.evaluation.scenarios import START, Scenario, load_scenarios
from lamppost.events.vocabulary import Account, Event, Message
from lamppost.importers.base import ImportLog, ImportOptions
from lamppost.importers.detect import detect
from lamppost.importers.source import Source
from lamppost.signals.library import TACTICS

Label = Literal["harmful", "ordinary"]
_BUNDLED: Final = Path(__file__).parent / "data"
_REPOSITORY: Final = Path(__file__).parents[3] / "tests"
_HARMFUL: Final = frozenset({"harmful", "predator", "predatory", "grooming", "1", "true", "yes"})
_ORDINARY: Final = frozenset(
    {"ordinary", "non-predator", "nonpredator", "non-predatory", "benign", "0", "false", "no"}
)
LONG_LINE: Final = 40
WORDS: Final = 14


class Facts(msgspec.Struct, frozen=True):
    """What is known of a conversation: its language and the group it stands for."""

    language: str = ""
    group: str = ""


class Truth(msgspec.Struct):
    """What is known to be harmful or ordinary, by the keys that rows name."""

    rows: dict[tuple[str, str, str], Label] = {}
    facts: dict[str, Facts] = {}
    rest: Label | None = "ordinary"

    def of(self, conversation: str, actor: str, target: str) -> Label | None:
        """Label of a relationship; `None` when it is not to be counted."""
        for key in (
            (conversation, actor, target),
            (conversation, actor, ""),
            ("", actor, ""),
            (conversation, "", ""),
        ):
            found = self.rows.get(key)
            if found is not None:
                return found
        return self.rest

    def whole(self, conversation: str) -> bool:
        """Whether a harmful label is on the conversation and on nobody within it."""
        return self.rows.get((conversation, "", "")) == "harmful"


class Corpus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a corpus is and how it is read; small, and the same in every process.

    `kind` is `scenarios`, `chitchat` or `file`. `sample` keeps every n-th conversation.
    """

    name: str
    kind: Literal["scenarios", "chitchat", "file"]
    source: str
    path: str = ""
    truth: str = ""
    only_labelled: bool = False
    language: str = ""
    harmful: bool = False
    synthetic: bool = False
    held_out: bool = False
    seen_in_fitting: bool = False
    ages: bool = True
    sample: int = 1


def scenario_root(name: str) -> Path:
    """Folder `scenarios` or `heldout`: of the installed package, else of the repository."""
    bundled = _BUNDLED / name
    return bundled if bundled.is_dir() else _REPOSITORY / name


def bundled(languages: Iterable[str] | None = None) -> list[Corpus]:
    """Every corpus that comes with the project and is installed."""
    wanted = None if languages is None else set(languages)
    found: list[Corpus] = []
    for root, held in (("scenarios", False), ("heldout", True)):
        folder = scenario_root(root)
        for path in sorted(folder.glob("*/*")) if folder.is_dir() else []:
            language, kind = path.parent.name, path.name
            if wanted is not None and language not in wanted:
                continue
            if kind in ("fires", "quiet") and any(path.glob("*.toml")):
                found.append(
                    Corpus(
                        name=f"{'held-out' if held else 'scenarios'}/{language}/{kind}",
                        kind="scenarios",
                        source="invented for this project, labelled synthetic",
                        path=str(path),
                        language=language,
                        harmful=kind == "fires",
                        synthetic=True,
                        held_out=held,
                        seen_in_fitting=not held,
                    )
                )
    if has_chitchat() and (wanted is None or "en" in wanted):
        found.append(
            Corpus(
                name="chit-chat",
                kind="chitchat",
                source="BYU chit-chat 0.9.0 (MIT), student chat of 2018",
                language="en",
                seen_in_fitting=True,
            )
        )
    return found


def has_chitchat() -> bool:
    """Whether the package with the chit-chat corpus is installed."""
    try:
        import chitchat_dataset  # noqa: F401
    except ImportError:
        return False
    return True


def read(corpus: Corpus) -> tuple[Iterator[Event], Truth]:
    """The events of a corpus in time order and what is known of it. Raises `InputError`."""
    if corpus.kind == "scenarios":
        scenarios = list(load_scenarios(Path(corpus.path)))
        return _scenario_events(scenarios, corpus), _scenario_truth(scenarios, corpus.harmful)
    if corpus.kind == "chitchat":
        return chitchat(corpus.sample), Truth()
    truth = read_truth(Path(corpus.truth)) if corpus.truth else Truth()
    events = _labelled_texts(Path(corpus.path), truth)
    if events is None:
        events = _imported(Path(corpus.path))
        if corpus.harmful and not corpus.truth:
            truth.rest = "harmful"
    if corpus.only_labelled:
        truth.rest = None
    return _sampled(events, corpus.sample), truth


def _scenario_events(scenarios: Iterable[Scenario], corpus: Corpus) -> Iterator[Event]:
    for number, scenario in enumerate(scenarios):
        if number % corpus.sample == 0:
            # people of two files may share a name; they are not the same person
            yield from (_named(event, scenario.id) for event in scenario.events(ages=corpus.ages))


def _named(event: Event, prefix: str) -> Event:
    if isinstance(event, Account):
        return msgspec.structs.replace(event, id=f"{prefix}/{event.id}")
    if isinstance(event, Message):
        return msgspec.structs.replace(
            event,
            sender_id=f"{prefix}/{event.sender_id}",
            recipient_ids=[f"{prefix}/{who}" for who in event.recipient_ids],
        )
    return event


def _scenario_truth(scenarios: Iterable[Scenario], harmful: bool) -> Truth:
    truth = Truth()
    for item in scenarios:
        group = item.group or group_of(item.title)
        truth.facts[item.id] = Facts(item.language, group)
        if harmful and item.other and item.child:
            truth.rows[(item.id, f"{item.id}/{item.other}", f"{item.id}/{item.child}")] = "harmful"
    return truth


def _sampled(events: Iterable[Event], every: int) -> Iterator[Event]:
    """Every n-th conversation, in the order of first mention."""
    if every <= 1:
        yield from events
        return
    numbers: dict[str, int] = {}
    for event in events:
        if isinstance(event, Message):
            number = numbers.setdefault(event.conversation_id, len(numbers))
            if number % every == 0:
                yield event
        else:
            yield event


@cache
def _chitchat() -> dict[str, Any]:
    import chitchat_dataset

    # the package's own reader leaves its file open
    path = Path(chitchat_dataset.__file__).with_name("dataset.json")
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found


def chitchat(every: int = 1) -> Iterator[Event]:
    """BYU chit-chat: 7,168 conversations, 258,145 messages (package `chitchat-dataset`, MIT).

    `every` keeps every n-th conversation. Raises `EngineError` when the package is not installed.
    """
    try:
        dataset = _chitchat()
    except ImportError as error:
        raise EngineError(
            "the chit-chat corpus is not installed", hint="pip install chitchat-dataset"
        ) from error
    for conversation, content in islice(dataset.items(), None, None, every):
        messages = [message for turn in content["messages"] for message in turn]
        people = list(dict.fromkeys(message["sender"] for message in messages))
        for number, message in enumerate(messages, 1):
            yield Message(
                id=f"{conversation}:{number}",
                conversation_id=conversation,
                sender_id=message["sender"],
                recipient_ids=[who for who in people if who != message["sender"]],
                sent_at=datetime.fromisoformat(message["timestamp"].replace("Z", "+00:00")),
                text=message["text"],
            )


def lines_of(language: str, kind: Literal["fires", "quiet"]) -> Iterator[tuple[str, str]]:
    """Detector and line of every `fires.<language>.txt` or `quiet.<language>.txt`."""
    for path in sorted(TACTICS.glob(f"*/{kind}.{language}.txt")):
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                yield path.parent.name, line


def line_languages() -> list[str]:
    """Languages that have such lines."""
    return sorted({path.name.split(".")[1] for path in TACTICS.glob("*/fires.*.txt")})


def _imported(path: Path) -> Iterator[Event]:
    with Source(path) as source:
        yield from detect(source).read(source, ImportOptions(), ImportLog())


# --- truth and labelled texts -------------------------------------------------------------------


def read_truth(path: Path) -> Truth:
    """A truth file; see the module. Raises `InputError` naming line and fix."""
    rows = _table(path)
    truth = Truth()
    if rows is None:
        for line in _text(path).splitlines():
            if line.strip():
                truth.rows[("", line.strip(), "")] = "harmful"
        return truth
    for number, row in rows:
        where = f"{path.name}, line {number}"
        key = (
            row.get("conversation_id", ""),
            row.get("actor_id", "") or row.get("account_id", ""),
            row.get("target_id", ""),
        )
        if not key[0] and not key[1]:
            raise InputError(
                "names neither conversation_id nor actor_id", where=where, hint="give one"
            )
        label = _label(row.get("label", ""), where)
        truth.rows[key] = label
        if key[0] and (row.get("language") or row.get("group")):
            truth.facts[key[0]] = Facts(row.get("language", ""), row.get("group", ""))
    return truth


def read_labels(path: Path) -> list[tuple[str, bool, str]]:
    """Labels from case decisions: CSV or NDJSON with `detector`, `label`, `language`.

    `label` is `harmful` where the sighting was right, `ordinary` where it was not. Raises
    `InputError` naming line and fix.
    """
    rows = _table(path)
    if rows is None:
        raise InputError("is neither CSV nor NDJSON", where=str(path))
    found = []
    for number, row in rows:
        where = f"{path.name}, line {number}"
        if not row.get("detector"):
            raise InputError("names no detector", where=where, hint="such as tactic.secrecy")
        harmful = _label(row.get("label", ""), where) == "harmful"
        found.append((row["detector"], harmful, row.get("language", "")))
    return found


def _labelled_texts(path: Path, truth: Truth) -> Iterator[Event] | None:
    """Events of a table of labelled texts, its labels put into `truth`; `None` for others."""
    if path.suffix.lower() not in (".csv", ".tsv", ".ndjson", ".jsonl"):
        return None
    head = next(iter(_table(path, most=1) or ()), None)
    if head is None or "label" not in head[1] or not ({"text", "segment"} & set(head[1])):
        return None
    if {"type", "sender_id", "sender", "author", "from"} & set(head[1]):
        return None
    rows = [
        (number, row, row.get("id") or row.get("chatName") or row.get("chatname") or str(number))
        for number, row in _table(path) or ()
    ]
    for number, row, name in rows:
        label = _label(row["label"], f"{path.name}, line {number}")
        truth.rows.setdefault((name, "", ""), label)
        truth.facts[name] = Facts(row.get("language", ""), row.get("group", ""))
    return _texts(rows)


def _texts(rows: Iterable[tuple[int, dict[str, str], str]]) -> Iterator[Event]:
    for _, row, name in rows:
        now = START
        number = 0
        for line in (row.get("text") or row.get("segment", "")).splitlines():
            for text in pieces(line):
                number += 1
                now += timedelta(minutes=1)
                yield Message(
                    id=f"{name}:{number}", conversation_id=name, sender_id=f"{name}/a",
                    recipient_ids=[f"{name}/b"], sent_at=now, text=text,
                )  # fmt: skip


def pieces(line: str) -> list[str]:
    """A line as messages: whole, or in pieces of 14 words when it has more than 40."""
    words = line.split()
    if len(words) <= LONG_LINE:
        return [line] if words else []
    return [" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)]


def _label(text: str, where: str) -> Label:
    word = text.strip().lower()
    if word in _HARMFUL:
        return "harmful"
    if word in _ORDINARY:
        return "ordinary"
    raise InputError(
        "label is neither harmful nor ordinary", where=where, hint="use one of these words"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError("cannot be read as UTF-8 text", where=str(path)) from None


def _table(path: Path, most: int | None = None) -> list[tuple[int, dict[str, str]]] | None:
    """Rows of a CSV, TSV or NDJSON file with their line numbers; `None` when it is neither."""
    text = _text(path)
    first = text.lstrip()[:1]
    found: list[tuple[int, dict[str, str]]] = []
    if first == "{":
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                row: Any = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise InputError("is not a JSON object", where=f"{path.name}, line {number}")
            found.append((number, {k: "" if v is None else str(v) for k, v in row.items()}))
            if most is not None and len(found) >= most:
                break
        return found
    header = text.splitlines()[0] if text.strip() else ""
    mark = "\t" if "\t" in header else ","
    if mark not in header:
        return None
    csv.field_size_limit(1 << 30)
    reader = csv.DictReader(io.StringIO(text), delimiter=mark)
    for values in reader:
        found.append((reader.line_num, {k: v or "" for k, v in values.items() if k}))
        if most is not None and len(found) >= most:
            break
    return found
