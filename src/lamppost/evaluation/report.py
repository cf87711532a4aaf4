"""From replays to the figures of the report. Everything here is plain data, written as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from lamppost.core.levels import Level
from lamppost.evaluation import baselines, metrics
from lamppost.evaluation.corpora import Corpus
from lamppost.evaluation.metrics import Estimate, Share, share
from lamppost.evaluation.replay import Outcome, Replay, accounts, conversations
from lamppost.evaluation.work import Done
from lamppost.risk.thresholds import Thresholds

BUDGETS: Final = (1.0, 10.0, 100.0)
PREVALENCES: Final = (1e-2, 1e-3, 1e-4)
MARKS: Final = (5, 10, 20, 50, 100)
EDGES: Final = (-100.0, 0.01, 1.0, 2.0, 3.0, 4.5, 6.0, 7.5, 9.0, 12.0, 16.0, 100.0)
RELIABILITY_PREVALENCE: Final = 1e-3
DECOYS: Final = "adult decoys, not validated on real victims"
FLOOR: Final = (
    "No open corpus holds ordinary chat of children with adults, teenage couples, coaches or "
    "families: false-alarm figures on open corpora are a floor, not an estimate for a children's "
    "platform."
)


class FalseAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """How often one ordinary corpus alarms, per unit. Rates are per 100,000."""

    corpus: str
    language: str
    messages: int
    watch: Share
    concern: Share
    high: Share
    conversations: Share
    accounts: Share
    in_sample: bool


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """What is found of the harmful relationships of one corpus, and when."""

    corpus: str
    language: str
    recall_concern: Share
    recall_high: Share
    by_message: dict[int, Share]
    median_message: float | None
    before_explicit: Share
    speed: float | None
    f_latency: float | None
    erde_5: float | None
    erde_50: float | None
    in_sample: bool


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """How well harmful ones rank above ordinary ones of the same language, by one scorer."""

    pool: str
    unit: str
    scorer: str
    harmful: int
    ordinary: int
    roc_auc: Estimate
    pr_auc: Estimate
    recall_at_100: Share
    note: str = ""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Recall and precision at a number of false alarms per 100,000 ordinary relationships."""

    language: str
    budget: float
    threshold: Estimate
    recall: Share
    precision: dict[str, float | None]
    note: str = ""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """False alarms of one language or group, side by side with the others."""

    by: str
    name: str
    relationships: int
    watch: Share
    concern: Share
    mean_bits: float


class Disguised(msgspec.Struct, frozen=True, kw_only=True):
    """The same conversations, disguised: recall against plain text, and false alarms."""

    name: str
    what: str
    language: str
    plain: Share
    recall: Share
    lost: int
    gained: int
    false_alarms: Share


class Ablation(msgspec.Struct, frozen=True, kw_only=True):
    """What changes when a channel or a term of context is off."""

    off: str
    roc_auc: float | None
    recall_concern: Share
    recall_at_100: Share
    ordinary_concern: Share
    mean_bits: float


class LineSuite(msgspec.Struct, frozen=True, kw_only=True):
    """The message unit: lines that a detector must see, lines that must not alarm alone."""

    detector: str
    language: str
    seen: Share
    alarmed: Share


class AccountCase(msgspec.Struct, frozen=True, kw_only=True):
    """A made account: some of its messages are risky lines."""

    name: str
    risky: int
    of: int
    bits: float
    level: str
    sentinel: float | None


class Report(msgspec.Struct, kw_only=True):
    """Every figure of one evaluation."""

    version: str
    engine: str
    date: str
    seconds: float
    thresholds: dict[str, float]
    corpora: list[dict[str, object]]
    false_alarms: list[FalseAlarms] = []
    detection: list[Detection] = []
    ranking: list[Ranking] = []
    budgets: list[Budget] = []
    slices: list[Slice] = []
    lines: list[LineSuite] = []
    account_cases: list[AccountCase] = []
    reliability: list[tuple[float, float, int, int]] = []
    robustness: list[Disguised] = []
    ablations: list[Ablation] = []
    labels: list[LineSuite] = []
    curves: dict[str, list[tuple[float, float]]] = {}
    found_by: dict[str, list[tuple[int, float]]] = {}
    skipped: list[str] = []
    notes: list[str] = msgspec.field(default_factory=lambda: [FLOOR])


