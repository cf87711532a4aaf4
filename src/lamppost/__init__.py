"""Lamppost: an open-source child-safety engine.

Reads chat events, finds grooming early, explains it exactly, and helps people act.
Start at `lamppost.pipeline`, the spine: events → history → signals → risk.
"""

from __future__ import annotations

__version__ = "0.1.0"
