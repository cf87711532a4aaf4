"""Replace what the rules find, the same thing always by the same label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from lamppost.reports.redaction import rules
from lamppost.reports.redaction.fold import fold

_ORDER: Final = (
    "email",
    "link",
    "file",
    "address",
    "phone",
    "number",
    "handle",
    "date",
    "participant",
    "place",
    "name",
)
"""Which kind wins when two overlap."""
_PLAIN: Final = frozenset(
    "the and for you mum mom dad sis bro new old big phone home work mobile group chat user "
    "unknown deleted account admin bot team class school game club".split()
)
"""Parts of a display name that are words of their own."""
_LABEL: Final = re.compile(r"Person [A-Z]{1,3}\b|\[[a-z]+(?: \d+)?\]")


@dataclass(frozen=True, slots=True)
class Replacement:
    """Original span, new span, kind."""

    start: int
    end: int
    new_start: int
    new_end: int
    kind: str


def letters(number: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    out = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(65 + rest) + out
    return out


class Redactor:
    """Redacts one report; keeps its labels for as long as it lives. See `build.Veil`."""

    redacts = True

    def __init__(self, names: Mapping[str, str], *, country: str | None = None) -> None:
        """`names` are the display names of the participants by id, in order of appearance."""
        self._country = country
        self._people = {who: f"Person {letters(index)}" for index, who in enumerate(names)}
        self._labels: dict[tuple[str, str], str] = {}
        self.counts: Counter[str] = Counter()
        forms: dict[str, str] = {}
        parts: dict[str, set[str]] = {}
        for who, name in names.items():
            label = self._people[who]
            for whole in (who, name):
                key = _key(whole)
                if len(key) >= 2:
                    forms.setdefault(key, label)
            for part in re.split(r"[\W_\d]+", fold(name).text):
                if len(part) >= 2 and part.casefold() not in _PLAIN:
                    parts.setdefault(_key(part), set()).add(label)
        for part, labels in parts.items():
            if part and part not in forms:
                forms[part] = labels.pop() if len(labels) == 1 else "[name]"
        self._forms = forms
        self._pattern = _pattern(forms)

    def person(self, identifier: str, name: str) -> tuple[str, str]:
        """Label for id and name; somebody new gets the next letter."""
        if identifier not in self._people:
            self._people[identifier] = f"Person {letters(len(self._people))}"
        label = self._people[identifier]
        return label, label

    def ident(self, kind: str, value: str) -> str:
        """`[conversation 1]`, `[message 12]`."""
        return self._label(kind, value)

    def _label(self, kind: str, value: str) -> str:
        found = self._labels.get((kind, value))
        if found is None:
            self.counts[kind] += 1
            found = self._labels[(kind, value)] = f"[{kind} {self.counts[kind]}]"
        return found

    def text(self, text: str) -> tuple[str, Callable[[int, int], tuple[int, int]]]:
        """Redacted text, and where a span of the original stands in it."""
        out, moves = self.redact(text)

        def moved(start: int, end: int) -> tuple[int, int]:
            return _moved(moves, start, last=False), _moved(moves, end, last=True)

        return out, moved

    def redact(self, text: str) -> tuple[str, list[Replacement]]:
        """Redacted text and what was replaced."""
        folded = fold(text)
        spans = [
            *self._participants(folded.text),
            *rules.contacts(folded.text, self._country),
            *rules.places(folded.text),
            *rules.names(folded.text),
        ]
        out: list[str] = []
        moves: list[Replacement] = []
        done = size = 0
        for start, end, kind in _chosen(spans):
            first, last = folded.span(start, end)
            value = folded.text[start:end]
            label = self._person_in(value) if kind == "participant" else ""
            label = label or self._label(kind, _same(kind, value))
            piece = text[done:first]
            out += [piece, label]
            size += len(piece)
            moves.append(Replacement(first, last, size, size + len(label), kind))
            size += len(label)
            done = last
        out.append(text[done:])
        return "".join(out), moves

    def leaks(self, texts: Iterable[str]) -> int:
        """How many of `texts` still hold the name or id of a participant."""
        if self._pattern is None:
            return 0
        found = 0
        for text in texts:
            bare = _LABEL.sub(" ", fold(text).text)
            found += any(len(match[0]) > 2 for match in self._pattern.finditer(bare))
        return found

    def _person_in(self, value: str) -> str:
        """Label of the participant whose name stands in `value`, which may be longer."""
        found = self._pattern.search(value) if self._pattern is not None else None
        return self._forms.get(_key(found[0]), "") if found else ""

    def _participants(self, text: str) -> list[rules.Span]:
        if self._pattern is None:
            return []
        return [(*match.span(), "participant") for match in self._pattern.finditer(text)]


def _key(name: str) -> str:
    """What names are compared by: plain letters, no case, runs of a letter once."""
    plain = re.sub(r"\s+", " ", fold(name).text).strip().casefold()
    return re.sub(r"([a-z])\1+", r"\1", plain)


def _pattern(forms: Mapping[str, str]) -> re.Pattern[str] | None:
    """Every form in any case, with letters drawn out as teenagers do (`miaaa`)."""
    if not forms:
        return None
    alternatives = []
    for form in sorted(forms, key=len, reverse=True):
        body = "".join(
            f"{char}+"
            if char.isascii() and char.isalpha()
            else r"\s+"
            if char == " "
            else re.escape(char)
            for char in form
        )
        alternatives.append(body)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(alternatives)})(?![^\W_])", re.I)


def _same(kind: str, value: str) -> str:
    """Two spellings of one thing get one label."""
    value = value.casefold().strip()
    if kind in ("phone", "number"):
        return re.sub(r"[^\da-z]", "", value)
    if kind == "handle":
        return value.lstrip("@")
    if kind == "link":
        return re.sub(r"^h..ps?://(?:www\.)?|^www\.|/$", "", value)
    return re.sub(r"\s+", " ", value)


def _chosen(spans: list[rules.Span]) -> list[rules.Span]:
    """Spans joined where they overlap; the strongest kind names the whole."""
    out: list[rules.Span] = []
    for start, end, kind in sorted(set(spans)):
        if out and start < out[-1][1]:
            first, last, held = out[-1]
            strong = min(held, kind, key=_ORDER.index)
            out[-1] = (first, max(last, end), strong)
        else:
            out.append((start, end, kind))
    return out


def _moved(moves: list[Replacement], place: int, *, last: bool) -> int:
    """Where an index of the original stands now; within a replacement, at its edge."""
    shift = 0
    for move in moves:
        if place >= move.end:
            shift = move.new_end - move.end
        elif place > move.start or (place == move.start and not last):
            return move.new_end if last else move.new_start
        else:
            break
    return place + shift