def languages(replays: Iterable[Replay]) -> list[str]:
    """Languages in which anything is harmful."""
    return sorted({item.language for replay in replays for item in replay.harmful})


def false_alarms(replay: Replay, limits: Thresholds) -> FalseAlarms | None:
    """Alarms among the ordinary relationships of a corpus; `None` when it has none."""
    ordinary = replay.ordinary
    if not ordinary or replay.corpus.harmful:
        return None
    people = [peak for peak, harmful in accounts(ordinary) if not harmful]
    return FalseAlarms(
        corpus=replay.corpus.name,
        language=replay.corpus.language,
        messages=replay.messages,
        watch=_over(ordinary, limits.watch),
        concern=_over(ordinary, limits.concern),
        high=_over(ordinary, limits.high),
        conversations=share(*conversations(replay.outcomes, limits.concern)),
        accounts=share(sum(peak >= limits.concern for peak in people), len(people)),
        in_sample=replay.corpus.seen_in_fitting,
    )


def _over(outcomes: Sequence[Outcome], threshold: float) -> Share:
    return share(sum(item.peak >= threshold for item in outcomes), len(outcomes))


def detection(replay: Replay, limits: Thresholds) -> Detection | None:
    """What was found, and when; `None` when nothing of the corpus is harmful."""
    harmful = replay.harmful
    if not harmful:
        return None
    firsts = [item.first(limits.concern) for item in harmful]
    found = [number for number in firsts if number is not None]
    false = sum(item.peak >= limits.concern for item in replay.ordinary)
    early = [
        (number, item.explicit) for number, item in zip(firsts, harmful, strict=True)
        if number is not None
    ]  # fmt: skip
    count, others = len(harmful), len(replay.ordinary)
    return Detection(
        corpus=replay.corpus.name,
        language=replay.corpus.language,
        recall_concern=share(len(found), count),
        recall_high=_over(harmful, limits.high),
        by_message={mark: share(sum(number <= mark for number in found), count) for mark in MARKS},
        median_message=statistics.median(found) if found else None,
        before_explicit=share(
            sum(not explicit or number < explicit for number, explicit in early), len(early)
        ),
        speed=metrics.speed(found),
        f_latency=metrics.f_latency(found, count, false),
        erde_5=metrics.erde(found, count, others, false, 5),
        erde_50=metrics.erde(found, count, others, false, 50),
        in_sample=replay.corpus.seen_in_fitting,
    )


def rankings(done: Sequence[Done], language: str, rule: str) -> list[Ranking]:
    """Lamppost and every baseline on the relationships of one language."""
    rows = [
        (outcome, shortcut)
        for item in done
        for outcome, shortcut in zip(item.replay.outcomes, item.shortcuts, strict=True)
        if outcome.language == language
    ]
    labels = [outcome.label == "harmful" for outcome, _ in rows]
    if not any(labels) or all(labels):
        return []
    styles = baselines.style(
        [shortcut.style for _, shortcut in rows], labels,
        [outcome.conversation for outcome, _ in rows],
    )  # fmt: skip
    columns: dict[str, list[float]] = {
        "Lamppost": [outcome.peak for outcome, _ in rows],
        "conversation length": [shortcut.length for _, shortcut in rows],
        "number of parties": [shortcut.parties for _, shortcut in rows],
        "25 expressions": [shortcut.keywords for _, shortcut in rows],
        "style without words": styles,
    }
    if rule:
        columns[rule] = [shortcut.sentinel for _, shortcut in rows]
    return [
        _ranking(language, "relationship", name, values, labels) for name, values in columns.items()
    ]


