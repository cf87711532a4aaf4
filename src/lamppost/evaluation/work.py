"""What an evaluation has to compute, in pieces that two processes share."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Final, Literal

import msgspec

from lamppost.evaluation import baselines
from lamppost.evaluation.corpora import Corpus, read
from lamppost.evaluation.replay import Replay, replay
from lamppost.evaluation.transforms import DISGUISES, disguised
from lamppost.pipeline import Engine
from lamppost.risk.score import TERMS

Build = Callable[[tuple[str, ...]], Engine]
"""Makes an engine with some channels and terms switched off."""
Rule = Literal["", "static", "minilm"]
_DISGUISES: Final = {item.name: item for item in DISGUISES}


class Job(msgspec.Struct, frozen=True):
    """A pass over one corpus: what is off, how it is disguised, which shortcuts are scored."""

    corpus: Corpus
    off: tuple[str, ...] = ()
    disguise: str = ""
    shortcuts: bool = False
    sentinel: Rule = ""


class Shortcut(msgspec.Struct, array_like=True, gc=False):
    """Baselines of one relationship, in the order of the outcomes."""

    length: float
    parties: float
    keywords: float
    sentinel: float
    style: list[float]


class Done(msgspec.Struct):
    """A job and what came of it."""

    job: Job
    replay: Replay
    shortcuts: list[Shortcut]


_build: Build | None = None


def _start(build: Build) -> None:
    global _build
    _build = build
    gc.disable()  # the fold makes no cycles; the collector would walk all state again and again


@cache
def _built(off: tuple[str, ...]) -> Engine:
    assert _build is not None
    return _build(off)


def _engine(off: tuple[str, ...]) -> Engine:
    """An engine; terms of context alone need no new reader."""
    engine = _built(tuple(name for name in off if name not in TERMS))
    return replace(engine, weights=engine.weights.without(off))


@cache
def _rule(name: Rule, language: str) -> baselines.Sentinel | None:
    embed = _embedding(name)
    return baselines.sentinel(embed, language) if embed is not None else None


@cache
def _embedding(name: Rule) -> baselines.Embed | None:
    if name == "static":
        return baselines.static_embedding()
    return baselines.minilm_embedding() if name == "minilm" else None


def run(job: Job) -> Done:
    """Do one job in this process."""
    transform = None
    if job.disguise:
        transform = disguised(_DISGUISES[job.disguise])
    outcome = replay(_engine(job.off), job.corpus, transform)
    shortcuts: list[Shortcut] = []
    if job.shortcuts:
        rule = _rule(job.sentinel, job.corpus.language or "en") if job.sentinel else None
        speakers = baselines.collect(read(job.corpus)[0], rule)
        shortcuts = [
            Shortcut(
                baselines.length(item, speakers),
                baselines.parties(item, speakers),
                baselines.keywords(item, speakers),
                baselines.sentinel_score(item, speakers),
                baselines.features(item, speakers),
            )
            for item in outcome.outcomes
        ]
    return Done(job, outcome, shortcuts)


def run_all(build: Build, jobs: Sequence[Job], processes: int) -> Iterator[Done]:
    """Do every job, the first ones first; `build` must be importable by name."""
    if processes <= 1:
        _built.cache_clear()
        collects = gc.isenabled()
        _start(build)
        try:
            yield from map(run, jobs)
        finally:
            if collects:
                gc.enable()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _start, (build,)) as pool:
        for done in pool.map(_run_each, _grouped(jobs)):
            yield from done


def _grouped(jobs: Sequence[Job]) -> list[list[Job]]:
    """Jobs that need the same engine or the same disguise together; large corpora alone."""
    groups: dict[tuple[object, ...], list[Job]] = {}
    for job in jobs:
        alone = "" if job.corpus.synthetic or job.corpus.sample > 1 else job.corpus.name
        key = (job.off, job.disguise, job.sentinel == "minilm", alone)
        groups.setdefault(key, []).append(job)
    return list(groups.values())


def _run_each(jobs: Sequence[Job]) -> list[Done]:
    return [run(job) for job in jobs]
