"""What the tests of lines of defence share."""

from __future__ import annotations

from cases.conftest import server

__all__ = ["server"]
