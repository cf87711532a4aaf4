"""What reading a batch of messages gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """A reason seen in a message: index of the message in the batch, index of the reason."""

    message: int
    reason: int
