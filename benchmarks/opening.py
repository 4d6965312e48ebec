"""How long the lab takes to open: the first page, the Train page clicked right after it, and torch behind them.

    python benchmarks/opening.py                       # this checkout
    python benchmarks/opening.py ../before ../after    # checkouts side by side, in turn

Each round starts the real server with an empty database, and opens it in an empty tab of a Chromium that is already
running and has cached nothing: starting the browser is not counted, loading and running the scripts of Streamlit and
Plotly is. Prints the median of each column over the rounds, and the largest value. Compare within one call only.

    server     seconds from starting the server to its first answer to /_stcore/health
    first      from that answer, when Steps is asked for, until its button is there and its chart is drawn
    Train      from clicking Train right then until its button can be pressed and both its charts are drawn
    digits     from the same click until its augmented digits are drawn: they need torch
    torch      from the server's first answer until torch has been imported
"""

from __future__ import annotations

import argparse
import os
import runpy
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser.chromium import ARGUMENTS, find_chromium

ROOT = Path(__file__).parent.parent
ROUNDS = 7
COLUMNS = ("server", "first", "Train", "digits", "torch")
SECONDS_TO_WAIT = 120
NOTE_OF_TORCH = "OPENING_NOTE_OF_TORCH"
"""Names the file in which the server notes when torch was imported."""


def open_once(browser: Browser, checkout: Path) -> list[float]:
    """One round: the figures of the columns."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "torch"
        started = time.time()
        with running_server(checkout, Path(folder), note) as address:
            answered = time.time()
            first, train, digits = visit(page, address)
            wait_until(lambda: note.exists() and note.read_text() != "")
            torch = float(note.read_text())
    context.close()
    return [answered - started, first - answered, train - first, digits - first, torch - answered]


def visit(page: Page, address: str) -> tuple[float, float, float]:
    """Open the first page, then Train: when the first page, the Train page and Train's digits were drawn."""
    page.set_default_timeout(1000 * SECONDS_TO_WAIT)
    page.goto(address, wait_until="commit")
    page.get_by_role("button", name="Quick", exact=True).wait_for()
    page.locator(".lab-strip label").first.wait_for()
    first = time.time()
    page.get_by_role("link", name="Train", exact=True).click()
    page.locator("button:enabled", has_text="Start training").wait_for()
    for chart in ("loss", "accuracy"):
        wait_for_chart(page, chart, "scatterlayer")
    train = time.time()
    wait_for_chart(page, "digits", "heatmaplayer")
    return first, train, time.time()


def wait_for_chart(page: Page, key: str, layer: str) -> None:
    """Until Plotly has drawn the curves ("scatterlayer") or the picture ("heatmaplayer") of a chart."""
    page.locator(f".st-key-{key} .{layer} > *").first.wait_for(state="attached")


@contextmanager
def running_server(checkout: Path, folder: Path, note: Path) -> Iterator[str]:
    """`streamlit run app.py` of the checkout, from its first answer on; yields its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, __file__, "serve", "run", "app.py", "--server.port", str(port)]
    environment = os.environ | {"LAB_DATABASE_URL": f"sqlite:///{folder / 'lab.sqlite3'}", NOTE_OF_TORCH: str(note)}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--server.headless", "true"], cwd=checkout, env=environment, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: answers(f"http://localhost:{port}/_stcore/health"))
        yield f"http://localhost:{port}"
    finally:
        server.kill()
        server.wait()


def serve(arguments: list[str]) -> None:
    """Be `python -m streamlit` with these arguments, and note when torch has been imported."""
    threading.Thread(target=note_torch, args=(Path(os.environ[NOTE_OF_TORCH]),), daemon=True).start()
    sys.path[0] = ""  # as `python -m` does
    sys.argv = ["streamlit", *arguments]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def note_torch(note: Path) -> None:
    """Write the time into the file as soon as this process has imported torch to its end."""
    wait_until(lambda: "torch" in sys.modules and not getattr(sys.modules["torch"].__spec__, "_initializing", False))
    note.write_text(str(time.time()))


def answers(address: str) -> bool:
    """Whether the server does."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask fifty times a second."""
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {SECONDS_TO_WAIT} s")
        time.sleep(0.02)


def compare(checkouts: list[Path]) -> None:
    """Open each checkout in turn, round by round, and print the medians."""
    rounds: dict[Path, list[list[float]]] = {checkout: [] for checkout in checkouts}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for checkout in checkouts * ROUNDS:
            rounds[checkout].append(open_once(browser, checkout))
        browser.close()
    print(f"{'seconds, median (largest)':30}" + "".join(f"{column:>16}" for column in COLUMNS))
    for checkout, rows in rounds.items():
        cells = [f"{statistics.median(column):.2f} ({max(column):.2f})" for column in zip(*rows, strict=True)]
        print(f"{checkout.name:30}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2:])
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("checkouts", nargs="*", type=Path, default=[ROOT], metavar="CHECKOUT")
        compare([checkout.resolve() for checkout in parser.parse_args().checkouts])
