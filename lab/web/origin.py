"""Who may ask the server: its own pages, under a name that it is known by. It stands before Streamlit and all routes.

A page of another site can have a browser send requests here, and open WebSockets, with all that the browser has: the
Origin that the browser adds gives it away. A name that its owner points at this machine (DNS rebinding) makes such a
page look like one of ours: the Host gives that away. Streamlit checks neither for routes, and for its own WebSocket not
strictly (version 1.67).

A proxy that asks under another name than the browser's makes our own pages look like those of another site. Such a page
would stay empty, so that it is told why as a script, by which it says so itself.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from lab.web.refusal import refuse

Option = Callable[[str], Any]
"""Reads an option of the server by its name."""

READING = ("GET", "HEAD")
"""What a browser sends without an Origin where it stays on a site."""
PORTS = {"http": 80, "https": 443}
LONGEST_NAME = 100
UNKNOWN_HOST = (
    "This lab does not answer to the name {}. To allow the name, start the lab with --server.allowedHosts NAME."
)
NO_HOST = "This request does not say once which server it asks (in one Host header), so it is not answered."
NO_NAME = "This request asks for a server by {!r}, which is no name or address of one, so it is not answered."
NO_ORIGIN = "This request does not say which page it comes from (it has no Origin), so it is not answered."
FOREIGN_ORIGIN = "This request comes from a page of another site ({}), so it is not answered."
BEHIND_A_PROXY = " If this is the lab's own address behind a proxy, start the lab with --server.corsAllowedOrigins {}."
WHY_EMPTY = (
    "This page stays empty: it is opened at {0}, but the lab was asked for it as {1}. Have the proxy in between pass "
    "on the Host header as it came, or start the lab with --server.corsAllowedOrigins {0}."
)
SCRIPT = """
const said = document.createElement("p");
said.setAttribute("role", "alert");
said.style = "font: 1rem/1.5 sans-serif; max-width: 45rem; margin: 3rem auto; padding: 0 1rem";
said.textContent = %s;
document.body.replaceChildren(said);
"""


def guard(option: Option) -> Middleware:
    """The middleware that refuses what comes from elsewhere."""
    return Middleware(Guard, option=option)


class Guard:
    """Passes on what comes from the server's own pages, and answers everything else with a sentence."""

    def __init__(self, app: ASGIApp, option: Option) -> None:
        self._app = app
        self._hosts = _Hosts(option)
        self._origins = [_origin(origin) for origin in option("server.corsAllowedOrigins") or ()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one WebSocket, or the server's own beginning and end."""
        reason = self._reason_to_refuse(scope) if scope["type"] in ("http", "websocket") else ""
        if (script := self._script_that_says_why(scope)) is not None:
            await script(scope, receive, send)
        elif not reason:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)
        else:
            await refuse(WebSocket(scope, receive, send), reason, 403)

    def _reason_to_refuse(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not hosts[0].strip():
            return NO_HOST
        if _name(hosts[0]) is None:
            return NO_NAME.format(hosts[0][:LONGEST_NAME])
        if not self._hosts.know(hosts[0]):
            return UNKNOWN_HOST.format(hosts[0][:LONGEST_NAME])
        if not origins:
            reads = scope["type"] == "http" and scope["method"] in READING
            return "" if reads else NO_ORIGIN
        if len(origins) == 1 and self._knows(origins[0], hosts[0]):
            return ""
        named = ", ".join(origins)[:LONGEST_NAME]
        may_be_ours = len(origins) == 1 and _origin(named) is not None  # `null` is nobody's address
        return FOREIGN_ORIGIN.format(named) + (BEHIND_A_PROXY.format(named) if may_be_ours else "")

    def _knows(self, origin: str, host: str) -> bool:
        """Whether a page of this origin is one of ours, where the server is asked as `host`."""
        page = _origin(origin)
        mine = None if page is None else _origin(f"{page[0]}://{host}")  # what is encrypted ends at a proxy
        return page is not None and page in (mine, *self._origins)

    def _script_that_says_why(self, scope: Scope) -> Response | None:
        """What a page gets in place of its scripts where nothing else that it asks for would be answered.

        Some browsers say where a script is wanted in the Origin, others only in the Referer.
        """
        if scope["type"] != "http" or scope["method"] not in READING or not scope["path"].endswith(".js"):
            return None
        told = Headers(scope=scope)
        host, page = told.get("host", ""), _origin_of(told.get("origin") or told.get("referer", ""))
        if page is None or not self._hosts.know(host) or self._knows(page, host):
            return None
        sentence = WHY_EMPTY.format(page[:LONGEST_NAME], host)
        not_kept = {"Cache-Control": "no-store"}
        return Response(SCRIPT % json.dumps(sentence), media_type="text/javascript", headers=not_kept)


class _Hosts:
    """The names that the server answers to: those of `server.allowedHosts`, or else this machine's own."""

    def __init__(self, option: Option) -> None:
        named = [str(name).strip().lower().rstrip(".") for name in option("server.allowedHosts") or ()]
        machine = socket.gethostname().lower()
        own = ["localhost", "*.localhost", machine, f"{machine}.local"]
        told = [option("server.address"), option("browser.serverAddress")]
        self._names = named or [*own, *(str(name).lower() for name in told if name)]
        self._takes_addresses = not named

    def know(self, host: str) -> bool:
        """Whether a Host header names this server; an address is no name, and nobody else can own it."""
        name = _name(host)
        return name is not None and (
            (self._takes_addresses and _is_address(name)) or any(_matches(name, pattern) for pattern in self._names)
        )


def _matches(name: str, pattern: str) -> bool:
    """As Streamlit reads `server.allowedHosts`: `*` is any name, `*.example.com` any below that."""
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _name(host: str) -> str | None:
    """The name or address in a Host header; None where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # a ValueError where it is none
    except ValueError:
        return None
    only_a_host = parts.netloc == host and parts.username is None and not any(map(str.isspace, host))
    return parts.hostname.rstrip(".") if only_a_host and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _origin_of(address: str) -> str | None:
    """The Origin of a page at this address, as a browser writes it; None where it has none."""
    parts = urlsplit(address) if _origin(address) else None
    return None if parts is None else f"{parts.scheme}://{parts.netloc}"


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, name and port of an Origin; None where it is none, as that of a page without one (`null`)."""
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None
