"""What guards every request: headers, cookies, the token against forged requests, rights.

A route states its right as `opt={"right": …}`: a right of `lamppost.cases.rights`, or `PUBLIC` (no
person needed), `HALF` (a password was given, the second factor not yet) or `SIGNED_IN` (anybody
who is signed in). A test fails for a route that states nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from litestar.exceptions import HTTPException

PUBLIC: Final = "public"
HALF: Final = "half"
SIGNED_IN: Final = "signed_in"

HEADERS: Final[dict[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "autoplay=(), camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every page."""
HSTS: Final = "max-age=31536000"
"""Sent besides over https."""

IDLE: Final = 30 * 60_000
"""Milliseconds without a request after which a session ends."""
LONGEST: Final = 12 * 3_600_000
"""Milliseconds after which a session ends in any case."""


class Refused(HTTPException):
    """Something may not be done; `reason` names a message of the words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(detail=reason, status_code=status)
        self.reason = reason


def cookie_name(name: str, *, secure: bool) -> str:
    """Name of a cookie; over https its prefix makes browsers refuse one from elsewhere."""
    return f"__Host-{name}" if secure else name


def new_token() -> str:
    """A token of 256 bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def forgery_token(key: bytes, token: str) -> str:
    """The token that a form must carry, bound to a cookie."""
    return hmac.new(key, b"csrf\0" + token.encode(), hashlib.sha256).hexdigest()
