"""Make text from a chat safe to show: no control characters, no forced direction.

Silent failure prevented: a message with escape sequences could rewrite the terminal, or hide
itself; one with direction overrides could make a quote read backwards. Each such character is
replaced one for one, so that spans stay right.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from lamppost.reports.scan.model import ScanReport

_BAD: Final = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), 0x202D, 0x202E, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF],
    "\ufffd",
) | {0x0A: "\n", 0x09: " ", 0x0D: " "}


def cleaned(report: ScanReport) -> ScanReport:
    """The report with every string safe to show."""
    return msgspec.convert(_walk(msgspec.to_builtins(report)), ScanReport)


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_BAD)
    if isinstance(value, dict):
        return {key: _walk(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(item) for item in value]
    return value
