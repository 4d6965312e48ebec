"""What it costs the training that people watch it: seconds of an epoch with no page, one and twenty open.

    python benchmarks/pages.py

The run is step 5 on the CPU; "command line" is `python -m lab train`, the others are the app's own worker, watched by
pages that speak Streamlit's protocol as a browser does and ask for every refresh, but draw nothing: in a class, each
page is drawn on its own machine. "browser here" (where there is a Chromium) is a page on this machine, open before the
run and begun by a click in it. In turn, for so many rounds: two runs of one kind differ by some five percent, more than
a page costs. Takes about half an hour.
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

from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.steps import step
from lab.store import ENDED, Store

ROOT = Path(__file__).parent.parent
ROUNDS, EPOCHS, PAGES = 10, 5, 20
CHROMIUM = shutil.which("chromium")


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
    environment = os.environ | {"LAB_DATABASE_URL": store.url, "CUDA_VISIBLE_DEVICES": ""}
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


def seconds_at_the_end(store: Store, run: int) -> list[float]:
    """Wait for the run's end; the seconds of each of its first `EPOCHS`."""
    while store.run(run).status not in ENDED:
        time.sleep(0.5)
    return [epoch.seconds for epoch in store.epochs([run])[run][:EPOCHS]]


def submit(store: Store) -> int:
    """Queue a run."""
    return store.submit(replace(step(5).config, device="cpu", epochs=EPOCHS))


def command_line(_: str, store: Store) -> list[float]:
    """The training without an app; its server stands idle."""
    train = ["train", "--step", "5", "--device", "cpu", "--epochs", str(EPOCHS), "--json"]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"LAB_DATABASE_URL": f"sqlite:///{folder}/lab.sqlite3"}
        done = subprocess.run(
            [sys.executable, "-m", "lab", *train], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
        )
    said = map(json.loads, done.stdout.splitlines())
    return [float(row["seconds"]) for row in said if row["event"] == "epoch"][:EPOCHS]


def watched_by(pages: int) -> Callable[[str, Store], list[float]]:
    """The app's own training, watched by so many pages."""

    def measure(address: str, store: Store) -> list[float]:
        run = submit(store)
        watchers = [Watcher(address, run) for _ in range(pages)]
        for watcher in watchers:
            watcher.start()
        found = seconds_at_the_end(store, run)
        for watcher in watchers:
            watcher.closing.set()
            watcher.join()
        assert all(watcher.refreshes for watcher in watchers), "a page was never refreshed"
        return found

    return measure


def begun_in_a_browser(address: str, store: Store) -> list[float]:
    """The app's own training, begun by a click in a Chromium on this machine, which goes on showing it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/train")
        page.get_by_label("Step", exact=True).first.click()
        page.get_by_role("option", name="5.").click()
        page.wait_for_timeout(5000)  # until what the opening costs is over
        before = len(store.runs())
        page.get_by_role("button", name="Start training").click()
        while len(store.runs()) == before:
            time.sleep(0.1)
        run = max(run.id for run in store.runs())
        assert store.run(run).step == 5
        while len(store.epochs([run]).get(run, [])) < EPOCHS:
            time.sleep(0.5)
        store.send(run, "stop")
        found = seconds_at_the_end(store, run)
        browser.close()
    return found


def slower(mine: list[float], base: list[float]) -> str:
    """How much, in percent, on average over the rounds; and the standard error of that."""
    percent = [100 * (one / other - 1) for one, other in zip(mine, base, strict=True)]
    error = statistics.stdev(percent) / len(percent) ** 0.5 if len(percent) > 1 else float("nan")
    return f"{statistics.mean(percent):+5.1f} ± {error:.1f} %"


def main() -> None:
    """Print a line for each way to watch."""
    ways = {"command line": command_line, "no page": watched_by(0), "one page": watched_by(1)}
    ways[f"{PAGES} pages"] = watched_by(PAGES)
    if CHROMIUM:
        ways["browser here"] = begun_in_a_browser
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = Store(f"sqlite:///{folder}/lab.sqlite3")
        address = stack.enter_context(server(store))
        watched_by(1)(address, store)  # the first page that opens starts the app's worker
        for _ in range(ROUNDS):
            for name, measure in ways.items():
                found[name].append(measure(address, store))
    epoch = {name: [statistics.median(run[1:]) for run in runs] for name, runs in found.items()}  # the first warms up
    whole = {name: [sum(run) for run in runs] for name, runs in found.items()}
    for name in ways:
        words = f"{name:13} {statistics.median(epoch[name]):6.2f} s an epoch"
        if name != "command line":
            words += f", slower by {slower(epoch[name], epoch['command line'])}"
            words += f"; the run of {EPOCHS} epochs by {slower(whole[name], whole['command line'])}"
        print(words)


if __name__ == "__main__":
    main()
