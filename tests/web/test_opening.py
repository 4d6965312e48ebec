"""The page that a browser is sent first: Streamlit's, with the lab's look and name; all else is passed on as it is."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from lab.web import first_page
from lab.web.opening import NO_CONNECTION

PAGE = b'<html><head><title>Streamlit</title></head><body><div id="root"></div></body></html>'
OPENS = {"accept": "text/html,*/*", "accept-encoding": "gzip", "if-none-match": '"old"'}


def asked(
    answer: Response, headers: dict[str, str] = OPENS, method: str = "GET"
) -> tuple[dict[str, str], bytes, Scope]:
    """What a browser is sent, the headers and the body; and what Streamlit was asked."""
    sent: list[Message] = []
    heard: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(scope)
        await answer(scope, receive, send)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        sent.append(message)

    middleware = first_page("A & B", "p {color: red}")
    told = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "method": method, "path": "/train", "headers": told}

    async def ask() -> None:
        await middleware.cls(app, *middleware.args, **middleware.kwargs)(scope, receive, send)

    asyncio.run(ask())
    start, *rest = sent
    said = {name.decode(): value.decode() for name, value in start["headers"]}
    return said, b"".join(message.get("body", b"") for message in rest), heard[0]


def test_the_page_has_the_name_and_the_look_and_is_as_long_as_it_says() -> None:
    """After Streamlit's own rules and before those of what is shown; what is true of its file is not said of it."""
    headers, body, _ = asked(
        HTMLResponse(PAGE, headers={"etag": '"x"', "last-modified": "Fri", "cache-control": "no-cache"})
    )
    assert b"<title>A &amp; B</title>" in body
    assert body.index(b"</head>") < body.index(b"<style>p {color: red}</style>") < body.index(b'<div id="root">')
    assert NO_CONNECTION.encode() in body
    assert headers["content-length"] == str(len(body))
    assert headers["cache-control"] == "no-cache" and not {"etag", "last-modified"} & set(headers)


def test_a_page_that_comes_in_parts_is_completed_too() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for at in range(0, len(PAGE), 7):
            yield PAGE[at : at + 7]

    _, body, _ = asked(StreamingResponse(parts(), media_type="text/html"))
    assert body.count(b"p {color: red}") == 1 and body.endswith(b"</body></html>")


def test_streamlit_is_asked_for_the_page_whole_and_unpacked() -> None:
    _, _, heard = asked(HTMLResponse(PAGE))
    assert set(Request(heard).headers) == {"accept"}


@pytest.mark.parametrize(
    ("answer", "headers", "method"),
    [
        (PlainTextResponse(PAGE), OPENS, "GET"),
        (HTMLResponse(PAGE), OPENS | {"accept": "*/*"}, "GET"),
        (HTMLResponse(PAGE), OPENS, "POST"),
        (HTMLResponse(PAGE, status_code=404), OPENS, "GET"),
        (HTMLResponse("<p>another page</p></body>"), OPENS, "GET"),
    ],
    ids=["no page", "no browser that opens one", "not opened", "an error", "not the one that is filled"],
)
def test_everything_else_is_passed_on_as_it_is(answer: Response, headers: dict[str, str], method: str) -> None:
    said, body, _ = asked(answer, headers, method)
    assert body == answer.body
    assert said == {name.decode(): value.decode() for name, value in answer.raw_headers}
