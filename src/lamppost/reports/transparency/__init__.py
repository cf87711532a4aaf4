"""What a deployment did in a period, for everybody to read: counts and rates, nobody in them."""

from __future__ import annotations

from lamppost.reports.transparency.count import Counted, Transparency, count
from lamppost.reports.transparency.write import as_csv, as_dsa, as_html

__all__ = ["Counted", "Transparency", "as_csv", "as_dsa", "as_html", "count"]
