"""An answer of the routing as text for a terminal and for the docs."""

from __future__ import annotations

from lamppost.reports.routing.route import Route


def as_text(found: Route) -> str:
    """The answer, emergency numbers first, one line a person to tell."""
    lines = [
        f"child {found.child or 'unknown'}, suspect {found.suspect or 'unknown'}, "
        f"platform {found.platform or 'unknown'}, urgency {found.urgency}"
    ]
    if found.urgency == "now" and not found.emergency:
        lines.append("CALL NOW: no checked emergency number here; call the local one")
    for number in found.emergency:
        stale = " (stale: confirm)" if number.stale else ""
        lines.append(
            f"CALL NOW ({number.party}, {number.country}): {number.organisation} "
            f"{number.number}{stale}"
        )
    for title, rows in (
        ("MUST", found.must), ("MAY", found.may), ("NOT AGAIN", found.must_not),
    ):  # fmt: skip
        for row in rows:
            lines.append(
                f"{title}: {row.name}, {row.deadline}; {row.law}; in {row.language}; {row.because}"
            )
            if row.preserve:
                lines.append(f"    keep: {row.preserve}")
            if row.note:
                lines.append(f"    {row.note}")
            stale = "STALE, " if row.stale else ""
            lines.append(f"    {stale}checked {row.verified_at.isoformat()}: {row.source}")
    for item in found.unknown:
        lines.append(f"UNKNOWN ({item.place}), ask counsel: {item.question}")
        if item.source:
            lines.append(f"    {item.source}")
    lines.append("This is not legal advice. Only a person sends a report.")
    return "\n".join(lines) + "\n"
