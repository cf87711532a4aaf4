"""The published JSON Schema (2020-12) of one event line."""

from __future__ import annotations

from typing import Any

import msgspec

from lamppost.events.vocabulary import VERSION, Event


def event_schema() -> dict[str, Any]:
    """JSON Schema of one event, generated from the types."""
    schema = msgspec.json.schema(Event)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lamppost:events:{VERSION}",
        "title": f"Lamppost event, version {VERSION}",
        **schema,
    }
