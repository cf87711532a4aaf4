"""The second channel: what a message means, by likeness to exemplars of a tactic.

Phrases miss paraphrase. The lines of `fires.en.txt` beside each tactic's card are its exemplars;
a message counts by how alike it is to the two nearest of them, unless it is more alike to what
children say themselves, or to ordinary and protecting lines (`ordinary.txt`). What a likeness is
worth was measured: thresholds stand at fixed ordinary rates, and the bits follow from the upper
end of that rate and from how many exemplars are found by the others (`likeness.toml`, written by
`lamppost calibrate`).

A cascade keeps it affordable. Only conversations in which something else was already seen are
looked at; a static encoder (English) lets the likeliest few of their messages through, in other
languages a share of all; a multilingual encoder takes the deeper look. Where no deeper encoder is
allowed or installed, the static one decides alone, at its own measured rates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from lamppost.core.errors import PackError
from lamppost.signals.library import TACTICS, Library
from lamppost.signals.seen import Seen

MEASURED: Final = Path(__file__).parent / "likeness.toml"
ORDINARY: Final = Path(__file__).parent / "ordinary.txt"
WORDS: Final = (3, 40)
"""Fewest and most words of a message that is looked at."""
NEAREST: Final = 2
"""A message counts by its mean likeness to so many nearest exemplars."""
BORROWED: Final = 0.04
"""Thresholds were measured on English; other languages must be so much more alike."""
DEEP_LANGUAGES: Final = frozenset({"en", "es", "pt", "fr", "de", "nl"})
"""Languages, of ours, that the deeper encoder was made for."""


def _one_thread() -> AbstractContextManager[object]:
    """Small products are faster on one thread than on many that wait for each other."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


