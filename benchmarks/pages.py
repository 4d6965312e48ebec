"""How alive a page is, and what it costs the training that pages watch it.

    python benchmarks/pages.py [--rounds 10] [--pages 30 300]

One long run of step 5 on the CPU, in the app's own worker. In turn, for a dozen seconds each, nobody watches it, a page
in a browser on this very machine, nobody, 30 pages elsewhere, nobody, 300 pages elsewhere, and so on for so many
rounds. What watching costs is how much slower the training was than in the stretches before and after it: two stretches
that nobody watches differ by a few percent, and by the more the further they are apart. Pages elsewhere are connections
that are told everything, and read it when their stretch is over: to read is the work of other machines. Takes about a
quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser.chromium import ARGUMENTS, find_chromium

from lab.events import Window
from lab.steps import step
from lab.store import Store

ROOT = Path(__file__).parent.parent
HERE = "a page in a browser here"
SECONDS = 12.0
"""Of a stretch."""
SETTLING = 2.5
"""Seconds at its beginning that are left out: pages come and go in them."""


@dataclass(frozen=True)
class Stretch:
    """Who watched, from when to when, in seconds since 1970."""

    who: str
    begin: float
    end: float

    def speed(self, spoken: Sequence[tuple[float, Window]]) -> float:
        """Iterations a second of the windows that lie in it as a whole."""
        inside = [
            window.images_per_second
            for (before, _), (at, window) in pairwise(spoken)
            if self.begin <= before and at <= self.end
        ]
        return statistics.harmonic_mean(inside)


@contextmanager
def server(store: Store) -> Iterator[int]:
    """The app in a process of its own; yields its port."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = os.environ | {"LAB_DATABASE_URL": store.url, "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with suppress(OSError), urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


class Readers:
    """The pages elsewhere, in a process of their own."""

    def __init__(self, port: int, run: int) -> None:
        command = [sys.executable, "benchmarks/readers.py", str(port), str(run)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1)

    def watch(self, many: int, taken: list[dict[str, float]]) -> Callable[[], None]:
        """Be so many; returns what ends that, and notes what they were told."""
        self.be(many)
        return lambda: taken.append(self.be(0))

    def be(self, many: int) -> dict[str, float]:
        """Be so many from now on; what those before were told."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{many}\n")
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End them."""
        self._process.terminate()
        self._process.wait()


class BrowserPage:
    """A page on this machine: looked at, or behind another one."""

    def __init__(self, page: Page, port: int, run: int) -> None:
        self._page = page
        page.goto(f"http://localhost:{port}/train?run={run}")
        page.wait_for_function("() => document.querySelector('.st-key-rate .js-plotly-plot')", timeout=120_000)
        page.wait_for_function("() => window.labLive?.axes")
        page.evaluate(OBSERVE)
        self.look_away()

    def look(self) -> Callable[[], None]:
        """Bring it to the front; returns what puts it behind another one again."""
        self._page.evaluate("window.behind = false; document.dispatchEvent(new Event('visibilitychange'))")
        return self.look_away

    def look_away(self) -> None:
        """Put it behind another one."""
        self._page.evaluate("window.behind = true; document.dispatchEvent(new Event('visibilitychange'))")

    def seen(self) -> dict[str, Any]:
        """When its line moved, in seconds since 1970, and each new point of its loss: where, in epochs, and when."""
        found: dict[str, Any] = self._page.evaluate("({moved: window.moved, drawn: window.drawn})")
        return found


OBSERVE = """() => {
    Object.defineProperty(document, "hidden", { get: () => window.behind });
    [window.moved, window.drawn] = [[], []];
    new MutationObserver(() => window.moved.push(Date.now() / 1000)).observe(
        document.querySelector(".lab-live-line"), { characterData: true, childList: true, subtree: true });
    const plot = document.querySelector(".st-key-loss .js-plotly-plot");
    const points = () => plot.data.find(curve => curve.name === "train").x;
    let known = points().length;
    new MutationObserver(() => {
        for (const place of points().slice(known)) window.drawn.push([place, Date.now() / 1000]);
        known = points().length;
    }).observe(plot.querySelector(".scatterlayer"), { childList: true, subtree: true, attributeFilter: ["d"] });
}"""


def windows(store: Store, run: int) -> list[tuple[float, Window]]:
    """What the run has said of its training, and when."""
    kept = store.events_after(run)
    return [(one.time, one.event) for one in kept if isinstance(one.event, Window)]


