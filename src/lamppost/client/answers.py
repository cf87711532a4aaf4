"""What the API answers about events and findings; the service and the client share it."""

from __future__ import annotations

from typing import Any

import msgspec

from lamppost.pipeline import Finding


class LineFault(msgspec.Struct, frozen=True):
    """A line that was set aside."""

    line: int
    field: str
    reason: str


class Accepted(msgspec.Struct, frozen=True):
    """What became of a request. `errors` shows the first 20 lines that were set aside."""

    accepted: int
    duplicates: int
    quarantined: int
    errors: list[LineFault]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, its place in the order of finding, and the policy that was in force."""

    number: int
    found_at: int
    policy: str
    relationship_id: str
    finding: Finding


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something was refused (RFC 9457)."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    code: str = ""
    where: str = ""
    hint: str = ""
    errors: list[dict[str, Any]] = []
