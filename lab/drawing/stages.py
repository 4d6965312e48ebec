"""A drawing -> 28x28, made as MNIST was made: cropped, scaled to 20 pixels, centred by mass.

Two ways lead there. Strokes, the pen's path as points, are scaled first and then drawn with MNIST's
pen, so a small digit keeps its loops however thick the pen was. A picture has pixels only: its ink
is told from its ground and the pen's width is estimated and brought to MNIST's. Each stage is a
function; `stroke_stages` and `drawing_stages` keep what every one of them gave, for the page.

What MNIST is, measured on its 60,000 training images: the ink's longer side is 20 pixels in 99.98 %
of them; the centre of mass, in pixel indices, lies between 13.48 and 14.50 on both axes in all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.drawing.ink import BlankDrawing, Gray, crop_to_ink, ink_of, resize_to_box
from lab.drawing.oddity import why_odd
from lab.drawing.pen import BOX, Points, adjust_pen, draw_in_box
from lab.drawing.picture import PictureError
from lab.drawing.surroundings import alone, is_crowded
from lab.drawing.unclear import is_blank, unclear_inks
from lab.network_config import IMAGE_SIZE

CENTRE = 14.0
"""Pixel index of MNIST's centre of mass, along both axes."""
SHOWN = 100
"""Longest side of the strokes as the first stage shows them."""


@dataclass(frozen=True)
class Stage:
    """What one step of the preparation gave, and one sentence on what it did.

    `image` is float32 (h, w) in [0, 1] with bright ink; the last stage's is the (28, 28) result.
    """

    name: str
    explanation: str
    image: Gray


def normalize_strokes(strokes: Sequence[ArrayLike], pen: float = 0) -> Gray:
    """The strokes, each (n, 2), of any scale and place, as MNIST would hold them: (28, 28); the last of their stages.

    `pen`: as for `stroke_stages`.

    Raises:
        BlankDrawing: there is no point at all.
        ValueError: a stroke is not (n, 2) or holds a coordinate that is not finite.
    """
    return centre_by_mass(draw_in_box(_dots_as_points(checked_strokes(strokes), pen), BOX))


def normalize_drawing(rgba: NDArray[np.uint8]) -> Gray:
    """The picture, uint8 (H, W, 4), light ink on dark or dark on light, as MNIST's: (28, 28).

    Raises:
        BlankDrawing: the picture is uniform, evenly shaded or transparent.
        PictureError: there is something in it, but no digit can be told from the rest, or from its ground.
        ValueError: `rgba` is not uint8 (H, W, 4).
    """
    return drawing_stages(rgba)[-1].image


def stroke_stages(strokes: Sequence[ArrayLike], pen: float = 0) -> list[Stage]:
    """The steps of `normalize_strokes`, in order; raises what it raises.

    What was drawn with a pen of this width and is smaller than the pen is a dot.
    """
    checked = _dots_as_points(checked_strokes(strokes), pen)
    boxed = draw_in_box(checked, BOX)
    return [
        Stage(
            "Strokes",
            "The drawing, cropped to its own box: its place and size no longer matter.",
            draw_in_box(checked, SHOWN),
        ),
        Stage(
            "Box of 20 pixels",
            f"The drawing is scaled to {BOX} pixels and drawn again with the stroke thickness of MNIST.",
            boxed,
        ),
        _centred(boxed),
    ]


def _dots_as_points(strokes: list[Points], pen: float) -> list[Points]:
    points = np.concatenate(strokes)
    return [points.mean(axis=0, keepdims=True)] if np.ptp(points, axis=0).max() < pen else strokes


def drawing_stages(rgba: NDArray[np.uint8]) -> list[Stage]:
    """The steps of `normalize_drawing`, in order; raises what it raises.

    Where the picture shows more than a digit, the first part of it that looks like one is read.
    """
    try:
        ink = ink_of(rgba)
    except BlankDrawing:
        if is_blank(rgba):
            raise
        return _unclear(rgba, _NO_CLEAR_INK)
    for part in alone(rgba, ink):
        stages = _ink_stages(part)
        if odd(stages) is None:
            return stages if part is ink else [Stage("All ink", _ALL_INK, ink), *_ink_stages(part, _DIGIT_ALONE)]
    return _unclear(rgba, _CROWDED) if is_crowded(ink) else _ink_stages(ink)


