"""How well fast strokes are read: digits of which a page hears a few places only.

    python benchmarks/flicks.py     # prints the table of docs/drawing.md

The digits of `benchmarks/hands.py` in 20 handwritings, 15 times each, unsteady as by hand. A pen is slower in bends
and at both ends of a stroke; it is heard of as often as said for the longest stroke, of the others as their length is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.hands import HANDS
from benchmarks.shapes import Rng, by_hand
from lab.drawing import CANVAS_PEN, Points, odd, stroke_stages, strokes_from_canvas
from lab.predict import load_predictor

Strokes = Sequence[Points]
TIMES, HEARD = 15, (4, 5, 6, 8, 10, 14)
BEND, STILL = 8, 0.004
"""Half pixels over which a bend is measured; how much a straight line is taken to bend, in radians a pixel."""


def timed(stroke: Points) -> tuple[Points, Points]:
    """A stroke in steps of half a pixel, and when the pen is there, from 0 to 1.

    Its speed falls with the bend's third root (F. Lacquaniti, C. Terzuolo and P. Viviani, Acta Psychologica 54, 1983).
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    steps = np.linspace(0, along[-1], max(20, round(2 * along[-1])))
    line = np.stack([np.interp(steps, along, stroke[:, axis]) for axis in (0, 1)], axis=1)
    way = (line[BEND:] - line[:-BEND]) @ np.array([1, 1j])
    bend = np.zeros(len(line))
    bend[BEND:-BEND] = np.abs(np.angle(way[BEND:] * way[:-BEND].conj())) / (BEND / 2)
    share = np.linspace(0, 1, len(line))
    speed = (bend + STILL) ** (-1 / 3) * np.sqrt(np.clip(4 * share * (1 - share), 0.05, 1))
    when = np.concatenate([[0.0], np.cumsum(1 / speed[1:])])
    return line, when / when[-1]


def heard(strokes: Strokes, most: int, rng: Rng) -> list[Points]:
    """The places that a page hears of."""
    lengths = [float(np.hypot(*np.diff(stroke, axis=0).T).sum()) for stroke in strokes]
    found = []
    for stroke, length in zip(strokes, lengths, strict=True):
        many = max(2, round(most * length / max(lengths)))
        line, when = timed(stroke)
        at = np.linspace(0, 1, many)
        at[1:-1] += rng.uniform(-0.3, 0.3, many - 2) / (many - 1)
        found.append(np.stack([np.interp(at, when, line[:, axis]) for axis in (0, 1)], axis=1))
    return found


def as_sent(strokes: Strokes) -> list[Points]:
    """The line that the canvas shows, which is read."""
    return strokes_from_canvas([stroke.tolist() for stroke in strokes])


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rng, read = np.random.default_rng(1), load_predictor()
    digits = [(int(name[0]), by_hand(hand, rng)) for name, hand in HANDS.items() for _ in range(TIMES)]
    labels = np.array([label for label, _ in digits])
    ways: tuple[Callable[[Strokes], Strokes], ...] = (list, as_sent)
    print(
        "| Places of the longest stroke | Read correctly, straight, % | As shown, % | Said to be no digit, straight, % "
        "| As shown, % |\n|---|---|---|---|---|"
    )
    for most in HEARD:
        drawn = [heard(strokes, most, rng) for _, strokes in digits]
        stages = [[stroke_stages(way(strokes), CANVAS_PEN) for strokes in drawn] for way in ways]
        right = [np.mean(read(np.stack([one[-1].image for one in way])).argmax(axis=1) == labels) for way in stages]
        refused = [np.mean([odd(one) is not None for one in way]) for way in stages]
        print(f"| {most} | {' | '.join(f'{100 * share:.1f}' for share in (*right, *refused))} |")


if __name__ == "__main__":
    main()
