"""The phrase language: how people write what a detector looks for.

A pattern is words separated by spaces. Between two words anything that is neither letter nor
newline may stand. Beyond plain words:

    *        up to 3 words in between           *5       up to 5 words in between
    (a|b c)  one of these                       (a|b)?   optional
    {slot}   one word or phrase of a named slot word~    the word with any ending
    words?   the last letter is optional        #        a number
    1[0-7]   one of these letters or digits
    ?        on its own: later a question mark  ^ $      start, end of the message

Patterns are matched on normalised text: lower case, no accents, no apostrophes (`dont`).
`ä ö ü ß` in a pattern stand for both ways of typing them: `für` finds für, fur and fuer.
They compile to regular expressions that Hyperscan, RE2 and Python's `re` read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from lamppost.core.errors import PackError
from lamppost.signals.card import Strength

GAP: Final = r"[^a-z0-9\x80\n]"
WORD: Final = r"[a-z0-9\x80]+"
_TOKEN = re.compile(r"\{[a-z_]+\}\??|\*\d*|\^|\$|\?|\(|\)\??|\||[^\s(){}|*^$?]+[?~]?")
_MARKS: Final = {
    "^": r"(?:^|\n)[^a-z0-9\x80\n]{0,4}",
    "$": r"[^a-z0-9\x80\n]{0,6}(?:$|\n)",
    "?": r"[^\n]{0,60}\?",
}
MAX_ATOM: Final = 300
"""Longest atom, in characters; longer ones cost more to find than they save."""
_CLASS = re.compile(r"(\[[a-z0-9-]+\])")
_TYPED: Final = str.maketrans({"ä": "ae?", "ö": "oe?", "ü": "ue?", "ß": "ss?"})
_EMOJI_BYTE = re.compile(r"<([a-z]+)>")


class Phrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ways of saying one thing: patterns, how telling they are, and what cancels them.

    `unless` are patterns that, found in the same message, cancel this phrase.
    """

    id: Annotated[str, Meta(pattern="^[a-z0-9-]+$")]
    strength: Strength
    patterns: Annotated[list[str], Meta(min_length=1)]
    unless: list[str] = []
    because: str | None = None


class PhraseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A language's phrases of one detector (`en.toml`)."""

    phrase: list[Phrase]


class SlotFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Named word classes of one language (`slots/en.toml`)."""

    slots: dict[str, list[str]]


def load_phrases(path: Path) -> list[Phrase]:
    """Phrases of one file; raises `PackError` naming file and place."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=PhraseFile).phrase
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=f"{path.parent.name}/{path.name}") from error