def _ranking(
    pool: str, unit: str, scorer: str, values: Sequence[float], labels: Sequence[bool]
) -> Ranking:
    above = [value for value, label in zip(values, labels, strict=True) if label]
    below = [value for value, label in zip(values, labels, strict=True) if not label]
    note = ""
    auc = metrics.bootstrap(above, below, metrics.roc_auc)
    if scorer != "Lamppost" and auc.value is not None and auc.value < 0.5:
        # a shortcut that points the other way is still a shortcut
        above, below = [-value for value in above], [-value for value in below]
        auc = metrics.bootstrap(above, below, metrics.roc_auc)
        note = "turned round: fewer is riskier here"
    return Ranking(
        pool=pool,
        unit=unit,
        scorer=scorer,
        harmful=len(above),
        ordinary=len(below),
        roc_auc=auc,
        pr_auc=metrics.bootstrap(above, below, metrics.average_precision, rounds=100),
        recall_at_100=recall_at(above, below, 100),
        note=note,
    )


def recall_at(above: Sequence[float], below: Sequence[float], budget: float) -> Share:
    """Recall where at most `budget` of 100,000 ordinary ones alarm, ties counted against it."""
    allowed = int(len(below) * budget / 100_000)
    ranked = sorted(below, reverse=True)
    limit = ranked[allowed] if allowed < len(ranked) else -float("inf")
    return share(sum(value > limit for value in above), len(above))


def account_ranking(replays: Sequence[Replay], language: str) -> Ranking | None:
    """The account unit: an account's highest total over its relationships."""
    rows = accounts(
        item for replay in replays for item in replay.outcomes if item.language == language
    )
    labels = [harmful for _, harmful in rows]
    if not any(labels) or all(labels):
        return None
    return _ranking(language, "account", "Lamppost", [peak for peak, _ in rows], labels)


def budgets(replays: Sequence[Replay], language: str) -> list[Budget]:
    """Recall at budgets set on ordinary chat of the language, else on English chat."""
    harmful = [o.peak for replay in replays for o in replay.harmful if o.language == language]
    chat = [
        replay for replay in replays if not replay.corpus.synthetic and not replay.corpus.harmful
    ]
    own = [o.peak for replay in chat for o in replay.ordinary if o.language == language]
    note = ""
    if metrics.tail(own) is None:
        own = [o.peak for replay in chat for o in replay.ordinary]
        note = "set on ordinary chat of another language: there is none in this one"
    fitted = metrics.tail(own)
    if fitted is None or not harmful:
        return []
    rows = []
    for budget in BUDGETS:
        threshold = metrics.budget_bits(own, budget)
        assert threshold.value is not None
        limit = threshold.value
        recall = share(sum(peak >= limit for peak in harmful), len(harmful))
        rows.append(
            Budget(
                language=language,
                budget=budget,
                threshold=threshold,
                recall=recall,
                precision={
                    f"1 in {round(1 / chance):,}": metrics.at_prevalence(
                        recall.share or 0.0, budget / 100_000, chance
                    )
                    for chance in PREVALENCES
                },
                note=note,
            )
        )
    return rows


