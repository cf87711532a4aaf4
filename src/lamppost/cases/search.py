"""Words that a search compares: lower case, without accents, letters and digits of any script.

What is searched: ids of accounts, cases, notes, reasons of decisions and words of appeals, as
people wrote them. The words of messages are sealed in the vault and are never searched.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST: Final = 12
"""Most words of one search."""
_WORD: Final = re.compile(r"[^\W_]+")
KINDS: Final = ("person", "case", "note", "decision", "appeal")


def words_of(text: str) -> list[str]:
    """Words of a text, in order."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return _WORD.findall(bare)


def folded(text: str) -> str:
    """A text as it is put into the index."""
    return " ".join(words_of(text))


def asked(text: str) -> list[str]:
    """Words that somebody searches for, each once."""
    return list(dict.fromkeys(words_of(text)))[:MOST]
