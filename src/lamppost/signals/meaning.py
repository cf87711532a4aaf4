"""The second channel: what a message means, by likeness to exemplars of a tactic.

Phrases miss paraphrase. The lines of `fires.<language>.txt` beside each tactic's card are its
exemplars; a message counts by how alike it is to the two nearest of them, unless it is more alike
to what children say themselves, or to ordinary and protecting lines (`ordinary.txt`). What a
likeness is worth was measured: thresholds stand at fixed ordinary rates, and the bits follow from
the upper end of that rate and from how many exemplars are found by the others (`likeness.toml`,
written by `lamppost.evaluation.likeness`).

A cascade keeps it affordable. Only conversations in which something else was already seen are
looked at; a static encoder (English) lets the likeliest few of their messages through, in other
languages a share of all; a multilingual encoder takes the deeper look. Where no deeper encoder is
allowed or installed, the static one decides alone, at its own measured rates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
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


def exemplars(root: Path = TACTICS) -> list[tuple[str, str, str]]:
    """(tactic, language, line) of every exemplar, in the order of folders, languages and lines."""
    found: list[tuple[str, str, str]] = []
    for path in sorted(root.glob("*/fires.*.txt")):
        language = path.name.split(".")[1]
        found += [
            (path.parent.name, language, line.strip())
            for line in path.read_text("utf-8").splitlines()
            if line.strip() and not line.startswith("#")
        ]
    return found


def ordinary(path: Path = ORDINARY) -> list[tuple[str, str, str]]:
    """Ordinary and protecting lines that sound like a tactic, in the shape of `exemplars`."""
    lines = path.read_text("utf-8").splitlines()
    return [("ordinary", "en", line) for line in lines if line and not line.startswith("#")]


def likeness(
    vectors: NDArray[np.float32], anchors: NDArray[np.float32], nearest: int = NEAREST
) -> NDArray[np.float32]:
    """Mean cosine of each vector to its `nearest` anchors; shape (vectors,)."""
    cosines = vectors @ anchors.T
    count = min(nearest, anchors.shape[0])
    return np.asarray(np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1), np.float32)


@dataclass(frozen=True, slots=True)
class _Anchors:
    """Exemplars of each tactic as vectors."""

    tactics: dict[str, NDArray[np.float32]]

    @classmethod
    def of(cls, encoder: Encoder, lines: Sequence[tuple[str, str]]) -> _Anchors:
        vectors = encoder.encode_kept([line for _, line in lines])
        names = np.array([tactic for tactic, _ in lines])
        return cls({name: vectors[names == name] for name in dict.fromkeys(names.tolist())})


class Likeness:
    """The channel; see the module. Implements `lamppost.signals.ports.Meaning`.

    `static` and `deep` are encoders, either may be missing. Vectors of the exemplars are made on
    first use.
    """

    def __init__(
        self,
        library: Library,
        measured: Measured,
        *,
        static: Encoder | None,
        deep: Encoder | None,
    ) -> None:
        self._measured = measured
        self._static = static
        self._deep = deep
        self._reasons = {
            reason.key: index
            for index, reason in enumerate(library.reasons)
            if reason.channel == "meaning"
        }
        wanted = set(measured.deep) | set(measured.static)
        every = exemplars()
        self._lines = [item for item in every if item[0] in wanted]
        signs = {card.id for card in library.cards.values() if card.kind != "tactic"}
        self._child_lines = [item for item in every if item[0] in signs] + ordinary()
        self._child: dict[str, NDArray[np.float32]] = {}
        self._static_anchors: _Anchors | None = None
        self._all_static: NDArray[np.float32] | None = None
        self._deep_anchors: _Anchors | None = None

    def read(self, texts: Sequence[str], languages: Sequence[Collection[str]] | None) -> list[Seen]:
        """Reasons of channel `meaning`: of each text the tactic that weighs most, if any."""
        with _one_thread():
            return self._read(texts, languages)

    def _read(
        self, texts: Sequence[str], languages: Sequence[Collection[str]] | None
    ) -> list[Seen]:
        chosen = [
            index for index, text in enumerate(texts) if WORDS[0] <= text.count(" ") + 1 <= WORDS[1]
        ]
        english, others = [], []
        for index in chosen:
            tongues = languages[index] if languages is not None else ("en",)
            if set(tongues) <= {"en"}:
                english.append(index)
            elif DEEP_LANGUAGES & set(tongues):
                others.append(index)
        deep = others
        seen: list[Seen] = []
        if english and self._static is not None:
            vectors = self._static.encode([texts[index] for index in english])
            if self._deep is None:
                anchors = self._anchors(self._static).tactics
                seen += self._judged(english, vectors, anchors, self._measured.static, "static")
            else:
                passed = likeness(vectors, self._every(self._static), 1) >= self._measured.gate
                deep = others + [index for index, ok in zip(english, passed, strict=True) if ok]
        elif english:
            deep = others + english
        if deep and self._deep is not None:
            deep.sort()
            vectors = self._deep.encode([texts[index] for index in deep])
            if self._deep_anchors is None:
                lines = [(tactic, line) for tactic, _, line in self._lines]
                self._deep_anchors = _Anchors.of(self._deep, lines)
            seen += self._judged(
                deep,
                vectors,
                self._deep_anchors.tactics,
                self._measured.deep,
                "deep",
                frozenset(others),
            )
        return sorted(seen, key=lambda hit: hit.message)

    def _anchors(self, static: Encoder) -> _Anchors:
        if self._static_anchors is None:
            lines = [(tactic, line) for tactic, language, line in self._lines if language == "en"]
            self._static_anchors = _Anchors.of(static, lines)
        return self._static_anchors

    def _every(self, static: Encoder) -> NDArray[np.float32]:
        if self._all_static is None:
            self._all_static = np.concatenate(list(self._anchors(static).tactics.values()))
        return self._all_static

    def _child_anchors(self, depth: str) -> NDArray[np.float32]:
        """What children say, what protects, what is ordinary: more alike to that is no tactic."""
        if depth not in self._child:
            encoder = self._deep if depth == "deep" else self._static
            assert encoder is not None
            self._child[depth] = encoder.encode_kept(
                [
                    line
                    for _, language, line in self._child_lines
                    if depth == "deep" or language == "en"
                ]
            )
        return self._child[depth]

    def _judged(
        self,
        indices: Sequence[int],
        vectors: NDArray[np.float32],
        anchors: dict[str, NDArray[np.float32]],
        table: dict[str, list[Bin]],
        depth: str,
        foreign: Collection[int] = (),
    ) -> list[Seen]:
        best: dict[int, tuple[float, str]] = {}
        child = likeness(vectors, self._child_anchors(depth))
        margin = np.array([BORROWED if index in foreign else 0.0 for index in indices], np.float32)
        for tactic, bins in table.items():
            if tactic not in anchors:
                continue
            alike = likeness(vectors, anchors[tactic])
            for number, item in enumerate(bins):
                for place in np.flatnonzero((alike - margin >= item.likeness) & (alike > child)):
                    key = meaning_key(tactic, depth, number)
                    if key in self._reasons:
                        index = indices[int(place)]
                        best[index] = max(best.get(index, (0.0, "")), (item.bits, key))
        return [Seen(index, self._reasons[key]) for index, (_, key) in best.items()]


def meaning_key(tactic: str, depth: str, number: int) -> str:
    """Key of the reason for a bin, such as `secrecy/meaning-deep-0`."""
    return f"{tactic}/meaning-{depth}-{number}"