def slices(replays: Sequence[Replay], limits: Thresholds) -> list[Slice]:
    """False alarms by language and by group, over everything ordinary."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for replay in replays:
        if replay.corpus.harmful:
            continue
        for item in replay.ordinary:
            kind = "invented" if replay.corpus.synthetic else "chat"
            found.setdefault((f"language, {kind}", item.language), []).append(item)
            if item.group:
                found.setdefault(("group", item.group), []).append(item)
                found.setdefault(("group and language", f"{item.group}, {item.language}"), [])
                found[("group and language", f"{item.group}, {item.language}")].append(item)
    many = len({name for by, name in found if by.startswith("language, inv")}) > 1
    return [
        Slice(
            by=by,
            name=name,
            relationships=len(items),
            watch=_over(items, limits.watch),
            concern=_over(items, limits.concern),
            mean_bits=statistics.fmean(item.peak for item in items),
        )
        for (by, name), items in sorted(found.items())
        if by != "group and language" or many
    ]


def robustness(
    plain: Sequence[Replay],
    hidden: Sequence[Done],
    limits: Thresholds,
    names: Sequence[tuple[str, str]],
) -> list[Disguised]:
    """Each disguise against plain text on the same conversations, by language and over all."""
    rows = []
    before = _reached(plain, limits)
    for name, what in names:
        mine = [item.replay for item in hidden if item.job.disguise == name]
        after = _reached(mine, limits)
        spoken = sorted({language for language, _ in before.values()})
        for language in ["all", *spoken] if len(spoken) > 1 else spoken:
            keys = [
                key for key, (spoken_in, _) in before.items()
                if key in after and language in ("all", spoken_in)
            ]  # fmt: skip
            ordinary = [
                item for replay in mine for item in replay.ordinary
                if language in ("all", item.language) and not replay.corpus.harmful
            ]  # fmt: skip
            if keys:
                rows.append(
                    Disguised(
                        name=name,
                        what=what,
                        language=language,
                        plain=share(sum(before[key][1] for key in keys), len(keys)),
                        recall=share(sum(after[key][1] for key in keys), len(keys)),
                        lost=sum(before[key][1] and not after[key][1] for key in keys),
                        gained=sum(after[key][1] and not before[key][1] for key in keys),
                        false_alarms=_over(ordinary, limits.concern),
                    )
                )
    return rows


def _reached(
    replays: Iterable[Replay], limits: Thresholds
) -> dict[tuple[str, str, str], tuple[str, bool]]:
    return {
        (item.conversation, item.actor, item.target): (item.language, item.peak >= limits.concern)
        for replay in replays
        for item in replay.harmful
    }


def ablation(off: str, replays: Sequence[Replay], limits: Thresholds) -> Ablation | None:
    """One row: what is off, and how it does."""
    above = [item.peak for replay in replays for item in replay.harmful]
    items = [item for replay in replays if not replay.corpus.harmful for item in replay.ordinary]
    below = [item.peak for item in items]
    if not above or not below:
        return None
    return Ablation(
        off=off,
        roc_auc=metrics.roc_auc(above, below),
        recall_concern=share(sum(peak >= limits.concern for peak in above), len(above)),
        recall_at_100=recall_at(above, below, 100),
        ordinary_concern=_over(items, limits.concern),
        mean_bits=statistics.fmean(above),
    )


def reliability(replays: Sequence[Replay]) -> list[tuple[float, float, int, int]]:
    """Predicted against observed share of harmful relationships, at 1 in 1,000."""
    rows = [
        (item.peak, item.label == "harmful")
        for replay in replays
        for item in replay.outcomes
        if not (replay.corpus.harmful and item.label == "ordinary")
    ]
    if not rows:
        return []
    return metrics.reliability(
        [peak for peak, _ in rows], [label for _, label in rows], RELIABILITY_PREVALENCE, EDGES
    )


def curve(
    above: Sequence[float], below: Sequence[float], most: int = 200
) -> list[tuple[float, float]]:
    """(recall, precision) for the plot, thinned."""
    points = [(recall, precision) for _, precision, recall in
              metrics.precision_recall(above, below)]  # fmt: skip
    step = max(1, len(points) // most)
    return [*points[::step], points[-1]] if points else []


def found_by(
    outcomes: Sequence[Outcome], threshold: float, last: int = 100
) -> list[tuple[int, float]]:
    """Share found by each message number, misses counted as never."""
    firsts = [item.first(threshold) for item in outcomes]
    return [
        (number, sum(first is not None and first <= number for first in firsts) / len(firsts))
        for number in range(1, last + 1)
    ] if firsts else []  # fmt: skip


def described(corpus: Corpus, replay: Replay) -> dict[str, object]:
    """A corpus as the report names it; no path."""
    return {
        "name": corpus.name, "source": corpus.source, "language": corpus.language,
        "synthetic": corpus.synthetic, "held_out": corpus.held_out,
        "in_sample": corpus.seen_in_fitting, "conversations": replay.conversations,
        "messages": replay.messages, "relationships": len(replay.outcomes),
        "harmful": len(replay.harmful), "seconds": round(replay.seconds, 2),
    }  # fmt: skip


def level_of(bits: float, limits: Thresholds) -> str:
    """Level of a total without imminent evidence."""
    found: Level = limits.level(bits, imminent=False)
    return found.word
