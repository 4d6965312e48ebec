"""Only the lab's own pages are answered, under the names that it goes by; whoever else asks is told why not."""

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected
from web_server import serving
from websockets.exceptions import InvalidStatus

from lab.web import guard


def answer(
    kind: str = "http",
    method: str = "GET",
    host: str | None = "localhost:8501",
    origin: str | None = None,
    path: str = "/",
    referer: str | None = None,
    **options: Any,
) -> tuple[int, str]:
    """The status and the words that a request gets; the guarded app itself answers 200."""
    named = {"host": host, "origin": origin, "referer": referer}
    headers = [(name.encode(), value.encode("latin-1")) for name, value in named.items() if value is not None]
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    scope: Scope = {"type": kind, "method": method, "path": path, "headers": headers, "extensions": extensions}
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> Message:
        raise AssertionError("nothing is read of a request that is refused")

    async def send(message: Message) -> None:
        sent.append(message)

    middleware = guard({option.replace("_", "."): value for option, value in options.items()}.get)
    guarded = middleware.cls(app, *middleware.args, **middleware.kwargs)

    async def ask() -> None:
        with suppress(ClientDisconnected):  # a WebSocket that was refused is gone
            await guarded(scope, receive, send)

    asyncio.run(ask())
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent).decode()


OWN = "http://localhost:8501"


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8501",
        "LOCALHOST:8501",
        "localhost",
        "localhost.:8501",
        "lab.localhost:8501",
        "127.0.0.1:8501",
        "192.168.7.20:8501",
        "[::1]:8501",
        f"{socket.gethostname()}:8501",
        f"{socket.gethostname()}.local",
    ],
)
def test_the_machines_own_names_and_every_address_are_answered(host: str) -> None:
    assert answer(host=host) == (200, "")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "xn--localhost",
    ],
)
def test_a_name_that_somebody_else_may_own_is_not_answered(host: str) -> None:
    status, words = answer(host=host)
    assert status == 403
    assert words.startswith(f"This lab does not answer to the name {host}. ")
    assert "server.allowedHosts" in words


@pytest.mark.parametrize(
    "host", ["evil@localhost", "localhost/x", "a b", "localhost:port", "localhost:99999", "[::1", ":8501"]
)
def test_what_is_no_name_of_a_server_is_told_so_and_not_that_it_could_be_allowed(host: str) -> None:
    told = f"This request asks for a server by {host!r}, which is no name or address of one, so it is not answered."
    assert answer(host=host) == (403, told)


@pytest.mark.parametrize("host", [None, "", " "])
def test_a_request_that_names_no_server_is_told_so(host: str | None) -> None:
    told = "This request does not say once which server it asks (in one Host header), so it is not answered."
    assert answer(host=host) == (403, told)


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        (["class.example"], "class.example", 200),
        (["class.example"], "Class.Example.:443", 200),
        (["Class.Example."], "class.example", 200),
        (["class.example"], "localhost:8501", 403),  # as it is said: these, and no others
        (["class.example"], "127.0.0.1:8501", 403),
        (["*.example"], "lab.class.example", 200),
        (["*.example"], "example", 403),
        (["*"], "anything.at.all", 200),
        (["*"], "any thing", 403),
    ],
)
def test_the_names_of_allowed_hosts_take_the_place_of_the_machines_own(
    allowed: list[str], host: str, status: int
) -> None:
    assert answer(host=host, server_allowedHosts=allowed)[0] == status


def test_the_name_that_the_server_is_told_to_be_found_under_is_answered() -> None:
    assert answer(host="lab.class.example", browser_serverAddress="lab.class.example")[0] == 200


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8501", OWN),
        ("localhost:8501", "https://localhost:8501"),  # what is encrypted ends at a proxy
        ("localhost", "http://localhost"),
        ("localhost:80", "http://localhost"),
        ("localhost", "https://localhost:443"),
        ("[::1]:8501", "http://[::1]:8501"),
    ],
)
def test_its_own_pages_are_answered(kind: str, host: str, origin: str) -> None:
    assert answer(kind, "POST", host, origin)[0] == 200


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://localhost",
        "http://localhost:8502",
        "http://127.0.0.1:8501",
        "http://localhost:8501.evil.example",
        "file://",
        "chrome-extension://abc",
        "http://",
        "http://[",
        "http://[::1]evil.example",
        "x" * 5000,
    ],
)
def test_a_page_from_elsewhere_is_not_answered(kind: str, origin: str) -> None:
    status, words = answer(kind, origin=origin)
    assert status == 403
    assert words.startswith("This request comes from a page of another site (")
    assert len(words) < 400


