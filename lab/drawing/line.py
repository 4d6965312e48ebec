"""The points of a stroke on the canvas -> the line that the canvas shows: smooth between them, and within the square.

A fast pen leaves few points, far from each other. Their straight connections would have corners that nobody has drawn.
"""

from __future__ import annotations

import numpy as np

from lab.drawing.pen import Points

STEP = 4.0
"""Pixels between two points of the line, about: as a slow pen leaves them."""
MOST_STEPS = 16
"""Between two points of a stroke: the largest drawing that is read is not to take a second."""


def as_shown(points: Points, low: float, high: float) -> list[Points]:
    """The parts of a stroke's line, each (n, 2), that lie between these coordinates, both across and down."""
    return _within(_curve(points), low, high)


def _curve(points: Points) -> Points:
    """As signature_pad (5.1.4) draws it: cubic Bézier curves, and the last piece straight (`drawing_ends.js`)."""
    if len(points) < 3:
        return points
    before, start = np.concatenate([points[:1], points[:-3]]), points[:-2]  # of each piece but the last
    end, after = points[1:-1], points[2:]
    first, second = _handles(start, end, after)[0], _handles(before, start, end)[1]  # that library's own order
    steps = np.clip(np.ceil(np.hypot(*(end - start).T) / STEP), 1, MOST_STEPS).astype(int)
    piece = np.repeat(np.arange(len(steps)), steps)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(steps) - steps, steps) + 1  # of a point within its piece
    at = (number / steps[piece])[:, None]
    back = 1 - at
    bent = 3 * back**2 * at * first[piece] + 3 * back * at**2 * second[piece]
    return np.concatenate([points[:1], back**3 * start[piece] + bent + at**3 * end[piece], points[-1:]])


def _handles(before: Points, point: Points, after: Points) -> tuple[Points, Points]:
    """What bends the curve on both sides of each point: the middles of its two pieces, moved along with it.

    They are moved so that the line between them goes through the point, which parts it as it parts the two pieces.
    """
    came, goes = (np.hypot(*(one - other).T)[:, None] for one, other in ((before, point), (point, after)))
    middles = (before + point) / 2, (point + after) / 2
    between = middles[1] + (middles[0] - middles[1]) * goes / np.maximum(came + goes, 1e-12)
    return middles[0] + point - between, middles[1] + point - between


def _within(line: Points, low: float, high: float) -> list[Points]:
    """Each piece cut as in Y.-D. Liang and B. A. Barsky, "A new concept and method for line clipping", TOG 3 (1984)."""
    inside = np.asarray(((low <= line) & (line <= high)).all(axis=1))
    if inside.all():
        return [line]
    start, step = line[:-1], np.diff(line, axis=0)
    slope = np.where(step == 0, 1e-12, step)
    crossings = np.sort([(low - start) / slope, (high - start) / slope], axis=0)  # (2, n, 2): in and out of each band
    enters, leaves = np.maximum(crossings[0].max(axis=1), 0), np.minimum(crossings[1].min(axis=1), 1)
    seen = np.flatnonzero(enters < leaves)
    begins, ends = (start[seen] + share[seen, None] * step[seen] for share in (enters, leaves))
    goes_on = (np.diff(seen) == 1) & inside[seen[1:]] if len(seen) else np.array([], dtype=bool)
    parts = np.split(np.arange(len(seen)), np.flatnonzero(~goes_on) + 1) if len(seen) else []
    return [np.concatenate([begins[part[:1]], ends[part]]) for part in parts]
