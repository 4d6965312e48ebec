"""A redirect leads to where it does seen from the address that was asked for."""

import asyncio
from urllib.parse import urljoin

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from lab.web import relative_redirects

HOST = "localhost:8501"


def location(asked: str, leads_to: str | None) -> str | None:
    """What a redirect that is answered to this path says; None where nothing says where to go."""
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answered: Response = PlainTextResponse("here") if leads_to is None else RedirectResponse(leads_to)
        await answered(scope, receive, send)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        sent.append(message)

    middleware = relative_redirects()
    wrapped = middleware.cls(app, *middleware.args, **middleware.kwargs)
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": asked.replace("%2F", "/"),
        "raw_path": asked.encode(),
        "headers": [(b"host", HOST.encode())],
    }

    async def ask() -> None:
        await wrapped(scope, receive, send)

    asyncio.run(ask())
    headers = dict(sent[0]["headers"])
    return headers[b"location"].decode() if b"location" in headers else None


@pytest.mark.parametrize("prefix", ["", "/class/7"])
@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/train/", "/train"),
        ("/train/", "/train?run=3&name=a/b?c"),
        ("/train/x/", "/train/x"),
        ("/a%2Fb/", "/a%2Fb"),
        ("/lab/train/", "/lab/train"),
        ("/lab", "/lab/"),
        ("/lab", f"http://{HOST}/lab/"),
        ("/lab", "/"),
        ("/a/b/c", "/a/d/e"),
        ("/", "/train"),
    ],
)
def test_a_redirect_stays_below_the_prefix_that_a_proxy_takes_away(prefix: str, asked: str, leads_to: str) -> None:
    told = location(asked, leads_to)
    assert told is not None
    path = leads_to.removeprefix(f"http://{HOST}")
    assert urljoin(f"https://school.example{prefix}{asked}", told) == f"https://school.example{prefix}{path}"


@pytest.mark.parametrize(
    "leads_to", ["https://elsewhere.example/train", "//elsewhere.example/train", "../train", "?a=b"]
)
def test_a_redirect_to_elsewhere_and_one_that_is_relative_are_left_as_they_are(leads_to: str) -> None:
    assert location("/lab/train/", leads_to) == leads_to


def test_every_slash_at_the_end_is_a_folder_to_leave() -> None:  # for a browser; Python's urljoin sees one
    assert location("/train//", "/train") == "../../train"


def test_what_is_no_redirect_says_nothing_of_where_to_go() -> None:
    assert location("/train", None) is None
