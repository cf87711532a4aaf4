"""Addresses that lead nowhere, told as a page."""

from __future__ import annotations

from typing import Final

from litestar import get

from lamppost.console.asking import Answer, Asked
from lamppost.console.security import PUBLIC, Refused


@get("/{rest:path}", opt={"right": PUBLIC}, sync_to_thread=False)
def nowhere(request: Asked, rest: str) -> Answer:
    """Nothing is here."""
    raise Refused(404, "fault.http_404")


HANDLERS: Final = [nowhere]
