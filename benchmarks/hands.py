"""Digits that people draw in other ways than most of MNIST."""

from __future__ import annotations

import numpy as np

from benchmarks.shapes import Strokes, arc, line

HANDS: dict[str, Strokes] = {
    "0": [arc(0.4, 0.5, 0.35, 0.5, -90, 270)],
    "1, a line": [line((0.5, 0), (0.5, 1))],
    "1 with an upstroke": [line((0.15, 0.3), (0.5, 0), (0.5, 1))],
    "1 with upstroke and base": [line((0.2, 0.25), (0.5, 0), (0.5, 1)), line((0.2, 1), (0.8, 1))],
    "2": [np.concatenate([arc(0.4, 0.27, 0.35, 0.27, -170, 30), line((0.05, 1), (0.8, 1))])],
    "2 with a loop": [
        np.concatenate(
            [arc(0.4, 0.27, 0.35, 0.27, -170, 40), arc(0.2, 0.88, 0.13, 0.1, -20, -340), line((0.4, 0.9), (0.85, 1))]
        )
    ],
    "3": [np.concatenate([arc(0.35, 0.26, 0.3, 0.26, -150, 90), arc(0.35, 0.75, 0.35, 0.24, -90, 150)])],
    "3 with a flat top": [
        np.concatenate([line((0.1, 0), (0.7, 0), (0.35, 0.42)), arc(0.35, 0.7, 0.35, 0.29, -90, 150)])
    ],
    "4, open": [line((0.15, 0), (0.05, 0.55), (0.8, 0.55)), line((0.6, 0.1), (0.6, 1))],
    "4, closed": [line((0.55, 1), (0.55, 0), (0, 0.65), (0.8, 0.65))],
    "5": [np.concatenate([line((0.7, 0), (0.15, 0), (0.1, 0.42)), arc(0.35, 0.68, 0.35, 0.31, -110, 140)])],
    "5 in two strokes": [
        np.concatenate([line((0.15, 0.05), (0.1, 0.42)), arc(0.35, 0.68, 0.35, 0.31, -110, 140)]),
        line((0.15, 0.03), (0.7, 0)),
    ],
    "6": [np.concatenate([line((0.6, 0), (0.25, 0.35)), arc(0.38, 0.7, 0.3, 0.28, -160, 200)])],
    "7": [line((0, 0), (0.7, 0), (0.3, 1))],
    "7 with a bar": [line((0, 0), (0.7, 0), (0.3, 1)), line((0.2, 0.5), (0.7, 0.5))],
    "7 with a serif": [line((0, 0.15), (0, 0), (0.7, 0), (0.3, 1))],
    "8": [np.concatenate([arc(0.4, 0.25, 0.28, 0.25, 90, 450), arc(0.4, 0.75, 0.34, 0.25, -90, 270)])],
    "8 of two rings": [arc(0.4, 0.24, 0.27, 0.24), arc(0.4, 0.74, 0.33, 0.26)],
    "9 with a straight tail": [arc(0.4, 0.28, 0.3, 0.28), line((0.7, 0.2), (0.65, 1))],
    "9 with a curved tail": [
        np.concatenate(
            [arc(0.4, 0.28, 0.3, 0.28, 0, 360), line((0.7, 0.28), (0.68, 0.7)), arc(0.38, 0.72, 0.3, 0.28, 0, 140)]
        )
    ],
}
