"""The phrase language: how people write what a detector looks for.

A pattern is words separated by spaces. Between two words anything that is neither letter nor
newline may stand. Beyond plain words:

    *        up to 3 words in between           *5       up to 5 words in between
    (a|b c)  one of these                       (a|b)?   optional
    {slot}   one word or phrase of a named slot word~    the word with any ending
    ?        somewhere later a question mark    ^ $      start, end of the message

Patterns are matched on normalised text: lower case, no accents, no apostrophes (`dont`).
They compile to regular expressions that Hyperscan, RE2 and Python's `re` read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from lamppost.core.errors import PackError
from lamppost.signals.card import Strength

GAP: Final = r"[^a-z0-9\x80\n]"
WORD: Final = r"[a-z0-9\x80]+"
_TOKEN = re.compile(r"\{[a-z_]+\}\??|\*\d*|\^|\$|\?|\(|\)\??|\||[^\s(){}|*^$?]+\??")
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


def compile_pattern(pattern: str, slots: Mapping[str, list[str]], *, where: str = "") -> str:
    """Turn one pattern into a regular expression over normalised bytes (as latin-1 text).

    Raises `PackError` for an unknown slot, unbalanced brackets, or an empty pattern.
    """
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != re.sub(r"\s+", "", pattern):
        raise PackError(f"pattern {pattern!r} has a mark out of place", where=where)
    body, rest = _sequence(tokens, slots, where, pattern)
    if rest:
        raise PackError(f"pattern {pattern!r} has a bracket too many", where=where)
    return body


def _sequence(
    tokens: list[str], slots: Mapping[str, list[str]], where: str, pattern: str
) -> tuple[str, list[str]]:
    out = ""
    joint = ""  # what must stand between the last piece and the next
    started = False
    while tokens and tokens[0] not in (")", ")?", "|"):
        token, tokens = tokens[0], tokens[1:]
        if token == "^":
            out += r"(?:^|\n)[^a-z0-9\x80\n]{0,4}"
            continue
        if token == "$":
            out += r"[^a-z0-9\x80\n]{0,6}(?:$|\n)"
            continue
        if token == "?":
            out += r"[^\n]{0,60}\?"
            continue
        if token[0] == "*":
            count = int(token[1:] or 3)
            joint = rf"{GAP}{{1,4}}(?:{WORD}{GAP}{{1,4}}){{0,{count}}}"
            continue
        optional = token.endswith("?")
        if token == "(":
            alternatives = []
            while True:
                piece, tokens = _sequence(tokens, slots, where, pattern)
                alternatives.append(piece)
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
            words = (compile_pattern(word, slots, where=where) for word in slots[name])
            atom = f"(?:{'|'.join(words)})"
        else:
            atom = _word(token.rstrip("?"))
        between = joint or (f"{GAP}{{1,4}}" if started else "")
        joint = ""
        if not optional:
            out += between + atom
        elif started:
            out += f"(?:{between}{atom})?"
        else:
            out += f"(?:{atom}{GAP}{{1,4}})?"
            continue
        started = True
    return out, tokens


def _word(token: str) -> str:
    emoji = _EMOJI_BYTE.fullmatch(token)
    if emoji:
        from lamppost.signals.normalise import EMOJI

        return rf"\x{EMOJI[emoji[1]]:02x}"
    if token.endswith("~"):
        return rf"\b{re.escape(token[:-1])}[a-z0-9\x80]*"
    return rf"\b{re.escape(token)}\b"
