"""NCMEC's CyberTipline Reporting API: HTTPS, Basic auth, XML.

A refused call may come with HTTP 200 or 400: public sources do not say, so the answer's own code
counts. A 401 comes with an empty body.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx

from lamppost.core.errors import ApiError, UnansweredError, UsageError
from lamppost.reports.filing.ports import Reply

PRODUCTION: Final = "https://report.cybertip.org/ispws"
TEST: Final = "https://exttest.cybertip.org/ispws"
"""Reports sent there are thrown away; it has credentials of its own."""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_XML: Final = {"Content-Type": "text/xml; charset=utf-8"}
_MOST: Final = 1 << 20


class Ncmec:
    """`CyberTipline` over HTTP. Raises `UsageError` for an address that is not encrypted."""

    def __init__(self, url: str, user: str, password: str, *, seconds: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise UsageError("is not encrypted", where="url", hint="use https")
        self._http = httpx.Client(
            auth=httpx.BasicAuth(user, password), timeout=seconds, follow_redirects=False
        )
        self._url = url.rstrip("/")

    def __enter__(self) -> Ncmec:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def status(self) -> Reply:
        """Whether it answers at all."""
        return self._ask("GET", "status")

    def schema(self) -> bytes:
        """The schema as NCMEC has it now."""
        return self._call("GET", "xsd").content

    def submit(self, document: bytes) -> Reply:
        """Open a report."""
        return self._ask("POST", "submit", content=document, headers=_XML)

    def upload(self, report: str, name: str, content: bytes) -> Reply:
        """Add a file to an open report."""
        return self._ask("POST", "upload", data={"id": report}, files={"file": (name, content)})

    def fileinfo(self, document: bytes) -> Reply:
        """Describe an uploaded file."""
        return self._ask("POST", "fileinfo", content=document, headers=_XML)

    def finish(self, report: str) -> Reply:
        """File the report."""
        return self._ask("POST", "finish", data={"id": report})

    def retract(self, report: str) -> Reply:
        """Cancel an open report."""
        return self._ask("POST", "retract", data={"id": report})

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"{self._url}/{path}", **options)
        except httpx.HTTPError as error:
            raise UnansweredError(type(error).__name__, where=path) from None
        if answer.status_code in (401, 403):
            raise ApiError(
                "NCMEC does not accept the credentials", where=path, status=answer.status_code,
                hint="test and production have credentials of their own",
            )  # fmt: skip
        if answer.status_code >= 500 or 300 <= answer.status_code < 400:
            raise UnansweredError(f"HTTP {answer.status_code}", where=path)
        return answer

    def _ask(self, method: str, path: str, **options: Any) -> Reply:
        answer = self._call(method, path, **options)
        try:
            text = answer.content[:_MOST]
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise ValueError
            root = ET.fromstring(text)  # noqa: S314  no document type, so no entities
            found = {child.tag.rpartition("}")[2]: child.text or "" for child in root}
            code = int(found["responseCode"])
        except (ET.ParseError, KeyError, ValueError):
            raise UnansweredError("the answer cannot be read", where=path) from None
        if code in range(1000, 2000):
            raise UnansweredError(f"server error, code {code}", where=path)
        return Reply(
            code=code, report=found.get("reportId", ""), file=found.get("fileId", ""),
            request=answer.headers.get("Request-ID", ""),
        )  # fmt: skip
