"""The report in a few lines, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from lamppost.evaluation.metrics import Estimate, Share
from lamppost.evaluation.report import Report


def per_100k(item: Share) -> str:
    """`9 (2 to 50)` of 100,000, from a share."""
    rate = (item.share or 0.0) * 1e5
    return f"{rate:,.0f} ({item.low * 1e5:,.0f} to {item.high * 1e5:,.0f})"


def percent(item: Share) -> str:
    """`96 % (81 to 99)`, or a dash when there is nothing."""
    if item.share is None:
        return "–"
    return f"{item.share:.0%} ({item.low * 100:.0f} to {item.high * 100:.0f})".replace("%", " %")


def figure(item: Estimate, digits: int = 2) -> str:
    """`0.97 (0.95 to 0.99)`."""
    if item.value is None:
        return "–"
    if item.low is None or item.high is None:
        return f"{item.value:.{digits}f}"
    return f"{item.value:.{digits}f} ({item.low:.{digits}f} to {item.high:.{digits}f})"


def summary(report: Report) -> Iterator[str]:
    """Headline figures, one a line."""
    for item in report.false_alarms:
        yield (
            f"{item.corpus}: {item.concern.count} of {item.concern.of:,} ordinary relationships at "
            f"concern, {per_100k(item.concern)} of 100,000; {item.conversations.count} of "
            f"{item.conversations.of:,} conversations"
        )
    for found in report.detection:
        yield f"{found.corpus}: found {percent(found.recall_concern)} of {found.recall_concern.of}"
    for row in report.ranking:
        yield f"{row.pool} {row.unit}s by {row.scorer}: ROC-AUC {figure(row.roc_auc)}"
    for reason in report.skipped:
        yield f"skipped: {reason}"
    yield from report.notes
    yield f"{report.seconds:.0f} seconds"
