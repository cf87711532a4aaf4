"""The code that a child comes back with: 16 signs, 80 bits, without look-alikes.

It is made from a token of the form, so that a form sent twice gives the same code, and from a
secret of the service, so that nobody can make it from the token. Only its SHA-256 is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U."""
LENGTH: Final = 16
_LIKE: Final = str.maketrans("ILO", "110", " -_.\t\n\r–—")


def receipt_from(secret: bytes, token: str) -> str:
    """The code of a token, in groups of four: `7Q2M-K0XD-…`."""
    made = hmac.new(secret, b"receipt\0" + token.encode(), hashlib.sha256).digest()
    number = int.from_bytes(made[:10], "big")
    signs = "".join(ALPHABET[number >> (5 * place) & 31] for place in range(LENGTH))
    return "-".join(signs[start : start + 4] for start in range(0, LENGTH, 4))


def tidy(code: str) -> str:
    """A code as a child types it: small letters, spaces, O for 0; empty when it cannot be one."""
    bare = code.upper().translate(_LIKE)
    good = len(bare) == LENGTH and all(sign in ALPHABET for sign in bare)
    return bare if good else ""


def digest(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(tidy(code).encode()).hexdigest()
