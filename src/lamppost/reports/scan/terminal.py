"""The report in a terminal: the same content as the page, shorter."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from lamppost.protect.support import PURPOSES
from lamppost.reports.scan import words
from lamppost.reports.scan.clean import cleaned
from lamppost.reports.scan.excerpt import excerpts, lost
from lamppost.reports.scan.model import Line, RelationshipView, ScanReport, Tactic

COLOURS: Final = {
    "none": "green",
    "watch": "cyan",
    "concern": "yellow",
    "high": "dark_orange",
    "urgent": "bold red",
}
_BAR: Final = 20


def print_report(report: ScanReport, console: Console) -> None:
    """Print the whole report. Explicit quotes stay covered."""
    report = cleaned(report)
    level = report.verdict.level
    body = Text()
    body.append(report.verdict.meaning, style=COLOURS[level])
    body.append(f"\n\n{report.verdict.sentence}", style="bold")
    if report.verdict.sure:
        body.append(f"\n\n{report.verdict.sure}")
    if report.verdict.care:
        body.append(f"\n\n{report.verdict.care}", style="bold")
    console.print(
        Panel(
            body, title="Lamppost", title_align="left", border_style=COLOURS[level], padding=(1, 2)
        )
    )
    _totals(report, console)
    _heading(console, "What to do now")
    for number, action in enumerate(report.actions, 1):
        text = Text(f"{number}. {action.title}", style="bold")
        text.append(f"\n{action.detail}", style="not bold")
        for index in action.contacts:
            row = report.support.rows[index]
            aged = " (not checked lately)" if row.old else ""
            text.append(f"\n→ {PURPOSES[row.purpose]}: {row.organisation}, ", style="not bold")
            text.append(f"{row.value}{aged}", style="bold cyan")
        console.print(Padding(text, (0, 0, 1, 2)))
    for warning in report.support.warnings:
        console.print(Padding(Text(f"! {warning}", style="yellow"), (0, 0, 0, 2)))
    for view in report.relationships:
        _relationship(view, console)
    if report.others:
        _heading(console, "Other relationships")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name in ("who", "towards", "level", "bits", "messages"):
            table.add_column(name, justify="right" if name in ("bits", "messages") else "left")
        for line in report.others[:20]:
            table.add_row(
                Text(line.actor),
                Text(line.target),
                line.level,
                f"{line.bits:.2f}",
                f"{line.messages:,}",
            )
        console.print(Padding(table, (0, 0, 0, 2)))
        if len(report.others) > 20:
            console.print(Text(f"  … and {len(report.others) - 20:,} more"))
    _closing(report, console)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Rule(Text(text, style="bold"), align="left", characters="─", style="dim"))
    console.print()


def _totals(report: ScanReport, console: Console) -> None:
    totals = report.totals
    origins = ", ".join(f"{origin.label} ({origin.title})" for origin in report.origins)
    span = ""
    if totals.first_at and totals.last_at:
        span = f", {totals.first_at:%Y-%m-%d} to {totals.last_at:%Y-%m-%d}"
    console.print(
        Text(
            f"{totals.messages:,} messages in {totals.conversations:,} "
            f"conversation{'s' if totals.conversations != 1 else ''}, "
            f"{totals.people:,} people{span}\n{origins}",
            style="dim",
        )
    )
    if report.redacted:
        console.print(
            Text(
                "Redacted: names, numbers, addresses and links are replaced. Read it "
                "through before you share it.",
                style="yellow",
            )
        )


def _relationship(view: RelationshipView, console: Console) -> None:
    _heading(console, f"{words.age_words(view.actor)} → {words.age_words(view.target)}")
    head = Text(f"{view.level}", style=COLOURS[view.level])
    head.append(
        f"  {view.bits:.2f} bits, {view.messages:,} messages, {view.replies:,} in reply",
        style="default",
    )
    firsts = [
        f"{name} at message {number}"
        for name, number in (
            ("watch", view.first_watch),
            ("concern", view.first_concern),
            ("high", view.first_high),
        )
        if number
    ]
    if firsts:
        head.append(f"\n{', '.join(firsts)}", style="dim")
    console.print(Padding(head, (0, 0, 1, 2)))
    if view.contributions:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        table.add_column("bits", justify="right", no_wrap=True)
        table.add_column("bar", no_wrap=True)
        table.add_column("because")
        most = max(abs(row.bits) for row in view.contributions)
        for row in view.contributions:
            bar = "█" * max(1, round(abs(row.bits) / most * _BAR))
            style = "green" if row.bits < 0 else COLOURS[view.level]
            title = row.title
            if row.kind == "child_signal":
                title = f"{view.target.name}: {title.lower()}"
            table.add_row(
                f"{row.bits:+.2f}", Text(bar, style=style), Text(f"{title}: {row.because}")
            )
        table.add_row(Text(f"{view.bits:.2f}", style="bold"), Text(""), Text("total", style="bold"))
        console.print(Padding(table, (0, 0, 1, 2)))
    for tactic in view.tactics:
        _tactic(tactic, console, "")
    for tactic in view.child_words:
        _tactic(tactic, console, f"What {view.target.name} says · ")
    for tactic in view.protective:
        _tactic(tactic, console, "In favour · ")


def _tactic(tactic: Tactic, console: Console, prefix: str) -> None:
    head = Text(f"{prefix}{tactic.title}", style="bold")
    head.append(
        f"  {words.STAGES[tactic.stage].lower()}, {tactic.bits:+.2f} bits", style="not bold dim"
    )
    console.print(Padding(head, (0, 0, 0, 2)))
    for number, excerpt in enumerate(excerpts(tactic.quotes, around=1)):
        if number:
            console.print(Padding(Text("⋯", style="dim"), (0, 0, 0, 4)))
        if excerpt.explicit:
            covered = "[covered: sexual content; open it in the page of --html]"
            console.print(Padding(Text(covered, style="dim"), (0, 0, 0, 4)))
            continue
        for said in excerpt.said:
            style = "default" if said.because else "dim"
            text = _said(said.line, style, marked=bool(said.because))
            console.print(Padding(text, (0, 0, 0, 4)))
    if lost(tactic.quotes):
        words_ = f"{lost(tactic.quotes)} messages could not be read again"
        console.print(Padding(Text(words_), (0, 0, 0, 4)))
    console.print()


def _said(line: Line, style: str, marked: bool = False) -> Text:
    text = Text("▌ " if marked else "  ", style=style)
    text.append(f"{line.at:%m-%d %H:%M} {line.sender}: ", style="dim")
    start = len(text)
    body = " ".join(line.text.split("\n")) or ("[attachment]" if line.attachments else "[no text]")
    text.append(body)
    for first, last in line.marks:
        text.stylize("bold underline", start + first, start + last)
    return text


def _closing(report: ScanReport, console: Console) -> None:
    _heading(console, "Looked for and not found")
    quiet = [item.title for item in report.looked_for if not item.found]
    console.print(Padding(Text("; ".join(quiet) or "Everything was found."), (0, 0, 0, 2)))
    _heading(console, "Could not be looked at")
    for item in report.not_looked:
        console.print(Padding(Text(f"{item.what}: {item.reason}"), (0, 0, 0, 2)))
    _heading(console, "Limits")
    for limit in report.limits:
        console.print(Padding(Text(f"• {limit}"), (0, 0, 0, 2)))
