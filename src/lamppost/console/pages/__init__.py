"""Every page, one module for each part of the work."""

from __future__ import annotations

from typing import Final

from lamppost.console.pages import (
    appeals,
    assets,
    audit,
    case,
    dashboard,
    door,
    me,
    nowhere,
    people,
    policy,
    quality,
    queue,
    search,
    told,
)

HANDLERS: Final = [
    *door.HANDLERS,
    *queue.HANDLERS,
    *case.HANDLERS,
    *told.HANDLERS,
    *search.HANDLERS,
    *dashboard.HANDLERS,
    *quality.HANDLERS,
    *appeals.HANDLERS,
    *policy.HANDLERS,
    *people.HANDLERS,
    *audit.HANDLERS,
    *me.HANDLERS,
    *assets.HANDLERS,
    *nowhere.HANDLERS,
]
"""Every route under `/console`."""