def _unclear(rgba: NDArray[np.uint8], refusal: str) -> list[Stage]:
    """The digit in a picture that is pale or half in shade; raises PictureError where nothing in it looks like one."""
    for ink in unclear_inks(rgba):
        if is_crowded(ink):
            continue
        stages = _ink_stages(ink, _FAINT)
        if odd(stages) is None:
            return stages
    raise PictureError(refusal)


_ALL_INK = "Everything that differs from the background, light or dark. Here it is more than a digit."
_DIGIT_ALONE = "Everything that touches the border, frames the digit or lies around its sheet is left out."
_INK = "Everything that differs from the background is ink, light or dark."
_FAINT = "Everything that differs a little from the paper right around it is ink, in the light and in the shade."
_CROWDED = (
    "The lab cannot find the digit among the other things in the picture. A good picture shows one digit alone on "
    "plain paper, with empty paper up to every border: crop the picture, or take it from closer."
)
_NO_CLEAR_INK = (
    "The lab cannot tell a digit's ink from its paper in the picture. A good picture shows one digit alone, drawn with "
    "a dark pen on plain paper in even light, with empty paper up to every border."
)


def odd(stages: Sequence[Stage]) -> str | None:
    """Why what these stages led to does not look like one digit, a clause for "... : {why}."; None: it does."""
    shown = next(stage for stage in stages if stage.name in ("Strokes", "Ink"))
    return why_odd(shown.image, stages[-1].image)


def _ink_stages(ink: Gray, explanation: str = _INK) -> list[Stage]:
    """From a picture's ink on."""
    cropped = crop_to_ink(ink)
    thinned = crop_to_ink(adjust_pen(cropped))
    boxed = resize_to_box(thinned, BOX)
    return [
        Stage("Ink", explanation, ink),
        Stage("Crop", "Only the box around the ink is kept: its place no longer matters.", cropped),
        Stage("Stroke thickness", "The stroke thickness is changed to that of MNIST.", thinned),
        Stage(
            "Box of 20 pixels",
            f"The longer side becomes {BOX} pixels. The proportions stay the same.",
            boxed,
        ),
        _centred(boxed),
    ]


def _centred(boxed: Gray) -> Stage:
    explanation = f"The centre of mass is moved to the middle of {IMAGE_SIZE}×{IMAGE_SIZE} pixels."
    return Stage("Centre of mass", explanation, centre_by_mass(boxed))


def checked_strokes(strokes: Sequence[ArrayLike]) -> list[Points]:
    """The strokes that have a point, as float64 (n, 2); raises as `normalize_strokes` does."""
    arrays = [np.asarray(stroke, dtype=np.float64) for stroke in strokes]
    arrays = [points for points in arrays if points.size]
    for points in arrays:
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"A stroke has the shape {points.shape}; it must be (points, 2).")
        if not np.isfinite(points).all():
            raise ValueError("A stroke holds NaN or infinity; every coordinate must be finite.")
    if not arrays:
        raise BlankDrawing
    return arrays


def centre_by_mass(boxed: Gray) -> Gray:
    """`boxed`, at most 20 pixels a side, in 28x28 with its centre of mass at MNIST's.

    Moved by whole pixels, so nothing is blurred: the centre comes to lie within half a pixel of
    index 14, as in MNIST. Ink is never moved out of the image for it.
    """
    corner = []
    for axis, length in enumerate(boxed.shape):
        profile = boxed.sum(axis=1 - axis, dtype=np.float64)
        centre = profile @ np.arange(length) / profile.sum()
        # The slack decides half a pixel always the same way: symmetric digits have it exactly.
        start = math.ceil(CENTRE - 0.5 - centre - 1e-3)
        corner.append(min(max(start, 0), IMAGE_SIZE - length))
    top, left = corner
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), dtype=np.float32)
    image[top : top + boxed.shape[0], left : left + boxed.shape[1]] = boxed
    return image