@pytest.mark.parametrize(
    ("origin", "helps"),
    [("https://class.example", True), ("http://localhost:8502", True), ("null", False), ("file://", False)],
)
def test_who_may_be_behind_a_proxy_is_told_what_helps_and_nobody_else(origin: str, helps: bool) -> None:
    _, words = answer(origin=origin)
    assert words.endswith(f" start the lab with --server.corsAllowedOrigins {origin}.") == helps
    if not helps:
        assert words == f"This request comes from a page of another site ({origin}), so it is not answered."


def test_an_origin_that_is_known_beside_its_own_is_answered() -> None:
    known = ["https://class.example"]
    for origin, status in (("https://class.example", 200), ("https://other.example", 403), (OWN, 200)):
        assert answer("websocket", origin=origin, server_corsAllowedOrigins=known)[0] == status


def test_a_known_origin_that_is_written_wrongly_lets_nobody_in() -> None:
    assert answer(origin="http://", server_corsAllowedOrigins=["class.example"])[0] == 403


@pytest.mark.parametrize(
    ("kind", "method", "status"),
    [
        ("http", "GET", 200),  # a browser names no page where it stays on a site, or follows a link
        ("http", "HEAD", 200),
        ("http", "POST", 403),
        ("http", "PUT", 403),
        ("http", "DELETE", 403),
        ("websocket", "", 403),
    ],
)
def test_what_a_browser_never_sends_without_saying_from_where_is_not_answered_so(
    kind: str, method: str, status: int
) -> None:
    assert answer(kind, method)[0] == status


SCRIPT = "/static/js/index.js"


@pytest.mark.parametrize(
    "page",
    [
        {"origin": "http://lab.school.example:8080"},
        {"referer": "http://lab.school.example:8080/class/7/train?run=3"},  # as a browser that names no origin does
        {"origin": "http://lab.school.example:8080", "referer": "http://lab.school.example:8080/"},
    ],
)
def test_a_page_behind_a_proxy_that_asks_under_another_name_is_given_a_script_that_says_what_to_set(
    page: dict[str, str],
) -> None:
    status, script = answer(path=SCRIPT, **page)
    assert status == 200  # a browser runs no other
    assert "it is opened at http://lab.school.example:8080, but the lab was asked for it as localhost:8501." in script
    assert "start the lab with --server.corsAllowedOrigins http://lab.school.example:8080." in script
    assert answer(path=SCRIPT, server_corsAllowedOrigins=["http://lab.school.example:8080"], **page) == (200, "")


@pytest.mark.parametrize(
    "page",
    [{"origin": OWN}, {"referer": f"{OWN}/train"}, {"referer": "https://localhost:8501/"}, {"referer": "odd"}, {}],
)
def test_its_own_pages_get_their_scripts(page: dict[str, str]) -> None:
    assert answer(path=SCRIPT, **page) == (200, "")


def test_who_follows_a_link_of_another_site_gets_the_page() -> None:
    assert answer(path="/train", referer="https://school.example/lessons/7") == (200, "")


@pytest.mark.parametrize("origin", ['http://"-alert(1)-".example', "http://\\example", "http://`.example"])
def test_of_what_a_request_says_nothing_becomes_a_part_of_that_script(origin: str) -> None:
    _, script = answer(path=SCRIPT, referer=f"{origin}/")
    assert json.dumps(f"This page stays empty: it is opened at {origin},")[:-1] in script


def test_no_script_is_given_under_a_name_that_somebody_else_may_own() -> None:
    assert answer(host="evil.example", path=SCRIPT, origin="http://evil.example")[0] == 403


def test_what_begins_and_ends_the_server_is_passed_on() -> None:
    assert answer("lifespan", host=None)[0] == 200


def test_two_hosts_or_two_origins_are_none() -> None:
    with serving() as web, socket.create_connection(("localhost", web.port), timeout=60) as connection:
        head = f"GET /live HTTP/1.1\r\nHost: localhost:{web.port}\r\nConnection: close\r\n"
        connection.sendall(f"{head}Origin: {web.origin}\r\nOrigin: http://evil.example\r\n\r\n".encode())
        with connection.makefile("rb") as answered:
            assert b" 403 " in answered.readline()


@pytest.mark.parametrize("origin", [None, "http://evil.example"])
def test_a_channel_opened_from_elsewhere_is_refused_before_it_is_opened(origin: str | None) -> None:
    with serving() as web, pytest.raises(InvalidStatus) as refused, web.channel("run=1&after=0", origin=origin):
        pass
    assert refused.value.response.status_code == 403
