"""What a browser is sent first already has the lab's look and name, and says what is wrong where nothing can follow.

Streamlit (1.67) sends an empty page and fills it over a WebSocket: until then it would look like any other app of
Streamlit's, and where a proxy lets no WebSocket through it stays grey without a word.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Completion = Callable[[bytes], bytes]

EMPTY, TITLE = b'<div id="root"></div>', b"<title>Streamlit</title>"
"""Of Streamlit's page; one without them is passed on as it is."""
OUTDATED = ("etag", "last-modified", "accept-ranges")
"""What is said of the file and is not true of the page that is made of it."""
UNTOLD = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
"""What a browser says when it opens a page, and Streamlit is not told: it is to send the page whole and as it is."""
NO_CONNECTION = (
    "This page stays empty: the WebSocket that it needs is not let through. If a proxy stands in between, "
    "have it pass on WebSockets. The README of the lab says how."
)
SCRIPT = """
<script>
// While nothing is shown after some seconds, the page asks whether a WebSocket can be had.
(() => {
  const AGAIN = 5000;
  const isShown = () => document.querySelector("h1") || !document.querySelector("#root");  // or why not is said already
  const said = Object.assign(document.createElement("p"), { textContent: document.currentScript.dataset.words });
  said.setAttribute("role", "alert");
  said.style = "position: fixed; z-index: 9999999; inset: 4rem 1rem auto; max-width: 45rem; margin: 0 auto;" +
    "padding: 1rem; font: 1rem/1.5 sans-serif; color: CanvasText; background: Canvas; border: 1px solid";
  const look = () => {
    if (isShown()) return said.remove();
    const address = new URL("live?run=none", document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    let came = false;
    socket.onopen = () => { came = true; socket.close(); };
    socket.onclose = () => {
      if (came || isShown()) said.remove();
      else document.body.append(said);
      setTimeout(look, AGAIN);
    };
  };
  setTimeout(look, AGAIN);
})();
// Streamlit keeps a chosen theme for the one page it was chosen on: a reload of another would not know it.
for (const verb of ["getItem", "setItem", "removeItem"]) {
  const own = Storage.prototype[verb];
  Storage.prototype[verb] = function (name, ...more) {
    return own.call(this, String(name).replace(/^(stActiveTheme-).*(-v)/, "$1lab$2"), ...more);
  };
}
</script>
"""


def first_page(title: str, style: str) -> Middleware:
    """The middleware that gives it this title and this style sheet."""
    words = SCRIPT.replace("<script>", f'<script data-words="{html.escape(NO_CONNECTION)}">')
    named = f"<title>{html.escape(title)}</title>"
    return Middleware(FirstPage, title=named.encode(), more=f"<style>{style}</style>{words}".encode())


class FirstPage:
    """Passes everything on, and adds to the page that Streamlit fills."""

    def __init__(self, app: ASGIApp, title: bytes, more: bytes) -> None:
        self._app, self._title, self._more = app, title, more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one WebSocket, or the server's own beginning and end."""
        if (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and "text/html" in Headers(scope=scope).get("accept", "")
        ):
            told = [(name, value) for name, value in scope["headers"] if name.lower() not in UNTOLD]
            await self._app({**scope, "headers": told}, receive, _Held(self._completed, send).send)
        else:
            await self._app(scope, receive, send)

    def _completed(self, page: bytes) -> bytes:
        """After what Streamlit has in its head, before what a page says itself: of two rules the later one counts."""
        if EMPTY not in page:
            return page
        return page.replace(TITLE, self._title).replace(EMPTY, self._more + EMPTY)


class _Held:
    """Sends on what is no page at once; a page when all of it is there."""

    def __init__(self, change: Completion, send: Send) -> None:
        self._change, self._send = change, send
        self._start: Message | None = None
        self._page = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._page += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._start)

    async def _send_page(self, start: Message) -> None:
        page = self._change(self._page)
        headers = MutableHeaders(raw=start["headers"])
        if page != self._page:
            for name in OUTDATED:
                del headers[name]
            headers["content-length"] = str(len(page))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": page})


def _is_page(start: Message) -> bool:
    is_html = Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")
    return bool(start["status"] == 200 and is_html)
