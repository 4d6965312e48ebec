"""The routes beside the pages."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route, WebSocketRoute

from lab.store import open_store
from lab.web.hub import Hub
from lab.web.live import NOT_A_SOCKET, Live
from lab.web.reading import WRONG_METHOD, Reading


def lab_routes(base_path: str) -> list[BaseRoute]:
    """The routes of one server, which serves its pages below `base_path`; call once a process.

    A route that is an answer and no function takes every way to ask.
    """
    folder = f"/{base_path.strip('/')}".rstrip("/")
    live, reading = Live(Hub(open_store)), Reading(open_store)
    return [
        WebSocketRoute(f"{folder}/live", live.tell),
        Route(f"{folder}/live", NOT_A_SOCKET),
        Route(f"{folder}/reading", reading.read, methods=["POST"]),
        Route(f"{folder}/reading", WRONG_METHOD),
    ]
