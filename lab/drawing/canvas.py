"""What the canvas in the browser sends -> strokes, as it shows them."""

from __future__ import annotations

import numpy as np

from lab.drawing.line import as_shown
from lab.drawing.pen import Points

SIDE, CANVAS_PEN = 280, 18.0
"""Of the canvas, ten times the picture that the network gets; width of its pen, which leaves a dot of this size."""

MOST_STROKES, MOST_POINTS = 200, 4000
"""Of one drawing: a digit has some hundred points, and a page full of lines is to be answered too."""
FARTHEST = 10_000.0
"""Pixels from the canvas's corner: a line that leaves the canvas goes on for as long as the pen is down."""

NO_STROKES = "A drawing is a list of strokes, each a list of points [x, y] in pixels."
TOO_MANY = f"The drawing has more than {MOST_STROKES} strokes or {MOST_POINTS:,} points: clear it and draw one digit."


class NoDrawing(ValueError):
    """What was sent is no drawing; the message is a sentence."""


class TooMuch(NoDrawing):
    """It is one, but larger than any that is read."""


def strokes_from_canvas(sent: object) -> list[Points]:
    """The strokes (n, 2), in pixels of the canvas, of what its page has sent; what leaves no ink on it is left out.

    Between the points that a fast pen has left they go on as smoothly as the canvas draws them.

    Raises:
        NoDrawing: it is something else; TooMuch: it has too many strokes or points.
    """
    if not isinstance(sent, list):
        raise NoDrawing(NO_STROKES)
    if len(sent) > MOST_STROKES or sum(len(stroke) for stroke in sent if isinstance(stroke, list)) > MOST_POINTS:
        raise TooMuch(TOO_MANY)
    strokes = [np.array([_point(point) for point in _listed(stroke)], dtype=np.float64) for stroke in sent if stroke]
    around = CANVAS_PEN / 2
    return [part for stroke in strokes for part in as_shown(stroke, -around, SIDE + around)]


def _listed(stroke: object) -> list[object]:
    if not isinstance(stroke, list):
        raise NoDrawing(NO_STROKES)
    return stroke


def _point(point: object) -> tuple[float, float]:
    match point:
        case [int() | float() as x, int() | float() as y] if _is_near(x) and _is_near(y):
            return float(x), float(y)
    raise NoDrawing(NO_STROKES)


def _is_near(coordinate: float) -> bool:
    return not isinstance(coordinate, bool) and -FARTHEST <= coordinate <= FARTHEST  # which NaN is not
