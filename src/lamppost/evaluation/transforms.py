"""Disguises: the same conversations, written or paced as people do who want not to be found.

Each is seeded and changes nothing but what it says. Text is disguised for everyone in the
conversation, which is harder than life. A transform that needs words of a language is skipped
for others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from lamppost.evaluation.corpora import Truth
from lamppost.evaluation.scenarios import START
from lamppost.events.vocabulary import Event, Message

SEED: Final = 20260301
_LEET: Final = str.maketrans("aeiost", "431057")
_GLYPHS: Final = str.maketrans("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ")
_STYLED: Final = {
    ord(letter): chr(base + index)
    for base, first in ((0x1D5D4, "A"), (0x1D5EE, "a"))
    for index, letter in enumerate(chr(ord(first) + step) for step in range(26))
}
_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_SLANG: Final = {
    "en": {
        "you": "u", "your": "ur", "are": "r", "please": "pls", "because": "cuz", "why": "y",
        "to": "2", "for": "4", "with": "w", "about": "abt", "tonight": "2nite", "before": "b4",
        "people": "ppl", "message": "msg", "going": "goin", "want": "wanna", "parents": "rents",
        "picture": "pic", "photo": "pic", "love": "luv", "okay": "k", "see": "c", "what": "wat",
        "really": "rly", "someone": "sum1", "don't": "dont", "that": "dat",
    },
}  # fmt: skip
_SWITCH: Final = {
    "and": "y", "but": "pero", "because": "porque", "with": "con", "now": "ahora", "yes": "sí",
    "very": "muy", "today": "hoy", "here": "aquí", "friend": "amigo", "thanks": "gracias",
    "y": "and", "pero": "but", "und": "and", "aber": "but", "et": "and", "mais": "but", "e": "and",
    "en": "and", "maar": "but", "porque": "because", "weil": "because", "parce": "because",
}  # fmt: skip
_FILLERS: Final = (
    "jaja vale", "na klar", "tu sais", "sabes", "oké dan", "voll gut", "c'est ça", "tranqui",
    "lol yeah", "kilig", "accha", "é isso",
)  # fmt: skip
_CHATTER: Final = (
    "the bus was late again", "did you see the match", "i had pasta for tea", "so bored lol",
    "my phone is at 3 percent", "it is raining here", "that song is stuck in my head",
    "brb", "haha", "nice one", "what did you get for question four", "the dog ate my sock",
)  # fmt: skip
_EMOJI: Final = "✨🌈🔥⭐🎮🍕🌊🐸"


class Disguise(msgspec.Struct, frozen=True):
    """A transform: its name, what it does, and how."""

    name: str
    what: str
    apply: Callable[[list[Message], random.Random], list[Message]]
    languages: tuple[str, ...] = ()


def disguised(
    disguise: Disguise,
) -> Callable[[Iterator[Event], Truth], tuple[Iterator[Event], Truth]]:
    """A transform for `replay`."""

    def transform(events: Iterator[Event], truth: Truth) -> tuple[Iterator[Event], Truth]:
        return _changed(list(events), disguise), truth

    return transform


def _changed(events: Sequence[Event], disguise: Disguise) -> Iterator[Event]:
    talks: dict[str, list[Message]] = {}
    for event in events:
        if isinstance(event, Message):
            talks.setdefault(event.conversation_id, []).append(event)
        else:
            yield event
    for name, messages in talks.items():
        yield from disguise.apply(messages, random.Random(f"{SEED} {disguise.name} {name}"))  # noqa: S311


def _words(
    change: Callable[[str, random.Random], str], chance: float, shortest: int = 4
) -> Callable[[list[Message], random.Random], list[Message]]:
    """Change words of at least `shortest` letters with a chance."""

    def apply(messages: list[Message], rng: random.Random) -> list[Message]:
        return [
            _with(
                message,
                " ".join(
                    change(word, rng) if len(word) >= shortest and rng.random() < chance else word
                    for word in message.text.split(" ")
                ),
            )
            for message in messages
        ]

    return apply


def _with(message: Message, text: str) -> Message:
    return msgspec.structs.replace(message, text=text)


def _stretch(word: str, rng: random.Random) -> str:
    places = [index for index, letter in enumerate(word) if letter.lower() in "aeiou"]
    if not places:
        return word
    at = rng.choice(places)
    return word[:at] + word[at] * rng.randint(3, 6) + word[at + 1 :]


def _typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def _insert(marks: str, chance: float) -> Callable[[str, random.Random], str]:
    def change(word: str, rng: random.Random) -> str:
        return (
            "".join(
                letter + (rng.choice(marks) if rng.random() < chance else "")
                for letter in word[:-1]
            )
            + word[-1:]
        )

    return change


def _emoji(messages: list[Message], rng: random.Random) -> list[Message]:
    return [
        _with(
            message,
            " ".join(
                f"{word} {rng.choice(_EMOJI)}" if rng.random() < 0.3 else word
                for word in message.text.split(" ")
            ),
        )
        for message in messages
    ]


def _split(messages: list[Message], rng: random.Random) -> list[Message]:
    out: list[Message] = []
    for message in messages:
        words = message.text.split(" ")
        if len(words) < 4:
            out.append(message)
            continue
        at = rng.randint(2, len(words) - 2)
        for number, part in enumerate((words[:at], words[at:])):
            out.append(
                msgspec.structs.replace(
                    message,
                    id=f"{message.id}.{number}",
                    text=" ".join(part),
                    sent_at=message.sent_at + timedelta(seconds=4 * number),
                    labels=message.labels if number else [],
                )
            )
    return out


def _edited(messages: list[Message], rng: random.Random) -> list[Message]:
    """Every second message is edited to something harmless, or deleted, a minute later."""
    out: list[Message] = []
    for message in messages:
        out.append(message)
        if rng.random() < 0.5:
            later = message.sent_at + timedelta(seconds=30)
            gone = rng.random() < 0.5
            out.append(
                msgspec.structs.replace(
                    message,
                    text="" if gone else "never mind",
                    edited_at=None if gone else later,
                    deleted_at=later if gone else None,
                )
            )
    return out


def _switching(messages: list[Message], rng: random.Random) -> list[Message]:
    out = []
    for message in messages:
        words = [_SWITCH.get(word.lower(), word) for word in message.text.split(" ")]
        if rng.random() < 0.5:
            words.insert(rng.choice((0, len(words))), rng.choice(_FILLERS))
        out.append(_with(message, " ".join(words)))
    return out


def _slang(messages: list[Message], rng: random.Random) -> list[Message]:
    table = _SLANG["en"]
    return [
        _with(message, " ".join(table.get(word.lower(), word) for word in message.text.split(" ")))
        for message in messages
    ]


def _slow(messages: list[Message], rng: random.Random) -> list[Message]:
    """The same messages evenly over eight weeks."""
    gap = timedelta(weeks=8) / max(1, len(messages))
    return [
        msgspec.structs.replace(message, sent_at=START + gap * number)
        for number, message in enumerate(messages)
    ]


def _flood(messages: list[Message], rng: random.Random) -> list[Message]:
    """Three lines of chatter before every message, by whoever writes it."""
    out: list[Message] = []
    for message in messages:
        out.extend(
            msgspec.structs.replace(
                message,
                id=f"{message.id}~{number}",
                text=rng.choice(_CHATTER),
                labels=[],
                sent_at=message.sent_at - timedelta(seconds=30 - 8 * number),
            )
            for number in range(3)
        )
        out.append(message)
    return out


DISGUISES: Final = (
    Disguise("leetspeak", "half of the longer words with digits for letters",
             _words(lambda word, rng: word.translate(_LEET), 0.5)),
    Disguise("homoglyphs", "letters of half the words from other scripts that look the same",
             _words(lambda word, rng: word.translate(_GLYPHS), 0.5, 2)),
    Disguise("styled letters", "half of the words in mathematical or full-width letters",
             _words(lambda word, rng: word.translate(rng.choice((_STYLED, _WIDE))), 0.5, 2)),
    Disguise("spaced letters", "a third of the longer words with spaces between letters",
             _words(lambda word, rng: " ".join(word), 0.33)),
    Disguise("dotted letters", "a third of the longer words with dots between letters",
             _words(lambda word, rng: ".".join(word), 0.33)),
    Disguise("stretched letters", "a vowel of half the words three to six times",
             _words(_stretch, 0.5, 2)),
    Disguise("zero-width characters", "invisible characters inside half of the words",
             _words(_insert("\u200b\u200c\u200d\u2060", 0.5), 0.5, 2)),
    Disguise("emoji", "an emoji after a third of the words", _emoji),
    Disguise("typos", "a letter swapped, lost or doubled in a sixth of the longer words",
             _words(_typo, 0.17)),
    Disguise("slang", "common short forms", _slang, ("en",)),
    Disguise("code-switching", "small words and fillers of other languages", _switching),
    Disguise("split messages", "every longer message sent in two parts", _split),
    Disguise("edits and deletions", "every second message edited or deleted afterwards", _edited),
    Disguise("slow pacing", "the conversation spread evenly over eight weeks", _slow),
    Disguise("flooding", "three lines of chatter before every message", _flood),
)  # fmt: skip
"""Every disguise, in the order of the table."""