def load_slots(path: Path) -> dict[str, list[str]]:
    """Slots of one language; raises `PackError`."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=SlotFile).slots
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=path.name) from error


@dataclass(frozen=True, slots=True)
class Compiled:
    """A pattern as one regular expression, and the pieces that every match must hold.

    `atoms` are short expressions without gaps. A message without all of them cannot match, so
    an engine finds the atoms first and tries the whole expression only where all are there.
    """

    expression: str
    atoms: tuple[str, ...]


_COMMON: Final = (
    "the be to of and a in that have i it for not on with he as you do at this but his by from "
    "they we say her she or an will my one all would there their what so up out if about who get "
    "which go me when make can like time no just him know take people into year your good some "
    "could them see other than then now look only come its over think also back after use two "
    "how our work first well way even new want because any these give day most us is was are "
    "been has had were did said im dont u ur lol yeah ok okay haha really thats gonna got too "
    "very much more love need here right did does doing going why oh hi hey hello yes please "
    "thing things something never always still today tonight maybe sure anything last "
    "de la que el en y los se del las un por con no una su para es al lo como mas o pero sus le "
    "ya si porque muy sin sobre me hay yo te tu mi bien que e do da em um os dos mas ao ele nao "
    "tem voce pra ta le les des et est pas je tu il elle nous vous on ne que qui dans ce pour sur "
    "avec tout moi toi der die und das ist ich nicht du ein es mit den von zu wie was auf so er "
    "sie aber ja dich mir mich het een van ik je niet dat hij maar ook op te zijn er voor aan wat "
    "ang ng sa na mga ko mo ako ka hai ka ki ke nahi kya main tum se ko ho"
).split()
_COMMONEST: Final = frozenset(
    "the be to of and a in that have i it for not on with he as you do at this but we they my all "
    "there what so if about get me can like just know is was are im dont u no your or from".split()
)
_KEPT_ATOMS: Final = 2
_TELLING: Final = 2


def _prepared(atom: str) -> str:
    """An atom as engines look for it in a message padded with spaces: never fewer matches.

    Word borders become gap characters, which engines find faster, where every alternative of
    the atom begins or ends at one.
    """
    bare = atom.replace(r"\b", "")
    if r"\x" in bare.replace(r"\x80", ""):
        return bare
    open_end = re.search(r"(?:\]\*|\)\?)(?=[|)]|$)", atom)
    return rf"[^a-z0-9\x80]{bare}" if open_end else rf"[^a-z0-9\x80]{bare}[^a-z0-9\x80]"


def _alternatives(atom: str) -> list[str]:
    """The alternatives of an atom that is one group, each on its own; else the atom itself."""
    if not atom.startswith("(?:"):
        return [atom]
    parts: list[str] = []
    depth = 0
    begin = 3
    for place, char in enumerate(atom):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0 and place < len(atom) - 1:
                return [atom]
        elif char == "|" and depth == 1:
            parts.append(atom[begin:place])
            begin = place + 1
    parts.append(atom[begin:-1])
    return [piece for part in parts for piece in _alternatives(part)]


def telling_atoms(patterns: Sequence[Compiled]) -> list[list[str]]:
    """Of each pattern the atoms to look for: those that none of the commonest words match, else
    the two that the fewest match."""
    padded = [
        (f" {word} ".encode("latin-1"), 10 if word in _COMMONEST else 1)
        for word in dict.fromkeys(_COMMON)
    ]
    common: dict[str, int] = {}

    def score(atom: str) -> int:
        if atom not in common:
            search = re.compile(_prepared(atom).encode("latin-1")).search
            common[atom] = sum(weight for word, weight in padded if search(word))
        return common[atom]

    chosen: list[list[str]] = []
    for item in patterns:
        ranked = sorted(item.atoms, key=lambda atom: (score(atom), -len(atom)))
        telling = [atom for atom in ranked if score(atom) <= _TELLING][:_KEPT_ATOMS]
        chosen.append(telling or ranked[:2])
    return chosen


class AtomIndex:
    """Which patterns are possible where given atoms stand.

    Of each pattern only its `telling_atoms` are looked for; `chosen` are these if they are known
    already. A pattern is looked up by the atom that fewest patterns share. `expressions` are pairs
    (expression, atom) for a message padded with a space at each end; the alternatives of an atom
    are expressions of their own, because engines find many short ones faster than few large ones.
    """

    def __init__(
        self, patterns: Sequence[Compiled], chosen: Sequence[Sequence[str]] | None = None
    ) -> None:
        chosen = telling_atoms(patterns) if chosen is None else chosen
        atoms = list(dict.fromkeys(atom for item in chosen for atom in item))
        number = {atom: index for index, atom in enumerate(atoms)}
        self.expressions = [
            (_prepared(piece), index)
            for index, atom in enumerate(atoms)
            for piece in dict.fromkeys(_alternatives(atom))
        ]
        needs = [frozenset(number[atom] for atom in item) for item in chosen]
        shared = [0] * len(atoms)
        for need in needs:
            for atom in need:
                shared[atom] += 1
        self._by_atom: list[list[tuple[int, frozenset[int]]]] = [[] for _ in atoms]
        for index, need in enumerate(needs):
            rarest = min(need, key=lambda atom: (shared[atom], atom))
            self._by_atom[rarest].append((index, need))

    def possible(self, atoms: Sequence[int]) -> list[int]:
        """Patterns, sorted, all of whose chosen atoms are among `atoms`."""
        held = set(atoms)
        found: list[int] = []
        for atom in held:
            for pattern, need in self._by_atom[atom]:
                if need <= held:
                    found.append(pattern)
        found.sort()
        return found


def compile_pattern(pattern: str, slots: Mapping[str, list[str]], *, where: str = "") -> Compiled:
    """Turn one pattern into regular expressions over normalised bytes (as latin-1 text).

    Raises `PackError` for an unknown slot, unbalanced brackets, or a pattern that holds no word
    that every match must have.
    """
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != re.sub(r"\s+", "", pattern):
        raise PackError(f"pattern {pattern!r} has a mark out of place", where=where)
    parts, rest = _sequence(tokens, slots, where, pattern)
    if rest:
        raise PackError(f"pattern {pattern!r} has a bracket too many", where=where)
    if not parts.atoms:
        raise PackError(f"pattern {pattern!r} may match nothing", where=where)
    return Compiled(parts.expression, tuple(dict.fromkeys(parts.atoms)))


@dataclass(slots=True)
class _Parts:
    expression: str = ""
    atoms: list[str] = field(default_factory=list)


def _sequence(
    tokens: list[str], slots: Mapping[str, list[str]], where: str, pattern: str
) -> tuple[_Parts, list[str]]:
    parts = _Parts()
    joint = ""  # what must stand between the last piece and the next
    started = False
    glued = False  # whether the last atom may grow by a directly adjacent one
    while tokens and tokens[0] not in (")", ")?", "|"):
        token, tokens = tokens[0], tokens[1:]
        if token in _MARKS:
            parts.expression += _MARKS[token]
            glued = False
            continue
        if token[0] == "*":
            count = int(token[1:] or 3)
            joint = rf"{GAP}{{1,4}}(?:{WORD}{GAP}{{1,4}}){{0,{count}}}"
            glued = False
            continue
        optional = token[0] == "{" and token.endswith("?")
        if token == "(":
            alternatives = []
            while True:
                piece, tokens = _sequence(tokens, slots, where, pattern)
                alternatives.append(piece.expression)
                if not tokens:
                    raise PackError(f"pattern {pattern!r} lacks a closing bracket", where=where)
                mark, tokens = tokens[0], tokens[1:]
                if mark != "|":
                    break
            optional = mark == ")?"
            atom = f"(?:{'|'.join(alternatives)})"
        elif token[0] == "{":
            name = token.strip("{}?")
            if name not in slots:
                raise PackError(f"slot {{{name}}} is not known", where=where)
            words = (compile_pattern(word, slots, where=where).expression for word in slots[name])
            atom = f"(?:{'|'.join(words)})"
        else:
            atom = _word(token)
        between = joint or (f"{GAP}{{1,4}}" if started else "")
        joint = ""
        if optional:
            glued = False
            if started:
                parts.expression += f"(?:{between}{atom})?"
            else:
                parts.expression += f"(?:{atom}{GAP}{{1,4}})?"
            continue
        parts.expression += between + atom
        if glued and len(parts.atoms[-1]) + len(atom) < MAX_ATOM:
            parts.atoms[-1] += between + atom
        else:
            parts.atoms.append(atom)
        glued = True
        started = True
    return parts, tokens


def _word(token: str) -> str:
    if token == "#":
        return r"\b[0-9]{1,4}\b"
    emoji = _EMOJI_BYTE.fullmatch(token)
    if emoji:
        from lamppost.signals.normalise import EMOJI

        return rf"\x{EMOJI[emoji[1]]:02x}"
    body = token.rstrip("~?")
    word = "".join(part if part.startswith("[") else re.escape(part) for part in _CLASS.split(body))
    word = word.translate(_TYPED)
    if token.endswith("~"):
        return rf"\b{word}[a-z0-9\x80]*"
    if token.endswith("?"):
        return rf"\b{word}?\b"
    return rf"\b{word}\b"
