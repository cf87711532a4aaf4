"""Times: RFC 3339 with offset outside, integer milliseconds UTC inside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware `datetime`."""
    delta = moment - _EPOCH
    return delta.days * DAY + delta.seconds * SECOND + delta.microseconds // 1000


def from_ms(ms: int) -> datetime:
    """Aware UTC `datetime` of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def zone(name: str | None) -> ZoneInfo | None:
    """Time zone by IANA name, or `None` when empty or not known."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
