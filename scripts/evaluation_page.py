"""Put the figures of an evaluation into docs/evaluation.md: `evaluation_page.py report.json`.

Only what stands between the markers is replaced; the words around it are written by people.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from lamppost.evaluation.report import Report
from lamppost.evaluation.tables import markdown, tables

PAGE = Path(__file__).parent.parent / "docs" / "evaluation.md"
STARTS, ENDS = "<!-- figures, made by make evaluation -->", "<!-- end -->"


def filled(text: str, report: Report) -> str:
    """The page with the figures of `report`."""
    before, rest = text.split(STARTS)
    after = rest.split(ENDS)[1]
    limits = ", ".join(f"{name} from {bits:g}" for name, bits in report.thresholds.items())
    head = (
        f"Version {report.version}, engine `{report.engine}`, {report.date}, "
        f"{report.seconds:.0f} seconds. Levels in bits: {limits}. Figures in brackets are 95 % "
        "intervals.\n\n"
    )
    skipped = "".join(f"- Skipped: {reason}.\n" for reason in report.skipped)
    notes = "".join(f"- {note}\n" for note in report.notes)
    body = head + notes + skipped + "\n" + markdown(list(tables(report)))
    return f"{before}{STARTS}\n\n{body.rstrip()}\n\n{ENDS}{after}"


if __name__ == "__main__":
    made = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Report)
    PAGE.write_text(filled(PAGE.read_text("utf-8"), made), "utf-8")
