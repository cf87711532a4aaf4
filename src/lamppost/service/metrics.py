"""Figures for Prometheus. Labels are few and fixed; none names a person or a conversation."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Every figure of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"lamppost_{name}", text, labels, registry=self.registry)

        def seconds(name: str, text: str, labels: tuple[str, ...] = ()) -> Histogram:
            return Histogram(
                f"lamppost_{name}_seconds", text, labels, buckets=_SECONDS, registry=self.registry
            )

        self.accepted = counter("events_accepted", "Events kept")
        self.duplicates = counter("events_duplicate", "Events that were known already")
        self.quarantined = counter("lines_quarantined", "Lines set aside")
        self.refused = counter("events_refused", "Events refused", ("why",))
        self.unread = counter("messages_unread", "Messages not read for want of a legal basis")
        self.scored = counter("events_scored", "Events folded")
        self.findings = counter("findings", "Findings by level", ("level",))
        self.faults = counter("faults", "Times that folding failed and was tried again")
        self.requests = counter("requests", "Requests", ("route", "status"))
        self.deliveries = counter("webhook_deliveries", "Attempts at a webhook", ("outcome",))
        self.request_seconds = seconds("request", "Time of a request", ("route",))
        self.read_seconds = seconds("read", "Time to read the texts of a group of events")
        self.commit_seconds = seconds("commit", "Time to keep a group of events")
        self.fold_seconds = seconds("fold", "Time to fold a group of events")
        self.checkpoint_seconds = seconds("checkpoint", "Time to write what changed")

    def gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A figure that is asked for when it is read."""
        Gauge(f"lamppost_{name}", text, registry=self.registry).set_function(value)

    def page(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)
