"""`GET /v1/support`: no key is needed, and what is missing is named."""

from __future__ import annotations

from litestar.testing import TestClient

from lamppost.service.app import make_app
from lamppost.service.runtime import Service


def test_anybody_may_ask_whom_to_call(service: Service) -> None:
    client = TestClient(make_app(service, max_body=1 << 20))
    found = client.get("/v1/support", params={"country": "pt"}).json()
    assert found["country"] == "PT"
    assert "112" in [row["value"] for row in found["rows"] if row["purpose"] == "emergency"]
    assert all(row["source"] and row["stale_after"] for row in found["rows"])
    assert "exploitation_report" in found["missing"]


def test_what_is_no_country_is_refused(service: Service) -> None:
    client = TestClient(make_app(service, max_body=1 << 20))
    assert client.get("/v1/support", params={"country": "XX"}).status_code == 400
    assert client.get("/v1/support", params={"country": "Portugal"}).status_code == 400
