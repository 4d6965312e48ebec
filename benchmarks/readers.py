"""Pages on other machines: they listen to a run's channel, and are drawn somewhere else.

    python benchmarks/readers.py PORT RUN

benchmarks/pages.py starts it and says how many there are to be, a number a line; it answers with a line of JSON once
they listen, and what the readers before them have taken. What a reader gets is counted and not read, so that it takes
little of the processor that trains.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time


class Reader(asyncio.Protocol):
    """One page's connection."""

    def __init__(self, port: int, run: int, opened: asyncio.Event) -> None:
        self.port, self.run, self.opened = port, run, opened
        self.messages = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the channel, as a browser does."""
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        lines = [
            f"GET /live?run={self.run}&after={2**62} HTTP/1.1",
            f"Host: localhost:{self.port}",
            f"Origin: http://localhost:{self.port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        """The answer to the question first, and then messages: as good as always one at a time."""
        self.messages += 1
        self.opened.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The server has cut it off, or it was told to go."""
        self.lost = True
        self.opened.set()


async def open_reader(port: int, run: int) -> Reader:
    """A reader that has been told how the run stands."""
    opened = asyncio.Event()
    _, reader = await asyncio.get_running_loop().create_connection(lambda: Reader(port, run, opened), "localhost", port)
    await opened.wait()
    return reader


async def serve(port: int, run: int) -> None:
    """Do as told until nothing more is said."""
    readers: list[Reader] = []
    began, processor = time.monotonic(), time.process_time()
    while line := await asyncio.to_thread(sys.stdin.readline):
        seconds = time.monotonic() - began
        answer = {
            "messages": sum(reader.messages for reader in readers) / seconds,
            "lost": sum(reader.lost for reader in readers),
            "processor": (time.process_time() - processor) / seconds,
        }
        for reader in readers:
            reader.transport.abort()
        readers = [await open_reader(port, run) for _ in range(int(line))]
        for reader in readers:
            reader.messages = 0
        print(json.dumps(answer), flush=True)
        began, processor = time.monotonic(), time.process_time()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int, metavar="PORT", help="of the lab's server")
    parser.add_argument("run", type=int, metavar="RUN", help="whose channel they listen to")
    told = parser.parse_args()
    asyncio.run(serve(told.port, told.run))
