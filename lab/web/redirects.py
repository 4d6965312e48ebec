"""A redirect leads to where it does seen from the address that was asked for, and not from the root of a server.

Behind a proxy that takes a prefix away nobody here knows the address that the browser shows: Streamlit (1.67) answers
`/train/` with `/train`, and the browser would leave `/class/7/train/` for the root of the proxy.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def relative_redirects() -> Middleware:
    """The middleware that has them lead there."""
    return Middleware(Redirects)


class Redirects:
    """Passes everything on, and words the redirects to this server's own pages anew."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one WebSocket, or the server's own beginning and end."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                target = _target(headers.get("location"), Headers(scope=scope).get("host"))
                if target is not None:
                    headers["location"] = relative(_asked(scope), target)
                    message["headers"] = headers.raw
            await send(message)

        await self._app(scope, receive, send_on if scope["type"] == "http" else send)


def relative(asked: str, target: str) -> str:
    """The path `target`, with what follows it, as a browser finds it from the path `asked` (both begin with a /)."""
    path, _, query = target.partition("?")
    here, there = asked.split("/")[1:-1], path.split("/")[1:]
    same = 0
    while same < min(len(here), len(there) - 1) and here[same] == there[same]:
        same += 1
    way = "../" * (len(here) - same) or "./"
    return way + "/".join(there[same:]) + (f"?{query}" if query else "")


def _asked(scope: Scope) -> str:
    """The path as it was sent: one that was decoded may have a / more."""
    raw: Any = scope.get("raw_path")
    return raw.decode("latin-1") if raw else str(scope["path"])


def _target(location: str | None, host: str | None) -> str | None:
    """The path, with what follows it, of a redirect to this server; None for any other and for a relative one."""
    if location is None:
        return None
    parts = urlsplit(location)
    if parts.netloc not in ("", host) or not parts.path.startswith("/"):
        return None
    return parts._replace(scheme="", netloc="").geturl()
