"""Replace names, numbers, addresses and links so that a report can be shared for advice.

`Redactor` is by rule and offline: participants' names from the export itself, a list of 9,400
first names, `phonenumbers`, and patterns for addresses of every kind. The same thing always
gets the same label ("Person A", "[link 1]"). Rules miss things: the report says so.

Why not Presidio: without a language model it finds no names and no handles; with one it weighs
more than 390 MB. Figures are in `tests/reports/test_redaction.py`, which measures recall.
"""

from __future__ import annotations

from lamppost.reports.redaction.redactor import Redactor, Replacement

__all__ = ["Redactor", "Replacement"]
