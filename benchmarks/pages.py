"""What it costs the training that people watch it: seconds of an epoch with no page, one and twenty open.

    python benchmarks/pages.py

The run is step 5 on the CPU; "command line" is `python -m lab train`, the others are the app's own worker, watched by
pages that speak Streamlit's protocol as a browser does and ask for every refresh, but draw nothing: in a class, each
page is drawn on its own machine. In turn, medians of the rounds. "browser here" is one page in a headless Chromium on
this machine (where there is one): it opens and closes the page of one run in turn, since two runs differ by more than
the page costs.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.schema import ENDED
from lab.steps import step
from lab.store import Store

ROOT = Path(__file__).parent.parent
ROUNDS, EPOCHS, PAGES = 5, 4, 20
"""The first epoch of a run warms up; of the others the median counts."""
TURNS, TURN = 4, 4
"""How often the browser opens the page and closes it again, and for how many epochs each time."""


class Watcher(threading.Thread):
    """A page of the Train page that refreshes as often as the app says."""

    def __init__(self, address: str, run: int) -> None:
        super().__init__(daemon=True)
        self.address, self.query = address, f"run={run}"
        self.refreshes = 0
        self.closing = threading.Event()

    def run(self) -> None:
        """Watch until `closing`."""
        stream = f"{self.address.replace('http', 'ws')}/_stcore/stream"
        subprotocols = [Subprotocol("streamlit")]
        with connect(stream, subprotocols=subprotocols, max_size=None, origin=Origin(self.address)) as connection:
            ask = BackMsg()
            ask.rerun_script.page_name, ask.rerun_script.query_string = "train", self.query
            connection.send(ask.SerializeToString())
            self._watch(connection)

    def _watch(self, connection: ClientConnection) -> None:
        refresh, interval, due = BackMsg(), 0.0, float("inf")
        refresh.rerun_script.query_string, refresh.rerun_script.is_auto_rerun = self.query, True
        while not self.closing.is_set():
            try:
                message = ForwardMsg.FromString(connection.recv(timeout=min(0.5, max(0.0, due - time.monotonic()))))
            except TimeoutError:
                if time.monotonic() >= due:
                    connection.send(refresh.SerializeToString())
                    self.refreshes, due = self.refreshes + 1, time.monotonic() + interval
                continue
            if message.HasField("new_session"):
                refresh.rerun_script.page_script_hash = message.new_session.page_script_hash
            if message.HasField("auto_rerun"):
                refresh.rerun_script.fragment_id = message.auto_rerun.fragment_id
                interval = message.auto_rerun.interval
                due = min(due, time.monotonic() + interval)


@contextmanager
def server(store: Store) -> Iterator[str]:
    """The app in a process of its own; yields its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = os.environ | {"LAB_DATABASE_URL": store.url}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with suppress(OSError), urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5):
                break
            time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def seconds_of_an_epoch(store: Store, run: int) -> float:
    """Wait for the run's end."""
    while store.run(run).status not in ENDED:
        time.sleep(0.5)
    return median_epoch(store.epochs([run])[run])


def median_epoch(epochs: list[dict[str, Any]]) -> float:
    """Seconds, without the first."""
    return statistics.median(float(epoch["seconds"]) for epoch in epochs[1:])


def submit(store: Store) -> int:
    """Queue a run."""
    return store.submit(replace(step(5).config, device="cpu", epochs=EPOCHS))


def command_line(_: str, store: Store) -> float:
    """The training without an app; its server stands idle."""
    train = ["train", "--step", "5", "--device", "cpu", "--epochs", str(EPOCHS), "--json"]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"LAB_DATABASE_URL": f"sqlite:///{folder}/lab.sqlite3"}
        done = subprocess.run(
            [sys.executable, "-m", "lab", *train], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
        )
    return median_epoch([row for row in map(json.loads, done.stdout.splitlines()) if row["event"] == "epoch"])


def watched_by(pages: int) -> Callable[[str, Store], float]:
    """The app's own training, watched by so many pages."""

    def measure(address: str, store: Store) -> float:
        run = submit(store)
        watchers = [Watcher(address, run) for _ in range(pages)]
        for watcher in watchers:
            watcher.start()
        seconds = seconds_of_an_epoch(store, run)
        for watcher in watchers:
            watcher.closing.set()
            watcher.join()
        assert all(watcher.refreshes for watcher in watchers), "a page was never refreshed"
        return seconds

    return measure


def in_turn_in_a_browser(address: str, store: Store) -> tuple[list[float], list[float]]:
    """Seconds of the epochs of one run while a Chromium on this machine shows its page, and while it shows nothing."""
    run = store.submit(replace(step(5).config, device="cpu", epochs=1 + 2 * TURNS * TURN))
    watched: list[float] = []
    alone: list[float] = []

    def wait_for_epochs(count: int) -> list[float]:
        while len(store.epochs([run]).get(run, [])) < count:
            time.sleep(0.5)
        return [float(epoch["seconds"]) for epoch in store.epochs([run])[run]]

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        wait_for_epochs(1)
        for turn in range(2 * TURNS):
            shown, found = ((f"{address}/train?run={run}", watched), ("about:blank", alone))[turn % 2]
            page.goto(shown)
            epochs = wait_for_epochs(1 + (turn + 1) * TURN)
            found += epochs[1 - TURN :]  # the first of a turn saw the page open or close
        browser.close()
    return watched, alone


def main() -> None:
    """Print a line for each way to watch."""
    ways = {"command line": command_line, "no page": watched_by(0), "one page": watched_by(1)}
    ways[f"{PAGES} pages"] = watched_by(PAGES)
    found: dict[str, list[float]] = {name: [] for name in ways}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = Store(f"sqlite:///{folder}/lab.sqlite3")
        address = stack.enter_context(server(store))
        watched_by(1)(address, store)  # the first page that opens starts the app's worker
        for _ in range(ROUNDS):
            for name, measure in ways.items():
                found[name].append(measure(address, store))
        watched, alone = in_turn_in_a_browser(address, store) if shutil.which("chromium") else ([], [])
    for name, seconds in found.items():
        slower = statistics.median(mine / base for mine, base in zip(seconds, found["command line"], strict=True))
        print(f"{name:13} {statistics.median(seconds):6.2f} s an epoch, {100 * (slower - 1):+5.1f} %")
    if watched:
        epoch, of_it = statistics.median(watched), statistics.median(alone)
        print(f"browser here  {epoch:6.2f} s an epoch, {100 * (epoch / of_it - 1):+5.1f} % beside that run alone")


if __name__ == "__main__":
    main()
