"""The published JSON Schemas (2020-12) of what `scan` and `score` write."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from lamppost.pipeline import RelationshipScore
from lamppost.reports.scan.model import VERSION, ScanReport
from lamppost.reports.scan.views import AccountView, ChildView


def _schema(kind: type, name: str, title: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lamppost:{name}:{VERSION}",
        "title": title,
        **_tidy(msgspec.json.schema(kind)),
    }


def _tidy(schema: Any) -> Any:
    """The same whatever Python made it: docstrings keep their indents before 3.13."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if isinstance(schema, dict):
        return {
            key: inspect.cleandoc(item)
            if key == "description" and isinstance(item, str)
            else _tidy(item)
            for key, item in schema.items()
        }
    return schema


def report_schema() -> dict[str, Any]:
    """Schema of `lamppost scan --json`."""
    return _schema(ScanReport, "scan-report", f"Lamppost scan report, version {VERSION}")


def score_schema() -> dict[str, Any]:
    """Schema of one line of `lamppost score`."""
    return _schema(RelationshipScore, "score", f"Lamppost score line, version {VERSION}")


def account_schema() -> dict[str, Any]:
    """Schema of one line of `lamppost score --accounts`."""
    return _schema(AccountView, "account", f"Lamppost account line, version {VERSION}")


def child_schema() -> dict[str, Any]:
    """Schema of one line of `lamppost score --children`."""
    return _schema(ChildView, "child", f"Lamppost child line, version {VERSION}")
