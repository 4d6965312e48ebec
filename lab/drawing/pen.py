"""The pen: strokes drawn with MNIST's, and a picture's brought to MNIST's width."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lab.drawing.ink import Floats, Gray, resize_to_box

Points = NDArray[np.float64]
"""A stroke (n, 2): x to the right, y down."""

BOX = 20
"""Longest side of the ink in MNIST, in pixels."""
PEN = 2.4
"""Pen width in pixels: along the middle lines of MNIST's digits it leaves 0.95 of their ink (docs/drawing.md)."""
PEN_RANGE = (2.0, 2.8)
"""Widths in which a picture's pen is left as it is."""
EDGE = 1.2
"""Pixels over which the pen's edge fades, about as in MNIST."""
PIECE = 4.0
"""Pixels of a stroke that are measured at a time, many pieces at once."""
AT_ONCE = 4096
"""Pieces: a digit has some fifty; the longest drawing that is read has a hundred thousand, and would take 400 MB."""
FINE = 8 * BOX
"""Longest side at which a picture's pen is changed."""
MIDDLE_PERCENTILE = 20
"""Of the depths along the middle of the strokes, the one that is taken for the pen's radius."""


def draw_in_box(strokes: Sequence[Points], side: int) -> Gray:
    """The strokes scaled so that their ink's longest side is `side`, drawn with MNIST's pen."""
    fitted, (height, width) = fit_to_box(strokes, side)
    return _coverage(_distance_to(fitted, height, width))


def fit_to_box(strokes: Sequence[Points], side: int) -> tuple[list[Points], tuple[int, int]]:
    """The strokes in pixels of a raster that just holds them and the pen, and its (height, width).

    A drawing without extent, a dot, keeps the size of the pen.
    """
    points = np.concatenate(strokes)
    lowest, extent = points.min(axis=0), np.ptp(points, axis=0)
    is_dot = extent.max() <= 1e-9 * np.abs(points).max()  # rounding, blown up, would look like ink
    scale = 0.0 if is_dot else (side - PEN) / extent.max()
    size = extent * scale + PEN
    whole = np.ceil(size - 1e-6)  # without the slack a rounding error makes the box 21 wide
    margin = PEN / 2 + (whole - size) / 2
    width, height = (int(length) for length in whole)
    return [(stroke - lowest) * scale + margin for stroke in strokes], (height, width)


def _distance_to(strokes: Sequence[Points], height: int, width: int) -> Floats:
    """Pixels from each pixel's centre to the nearest stroke; infinite where none can leave ink."""
    every_start, every_end = _pieces(strokes)
    within = np.arange(math.ceil(PIECE + 2 * PEN) + 1)
    room = len(within)  # around the raster, for windows that reach over its edge
    nearest = np.full((height + 2 * room, width + 2 * room), np.inf)
    for first in range(0, len(every_start), AT_ONCE):
        starts, ends = (points[first : first + AT_ONCE] for points in (every_start, every_end))  # (P, 2) each
        corners = np.floor(np.minimum(starts, ends) - PEN).astype(int)  # of a window, a pen's width around each piece
        columns, rows = (corners[:, axis, None] + within for axis in (0, 1))  # (P, K)
        away_x = (columns + 0.5 - starts[:, :1])[:, None, :]
        away_y = (rows + 0.5 - starts[:, 1:])[:, :, None]
        dx, dy = ((ends - starts)[:, axis, None, None] for axis in (0, 1))
        along = np.clip((away_x * dx + away_y * dy) / np.maximum(dx * dx + dy * dy, 1e-12), 0, 1)  # (P, K, K)
        squared = (away_x - along * dx) ** 2 + (away_y - along * dy) ** 2
        np.minimum.at(nearest, (rows[:, :, None] + room, columns[:, None, :] + room), squared)
    return np.asarray(np.sqrt(nearest[room:-room, room:-room]))


def _pieces(strokes: Sequence[Points]) -> tuple[Points, Points]:
    """The strokes as straight pieces no longer than PIECE, where each starts and ends (P, 2); a dot has no length."""
    paths = [stroke if len(stroke) > 1 else np.repeat(stroke, 2, axis=0) for stroke in strokes]
    starts = np.concatenate([path[:-1] for path in paths])
    steps = np.concatenate([np.diff(path, axis=0) for path in paths])
    parts = np.maximum(np.ceil(np.hypot(*steps.T) / PIECE), 1).astype(int)
    step = np.repeat(steps / parts[:, None], parts, axis=0)
    number = np.arange(len(step)) - np.repeat(np.cumsum(parts) - parts, parts)  # of a piece within its line
    begin = np.repeat(starts, parts, axis=0) + number[:, None] * step
    return begin, begin + step


def _coverage(distance: Floats) -> Gray:
    """How much of each pixel a pen of width PEN covers, its middle `distance` pixels away."""
    return np.clip(0.5 + (PEN / 2 - distance) / EDGE, 0, 1).astype(np.float32)


def adjust_pen(cropped: Gray) -> Gray:
    """The ink, 160 pixels a side, with strokes thinned or thickened to MNIST's width.

    The ink's edge is moved in or out by the same distance everywhere, read from the distance to the
    edge. A loop that the pen filled stays a blob, but one that it nearly filled opens again.
    """
    reach = math.ceil(max(cropped.shape) / FINE)  # a line thinner than this would fade away
    fine = resize_to_box(ndimage.maximum_filter(cropped, size=reach), FINE)
    ink = np.pad(fine, FINE // 8) > 0.5  # with room for a thicker pen
    inside = ndimage.distance_transform_edt(ink)
    outside = ndimage.distance_transform_edt(~ink)
    depth = np.where(ink, inside - 0.5, 0.5 - outside)  # below the ink's edge, in pixels
    radius = pen_radius(depth)
    path = max(FINE - 2 * radius, radius)  # longest side of the pen's path; a blob has a small one
    width = 2 * radius / (path + 2 * radius) * BOX  # what the pen has now, at 20 pixels
    share = np.clip(width, *PEN_RANGE) / BOX
    wanted = path * share / (1 - share) / 2  # solves 2 wanted = share (path + 2 wanted)
    return np.asarray(np.clip(0.5 + depth + wanted - radius, 0, 1), dtype=np.float32)


def pen_radius(depth: Floats) -> float:
    """Half the pen's width, from the depth along the middle of the strokes.

    The 20th percentile, not the median: where strokes cross or fill a loop, the ink is wider than
    the pen. Of digits 60 pixels large, redrawn with a pen of 20, 82.8 % are then read correctly,
    with the median 78.5 % (docs/drawing.md).
    """
    middle = (depth > 0) & (depth >= ndimage.maximum_filter(depth, size=3))
    return float(np.percentile(depth[middle], MIDDLE_PERCENTILE))