class Encoder(Protocol):
    """Turns texts into vectors of length 1; alike texts lie close. Shape (texts, dimensions)."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of `texts`, in order."""
        ...

    def encode_kept(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same, of texts that are asked for again and again: they may be kept on disk."""
        ...


class Bin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `likeness` on a message weighs `bits`.

    `ordinary` of `messages` ordinary messages were as alike; `found` is the share of the tactic's
    own exemplars that the others find at this likeness.
    """

    likeness: float
    bits: float
    ordinary: int
    found: float


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was measured of both encoders; see the module. `gate` lets a message through."""

    source: str
    date: str
    messages: int
    gate: float
    deep: dict[str, list[Bin]]
    static: dict[str, list[Bin]]


def load_measured(path: Path = MEASURED) -> Measured | None:
    """The measured likenesses; `None` when there is no file. Raises `PackError`."""
    if not path.exists():
        return None
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Measured)
    except msgspec.DecodeError as error:
        raise PackError(str(error), where=path.name) from error


def exemplars(root: Path = TACTICS) -> list[tuple[str, str]]:
    """(tactic, line) of every exemplar, in the order of folders and lines.

    English ones only: the deeper encoder finds them in its other languages, and lines that
    translate each other would vouch for one another when they are measured.
    """
    return [
        (path.parent.name, line.strip())
        for path in sorted(root.glob("*/fires.en.txt"))
        for line in path.read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]


def ordinary(path: Path = ORDINARY) -> list[tuple[str, str]]:
    """Ordinary and protecting lines that sound like a tactic, in the shape of `exemplars`."""
    lines = path.read_text("utf-8").splitlines()
    return [("ordinary", line) for line in lines if line and not line.startswith("#")]


def likeness(
    vectors: NDArray[np.float32], anchors: NDArray[np.float32], nearest: int = NEAREST
) -> NDArray[np.float32]:
    """Mean cosine of each vector to its `nearest` anchors; shape (vectors,)."""
    cosines = vectors @ anchors.T
    count = min(nearest, anchors.shape[0])
    return np.asarray(np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1), np.float32)


class _Look:
    """One encoder with its measured table and its lines as vectors, made on first use."""

    def __init__(
        self,
        depth: str,
        encoder: Encoder,
        table: dict[str, list[Bin]],
        lines: Sequence[tuple[str, str]],
        contrast: Sequence[tuple[str, str]],
    ) -> None:
        self.depth = depth
        self.encoder = encoder
        self.table = table
        self._lines = lines
        self._contrast = contrast

    @cached_property
    def every(self) -> NDArray[np.float32]:
        """Exemplars of all tactics."""
        return self.encoder.encode_kept([line for _, line in self._lines])

    @cached_property
    def tactics(self) -> dict[str, NDArray[np.float32]]:
        """Exemplars of each tactic that was measured."""
        names = np.array([tactic for tactic, _ in self._lines])
        return {name: self.every[names == name] for name in self.table if (names == name).any()}

    @cached_property
    def contrast(self) -> NDArray[np.float32]:
        """What children say, what protects, what is ordinary: more alike to that is no tactic."""
        return self.encoder.encode_kept([line for _, line in self._contrast])

    def best(
        self, vectors: NDArray[np.float32], margin: NDArray[np.float32]
    ) -> dict[int, tuple[float, str]]:
        """Bits and reason key of the tactic that weighs most, by row of `vectors`.

        A row must be alike by `margin` more than was measured.
        """
        best: dict[int, tuple[float, str]] = {}
        plain = likeness(vectors, self.contrast)
        for tactic, anchors in self.tactics.items():
            alike = likeness(vectors, anchors)
            for number, item in enumerate(self.table[tactic]):
                key = meaning_key(tactic, self.depth, number)
                for place in np.flatnonzero((alike - margin >= item.likeness) & (alike > plain)):
                    row = int(place)
                    best[row] = max(best.get(row, (0.0, "")), (item.bits, key))
        return best


class Likeness:
    """The channel; see the module. Implements `lamppost.signals.ports.Meaning`.

    `static` and `deep` are encoders, either may be missing.
    """

    def __init__(
        self,
        library: Library,
        measured: Measured,
        *,
        static: Encoder | None,
        deep: Encoder | None,
    ) -> None:
        self._gate = measured.gate
        self._reasons = {
            reason.key: index
            for index, reason in enumerate(library.reasons)
            if reason.channel == "meaning"
        }
        kinds = {card.id: card.kind for card in library.cards.values()}
        lines = [item for item in exemplars() if item[0] in kinds]
        tactics = [item for item in lines if kinds[item[0]] == "tactic"]
        contrast = [item for item in lines if kinds[item[0]] != "tactic"] + ordinary()
        self._static = static and _Look("static", static, measured.static, tactics, contrast)
        self._deep = deep and _Look("deep", deep, measured.deep, tactics, contrast)

    def read(self, texts: Sequence[str], languages: Sequence[Collection[str]] | None) -> list[Seen]:
        """Reasons of channel `meaning`: of each text the tactic that weighs most, if any."""
        english: list[int] = []
        foreign: list[int] = []
        for index, text in enumerate(texts):
            if not WORDS[0] <= text.count(" ") + 1 <= WORDS[1]:
                continue
            tongues = languages[index] if languages is not None else ("en",)
            if set(tongues) <= {"en"}:
                english.append(index)
            elif DEEP_LANGUAGES & set(tongues):
                foreign.append(index)
        seen: list[Seen] = []
        with _one_thread():
            if english and self._static:
                vectors = self._static.encoder.encode([texts[index] for index in english])
                if self._deep is None:
                    seen += self._judged(self._static, english, vectors, ())
                else:
                    passed = likeness(vectors, self._static.every, 1) >= self._gate
                    english = [index for index, ok in zip(english, passed, strict=True) if ok]
            if self._deep and (chosen := sorted(english + foreign)):
                vectors = self._deep.encoder.encode([texts[index] for index in chosen])
                seen += self._judged(self._deep, chosen, vectors, frozenset(foreign))
        return sorted(seen, key=lambda hit: hit.message)

    def _judged(
        self,
        look: _Look,
        indices: Sequence[int],
        vectors: NDArray[np.float32],
        foreign: Collection[int],
    ) -> list[Seen]:
        margin = np.array([BORROWED if index in foreign else 0.0 for index in indices], np.float32)
        return [
            Seen(indices[row], self._reasons[key])
            for row, (_, key) in look.best(vectors, margin).items()
        ]


def meaning_key(tactic: str, depth: str, number: int) -> str:
    """Key of the reason for a bin, such as `secrecy/meaning-deep-0`."""
    return f"{tactic}/meaning-{depth}-{number}"
