"""What a class that clicks costs the training, and how long its clicks wait.

    python benchmarks/clicking.py [--rounds 4] [--readers 1 30] [--pause 10]

One long run of step 5 on the CPU, in the app's own worker. In turn, for twenty seconds each, nobody is there, and so
many readers, each of whom opens a page of the lab, waits until the server has drawn it, and opens another one some
seconds later. They speak as a browser does and draw nothing: they stand for browsers elsewhere. What they cost is how
much slower the training was than in the stretches before and after it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import ClientConnection, Origin, Subprotocol, connect

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.pages import Stretch, costs, server, windows
from lab.steps import step
from lab.store import Store

PAGES = ("", "steps", "train", "layers", "inside", "mistakes", "draw", "runs")
SECONDS, SETTLING = 20.0, 4.0
"""Of a stretch, and of its beginning that is left out: readers come in it, and each has its first page."""


async def reads(port: int, pause: float, end: float) -> list[tuple[float, float]]:
    """One reader: when each page was asked for, and how long it took."""
    chance, waits = random.Random(), []
    async with connect(
        f"ws://localhost:{port}/_stcore/stream",
        origin=Origin(f"http://localhost:{port}"),
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
    ) as channel:
        await asyncio.sleep(chance.uniform(0, min(pause, SETTLING)))
        while time.time() < end:
            asked = time.time()
            await opened(channel, chance.choice(PAGES))
            waits.append((asked, time.time() - asked))
            await asyncio.sleep(max(0.0, min(pause * chance.uniform(0.5, 1.5), end - time.time())))
    return waits


async def opened(channel: ClientConnection, page: str) -> None:
    """Ask for a page, until the server has drawn it."""
    ask = BackMsg()
    ask.rerun_script.page_name = page
    await channel.send(ask.SerializeToString())
    told = ForwardMsg()
    while told.WhichOneof("type") != "script_finished":
        told.ParseFromString(await channel.recv())


def read(port: int, many: int, pause: float, end: float) -> list[tuple[float, float]]:
    """So many readers until then, in this process."""

    async def all_of_them() -> list[tuple[float, float]]:
        lists = await asyncio.gather(*(reads(port, pause, end) for _ in range(many)))
        return [wait for waits in lists for wait in waits]

    return asyncio.run(all_of_them())


def stretches(port: int, rounds: int, many: list[int], pause: float) -> tuple[list[Stretch], dict[str, list[float]]]:
    """Nobody and each number of readers in turn; and the seconds that their pages took."""
    found: list[Stretch] = []
    waits: dict[str, list[float]] = {}
    with get_context("spawn").Pool(1) as elsewhere:
        for number in range(rounds):
            for readers in [one for count in many for one in (0, count)]:
                who, began = f"{readers} clicking" if readers else "nobody", time.time()
                taken = elsewhere.apply(read, (port, readers, pause, began + SECONDS)) if readers else []
                time.sleep(max(0.0, began + SECONDS - time.time()))
                found.append(Stretch(who, began + SETTLING, began + SECONDS))
                waits.setdefault(who, []).extend(wait for asked, wait in taken if asked > began + SETTLING)
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    time.sleep(SECONDS)
    return [*found, Stretch("nobody", time.time() - SECONDS + SETTLING, time.time())], waits


def main() -> None:
    """Print a line for each number of readers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 30])
    parser.add_argument("--pause", type=float, default=10.0, help="seconds between two pages of a reader")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = Store(f"sqlite:///{folder}/lab.sqlite3")
        port = stack.enter_context(server(store))
        read(port, 1, 1.0, time.time() + 8)  # with the first page the workers begin
        run = store.submit(replace(step(5).config, device="cpu", epochs=200))
        while len(windows(store, run)) < 30:
            time.sleep(0.5)
        done, waits = stretches(port, asked.rounds, asked.readers, asked.pause)
        spoken = windows(store, run)
        alone = statistics.mean(one.speed(spoken) for one in done if one.who == "nobody")
        print(f"nobody: {alone / 64:.0f} iterations a second")
        for who, percent in costs(done, spoken).items():
            taken = sorted(waits[who])
            print(
                f"{who}: the training takes {statistics.mean(percent):.0f} % longer "
                f"({', '.join(f'{one:.0f}' for one in percent)}); {len(taken)} pages, {statistics.median(taken):.2f} s "
                f"each, 95 % within {taken[int(0.95 * len(taken))]:.2f} s"
            )
        store.send(run, "stop")


if __name__ == "__main__":
    main()
