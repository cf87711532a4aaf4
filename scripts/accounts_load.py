"""Measure the state of accounts and the speed of checks, as docs/behaviour.md quotes them.

A simulated community is folded without text; its account states, packed as a store keeps them,
are copied until there are `--accounts`. A check unpacks one state and scores it with its reasons.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import time

from lamppost.evaluation.community import simulate
from lamppost.evaluation.community.measure import without_text
from lamppost.history.accounts import Book, follow, pack, unpack
from lamppost.risk.accounts import measure, score_account


def main() -> None:
    """Fold, copy, check, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--community", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--checks", type=int, default=60_000)
    options = parser.parse_args()
    gc.disable()
    events = [without_text(e) for e in simulate(options.community, options.days, 77).events()]
    book = Book()
    begun = time.process_time()
    for event in events:
        follow(book, event)
    spent = time.process_time() - begun
    print(f"folded {len(events):,} events at {len(events) / spent:,.0f}/s")
    rates = measure(book)
    packed = [pack(state) for state in book.accounts.values()]
    sizes = sorted(len(data) for data in packed)
    print(
        f"state of {len(sizes):,} accounts after {options.days} days: mean "
        f"{sum(sizes) / len(sizes):,.0f} bytes, 99 of 100 below "
        f"{sizes[len(sizes) * 99 // 100]:,}, largest {sizes[-1]:,}"
    )
    del events
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    store = {
        number: bytes(bytearray(packed[number % len(packed)])) for number in range(options.accounts)
    }
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{len(store):,} accounts held: {(after - before) * 1024 / len(store):,.0f} bytes of "
        "memory each, everything included"
    )
    rng = random.Random(1)
    order = [rng.randrange(len(store)) for _ in range(options.checks)]
    begun = time.process_time()
    for number in order:
        score_account(book, unpack(store[number]), rates)
    spent = time.process_time() - begun
    print(f"{len(order):,} checks at {len(order) / spent:,.0f}/s on one core")


if __name__ == "__main__":
    main()
