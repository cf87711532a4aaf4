"""Tell others: signed messages that are tried again until they arrive or are set aside.

Messages follow Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`
(HMAC-SHA-256). An answer of 2xx settles one. Else it is tried after 5 s, 30 s, 2 min, 10 min,
1 h, 4 h, 12 h and 24 h, each up to a fifth later; then it is a dead letter, kept until it is
revived or the log's retention ends. 410 disables the webhook. A message may arrive twice, with
the same id.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import logging
import random
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from opentelemetry import trace
from standardwebhooks import Webhook as Signer

from lamppost.core.access import Webhook
from lamppost.core.errors import LamppostError, UsageError
from lamppost.core.levels import Level
from lamppost.core.times import SECOND
from lamppost.history.ports import Delivery, FoundRow, Outbox
from lamppost.risk.policy import Policy
from lamppost.service.addresses import Target
from lamppost.service.metrics import Metrics
from lamppost.service.ports import WebhookStore
from lamppost.service.secrets import Secrets

EVENTS: Final = {
    "finding.created": "a relationship rose to a level whose actions name a webhook",
    "policy.deployed": "another policy is live",
    "case.decided": "a person decided a case",
    "report.flood": "very many reports of the report button about one account, said once",
}
PAUSES: Final = (5, 30, 120, 600, 3600, 14_400, 43_200, 86_400)
"""Seconds before each further attempt."""
_LEASE: Final = 60 * SECOND
_AT_ONCE: Final = 16

_log: Final = logging.getLogger("lamppost.service")
_tracer: Final = trace.get_tracer("lamppost")
_encode: Final = msgspec.json.Encoder().encode


class Webhooks:
    """The webhooks of a service and the thread that calls them."""

    def __init__(
        self,
        store: WebhookStore,
        outbox: Outbox,
        secret: Secrets,
        metrics: Metrics,
        *,
        allow_private: bool = False,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._secret = secret
        self._metrics = metrics
        self._allow_private = allow_private
        self._pauses = pauses
        self._all: list[Webhook] = []
        self._read = 0.0
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to call."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not sent stays in the store."""
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(15)

    # --- who is told ------------------------------------------------------------------------

    def add(self, url: str, events: Sequence[str]) -> tuple[Webhook, str]:
        """A new webhook and its signing secret, which is shown this once.

        Raises `UsageError` or `PolicyError` for a URL that may not be called.
        """
        unknown = [name for name in events if name not in EVENTS]
        if unknown or not events:
            raise UsageError(
                "is not a kind of message", where="events", hint=f"use {', '.join(EVENTS)}"
            )
        Target(url, allow_private=self._allow_private)
        plain = secrets.token_bytes(32)
        identifier = f"wh_{secrets.token_hex(8)}"
        webhook = Webhook(
            identifier, url, tuple(sorted(set(events))), self._secret.seal(identifier, plain),
            _now(),
        )  # fmt: skip
        self._store.add(webhook)
        self._read = 0.0
        return webhook, f"whsec_{base64.b64encode(plain).decode()}"

    def remove(self, identifier: str) -> bool:
        """Stop using a webhook."""
        gone = self._store.disable(identifier, _now())
        self._read = 0.0
        return gone

    def all(self) -> list[Webhook]:
        """Webhooks in use."""
        now = time.monotonic()
        if not self._read or now - self._read > 2.0:
            self._all = self._store.all()
            self._read = now
        return self._all

    # --- what they are told -----------------------------------------------------------------

    def about(self, rows: Sequence[FoundRow], policy: Policy) -> list[Delivery]:
        """Messages about new findings."""
        made: list[Delivery] = []
        for row in rows:
            actions = policy.sets_off(Level(row.level).word)
            if "webhook" in actions:
                data = {**msgspec.json.decode(row.body), "policy": row.policy, "actions": actions}
                made += self._messages("finding.created", row.id, data, row.found_at or _now())
        if made:
            self._wake.set()
        return made

    def tell(self, kind: str, name: str, data: dict[str, Any]) -> None:
        """Send a message of another kind; `name` makes it the same message when told twice."""
        self._outbox.add(self._messages(kind, name, data, _now()))
        self._wake.set()

    def _messages(self, kind: str, name: str, data: dict[str, Any], now: int) -> list[Delivery]:
        made = []
        for webhook in self.all():
            if kind in webhook.events:
                text = f"{webhook.id}\x1f{kind}\x1f{name}"
                identifier = f"msg_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
                stamp = datetime.fromtimestamp(now / 1000, UTC).isoformat()
                body = _encode({"type": kind, "timestamp": stamp, "data": data})
                made.append(Delivery(identifier, webhook.id, kind, body, "pending", 0, now, now))
        return made

    # --- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE, "webhook") as pool:
            while not self._stop:
                try:
                    due = self._outbox.claim(_now(), _LEASE, _AT_ONCE)
                    list(pool.map(self._attempt, due))
                except LamppostError as error:
                    due = []
                    _log.error("webhooks wait: %s", error)
                if not due:
                    self._wake.wait(0.5)
                    self._wake.clear()

    def _attempt(self, delivery: Delivery) -> None:
        with _tracer.start_as_current_span("webhook", attributes={"event": delivery.event}):
            settled = self._settled(delivery)
        self._metrics.deliveries.labels(settled.state).inc()
        self._outbox.settle(settled)

    def _settled(self, delivery: Delivery) -> Delivery:
        webhook = next((item for item in self.all() if item.id == delivery.webhook), None)
        if webhook is None:
            return msgspec.structs.replace(
                delivery, state="dead", last_error="the webhook was removed"
            )
        error = self._send(webhook, delivery)
        attempts = delivery.attempts + 1
        if error is None:
            return msgspec.structs.replace(
                delivery, state="delivered", attempts=attempts, last_error=""
            )
        if error == "answered 410":
            self.remove(webhook.id)
        if attempts > len(self._pauses) or error == "answered 410":
            _log.warning("message %s is dead: %s", delivery.id, error)
            return msgspec.structs.replace(
                delivery, state="dead", attempts=attempts, last_error=error
            )
        pause = self._pauses[attempts - 1] * (1 + random.random() / 5)  # noqa: S311
        return msgspec.structs.replace(
            delivery, attempts=attempts, next_at=_now() + int(pause * SECOND), last_error=error
        )

    def _send(self, webhook: Webhook, delivery: Delivery) -> str | None:
        """Send once; what went wrong, or `None`."""
        try:
            signer = Signer(self._secret.open(webhook.id, webhook.secret))
            stamp = datetime.fromtimestamp(time.time(), UTC)
            signature = signer.sign(delivery.id, stamp, delivery.body.decode())
            target = Target(webhook.url, allow_private=self._allow_private)
            status = target.post(
                delivery.body,
                {
                    "Content-Type": "application/json",
                    "User-Agent": "Lamppost-Webhooks",
                    "webhook-id": delivery.id,
                    "webhook-timestamp": str(int(stamp.timestamp())),
                    "webhook-signature": signature,
                },
            )
        except LamppostError as error:
            return str(error)
        except (OSError, http.client.HTTPException) as error:
            return f"could not be reached ({type(error).__name__})"
        return None if 200 <= status < 300 else f"answered {status}"


def _now() -> int:
    return time.time_ns() // 1_000_000
