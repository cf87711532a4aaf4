"""Count how often each pattern stands in ordinary talk, and write the rate files.

A language with an open ordinary corpus is measured on it. One without borrows from English, and
its file says so: each pattern takes the mean count of the English patterns of the same phrase, so
that the upper end of that interval caps it; a phrase that English does not have stays unmeasured
and is capped at `UNMEASURED` bits. The hard ordinary set (quiet scenarios and lines) is counted in
every language itself. Held-out conversations are never read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

import lamppost
from lamppost.core.errors import PackError, PolicyError, UsageError
from lamppost.evaluation.corpora import Corpus, Truth, lines_of, read, scenario_root
from lamppost.evaluation.metrics import Estimate, budget_bits
from lamppost.evaluation.replay import replay
from lamppost.evaluation.report import BUDGETS
from lamppost.evaluation.scenarios import START, load_scenarios
from lamppost.events.vocabulary import Event, Message
from lamppost.pipeline import Engine
from lamppost.signals.calibration import RATES, RateFile, Rates
from lamppost.signals.library import Library, Reason
from lamppost.signals.reader import Reader

BATCH: Final = 8192
LENDER: Final = "en"
"""Language whose counts others borrow."""
HARD_SOURCE: Final = "quiet scenarios and quiet lines of this language, synthetic"


class Counts(msgspec.Struct):
    """Relationships and messages read, and in how many relationships each pattern stood."""

    relationships: int = 0
    messages: int = 0
    seen: dict[str, int] = {}


def count(reader: Reader, events: Iterable[Event], truth: Truth | None = None) -> Counts:
    """Read `events`; a relationship is a sender within a conversation.

    With `truth`, only what it says is harmful is counted.
    """
    reasons = reader.library.reasons
    pairs: set[tuple[str, str]] = set()
    seen: dict[str, set[tuple[str, str]]] = {}
    total = 0
    batch: list[Message] = []

    def flush() -> None:
        for hit in reader.read_all([message.text for message in batch]):
            message = batch[hit.message]
            seen.setdefault(reasons[hit.reason].key, set()).add(
                (message.conversation_id, message.sender_id)
            )
        batch.clear()

    for event in events:
        if not isinstance(event, Message):
            continue
        if truth is not None and not _harmful(event, truth):
            continue
        pairs.add((event.conversation_id, event.sender_id))
        total += 1
        batch.append(event)
        if len(batch) >= BATCH:
            flush()
    flush()
    counts = {key: len(where) for key, where in sorted(seen.items())}
    return Counts(len(pairs), total, counts)


def _harmful(message: Message, truth: Truth) -> bool:
    targets = message.recipient_ids or [""]
    return any(
        truth.of(message.conversation_id, message.sender_id, target) == "harmful"
        for target in targets
    )


def hard_events(language: str) -> Iterator[Event]:
    """Quiet scenarios and quiet lines of a language, each line a conversation of its own."""
    folder = scenario_root("scenarios") / language / "quiet"
    for scenario in load_scenarios(folder):
        yield from scenario.events()
    for number, (detector, line) in enumerate(lines_of(language, "quiet")):
        name = f"{detector}:{number}"
        yield Message(id=name, conversation_id=name, sender_id="a", text=line, sent_at=START)


def measured(
    reader: Reader, language: str, ordinary: Sequence[Corpus], lender: RateFile | None = None
) -> RateFile:
    """Ordinary rates of one language, from its own corpora or else borrowed from `lender`.

    Raises `PackError` when there is neither.
    """
    library = reader.library
    keys = sorted({reason.key for reason in library.reasons if reason.language == language})
    hard = count(reader, hard_events(language))
    if ordinary:
        counts = Counts()
        for corpus in ordinary:
            more = count(reader, read(corpus)[0])
            counts.relationships += more.relationships
            counts.messages += more.messages
            for key, number in more.seen.items():
                counts.seen[key] = counts.seen.get(key, 0) + number
        source = "; ".join(corpus.source for corpus in ordinary)
        borrowed = ""
    elif lender is not None:
        counts, keys = _borrowed(library, language, lender)
        source = (
            f"borrowed: no open ordinary chat in {language}; mean count of the "
            f"{lender.language} patterns of the same phrase in {lender.source}"
        )
        borrowed = lender.language
    else:
        raise PackError(
            f"there is no ordinary chat in {language} to measure on",
            hint=f"give some with --corpus {language}=PATH",
        )
    wanted = set(keys)
    return RateFile(
        language=language,
        source=source,
        hard_source=HARD_SOURCE,
        date=datetime.now(UTC).date().isoformat(),
        relationships=counts.relationships,
        messages=counts.messages,
        hard_relationships=hard.relationships,
        seen={key: number for key, number in counts.seen.items() if key in wanted},
        hard_seen={key: number for key, number in hard.seen.items() if key in wanted},
        patterns=keys,
        borrowed=borrowed,
    )


def _borrowed(library: Library, language: str, lender: RateFile) -> tuple[Counts, list[str]]:
    """Counts for a language from the same phrases of another; patterns it has none for stay out."""
    counts: dict[str, list[int]] = {}
    for key in lender.patterns:
        counts.setdefault(key.rpartition(".")[0], []).append(lender.seen.get(key, 0))
    means = {phrase: round(sum(items) / len(items)) for phrase, items in counts.items()}
    keys = sorted(
        {
            reason.key
            for reason in library.reasons
            if reason.language == language and reason.key.rpartition(".")[0] in means
        }
    )
    seen = {key: means[key.rpartition(".")[0]] for key in keys if means[key.rpartition(".")[0]]}
    return Counts(lender.relationships, lender.messages, seen), keys


def with_harmful(table: RateFile, reader: Reader, corpus: Corpus, sha256: str) -> RateFile:
    """The same with harmful counts of a licensed corpus, whose file must have that SHA-256.

    Raises `UsageError` when the file is another one, or when nothing in it is harmful.
    """
    found = digest_of(Path(corpus.path))
    if found != sha256.strip().lower():
        raise UsageError(
            f"its SHA-256 is {found}, not the one given",
            where=corpus.name,
            hint="check the file, then --sha256",
        )
    events, truth = read(corpus)
    counts = count(reader, events, truth)
    if not counts.relationships:
        raise UsageError("holds nothing harmful", where=corpus.name, hint="give its --truth")
    keys = set(table.patterns)
    return msgspec.structs.replace(
        table,
        harmful_source=f"{corpus.name}, sha256 {found}",
        harmful_relationships=counts.relationships,
        harmful={key: number for key, number in counts.seen.items() if key in keys},
    )


def digest_of(path: Path) -> str:
    """SHA-256 of a file. Raises `UsageError` for a folder."""
    if not path.is_file():
        raise UsageError("is not one file", where=path.name, hint="give the archive or the file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_outside(folder: Path) -> None:
    """Raises `PolicyError` when `folder` is part of the package or of its source tree.

    Silent failure prevented: rates of a licensed corpus end up in a public commit.
    """
    inner = Path(lamppost.__file__).resolve().parent
    tree = inner.parents[1]
    roots = [inner, tree] if (tree / "pyproject.toml").is_file() else [inner]
    where = folder.resolve()
    if any(where == root or root in where.parents for root in roots):
        raise PolicyError(
            "a private pack may not stand in the source tree",
            where=str(folder),
            hint="give a folder elsewhere, and name it in `packs`",
        )


def check(library: Library, rates: Rates) -> None:
    """Raises `PackError` naming the first card with a pattern that was never measured."""
    for reason in library.reasons:
        table = rates.get(reason.language)
        if not reason.language or reason.card.kind == "protective":
            continue
        if table is None or not table.source or not table.date:
            raise PackError(
                f"nothing was measured in {reason.language}",
                where=reason.card.id,
                hint="run lamppost calibrate",
            )
        if reason.key not in table.patterns and not table.borrowed:
            raise PackError(
                f"{reason.key} was never measured",
                where=f"{reason.card.id}, {reason.language}",
                hint="run lamppost calibrate",
            )


def unmeasured(library: Library, table: RateFile) -> list[Reason]:
    """Patterns of the table's language that it does not hold."""
    known = set(table.patterns)
    return [
        reason
        for reason in library.reasons
        if reason.language == table.language and reason.key not in known
    ]


