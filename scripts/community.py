"""Judge the account scores on simulated communities and print the table of docs/behaviour.md.

    python scripts/community.py                    # unseen seeds, with text and without
    python scripts/community.py --calibrate        # measure ordinary rates on the tuning seeds

Seeds from 1 to 99 are for tuning, those from 1000 on for judging; neither is used for the other.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
from collections import Counter
from pathlib import Path

from lamppost.evaluation.community.measure import (
    HARD_KINDS,
    Judged,
    Rank,
    calibrate,
    judge,
    write_rates,
)
from lamppost.signals import behaviour
from lamppost.wiring import build_engine

TUNING = range(1, 9)
JUDGING = range(1000, 1006)


def main() -> None:
    """Calibrate, or judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--accounts", type=int, default=4000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="*")
    parser.add_argument("--only", choices=("text", "behaviour"))
    parser.add_argument("--each", action="store_true", help="print every offender")
    options = parser.parse_args()
    gc.disable()
    engine = build_engine()
    if options.calibrate:
        seeds = options.seeds or list(TUNING)
        rates = calibrate(engine, seeds, options.accounts, options.days)
        write_rates(rates, Path(behaviour.__file__).parent / "rates.toml")
        print(rates.source)
        return
    seeds = options.seeds or list(JUDGING)
    for text in (True, False):
        if options.only and (options.only == "text") != text:
            continue
        judged = []
        for seed in seeds:
            judged.append(judge(engine, seed, options.accounts, options.days, text=text))
            gc.collect()
            print(f"seed {seed} judged", file=sys.stderr, flush=True)
        print(table(judged, text))
        if options.each:
            for item in judged:
                for rank in item.ranks:
                    print(f"{rank.seed} {rank.kind:11} {rank.rank:7.2%} {rank.bits:6.2f} {rank.by}")


def table(judged: list[Judged], text: bool) -> str:
    """The result as Markdown."""
    ranks = [rank for item in judged for rank in item.ranks]
    missed = sum(item.unreached for item in judged)
    accounts = sum(item.accounts for item in judged)
    lines = [
        f"**{'With text' if text else 'Without any text'}**: {len(judged)} communities (seeds "
        f"{', '.join(str(item.seed) for item in judged)}), {accounts:,} accounts, {len(ranks)} "
        f"offenders who reached a third child ({missed} did not).",
        "",
        "| kind | offenders | first 1 % | first 2 % | median rank | median hours to third child | "
        "seen by |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    kinds = sorted({rank.kind for rank in ranks})
    lines.extend(row(kind, [rank for rank in ranks if rank.kind == kind]) for kind in kinds)
    lines.append(row("all", ranks))
    levels: Counter[tuple[str, str]] = Counter()
    for item in judged:
        for kind, found in item.levels.items():
            for level, count in found.items():
                levels[kind, level] += count
    lines += ["", "| ordinary kind | accounts | watch | concern | high or urgent |",
              "| --- | --- | --- | --- | --- |"]  # fmt: skip
    for kind in sorted({kind for kind, _ in levels}):
        total = sum(count for (name, _), count in levels.items() if name == kind)
        high = levels[kind, "high"] + levels[kind, "urgent"]
        mark = " (must be 0)" if kind in HARD_KINDS else ""
        lines.append(
            f"| {kind} | {total:,} | {levels[kind, 'watch']} | {levels[kind, 'concern']} | "
            f"{high}{mark} |"
        )
    return "\n".join(lines) + "\n"


def row(kind: str, ranks: list[Rank]) -> str:
    """One kind of offender."""
    one = sum(rank.rank <= 0.01 for rank in ranks)
    two = sum(rank.rank <= 0.02 for rank in ranks)
    seen = Counter(name.partition(".")[2] or name for rank in ranks for name in rank.by)
    by = ", ".join(name for name, _ in seen.most_common(4))
    return (
        f"| {kind} | {len(ranks)} | {one} | {two} | "
        f"{statistics.median(rank.rank for rank in ranks):.2%} | "
        f"{statistics.median(rank.hours for rank in ranks):.0f} | {by} |"
    )


if __name__ == "__main__":
    main()
