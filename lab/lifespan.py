"""What runs beside the pages, from the start of the app's server to its end: the workers of this process.

They need torch, whose import keeps everything else waiting, so they begin once the first page is drawn, or when nobody
has come for a while. They end with the server: training stops at the next iteration, and its run can be resumed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lab.process import GIVE_UP_SECONDS, PATIENCE_SECONDS, after, allow_more_files, leave, on_ending_signal
from lab.store import StoreError, open_store

if TYPE_CHECKING:
    from lab.jobs import Workers

log = logging.getLogger(__name__)

FIRST_PAGE_SECONDS = 1.5
"""How long the first page is left to itself: Python serves the files that the browser asks for and imports torch in
turn, so a page that is drawn meanwhile waits for most of the import (benchmarks/opening.py). A page that needs torch
earlier imports it then.
"""
UNVISITED_SECONDS = 5.0
"""How long a started server waits for its first visitor before it trains what is queued without one."""
LOOK_SECONDS = 5.0
"""How often it is seen to that every device has its worker."""
STARTED_SECONDS = 0.05
"""How often it is looked whether the server listens."""
CONNECTIONS_SECONDS = 1
"""How long an ending server waits for browsers to close their connections, before it closes them."""
WORKERS_SECONDS = 1.0
"""How long it waits then for iterations that are under way."""

_visited = threading.Event()
_serving: list[Background] = []
"""What runs beside the pages of this process: one, while its server lives."""


def visited() -> None:
    """Say that a page is being drawn: the first one decides when torch is imported."""
    _visited.set()


def problems() -> list[str]:
    """What keeps the trainings of this server from going on, in sentences, for every page to show."""
    return [sentence for background in _serving for sentence in background.problems()]


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Start the workers with the server, and end them in good order with it."""
    allow_more_files()
    background, server = Background(), _uvicorn()
    _serving[:] = [background]
    background.start()
    if server is None:
        yield
        await asyncio.to_thread(background.end, WORKERS_SECONDS)
        return
    server.config.timeout_graceful_shutdown = CONNECTIONS_SECONDS

    def end() -> None:
        background.tell_to_end()
        after(GIVE_UP_SECONDS, background.end, 0.0)
        after(PATIENCE_SECONDS, leave, 0)
        server.should_exit = True  # not by its own handler, which sends the process the signal again in the end

    listening = asyncio.create_task(_send_at_once(server))
    with on_ending_signal(end):
        yield
        listening.cancel()
        await asyncio.to_thread(background.end, WORKERS_SECONDS)
        leave(0)  # a page may be inside torch, and nothing is left that must be kept


def _uvicorn() -> Any:
    """The server that has begun to listen for signals before it began this lifespan, or None under any other."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if hasattr(server, "should_exit") and hasattr(server, "config") else None


async def _send_at_once(server: Any) -> None:
    """Have every connection send what it is given at once, however small it is: TCP_NODELAY, which they inherit.

    asyncio does so itself, but not for a socket that was made as Streamlit makes it: there a second answer waits for
    the confirmation of the first, 40 ms and more.
    """
    while not server.started:
        await asyncio.sleep(STARTED_SECONDS)
    for one in server.servers:
        for listening in one.sockets:
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Background:
    """A thread that imports torch when that disturbs nobody, and then keeps a worker for each device."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._workers: Workers | None = None
        self._thread = threading.Thread(target=self._work, name="lab-background", daemon=True)

    def start(self) -> None:
        """Begin; the workers follow later."""
        self._thread.start()

    def tell_to_end(self) -> None:
        """Interrupt what trains at its next iteration, and take nothing further; returns at once."""
        self._ending.set()
        _visited.set()
        if self._workers is not None:
            self._workers.tell_to_end()

    def end(self, seconds: float) -> bool:
        """Tell all to end and wait for them; False when one is still importing or in an iteration `seconds` later."""
        self.tell_to_end()
        until = time.monotonic() + seconds
        self._thread.join(seconds)
        ended = self._workers is None or self._workers.end(max(0.0, until - time.monotonic()))
        return ended and not self._thread.is_alive()

    def problems(self) -> list[str]:
        """What keeps the trainings from going on, in sentences."""
        if self._thread.ident is not None and not self._thread.is_alive() and not self._ending.is_set():
            return ["The trainer of this server has ended unexpectedly: restart the lab."]
        return self._workers.problems() if self._workers is not None else []

    def _work(self) -> None:
        try:
            self._keep_workers()
        except Exception:  # torch cannot be imported, say: the pages tell that nothing is trained
            log.exception("the trainer has ended")

    def _keep_workers(self) -> None:
        _visited.wait(UNVISITED_SECONDS)
        if self._ending.wait(FIRST_PAGE_SECONDS):
            return
        from lab.jobs import Workers  # imports torch: not before the first page is drawn

        self._workers, told = Workers(), ""
        while not self._ending.is_set():
            try:
                self._workers.start(open_store())
            except StoreError as error:  # not there yet: asked again
                if str(error) != told:
                    log.warning(told := str(error))
            self._ending.wait(LOOK_SECONDS)
