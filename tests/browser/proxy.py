"""A reverse proxy before the lab: it serves it below a prefix, and may fail when it is told to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

CLOSING = ("connection:", "keep-alive:")
"""Headers that are replaced, so that each connection carries one request (or one WebSocket)."""


class Proxy:
    """What it saw, and what it is to refuse; `address` is what a browser opens."""

    def __init__(self, prefix: str, upstream_port: int) -> None:
        self.prefix = prefix
        self.refusals: dict[str, int] = {}
        """How many more requests whose path contains this get a 503."""
        self.refused: list[str] = []
        self.asks_as: str | None = None
        """The name under which it asks the lab, in place of the one that the browser asked it under."""
        self.passes_on_sockets = True
        self.address = ""
        self._upstream_port = upstream_port
        self._open: set[asyncio.StreamWriter] = set()
        self._paths: dict[asyncio.StreamWriter, str] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a browser."""
        self._loop = asyncio.get_running_loop()
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *headers = head.rstrip("\r\n").split("\r\n")
            method, path, version = request.split(" ")
            self._paths[writer] = path
            is_socket = any(line.lower().startswith("upgrade:") for line in headers)
            if refusal := self._refusal(path) or (
                None if self.passes_on_sockets or not is_socket else "400 Bad Request"
            ):
                writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            else:
                request = f"{method} {path.removeprefix(self.prefix)} {version}"
                if self.asks_as is not None:
                    headers = [line for line in headers if not line.lower().startswith("host:")]
                    headers.append(f"Host: {self.asks_as}")
                await self._pass_on([request, *headers], reader, writer)
        await self._close(writer)

    def break_off(self, part: str) -> int:
        """Break off the connections whose path contains this, whatever they were saying; how many there were."""
        found = [writer for writer, path in self._paths.copy().items() if part in path and writer in self._open]
        for writer in found:
            self._loop.call_soon_threadsafe(writer.transport.abort)
        return len(found)

    async def end(self, server: asyncio.Server) -> None:
        """Break every connection off, and wait until nothing is left of them."""
        server.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:  # one that was just accepted begins meanwhile
            for writer in self._open:
                writer.transport.abort()
            await asyncio.wait(others, timeout=0.1)

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()
        self._open.discard(writer)
        self._paths.pop(writer, None)

    def _refusal(self, path: str) -> str | None:
        """A status, if the request is not to be answered by the lab."""
        if not path.startswith(f"{self.prefix}/"):
            return "404 Not Found"
        for part, left in self.refusals.items():
            if part in path and left:
                self.refusals[part] -= 1
                self.refused.append(path)
                return "503 Service Unavailable"
        return None

    async def _pass_on(self, head: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lab_reader, lab_writer = await asyncio.open_connection("localhost", self._upstream_port)
        self._open.add(lab_writer)
        if not any(line.lower().startswith("upgrade:") for line in head):
            head = [line for line in head if not line.lower().startswith(CLOSING)] + ["Connection: close"]
        lab_writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
        upward = asyncio.create_task(_flow(reader, lab_writer))
        await _flow(lab_reader, writer)  # until the lab has said all
        await self._close(writer)
        await self._close(lab_writer)
        await upward


async def _flow(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what comes, until one side ends it; the browser's end is told to the lab, which then ends its own."""
    with suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    with suppress(OSError, RuntimeError):
        sink.write_eof()


@contextmanager
def proxy_before(port: int, prefix: str) -> Iterator[Proxy]:
    """A proxy on a free port before the server at `port`, until the block ends."""
    proxy, loop = Proxy(prefix, port), asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)  # Playwright has a loop of its own in this one
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(proxy.serve, "localhost", 0)

    try:
        server = asyncio.run_coroutine_threadsafe(start(), loop).result(timeout=10)
        proxy.address = f"http://localhost:{server.sockets[0].getsockname()[1]}{prefix}"
        try:
            yield proxy
        finally:
            asyncio.run_coroutine_threadsafe(proxy.end(server), loop).result(timeout=20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
