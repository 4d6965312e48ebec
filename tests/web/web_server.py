"""The routes of the lab on a real server, without the pages: in a thread, on a free port."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from examples import wait_until
from starlette.applications import Starlette
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from lab.web import guard, lab_routes


class WebServer:
    """What a browser knows of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://localhost:{port}"

    @contextmanager
    def channel(self, query: str, path: str = "/live", origin: str | None = "") -> Iterator[ClientConnection]:
        """A page's connection; `origin` None: without saying where it comes from, "": from the server itself."""
        from_where = None if origin is None else Origin(origin or self.origin)
        with connect(f"ws://localhost:{self.port}{path}?{query}", origin=from_where, max_size=None) as connection:
            yield connection

    def request(
        self, method: str, path: str, content: bytes | str = "", origin: str | None = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content of an answer; `origin` as in `channel`."""
        headers = {} if origin is None else {"Origin": origin or self.origin}
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


@contextmanager
def serving(base_path: str = "", options: dict[str, Any] | None = None) -> Iterator[WebServer]:
    """A server until the block ends; `options` as Streamlit would know them."""
    app = Starlette(routes=lab_routes(base_path), middleware=[guard((options or {}).get)])
    with socket.socket() as listening:
        listening.bind(("localhost", 0))
        config = uvicorn.Config(app, log_level="critical", ws="websockets-sansio", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        wait_until(lambda: server.started)
        yield WebServer(listening.getsockname()[1])
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


def heard(connection: ClientConnection) -> dict[str, Any]:
    """The next message."""
    message: dict[str, Any] = json.loads(connection.recv(timeout=60))
    return message


def heard_until(connection: ClientConnection, cursor: int) -> list[dict[str, Any]]:
    """All messages up to the one that tells the event `cursor`."""
    messages = [heard(connection)]
    while messages[-1]["cursor"] < cursor:
        messages.append(heard(connection))
    return messages


def rows_of(messages: list[dict[str, Any]]) -> list[int]:
    """The ids of the events whose rows were told, in the order told."""
    return [row["id"] for message in messages for row in message["rows"]]
