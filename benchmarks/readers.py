"""Pages on other machines: they listen to a run's channel, and are drawn somewhere else.

    python benchmarks/readers.py PORT RUN

benchmarks/pages.py starts it and says how many there are to be, a number a line; it answers with a line of JSON once
they listen, and what the readers before them were told. They read it when they go, and until then it waits for them: to
read is the work of other machines, and would take from the processor that trains here.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import time
from collections.abc import Iterator

LONGER, LONGEST = 126, 127
"""Lengths in a frame's second byte that say: the length follows, in two bytes or in eight (RFC 6455, section 5.2)."""


def frames(told: bytes) -> Iterator[bytes]:
    """The messages in what a server has sent, which it leaves unmasked; the last may be there in part."""
    at = 0
    while at + 2 <= len(told):
        extended = {LONGER: 2, LONGEST: 8}.get(told[at + 1], 0)
        begin = at + 2 + extended
        length = int.from_bytes(told[at + 2 : begin]) if extended else told[at + 1]
        yield told[begin : begin + length]
        at = begin + length


class Reader:
    """One page's connection."""

    def __init__(self, port: int, run: int) -> None:
        """Ask for the channel, as a browser does, and wait until it has been told how the run stands."""
        self._socket = socket.create_connection(("localhost", port), timeout=60)
        lines = [
            f"GET /live?run={run}&after={2**62} HTTP/1.1",
            f"Host: localhost:{port}",
            f"Origin: http://localhost:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while not answer.partition(b"\r\n\r\n")[2]:
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError(f"The channel of run {run} on port {port} was refused: {answer[:200]!r}")
            answer += part

    def close(self) -> tuple[int, bool]:
        """How many messages have come since, and whether the server has cut it off."""
        self._socket.setblocking(False)
        told, is_cut_off = b"", False
        try:
            while part := self._socket.recv(65536):
                told += part
            is_cut_off = True
        except BlockingIOError:  # all that has come
            pass
        except ConnectionError:
            is_cut_off = True
        self._socket.close()
        return sum(1 for _ in frames(told)), is_cut_off


def serve(port: int, run: int) -> None:
    """Do as told until nothing more is said."""
    readers: list[Reader] = []
    began = time.monotonic()
    for line in sys.stdin:
        seconds = time.monotonic() - began
        told = [reader.close() for reader in readers]
        readers = [Reader(port, run) for _ in range(int(line))]
        print(
            json.dumps({"messages": sum(many for many, _ in told) / seconds, "lost": sum(cut for _, cut in told)}),
            flush=True,
        )
        began = time.monotonic()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int, metavar="PORT", help="of the lab's server")
    parser.add_argument("run", type=int, metavar="RUN", help="whose channel they listen to")
    told = parser.parse_args()
    serve(told.port, told.run)
