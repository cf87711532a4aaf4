"""Who must, may and must not be told of a case, by the places of child, suspect and platform.

Duties are data: `data/<CC>.toml` (and `EU.toml`), one row a duty. Where a source does not say
which place triggers a duty, the answer is "unknown, ask counsel", never a guess. Nothing here is
legal advice, and nothing is sent from here.
"""

from __future__ import annotations

from lamppost.reports.routing.duties import Duty, duties, places_with_duties
from lamppost.reports.routing.route import Route, Routed, Unknown, recipients, route

__all__ = [
    "Duty", "Route", "Routed", "Unknown", "duties", "places_with_duties", "recipients", "route",
]  # fmt: skip
