"""Call only addresses that are public: what a webhook may reach.

A name is resolved once, every address it has must be public, and the connection goes to that
very address, so a name that changes its mind between check and call gains nothing. Redirects are
not followed. TLS checks the certificate against the name.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from lamppost.core.errors import PolicyError, UsageError

TIMEOUT: Final = 10.0
_MOST: Final = 65_536
_TRANSLATED: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))
_FORBIDDEN_PORTS: Final = frozenset({19, 21, 22, 23, 25, 53, 110, 143, 445, 465, 587, 3306, 5432})


class Target:
    """A URL whose address has been looked at."""

    def __init__(self, url: str, *, allow_private: bool = False) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise UsageError("is not a URL", where="url") from None
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise UsageError("must begin with https://", where="url")
        if parts.scheme == "http" and not allow_private:
            raise PolicyError("must be https", where="url")
        if parts.username or parts.password or parts.fragment:
            raise UsageError("may hold no user, password or fragment", where="url")
        self.secure = parts.scheme == "https"
        self.host = parts.hostname
        self.port = port or (443 if self.secure else 80)
        if self.port in _FORBIDDEN_PORTS:
            raise PolicyError(f"port {self.port} is not one of a webhook", where="url")
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.address = _public(self.host, self.port, allow_private=allow_private)

    def post(self, body: bytes, headers: Mapping[str, str], timeout: float = TIMEOUT) -> int:
        """Send `body`; returns the status. Raises `OSError` or `http.client.HTTPException`."""
        connection: http.client.HTTPConnection
        if self.secure:
            connection = _Pinned(self, timeout)
        else:
            connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout)
        default = 443 if self.secure else 80
        name = f"[{self.host}]" if ":" in self.host else self.host
        host = name if self.port == default else f"{name}:{self.port}"
        try:
            connection.request("POST", self.path, body, {**headers, "Host": host})
            answer = connection.getresponse()
            answer.read(_MOST)
            return answer.status
        finally:
            connection.close()


class _Pinned(http.client.HTTPSConnection):
    """TLS to one address, with the certificate checked against the name."""

    def __init__(self, target: Target, timeout: float) -> None:
        self._checked = ssl.create_default_context()
        super().__init__(target.host, target.port, timeout=timeout, context=self._checked)
        self._address = target.address

    def connect(self) -> None:
        """Connect to the address that was looked at, not to whatever the name is now."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._checked.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _public(host: str, port: int, *, allow_private: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError("the name has no address", where="url") from None
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        tunnelled = (
            getattr(address, "sixtofour", None)
            or getattr(address, "teredo", None)
            or any(address in network for network in _TRANSLATED)
        )
        if allow_private and mapped.is_loopback:
            continue
        if not mapped.is_global or mapped.is_multicast or tunnelled:
            raise PolicyError("leads to an address that is not public", where="url")
    return addresses[0]
