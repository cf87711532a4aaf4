"""Style, script and pictures, as they are in the package."""

from __future__ import annotations

from functools import cache
from typing import Final

from litestar import Response, get

from lamppost.console.asking import Answer, Asked
from lamppost.console.security import PUBLIC, Refused
from lamppost.console.shown import STATIC

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    return {
        path.name: (path.read_bytes(), f"{_TYPES[path.suffix]}; charset=utf-8")
        for path in STATIC.iterdir()
        if path.suffix in _TYPES
    }


@get("/static/{name:str}", opt={"right": PUBLIC, "asset": True}, sync_to_thread=False)
def asset(request: Asked, name: str) -> Answer:
    """A file of the pages."""
    found = _files().get(name)
    if found is None:
        raise Refused(404, "fault.http_404")
    body, kind = found
    return Response(body, media_type=kind, headers={"Cache-Control": "public, max-age=300"})


HANDLERS: Final = [asset]
