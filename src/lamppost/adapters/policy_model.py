"""A policy model behind an OpenAI-compatible endpoint, as a second reader.

`POST <url>/chat/completions` with the shipped policy as the system message and the redacted
messages as JSON data in the user message (gpt-oss-safeguard style). Nothing is followed: no
redirect, no tool call, no link.

When it fails: a model can be wrong and can be talked round; see `risk.second` for why that adds
at most a little and never takes away. The whole exchange has one deadline, also when an answer
drips.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

import lamppost.risk
from lamppost.core.errors import UsageError
from lamppost.risk.ports import NAME, Opinion, Said
from lamppost.risk.score import Skipped

POLICY: Final = Path(lamppost.risk.__file__).with_name("second_reader.md")
SECONDS: Final = 20.0
"""Deadline of a whole exchange."""
MOST: Final = 256 * 1024
"""Bytes of an answer that are read; a larger one is not used."""
LINES: Final = 120
"""Messages that are shown: the last ones."""
CHARACTERS: Final = 600
"""Characters of one message that are shown."""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FENCE: Final = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)


class PolicyModel:
    """One endpoint and model.

    Raises `UsageError` for a URL that is not HTTPS, unless it is on this machine.
    """

    def __init__(self, url: str, model: str, key: str = "", seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("is no http(s) address", where="second_reader_url")
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            raise UsageError(
                "is not encrypted", where="second_reader_url", hint="use https, or localhost"
            )
        self._parts = parts
        self._model = model
        self._key = key
        self._seconds = seconds
        self._policy = POLICY.read_text("utf-8")

    def read(self, actor: str, target: str, said: Sequence[Said]) -> Opinion | Skipped:
        """Ask once; whatever goes wrong on the other side is `Skipped`."""
        shown = [{"from": item.speaker, "text": item.text[:CHARACTERS]} for item in said[-LINES:]]
        question = json.dumps({"ACTOR": actor, "TARGET": target, "chat": shown}, ensure_ascii=False)
        body = {
            "model": self._model,
            "temperature": 0,
            "max_tokens": 1000,
            "messages": [
                {"role": "system", "content": self._policy},
                {"role": "user", "content": question},
            ],
        }
        try:
            status, raw = self._post(json.dumps(body).encode())
        except TimeoutError:
            return Skipped(NAME, f"the second reader did not answer in {self._seconds:g} seconds")
        except (OSError, http.client.HTTPException, ssl.SSLError):
            return Skipped(NAME, "the second reader could not be reached")
        if status != 200:
            return Skipped(NAME, f"the second reader refused (HTTP {status})")
        if len(raw) > MOST:
            return Skipped(NAME, "the second reader's answer was too large")
        return _opinion(raw)

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """Status and at most `MOST` + 1 bytes. Raises `TimeoutError` at the deadline."""
        parts = self._parts
        assert parts.hostname is not None
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.hostname, parts.port, timeout=self._seconds)
        ends = time.monotonic() + self._seconds
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        clock: threading.Timer | None = None
        try:
            connection.connect()
            # a time-out of the socket starts afresh with every byte; this one does not
            clock = threading.Timer(max(0.0, ends - time.monotonic()), _cut, (connection.sock,))
            clock.daemon = True
            clock.start()
            path = f"{parts.path.rstrip('/')}/chat/completions"
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            raw = answer.read(MOST + 1)
            if time.monotonic() >= ends:  # cut off, which looks like an ordinary end
                raise TimeoutError
            return answer.status, raw
        except (OSError, http.client.HTTPException):
            if time.monotonic() >= ends:
                raise TimeoutError from None
            raise
        finally:
            if clock is not None:
                clock.cancel()
            connection.close()


def _cut(open_: socket.socket) -> None:
    """End an exchange that takes too long."""
    with contextlib.suppress(OSError):
        open_.shutdown(socket.SHUT_RDWR)


def _opinion(raw: bytes) -> Opinion | Skipped:
    """The opinion in an answer, or why there is none. Its words are never repeated."""
    nonsense = Skipped(NAME, "the second reader's answer could not be read")
    try:
        answer: Any = json.loads(raw)
        text = answer["choices"][0]["message"]["content"].strip()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return nonsense
    fenced = _FENCE.match(text)
    try:
        return msgspec.json.decode(fenced[1] if fenced else text, type=Opinion)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return nonsense
