"""Put a conversation oldest first when its source is newest first, in little memory.

Instagram, Messenger, Snapchat and TikTok write the newest message first. A `Shelf` takes the
records of one conversation or file in source order, keeps them compressed (about a tenth of
their size in the export), and gives them back oldest first. Nothing goes to disk, so that no
private text is left in a temporary file.

Order: if times mostly fall, the source is turned round, otherwise it is kept; records that are
still out of order are then put in order of time, equal times staying as they were.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, Generic, TypeVar

import msgspec

Row = TypeVar("Row")

_BLOCK: Final = 4096
"""Records compressed together."""


class Shelf(Generic[Row]):
    """Records of one conversation with their times; rows are msgspec structs of type `row`."""

    def __init__(self, row: type[Row]) -> None:
        """`row` is the struct type of the records."""
        self._times = array("q")
        self._blocks: list[bytes] = []
        self._open: list[Row] = []
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[list[Row]] = msgspec.msgpack.Decoder(
            list[row]  # type: ignore[valid-type]
        )

    def __len__(self) -> int:
        """How many records are held."""
        return len(self._times)

    def add(self, ms: int, row: Row) -> None:
        """Keep one record; `ms` is its time in milliseconds since 1970."""
        self._times.append(ms)
        self._open.append(row)
        if len(self._open) == _BLOCK:
            self._blocks.append(zlib.compress(self._encoder.encode(self._open), 1))
            self._open = []

    def __iter__(self) -> Iterator[Row]:
        """The records, oldest first."""
        rises = sum(left < right for left, right in pairwise(self._times))
        falls = sum(left > right for left, right in pairwise(self._times))
        turned = falls >= rises
        if not (rises if turned else falls):
            yield from self._backwards() if turned else self._forwards()
            return
        rows: list[Any] = list(self._backwards() if turned else self._forwards())
        times = list(reversed(self._times)) if turned else list(self._times)
        for index in sorted(range(len(rows)), key=times.__getitem__):
            yield rows[index]

    def _forwards(self) -> Iterator[Row]:
        for block in self._blocks:
            yield from self._decoder.decode(zlib.decompress(block))
        yield from self._open

    def _backwards(self) -> Iterator[Row]:
        yield from reversed(self._open)
        for block in reversed(self._blocks):
            yield from reversed(self._decoder.decode(zlib.decompress(block)))
