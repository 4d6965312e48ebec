"""The channel over which a page is told what moves of the run that it shows: `live?run=7&after=1234`.

One that follows no run asks for `live?run=none`, and is told when a run begins or ends elsewhere.

A WebSocket, since browsers allow six event streams a host, and a seventh tab would wait for ever. It only tells: what a
page sends ends it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket

from lab.run_number import run_number
from lab.store import StoreError, StoreUnavailable
from lab.web.hub import NOT_UNDERSTOOD, Hub, Watcher
from lab.web.refusal import refuse

log = logging.getLogger(__name__)

SPOKEN_TO = 1008
"""The WebSocket's code for a page that speaks where it is to listen."""
NOT_A_SOCKET = PlainTextResponse(
    "This address is a WebSocket with the events of a run. Open the Train page to watch a run.",
    status_code=426,
    headers={"Upgrade": "websocket"},
)
"""The answer to who asks for the channel in any other way than as a WebSocket."""
WRONG_QUERY = (
    "Name the run and the last event that you have, as in live?run=7&after=1234, or no run, as in live?run=none."
)


class Live:
    """The channel's route: one connection for each page that watches."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def tell(self, socket: WebSocket) -> None:
        """Tell a page what it asks for, until it goes or falls behind."""
        asked = _asked(socket.scope["query_string"])
        if asked is None:
            await refuse(socket, WRONG_QUERY, 400)
        try:
            watcher = await self._hub.join(*asked)
        except StoreError as error:
            await refuse(socket, str(error), 503 if isinstance(error, StoreUnavailable) else 404)
        except Exception:  # whatever its rows hold
            log.exception("a page that asks for %s cannot be told of it", asked)
            await refuse(socket, NOT_UNDERSTOOD, 500)
        try:
            await socket.accept()
            await _first(_tell(socket, watcher), _listen(socket), watcher.is_too_slow.wait())
        finally:
            self._hub.leave(watcher)


def _asked(query: bytes) -> tuple[int | None, int] | None:
    """The run, which may be none, and the cursor that an address names; None where it names others than can be."""
    try:
        asked = dict(parse_qsl(query.decode("ascii"), strict_parsing=True))
    except ValueError:
        return None
    if asked == {"run": "none"}:
        return None, 0
    run, after = run_number(asked.get("run", "")), asked.get("after", "")
    cursor = 0 if after == "0" else run_number(after)
    return None if run is None or cursor is None else (run, cursor)


async def _tell(socket: WebSocket, watcher: Watcher) -> None:
    while True:
        await socket.send_text(await watcher.next())


async def _listen(socket: WebSocket) -> None:
    """Wait until the page goes, or says something."""
    if (await socket.receive())["type"] != "websocket.disconnect":
        await socket.close(SPOKEN_TO)


async def _first(*ways: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of these to end, and end the others."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
