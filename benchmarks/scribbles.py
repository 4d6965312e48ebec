"""Drawings that are no digit, by chance: outlines, lines that cross, and lines, arcs, rings and corners put together.

What is fitted is fitted to these, and never to the kinds that have a name (`benchmarks/doodles.py`).
"""

from __future__ import annotations

import numpy as np

from benchmarks.shapes import Rng, Strokes, arc
from lab.drawing import Points

OUTLINES, CROSSINGS = 0.2, 0.1
"""Shares of the drawings: by chance alone, shapes that are put together are hardly ever as simple as these."""


def anything(rng: Rng) -> Strokes:
    """An outline, lines that cross or meet, or shapes put together."""
    share = rng.random()
    if share < OUTLINES:
        return _outlined(rng)
    return _lines(rng) if share < OUTLINES + CROSSINGS else _put_together(rng)


def _put_together(rng: Rng) -> Strokes:
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


def _outlined(rng: Rng) -> Strokes:
    """A closed line, often symmetric, often with a shape or two that begin on it."""
    outline = _closed(rng) * rng.uniform(0.5, 1, 2)
    right = outline[outline[:, 0] >= 0]
    if rng.random() < 0.4 and len(right) > 3:
        right = right[np.argsort(np.arctan2(right[:, 0], -right[:, 1]))]  # from the top down
        outline = np.concatenate([right, (right * (-1, 1))[::-1], right[:1]])
    more = []
    for _ in range(int(rng.choice(3, p=[0.5, 0.3, 0.2]))):
        shape = _any_shape(rng) * rng.uniform(0.15, 0.7, 2)
        more.append(shape - shape[int(rng.choice([0, len(shape) // 2, -1]))] + outline[int(rng.integers(len(outline)))])
    mirrored = [shape * (-1, 1) for shape in more] if rng.random() < 0.3 else []
    return [outline, *more, *mirrored]


def _closed(rng: Rng) -> Points:
    """Around 0: smooth, with bumps, with a few tips and dents, or with corners."""
    kind, first = int(rng.integers(4)), float(rng.uniform(0, 2 * np.pi))
    if kind == 0:
        count = int(rng.integers(3, 7))
        chance = rng.random() < 0.5
        turn = np.sort(rng.uniform(0, 2 * np.pi, count)) if chance else first + 2 * np.pi * np.arange(count) / count
        corners = np.stack([np.cos(turn), np.sin(turn)], axis=1) * rng.uniform(0.6, 1, (count, 1)) / 2
        return np.concatenate([corners, corners[:1]])
    turn = np.linspace(0, 2 * np.pi, 121)
    reach = np.ones_like(turn)
    if kind == 1:
        for wave in range(2, 6):
            reach += rng.normal(0, 0.35 / wave) * np.cos(wave * turn + rng.uniform(0, 2 * np.pi))
    elif kind == 2:
        reach += rng.uniform(0.1, 0.5) * np.abs(np.sin(int(rng.integers(2, 8)) * (turn + first) / 2))
    else:
        for _ in range(int(rng.integers(1, 4))):
            away = np.abs((turn - rng.uniform(0, 2 * np.pi) + np.pi) % (2 * np.pi) - np.pi)
            reach += rng.uniform(-0.6, 0.8) * np.exp(-away / rng.uniform(0.2, 0.8))
    points = np.maximum(reach, 0.1)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(points / np.ptp(points, axis=0).max())


def _lines(rng: Rng) -> Strokes:
    """Two to four straight ones, each through a point of the one before or from it, half of them upright or level."""
    lines: Strokes = []
    at = rng.uniform(0.3, 0.7, 2)
    for _ in range(int(rng.integers(2, 5))):
        degrees = rng.uniform(0, 360) if rng.random() < 0.5 else 90 * rng.integers(4) + rng.normal(0, 6)
        way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]) * rng.uniform(0.5, 1)
        start = at - way * (rng.uniform(0.2, 0.8) if rng.random() < 0.7 else 0)
        lines.append(np.stack([start, start + way]))
        if rng.random() < 0.4:
            at = start + rng.random() * way
    return lines
