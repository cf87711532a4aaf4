"""The client: one connection kept open, tried again where that is safe."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from lamppost.client.answers import Accepted, Found, LineFault, Problem
from lamppost.core.errors import ApiError, UsageError
from lamppost.events import ndjson
from lamppost.events.vocabulary import Event
from lamppost.pipeline import RelationshipScore
from lamppost.reports.scan.views import AccountView, ChildView

BATCH: Final = 500
_AGAIN: Final = frozenset({429, 502, 503, 504})
_T = TypeVar("_T")


class Client:
    """Calls one service with one API key. Not safe to share between threads.

    `tries` counts attempts at a request that met pressure, a store that failed or a broken
    connection; sending events again is safe, since each is kept once. Raises `ApiError`.
    """

    def __init__(self, url: str, api_key: str, *, timeout: float = 30.0, tries: int = 6) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("must begin with http:// or https://", where="url")
        if parts.scheme == "https":
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            self._connection = http.client.HTTPConnection(
                parts.hostname, parts.port, timeout=timeout
            )
        self._prefix = parts.path.rstrip("/")
        self._key = api_key
        self._tries = tries

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Without the key."""
        return f"Client({self._connection.host!r})"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # --- events -----------------------------------------------------------------------------

    def send(self, events: Iterable[Event]) -> Accepted:
        """Send events in batches; returns the sum once all are durable."""
        total = Accepted(0, 0, 0, [])
        batch: list[Event] = []
        for event in events:
            batch.append(event)
            if len(batch) >= BATCH:
                total = _sum(total, self._send(batch))
                batch = []
        return _sum(total, self._send(batch)) if batch else total

    def _send(self, batch: list[Event]) -> Accepted:
        return self.send_lines(b"\n".join(ndjson.encode(event) for event in batch))

    def send_lines(self, body: bytes) -> Accepted:
        """Send NDJSON as it is."""
        data = self.request("POST", "/v1/events", body, "application/x-ndjson")
        return msgspec.json.decode(data, type=Accepted)

    # --- what was found ---------------------------------------------------------------------

    def relationships(self, **filters: str) -> Iterator[RelationshipScore]:
        """Relationships; filters are `conversation_id`, `account_id`, `level`."""
        return self._pages("/v1/relationships", RelationshipScore, filters)

    def accounts(self, **filters: str) -> Iterator[AccountView]:
        """Accounts; filters are `conversation_id`, `account_id`."""
        return self._pages("/v1/accounts", AccountView, filters)

    def children(self, **filters: str) -> Iterator[ChildView]:
        """Children; filters are `conversation_id`, `account_id`."""
        return self._pages("/v1/children", ChildView, filters)

    def findings(self, after: int = 0, **filters: str) -> Iterator[Found]:
        """Findings after a number, in the order they were made."""
        return self._pages("/v1/findings", Found, {"after": str(after), **filters})

    def account(self, identifier: str) -> AccountView:
        """One account."""
        data = self.request("GET", f"/v1/accounts/{quote(identifier, safe='')}")
        return msgspec.json.decode(data, type=AccountView)

    def child(self, identifier: str) -> ChildView:
        """One child."""
        data = self.request("GET", f"/v1/children/{quote(identifier, safe='')}")
        return msgspec.json.decode(data, type=ChildView)

    # --- requests ---------------------------------------------------------------------------

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """JSON of any other address."""
        words = f"?{urlencode(query)}" if query else ""
        return msgspec.json.decode(self.request("GET", path + words))

    def post(self, path: str, value: object = None) -> Any:
        """Post JSON to any other address; returns JSON."""
        data = self.request("POST", path, msgspec.json.encode(value), "application/json")
        return msgspec.json.decode(data) if data else None

    def request(
        self, method: str, path: str, body: bytes | None = None, media_type: str = ""
    ) -> bytes:
        """One request, tried again where that is safe. Raises `ApiError`."""
        headers = {"Authorization": f"Bearer {self._key}"}
        if media_type:
            headers["Content-Type"] = media_type
        safe = method == "GET" or path == "/v1/events"
        for attempt in range(1, self._tries + 1):
            last = attempt == self._tries or not safe
            try:
                self._connection.request(method, self._prefix + path, body, headers)
                answer = self._connection.getresponse()
                data = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if last:
                    raise ApiError(
                        f"the service could not be reached ({type(error).__name__})", where=path
                    ) from None
                time.sleep(min(0.1 * 2**attempt, 5.0))
                continue
            if answer.status < 300:
                return data
            if answer.status in _AGAIN and not last:
                time.sleep(_pause(answer.headers.get("Retry-After")))
                continue
            raise _error(answer.status, data, path)
        raise AssertionError("unreachable")

    def _pages(self, path: str, kind: type[_T], filters: Mapping[str, str]) -> Iterator[_T]:
        query = dict(filters)
        while True:
            page = self.get(path, query)
            yield from msgspec.convert(page["items"], list[kind])  # type: ignore[valid-type]
            if page["next"] is None:
                return
            query["after"] = page["next"]


def _sum(left: Accepted, right: Accepted) -> Accepted:
    errors: list[LineFault] = [*left.errors, *right.errors][:20]
    return Accepted(
        left.accepted + right.accepted,
        left.duplicates + right.duplicates,
        left.quarantined + right.quarantined,
        errors,
    )


def _pause(text: str | None) -> float:
    try:
        return min(30.0, max(0.0, float(text or 1)))
    except ValueError:
        return 1.0


def _error(status: int, data: bytes, path: str) -> ApiError:
    try:
        problem = msgspec.json.decode(data, type=Problem)
    except msgspec.DecodeError:
        return ApiError(f"the service answered {status}", where=path, status=status)
    return ApiError(
        problem.detail or problem.title,
        where=problem.where or path,
        hint=problem.hint,
        status=status,
    )
