"""Whether what is to be read looks like one digit; if not, why, in one sentence."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lab.drawing.ink import Gray
from lab.drawing.likeness import distance
from lab.drawing.pen import BOX

LEAST_SIDE = BOX // 2
"""Pixels: no training image's ink is as small along its longer side; a dot is."""
MOST_DEPTH = 6.5
"""Pixels from the ink's edge to its innermost point: at most 6.3 in the training images measured."""
MOST_INK = 245.0
"""Sum of the pixels: at most 243 in the training images measured."""
PART = 0.2
"""A second part with this share of the ink, beside the first: 0.1 % of the training images have one of 0.16."""

DOT = "it is a dot, but every digit has a line"
BLOT = "most of it is filled, but a digit is a line with space around it"
SCRIBBLE = "it has more ink than any digit"
TWO = "it has two parts side by side, like two digits"
UNLIKE = "its lines are not like those of any MNIST digit"


def why_odd(drawn: Gray, image: Gray) -> str | None:
    """Why it does not look like one digit, a clause without its full stop; None: it does.

    `drawn` is the ink as it came (h, w), fine enough to see gaps; `image` what the network gets (28, 28).
    """
    rows, columns = np.nonzero(image > 0.1)
    if max(np.ptp(rows), np.ptp(columns)) + 1 < LEAST_SIDE:
        return DOT
    if ndimage.distance_transform_edt(np.pad(image > 0.5, 1)).max() > MOST_DEPTH:
        return BLOT
    if image.sum() > MOST_INK:
        return SCRIBBLE
    if are_two(drawn):
        return TWO
    return UNLIKE if distance(image) > 1 else None


def are_two(drawn: Gray) -> bool:
    """Whether a column without ink parts the drawing, each side with a good share of it."""
    ink = (drawn * (drawn > 0.25)).sum(axis=0)
    share = np.cumsum(ink) / ink.sum()
    return bool(((ink == 0) & (share > PART) & (share < 1 - PART)).any())
