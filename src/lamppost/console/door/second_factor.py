"""The second factor: a code of six digits that changes every 30 seconds (RFC 6238).

A code counts once: the step it belongs to must be later than the last one that was used.
"""

from __future__ import annotations

import hmac
import io
from typing import Final

import pyotp
import segno

STEP: Final = 30
"""Seconds of a code."""
_SLACK: Final = 1
"""Steps that a clock may be wrong by."""


def new_secret() -> str:
    """A new secret, base32."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: int, after: int) -> int | None:
    """The step that a code belongs to, if it is right and later than `after`. `now` in ms."""
    code = "".join(code.split())
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return None
    totp = pyotp.TOTP(secret)
    current = now // 1000 // STEP
    for step in range(current - _SLACK, current + _SLACK + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > after:
            return step
    return None


def address(secret: str, login: str) -> str:
    """What an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="Lamppost")


def picture(secret: str, login: str) -> str:
    """The address as a QR code: SVG, dark on light in every theme so that a camera reads it."""
    out = io.BytesIO()
    segno.make(address(secret, login), micro=False, error="m").save(
        out,
        kind="svg",
        scale=5,
        border=4,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgns=False,
        svgclass="qr",
        lineclass=None,
        nl=False,
        omitsize=False,
    )
    return out.getvalue().decode()