def watch(rounds: int, ways: dict[str, Callable[[], Callable[[], None]]]) -> list[Stretch]:
    """Nobody and each of the ways in turn; a way begins to watch, and returns what ends it."""
    stretches = []
    for number in range(rounds):
        for who, begin in ways.items():
            for name, start in (("nobody", None), (who, begin)):
                end = start() if start else None
                began = time.time() + SETTLING
                time.sleep(SECONDS)
                stretches.append(Stretch(name, began, time.time()))
                if end:
                    end()
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    time.sleep(SECONDS)
    stretches.append(Stretch("nobody", time.time() - SECONDS + SETTLING, time.time()))
    return stretches


def costs(stretches: Sequence[Stretch], spoken: Sequence[tuple[float, Window]]) -> dict[str, list[float]]:
    """By how many percent the training was slower in each watched stretch than in the two beside it."""
    speeds = [stretch.speed(spoken) for stretch in stretches]
    found: dict[str, list[float]] = {}
    for place, stretch in enumerate(stretches):
        if stretch.who != "nobody":
            alone = (speeds[place - 1] + speeds[place + 1]) / 2
            found.setdefault(stretch.who, []).append(100 * (alone / speeds[place] - 1))
    return found


def liveliness(seen: dict[str, Any], stretches: Sequence[Stretch], spoken: Sequence[tuple[float, Window]]) -> str:
    """Movements a second, the longest stillness, and how late points are drawn, of the looked at page."""
    moves, stills, lates = 0, [0.0], []
    made = {round(window.iteration): at for at, window in spoken}
    per_epoch = step(5).config.iterations_per_epoch
    for stretch in stretches:
        moved = [at for at in seen["moved"] if stretch.begin <= at <= stretch.end]
        moves += len(moved)
        stills += [after - before for before, after in pairwise(moved)]
        lates += [
            at - made[round(place * per_epoch)]
            for place, at in seen["drawn"]
            if stretch.begin <= made[round(place * per_epoch)] and at <= stretch.end
        ]
    seconds = sum(stretch.end - stretch.begin for stretch in stretches)
    lates.sort()
    return (
        f"{moves / seconds:.1f} movements a second, the longest stillness {max(stills):.2f} s; a new point is drawn "
        f"{statistics.median(lates):.2f} s after its making, 95 % within {lates[int(0.95 * len(lates))]:.2f} s, the "
        f"last of {len(lates)} after {lates[-1]:.2f} s"
    )


def cost_words(who: str, percent: Sequence[float], taken: Sequence[dict[str, float]]) -> str:
    """What a way to watch costs, and what its readers were told, if it has some."""
    error = statistics.stdev(percent) / len(percent) ** 0.5 if len(percent) > 1 else float("nan")
    words = f"{who}: the training is slower by {statistics.mean(percent):.1f} ± {error:.1f} %"
    if not taken:
        return words
    told = statistics.mean(one["messages"] for one in taken)
    return f"{words}; told {told:.0f} messages a second, {sum(one['lost'] for one in taken):.0f} cut off"


def main() -> None:
    """Print a line for what the page shows, and one for what each way to watch costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--pages", type=int, nargs="*", default=[30, 300])
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = Store(f"sqlite:///{folder}/lab.sqlite3")
        port = stack.enter_context(server(store))
        run = store.submit(replace(step(5).config, device="cpu", epochs=200))
        while len(windows(store, run)) < 30:
            time.sleep(0.5)
        chromium, ways = find_chromium(), {}
        if chromium:
            browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = BrowserPage(browser.new_page(viewport={"width": 1280, "height": 720}), port, run)
            ways[HERE] = page.look
        readers = Readers(port, run)
        stack.callback(readers.close)
        taken: dict[str, list[dict[str, float]]] = {}
        for many in asked.pages:
            ways[f"{many} pages elsewhere"] = partial(
                readers.watch, many, taken.setdefault(f"{many} pages elsewhere", [])
            )
        stretches = watch(asked.rounds, ways)
        spoken = windows(store, run)
        if chromium:
            print(f"{HERE}: {liveliness(page.seen(), [one for one in stretches if one.who == HERE], spoken)}")
        for who, percent in costs(stretches, spoken).items():
            print(cost_words(who, percent, taken.get(who, [])))
        store.send(run, "stop")


if __name__ == "__main__":
    main()
