"""The report button: what a child is asked, the code to come back with, and how floods are met.

Nothing here does I/O: `service/routes/child_reports.py` serves the pages, `cases/child_reports.py`
keeps what was sent.
"""

from lamppost.protect.button.flood import LIMITS, Limits, Placement, Seen, place
from lamppost.protect.button.receipt import digest, receipt_from, tidy
from lamppost.protect.button.report import (
    KINDS,
    SAFETY,
    STATUSES,
    About,
    Answer,
    ChildReport,
    FloodNotice,
    Kind,
    Safety,
    Sent,
    Status,
)
from lamppost.protect.button.words import LANGUAGES, choose, country_from, words

__all__ = [
    "KINDS",
    "LANGUAGES",
    "LIMITS",
    "SAFETY",
    "STATUSES",
    "About",
    "Answer",
    "ChildReport",
    "FloodNotice",
    "Kind",
    "Limits",
    "Placement",
    "Safety",
    "Seen",
    "Sent",
    "Status",
    "choose",
    "country_from",
    "digest",
    "place",
    "receipt_from",
    "tidy",
    "words",
]
