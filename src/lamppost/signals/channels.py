"""The channels by which something is seen in a message. Each can be switched off to measure it."""

from __future__ import annotations

from typing import Final, Literal, get_args

Channel = Literal["phrases", "meaning", "word_list", "labels"]
"""`phrases`: patterns of a card; `meaning`: likeness to exemplars; `word_list`: a vocabulary that
a package brings; `labels`: what the platform's own classifier said."""
CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
KINDS: Final = ("child_signal", "protective")
"""Kinds of card that can be switched off like a channel."""
READINGS: Final = ("deep", "disguise", "split")
"""Ways of reading that can be switched off: the slow encoder of the second channel, undoing
disguise, joining lines of one sender."""
