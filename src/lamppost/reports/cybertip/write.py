"""Elements into XML: children in the order of their fields, nothing that is switched off."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, Literal
from xml.etree import ElementTree as ET

import msgspec
from msgspec import inspect

from lamppost.core.errors import UsageError
from lamppost.reports.cybertip.schema import Element, checked

SCHEMA_LOCATION: Final = "https://report.cybertip.org/ispws/xsd"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry."""

Kind = Literal["attribute", "presence", "text", "child"]


@cache
def _shape(kind: type[Element]) -> list[tuple[str, str, Kind]]:
    """Field, name on the wire and kind of each part of an element, in order."""
    return [
        (part.name, part.encode_name, _kind(part.type))
        for part in inspect.type_info(kind).fields  # type: ignore[attr-defined]
    ]


def _kind(found: Any) -> Kind:
    extra = getattr(found, "extra", None)
    if isinstance(found, inspect.Metadata) and extra and "xml" in extra:
        kind: Kind = extra["xml"]
        return kind
    return "child"


def element(name: str, value: Element) -> ET.Element:
    """An element of XML. Raises `UsageError` naming the first part that has not the shape."""
    try:
        return _element(name, checked(value))
    except msgspec.ValidationError as error:
        raise UsageError(str(error), where=name, hint="edit this part of the report") from None


def document(name: str, value: Element) -> bytes:
    """A whole document, UTF-8, with the schema it is of."""
    ET.register_namespace("xsi", _XSI)
    root = element(name, value)
    root.set(f"{{{_XSI}}}noNamespaceSchemaLocation", SCHEMA_LOCATION)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def _element(name: str, value: Element) -> ET.Element:
    made = ET.Element(name)
    for field, wire, kind in _shape(type(value)):
        part = getattr(value, field)
        if part is None or (part is False and kind == "presence"):
            continue
        if kind == "attribute":
            made.set(wire, _plain(part))
        elif kind == "text":
            made.text = _plain(part)
        elif kind == "presence":
            ET.SubElement(made, wire)
        else:
            for item in part if isinstance(part, list) else [part]:
                if isinstance(item, Element):
                    made.append(_element(wire, item))
                else:
                    ET.SubElement(made, wire).text = _plain(item)
    return made


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value))
