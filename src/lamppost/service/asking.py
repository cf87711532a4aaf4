"""What many routes ask for: names, levels, pages of a list."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from litestar.exceptions import NotFoundException
from litestar.params import PathParameter, QueryParameter

from lamppost.service.views import MOST

_T = TypeVar("_T")
Word = Annotated[Literal["none", "watch", "concern", "high", "urgent"], QueryParameter()]
"""A level."""
Id = Annotated[str, PathParameter()]
Name = Annotated[str | None, QueryParameter(min_length=1, max_length=256)]
After = Annotated[
    str | None, QueryParameter(max_length=256, description="`next` of the page before")
]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="Most items of the page")]


def there(found: _T | None) -> _T:
    """What was found. Raises `NotFoundException`, which is a 404."""
    if found is None:
        raise NotFoundException
    return found
