"""Run a service until it is told to stop."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from lamppost.core.errors import UsageError
from lamppost.service.app import Pages, make_app, no_pages
from lamppost.service.runtime import FirstStart, Service, Settings

_SWITCH = 0.001
"""Seconds after which a busy thread lets another run: requests wait less for the writer."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when requests are taken."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order on a signal, and then return like any other function."""
        kinds = (signal.SIGINT, signal.SIGTERM)
        before = {kind: signal.signal(kind, self.handle_exit) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)


def listen(settings: Settings) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `UsageError`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # with a protocol named, asyncio sends small answers at once; without, 40 ms later
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
        made.listen(1024)
    except OSError as error:
        made.close()
        reason = (error.strerror or "refused").lower()
        raise UsageError(
            f"cannot listen on {settings.host} port {settings.port}: {reason}", hint="--port"
        ) from None
    return made


def serve(
    make: Callable[[], Service],
    place: socket.socket,
    ready: Callable[[FirstStart], object],
    pages: Pages = no_pages,
) -> None:
    """Build a service, serve it and `pages` on `place` until a signal, and end in order."""
    service = make()
    first = service.first_start()
    sys.setswitchinterval(_SWITCH)
    config = uvicorn.Config(
        make_app(service, max_body=service.settings.max_body, pages=pages),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=65_536,
    )
    service.start()
    try:
        _Server(config, lambda: ready(first)).run([place])
    finally:
        service.stop()


def _all_there(told: int, children: dict[int, float], ending: Callable[[], bool]) -> bool:
    """Wait until every process takes requests, so that they share connections from the start.

    `False` when one of them ended instead, or all are to end.
    """
    missing = len(children)
    while missing > 0 and not ending():
        if select.select([told], [], [], 0.2)[0]:
            missing -= len(os.read(told, missing))
        gone, _ = os.waitpid(-1, os.WNOHANG)
        if gone:
            children.pop(gone, None)
            return False
    return missing <= 0


def serve_many(
    make: Callable[[], Service],
    place: socket.socket,
    workers: int,
    ready: Callable[[FirstStart], object],
    pages: Pages = no_pages,
) -> None:
    """Serve with several processes on one socket; one that dies is started again."""
    service = make()
    first = service.first_start()
    service.stores.close()
    children: dict[int, float] = {}
    ending = False
    told, tell = os.pipe()

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ending
        ending = True
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)

    def start() -> None:
        child = os.fork()
        if child == 0:
            code = 3
            try:
                for kind in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(kind, signal.SIG_DFL)
                serve(make, place, lambda made: os.write(tell, b"1"), pages)
                code = 0
            finally:
                os._exit(code)
        children[child] = time.monotonic()

    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, end)
    for _ in range(workers):
        start()
    if _all_there(told, children, lambda: ending):
        ready(first)
    else:
        end(0, None)
    while children:
        child, _ = os.wait()
        born = children.pop(child, 0.0)
        if not ending:
            if time.monotonic() - born < 1.0:
                time.sleep(1.0)
            start()
