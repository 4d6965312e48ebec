"""Drawings that are no digit, by chance: lines, arcs, rings, corners, spirals and waves put together.

What is fitted is fitted to these, and never to the kinds that have a name (`benchmarks/doodles.py`).
"""

from __future__ import annotations

import numpy as np

from benchmarks.shapes import Rng, Strokes, arc
from lab.drawing import Points


def anything(rng: Rng) -> Strokes:
    """One to seven shapes, each at a random place or where another one has a point; half of the drawings symmetric."""
    strokes: Strokes = []
    for _ in range(int(rng.choice(8, p=[0, 0.12, 0.2, 0.22, 0.18, 0.14, 0.08, 0.06]))):
        shape = _any_shape(rng) * rng.uniform(0.15, 1, 2)
        if strokes and rng.random() < 0.6:
            other = strokes[int(rng.integers(len(strokes)))]
            shape += other[int(rng.choice([0, len(other) // 2, -1]))] - shape[int(rng.choice([0, len(shape) // 2, -1]))]
        else:
            shape += rng.uniform(0, 1, 2)
        strokes.append(shape)
    if rng.random() < 0.5:  # faces, houses, trees and hearts are
        axis = float(rng.choice([0, np.concatenate(strokes)[:, 0].max(), rng.uniform(0, 1)]))
        mirrored = [np.stack([2 * axis - stroke[:, 0], stroke[:, 1]], axis=1) for stroke in strokes]
        strokes += [stroke for stroke in mirrored if rng.random() < 0.9]
    return strokes


def _any_shape(rng: Rng) -> Points:
    """Some 1 x 1 large, around nothing in particular."""
    kind = int(rng.integers(8))
    start = float(rng.uniform(0, 360))
    if kind < 2:  # a line: upright, level or slanting
        turn = np.radians(start if rng.random() < 0.3 else 90 * rng.integers(2))
        return np.outer([-0.5, 0.5], [np.cos(turn), np.sin(turn)])
    if kind == 2:
        return arc(0, 0, 0.5, 0.5, start, start + rng.uniform(60, 300))
    if kind == 3:
        return arc(0, 0, 0.5, 0.5, start, start + 360)
    if kind == 4:  # closed, of three to six corners
        corners = np.sort(rng.uniform(0, 360, int(rng.integers(3, 7)))) if rng.random() < 0.5 else None
        turn = np.radians(
            start + np.linspace(0, 360, int(rng.integers(3, 7)), endpoint=False) if corners is None else corners
        )
        around = np.stack([np.cos(turn), np.sin(turn)], axis=1) / 2
        return np.concatenate([around, around[:1]])
    if kind == 5:  # of a few corners
        return np.array(rng.uniform(-0.5, 0.5, (int(rng.integers(3, 6)), 2)))
    if kind == 6:
        turn = np.radians(start) + np.linspace(0, 2 * np.pi * rng.uniform(1.3, 4), 100)
        return np.stack([np.cos(turn), np.sin(turn)], axis=1) * np.linspace(0.05, 0.5, 100)[:, None]
    along = np.linspace(0, 1, 60)
    return np.stack([along - 0.5, 0.3 * np.sin(2 * np.pi * (rng.uniform(1, 5) * along + start))], axis=1)
