"""How long a drawn digit waits for its answer, while nothing trains and while the same processor trains step 5.

    python benchmarks/prediction.py [--seconds 10] [--draw 1 30]

So many people draw a seven at once, each in a connection of their own to a server on this very machine: a question ten
times a second with what is drawn by then, never two at a time, and for the layers' pictures too twice a second where
answers come quickly, as the Draw page asks. Milliseconds from a question to its answer, and how many answers came a
second for all of them. Those who draw take of the same processor.

Before that: what an answer itself takes of a core, in this process and without the way there, its kinds in turn.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from benchmarks.pages import server
from lab.answer import Answer, answer_to
from lab.drawing import Points, normalize_strokes, stroke_stages
from lab.layer_strip import strip
from lab.predict import load_predictor
from lab.probe import layer_maps
from lab.steps import step
from lab.store import Store

EVERY_SECONDS = 0.1
"""Between two questions of one who draws."""
LINE_SECONDS = 1.5
"""For a seven; then it is drawn again."""
QUICK, LAYERS_EVERY = 12.0, 500.0
"""Milliseconds: of lab/ui/drawing_questions.js."""


def a_seven() -> Points:
    """Its line as a hand draws it, points (90, 2) in pixels of the canvas."""
    return np.vstack([np.linspace([70, 70], [200, 75], 40), np.linspace([200, 75], [120, 220], 50)]).round(1)


ANSWERS = 300
"""Of each kind, for what one takes."""


PEN = 18.0
"""Of the page, in pixels."""


def costs() -> str:
    """Milliseconds of a core that an answer and its parts take, as lab/web/reading.py makes it, in words: medians."""
    seven, network = [a_seven()], load_predictor()
    picture = normalize_strokes(seven, PEN)

    def down() -> object:
        read = normalize_strokes(seven, PEN)
        return Answer(network(read), read, None, network.description).row()

    kinds: dict[str, Callable[[], object]] = {
        "while the pen is down": down,
        "of which the picture": lambda: normalize_strokes(seven, PEN),
        "and the network": lambda: network(picture),
        "with a picture of every layer": lambda: (down(), strip(layer_maps(network, picture, exact=False)).row()),
        "once the pen is lifted": lambda: answer_to(stroke_stages(seven, PEN), network).row(),
    }
    took: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ANSWERS):
        for name, answer in kinds.items():
            began = time.process_time()
            answer()
            took[name].append(1000 * (time.process_time() - began))
    return "ms of a core for an answer " + ", ".join(f"{name} {np.median(took[name]):.1f}" for name in kinds)


def draw(port: int, until: float, waits: list[float]) -> None:
    """Ask what is drawn by now until then, and note the milliseconds to each answer."""
    line = a_seven().tolist()
    connection, took = http.client.HTTPConnection("localhost", port, timeout=60), 0.0
    layers_at = -LAYERS_EVERY
    begin = time.perf_counter() - np.random.default_rng().uniform(0, LINE_SECONDS)
    while (asked := time.perf_counter()) < until:
        share = (asked - begin) % LINE_SECONDS / LINE_SECONDS
        strokes = [line[: 1 + int(share * len(line))]]
        layers = took < QUICK and 1000 * (asked - layers_at) >= LAYERS_EVERY
        layers_at = asked if layers else layers_at
        content = json.dumps({"strokes": strokes, "drawing": True, "layers": layers})
        connection.request("POST", "/reading", content, {"Origin": f"http://localhost:{port}"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        json.loads(answer.read())
        waits.append(1000 * (time.perf_counter() - asked))
        took = took if layers else waits[-1]
        time.sleep(max(0.0, EVERY_SECONDS - (time.perf_counter() - asked)))
    connection.close()


def measured(port: int, people: int, seconds: float) -> str:
    """How long so many people waited, in words."""
    waits: list[float] = []
    until = time.perf_counter() + seconds
    drawing = [threading.Thread(target=draw, args=(port, until, waits)) for _ in range(people)]
    for person in drawing:
        person.start()
    for person in drawing:
        person.join()
    median, late = np.median(waits), np.percentile(waits, 95)
    return f"median {median:5.1f} ms, 95 % within {late:5.1f} ms, {len(waits) / seconds:5.0f} answers a second"


def main() -> None:
    """Print a line for each number of people, first idle and then while a run trains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--draw", type=int, nargs="*", default=[1, 30])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/lab.sqlite3")
        print(costs(), flush=True)
        with server(store) as port:
            measured(port, 1, 15)  # torch is imported, the network loaded
            for state in ("idle", "while a run trains"):
                if state != "idle":
                    run = store.submit(replace(step(5).config, device="cpu", epochs=200))
                    while len(store.events_after(run)) < 10:
                        time.sleep(0.2)
                for people in asked.draw:
                    print(f"{people:3} draw, {state:18} {measured(port, people, asked.seconds)}", flush=True)
            store.send(run, "stop")


if __name__ == "__main__":
    main()
