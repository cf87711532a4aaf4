"""Whom to call and where to report: `GET /v1/support`. Nothing in it is about anybody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from lamppost.protect.support import Support, support_for
from lamppost.service.faults import COMMON
from lamppost.service.guard import PUBLIC

_Country = Annotated[str | None, QueryParameter(pattern="^[A-Za-z]{2}$", description="ISO 3166")]
_Language = Annotated[str | None, QueryParameter(max_length=35, description="BCP 47")]


@get(
    "/v1/support", opt={"scope": PUBLIC}, responses=COMMON, sync_to_thread=False,
    summary="Whom to call, by country",
)  # fmt: skip
def support(country: _Country = None, language: _Language = None) -> Support:
    """Numbers and addresses of a country, each with its source, its date and whether it is old.

    What has no checked row is named in `missing`; no number is guessed.
    """
    return support_for(country, today=datetime.now(UTC).date(), language=language)
