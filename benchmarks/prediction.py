"""How long a drawn digit waits for its answer, while nothing trains and while the same processor trains step 5.

    python benchmarks/prediction.py

From the canvas's array to the ten probabilities, and from its strokes: milliseconds, the median and the 95th percentile
of drawings that come a few a second, as a hand draws.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from lab.drawing import normalize_drawing, normalize_strokes
from lab.jobs import Worker
from lab.predict import load_predictor
from lab.steps import step
from lab.store import Store

DRAWINGS, PAUSE_SECONDS, SIDE, PEN = 100, 0.1, 280, 18


def a_seven() -> list[np.ndarray]:
    """Two strokes, points in pixels of the canvas."""
    top = np.linspace([70, 70], [200, 75], 20)
    down = np.linspace([200, 75], [120, 220], 30)
    return [np.vstack([top, down]), np.linspace([110, 150], [190, 150], 10)]


def on_the_canvas(strokes: list[np.ndarray]) -> np.ndarray:
    """Its array, uint8 (280, 280, 4): white ink on a transparent ground, as the canvas gives it."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ink = np.zeros((SIDE, SIDE), dtype=bool)
    for x, y in np.vstack(strokes):
        ink |= (columns - x) ** 2 + (rows - y) ** 2 <= (PEN / 2) ** 2
    return np.where(ink, 255, 0).astype(np.uint8)[:, :, None].repeat(4, axis=2)


def milliseconds(read: Callable[[], Any]) -> tuple[float, float]:
    """Median and 95th percentile of a drawing's time."""
    times = []
    for _ in range(DRAWINGS):
        time.sleep(PAUSE_SECONDS)
        start = time.perf_counter()
        read()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times)), float(np.percentile(times, 95))


def main() -> None:
    """Print four lines."""
    predictor, strokes = load_predictor(), a_seven()
    canvas = on_the_canvas(strokes)
    ways = {
        "canvas": partial(lambda: predictor(normalize_drawing(canvas))),
        "strokes": partial(lambda: predictor(normalize_strokes(strokes))),
    }
    assert {int(read().argmax()) for read in ways.values()} == {7}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/lab.sqlite3")
        for training in (False, True):
            if training:
                run = store.submit(replace(step(5).config, device="cpu"))
                worker = Worker(store, "cpu", only=run)
                worker.start()
                while not store.events_after(run):
                    time.sleep(0.1)
            for name, read in ways.items():
                median, late = milliseconds(read)
                state = "while a run trains" if training else "idle"
                print(f"{name:8} {state:18} median {median:5.1f} ms, 95 % within {late:5.1f} ms", flush=True)
        store.send(run, "stop")
        worker.end()


if __name__ == "__main__":
    main()
