"""The report as titled tables; the HTML page and the documentation both show these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from lamppost.evaluation.report import MARKS, Report
from lamppost.evaluation.summary import figure, per_100k, percent

SWITCHES = {
    "": "everything on",
    "phrases": "phrases", "meaning": "likeness of meaning", "word_list": "word list",
    "labels": "labels of the platform", "child_signal": "what the child says",
    "protective": "protective evidence", "age_gap": "age gap", "child": "target is a child",
    "message_request": "began as a message request", "night": "hours of the night",
    "stages": "different stages meet", "spread": "cost of spread", "adults": "target is an adult",
    "peers": "both are children", "guardian": "registered guardian", "role": "verified role",
}  # fmt: skip


class Table(msgspec.Struct, frozen=True):
    """A table, what it says, and what to mind; `plot` names the drawing above it."""

    id: str
    title: str
    intro: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    plot: str = ""


def tables(report: Report) -> Iterator[Table]:
    """Every table that has rows."""
    for table in _all(report):
        if table.rows:
            yield table


def _all(report: Report) -> Iterator[Table]:
    limits = report.thresholds
    yield Table(
        "false-alarms",
        "False alarms on ordinary conversations",
        "How many of 100,000 ordinary relationships reach a level, with the 95 % interval. A "
        "relationship is how one person treats one other person within a conversation. "
        f"{report.notes[0]}",
        ("corpus", "relationships", "watch", "concern", "high", "conversations at concern",
         "accounts at concern", "weights were set on it"),
        [
            (
                item.corpus, f"{item.concern.of:,}", per_100k(item.watch), per_100k(item.concern),
                per_100k(item.high),
                f"{item.conversations.count} of {item.conversations.of:,}",
                f"{item.accounts.count} of {item.accounts.of:,}",
                "yes" if item.in_sample else "no",
            )
            for item in report.false_alarms
        ],
        "false-alarms",
    )  # fmt: skip
    yield Table(
        "detection",
        "What is found, and how early",
        f"Harmful relationships that reach concern ({limits['concern']:g} bits) and high "
        f"({limits['high']:g} bits); the share found by a message of the conversation counts "
        "misses as never. Invented conversations are written as plain warning signs: finding "
        "them shows that the engine works, not how many real offenders it finds.",
        ("corpus", "harmful", "at concern", "at high",
         *(f"by message {mark}" for mark in MARKS), "median message",
         "of these, before anything explicit", "weights were set on it"),
        [
            (
                item.corpus, str(item.recall_concern.of), percent(item.recall_concern),
                percent(item.recall_high),
                *(_plain(item.by_message[mark].share) for mark in MARKS),
                f"{item.median_message:g}" if item.median_message is not None else "–",
                percent(item.before_explicit), "yes" if item.in_sample else "no",
            )
            for item in report.detection
        ],
        "found-by",
    )  # fmt: skip
    yield Table(
        "early",
        "Speed and early-risk error",
        "F-latency is F1 times (1 - median penalty of late hits), half the penalty at message 90; "
        "ERDE is an error, lower is better.",
        ("corpus", "speed", "F-latency", "ERDE 5", "ERDE 50"),
        [
            (item.corpus, _number(item.speed), _number(item.f_latency), _number(item.erde_5, 3),
             _number(item.erde_50, 3))
            for item in report.detection
        ],
    )  # fmt: skip
    yield Table(
        "ranking",
        "Ranking, beside shortcuts that understand nothing",
        "Whether harmful ones rank above ordinary ones of the same language. Only the margin over "
        "the best shortcut means anything: harmful and ordinary conversations come from different "
        "sources, and style alone can tell sources apart.",
        ("language", "unit", "scorer", "harmful", "ordinary", "ROC-AUC", "PR-AUC",
         "recall at 100 of 100,000", "note"),
        [
            (
                item.pool, item.unit, item.scorer, f"{item.harmful:,}", f"{item.ordinary:,}",
                figure(item.roc_auc, 3), figure(item.pr_auc, 3), percent(item.recall_at_100),
                item.note,
            )
            for item in report.ranking
        ],
        "precision-recall",
    )  # fmt: skip
    chances = list(report.budgets[0].precision) if report.budgets else []
    yield Table(
        "budgets",
        "Recall and precision at a budget of alarms",
        "The threshold at which so many of 100,000 ordinary relationships alarm, from the tail of "
        "ordinary chat; recall there; and precision if so many relationships are harmful.",
        ("language", "alarms per 100,000", "threshold, bits", "recall",
         *(f"precision at {chance}" for chance in chances), "note"),
        [
            (
                item.language, f"{item.budget:g}", figure(item.threshold, 1), percent(item.recall),
                *(_plain(item.precision[chance]) for chance in chances), item.note,
            )
            for item in report.budgets
        ],
    )  # fmt: skip
    spoken = {item.language for item in report.robustness}
    everyone = "all" if "all" in spoken else next(iter(spoken), "")
    yield Table(
        "robustness",
        "Disguised text",
        "The same invented conversations, disguised for everyone in them; recall at concern. A "
        "language has a row of its own where anything was lost or gained.",
        ("disguise", "what it does", "language", "plain text", "disguised", "lost", "gained",
         "false alarms"),
        [
            (
                item.name, item.what, item.language, percent(item.plain), percent(item.recall),
                str(item.lost), str(item.gained),
                f"{item.false_alarms.count} of {item.false_alarms.of:,}",
            )
            for item in report.robustness
            if item.lost or item.gained or item.language == everyone
        ],
    )  # fmt: skip
    yield Table(
        "fairness",
        "False alarms by language and group",
        "Ordinary relationships side by side: languages, and whom invented conversations stand "
        "for. Groups are small: read the intervals.",
        ("by", "group", "relationships", "at watch", "at concern", "mean bits"),
        [
            (item.by, item.name, f"{item.relationships:,}", percent(item.watch),
             percent(item.concern), f"{item.mean_bits:.2f}")
            for item in report.slices
        ],
    )  # fmt: skip
    yield Table(
        "reliability",
        "Do the bits mean what they say",
        "At 1 harmful relationship in 1,000: the probability that a total stands for, and the "
        "share observed, re-weighted to that prevalence.",
        ("predicted", "observed", "harmful", "relationships"),
        [
            (f"{predicted:.2%}", f"{observed:.2%}", str(hits), f"{count:,}")
            for predicted, observed, hits, count in report.reliability
        ],
        "reliability",
    )
    yield Table(
        "ablations",
        "What each part does",
        "Each channel and each term of context switched off alone, on invented conversations and "
        "a sample of ordinary chat.",
        ("off", "ROC-AUC", "recall at concern", "recall at 100 of 100,000",
         "ordinary at concern", "mean bits of harmful"),
        [
            (
                SWITCHES.get(item.off, item.off), _number(item.roc_auc, 4),
                percent(item.recall_concern), percent(item.recall_at_100),
                f"{item.ordinary_concern.count} of {item.ordinary_concern.of:,}",
                f"{item.mean_bits:.1f}",
            )
            for item in report.ablations
        ],
    )  # fmt: skip
    yield Table(
        "accounts",
        "Made accounts, where the Sentinel rule fails",
        "Accounts with so many risky lines among ordinary ones. Skewness calls the persistently "
        "risky and the short account clean.",
        ("account", "bits", "level", "Sentinel rule"),
        [
            (item.name, f"{item.bits:.1f}", item.level, _number(item.sentinel))
            for item in report.account_cases
        ],
    )
    yield Table(
        "messages",
        "Single messages",
        "Of the lines that a detector should see, those it sees; of the lines that only look "
        "like it, those that reach concern alone.",
        ("detector", "language", "lines seen", "lines that alarm alone"),
        [
            (item.detector, item.language, percent(item.seen),
             f"{item.alarmed.count} of {item.alarmed.of}")
            for item in report.lines
        ],
    )  # fmt: skip
    yield Table(
        "labels",
        "What reviewers said",
        "Sightings that reviewers judged in cases: right, and wrong.",
        ("detector", "language", "right", "wrong"),
        [
            (item.detector, item.language, percent(item.seen), percent(item.alarmed))
            for item in report.labels
        ],
    )
    yield Table(
        "corpora",
        "What it was measured on",
        "",
        ("corpus", "source", "language", "conversations", "messages", "harmful", "seconds"),
        [
            (
                str(item["name"]), str(item["source"]), str(item["language"]),
                f"{item['conversations']:,}", f"{item['messages']:,}", str(item["harmful"]),
                str(item["seconds"]),
            )
            for item in report.corpora
        ],
    )  # fmt: skip


def _plain(value: float | None) -> str:
    if value is None:
        return "–"
    if 0 < value < 0.1:
        return f"{value:.1%}".replace("%", " %")
    return f"{value:.0%}".replace("%", " %")


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def markdown(chosen: Sequence[Table]) -> str:
    """Tables as Markdown under third-level headings."""
    out = []
    for table in chosen:
        out.append(f"### {table.title}\n\n")
        if table.intro:
            out.append(f"{table.intro}\n\n")
        out += [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"
            for row in (table.head, ["---"] * len(table.head), *table.rows)
        ]
        out.append("\n")
    return "".join(out)
