"""Golden text of the terminal report. `UPDATE_GOLDEN=1 pytest tests/reports` writes it anew."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

from rich.console import Console

from lamppost.reports.scan.model import ScanReport
from lamppost.reports.scan.terminal import print_report

from .conftest import GOLDEN, QUIET


def printed(report: ScanReport) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=100, highlight=False, markup=False, emoji=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def test_golden_text(stored: ScanReport) -> None:
    text = printed(stored)
    path = GOLDEN / "terminal.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_explicit_quotes_stay_covered(
    report: Callable[..., ScanReport], stored: ScanReport
) -> None:
    assert "[covered: sexual content" in printed(stored)


def test_a_calm_report_prints(report: Callable[..., ScanReport]) -> None:
    text = printed(report(QUIET))
    assert "No sign above the ordinary" in text
    assert "Looked for and not found" in text