def budgets(engine: Engine, ordinary: Sequence[Corpus]) -> tuple[dict[float, Estimate], int]:
    """Threshold in bits for each budget per 100,000, with its interval; and relationships read."""
    peaks = [item.peak for corpus in ordinary for item in replay(engine, corpus).ordinary]
    return {budget: budget_bits(peaks, budget) for budget in BUDGETS}, len(peaks)


def write_rates(table: RateFile, folder: Path = RATES) -> Path:
    """Write `<language>.toml` into `folder`. Returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table.language}.toml"
    lines = ["# Written by `lamppost calibrate`; do not edit by hand.\n"]
    words = ["language", "source", "hard_source", "date"]
    numbers = ["relationships", "messages", "hard_relationships"]
    tables = ["seen", "hard_seen"]
    if table.borrowed:
        words.append("borrowed")
    if table.harmful_source:
        words.append("harmful_source")
        numbers.append("harmful_relationships")
        tables.append("harmful")
    lines.extend(f"{name} = {_text(getattr(table, name))}\n" for name in words)
    lines.extend(f"{name} = {getattr(table, name)}\n" for name in numbers)
    lines.append("patterns = [\n")
    lines.extend(f"  {_text(key)},\n" for key in table.patterns)
    lines.append("]\n")
    for name in tables:
        lines.append(f"\n[{name}]\n")
        lines.extend(
            f"{_text(key)} = {number}\n" for key, number in sorted(getattr(table, name).items())
        )
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
