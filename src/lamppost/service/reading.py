"""Read texts in a process of its own, so that reading and writing use two cores.

Texts go to it through a pipe and nowhere else; it keeps nothing. When it cannot be started, has
other detector data, or dies, texts are read in the service's own process instead.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, Final

import msgspec

from lamppost.signals.reader import Reader
from lamppost.signals.seen import Seen

_log: Final = logging.getLogger("lamppost.service")
_SIZE: Final = struct.Struct("<I")
_pack: Final = msgspec.msgpack.Encoder().encode
_asked: Final = msgspec.msgpack.Decoder(tuple[bool, list[str], list[list[str]]])
"""Whether the second channel is asked, texts, and the languages of each (empty: all)."""
_pairs: Final = msgspec.msgpack.Decoder(list[int])


class ReaderProcess:
    """Reads like `reader`, elsewhere. One caller at a time."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def start(self) -> None:
        """Start the process and check that it has the same detector data."""
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lamppost.service.reading"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert self._process.stdout is not None
            digest = _receive(self._process.stdout)
        except (OSError, EOFError):
            digest = b""
        if digest.decode() != self._reader.library.digest:
            _log.warning("texts are read in the service's own process")
            self.stop()

    def read(
        self, texts: Sequence[str], languages: Sequence[frozenset[str]] | None = None
    ) -> list[Seen]:
        """Reasons seen, as `Reader.read` gives them."""
        return self._ask(self._reader.read, False, texts, languages)

    def meant(
        self, texts: Sequence[str], languages: Sequence[frozenset[str]] | None = None
    ) -> list[Seen]:
        """What the second channel sees, as `Reader.meant` gives it."""
        return self._ask(self._reader.meant, True, texts, languages)

    def _ask(
        self,
        here: Callable[[Sequence[str], Sequence[frozenset[str]] | None], list[Seen]],
        meaning: bool,
        texts: Sequence[str],
        languages: Sequence[frozenset[str]] | None,
    ) -> list[Seen]:
        if not texts:
            return []
        with self._turn:
            process = self._process
            if process is None:
                return here(texts, languages)
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                _send(process.stdin, _pack((meaning, texts, languages or [])))
                flat = _pairs.decode(_receive(process.stdout))
            except (OSError, EOFError, ValueError):
                _log.warning("the reading process ended; texts are read in the service's own")
                self._end()
                return here(texts, languages)
        return [Seen(flat[index], flat[index + 1]) for index in range(0, len(flat), 2)]

    def stop(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_SIZE.pack(len(data)) + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError
    (size,) = _SIZE.unpack(head)
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def main() -> None:
    """Read until the pipe ends."""
    from lamppost.wiring import build_engine

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reader = build_engine().reader
    into, out = sys.stdin.buffer, sys.stdout.buffer
    _send(out, reader.library.digest.encode())
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            flat: list[int] = []
            meaning, texts, languages = _asked.decode(_receive(into))
            ask = reader.meant if meaning else reader.read
            for seen in ask(texts, languages or None):
                flat += (seen.message, seen.reason)
            _send(out, _pack(flat))


if __name__ == "__main__":
    main()
