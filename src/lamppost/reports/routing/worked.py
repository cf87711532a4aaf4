"""Worked extraterritorial examples, as the docs show them."""

from __future__ import annotations

from datetime import date
from typing import Final

from lamppost.reports.routing.route import Urgency, route
from lamppost.reports.routing.text import as_text

WORKED: Final[tuple[tuple[str, str | None, str | None, str | None, Urgency], ...]] = (
    ("A child in the UK, a suspect in the Philippines, a US platform", "GB", "PH", "US", "now"),
    ("The same child and suspect on a platform in Brazil", "GB", "PH", "BR", "soon"),
    ("A child in Germany, a suspect in France, a US platform", "DE", "FR", "US", "now"),
    ("A child in India, a suspect in the Philippines, a UK platform", "IN", "PH", "GB", "soon"),
    ("A child in Australia, the suspect not known, an Irish platform", "AU", None, "IE", "now"),
)


def worked_examples(today: date) -> str:
    """Every example as Markdown."""
    parts = []
    for title, child, suspect, platform, urgency in WORKED:
        found = route(child, suspect, platform, urgency=urgency, today=today)
        parts.append(f"### {title}\n\n```text\n{as_text(found)}```\n")
    return "\n".join(parts)
