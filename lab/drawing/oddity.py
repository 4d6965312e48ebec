"""Whether what is to be read looks like one digit; if not, why, in one sentence."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lab.drawing.ink import Gray
from lab.drawing.kinds import are_rather_two, doubts
from lab.drawing.likeness import distances, edges
from lab.drawing.pen import BOX
from lab.drawing.topology import topology

LEAST_SIDE = BOX // 2
"""Pixels: no training image's ink is as small along its longer side; a dot is."""
MOST_DEPTH = 6.5
"""Pixels from the ink's edge to its innermost point: one of the 60,000 training images has more, 6.7."""
MOST_INK = 245.0
"""Sum of the pixels: 17 of the 60,000 training images have more, up to 312."""
PART = 0.2
"""A second part with this share of the ink, beside the first: 0.1 % of the training images have one of 0.16."""
MOST_PARTS, MOST_HOLES = 3, 2
"""Of a digit: a 5 or a 4 may come apart, an 8 has two holes."""

DOT = "it is a dot, but every digit has a line"
BLOT = "most of it is filled, but a digit is a line with space around it"
SCRIBBLE = "it has more ink than any digit"
TWO = "it has two parts side by side, like two digits"
PARTS = "it is made of {many} loose parts"
HOLES = "it has {many} holes, and a digit has at most two"
NESTED = "something lies loose inside a closed line"
PAIR = "it is more like two digits side by side than like one"
UNLIKE = "its lines are not like those of any MNIST digit"


def why_odd(drawn: Gray, image: Gray) -> str | None:
    """Why it does not look like one digit, a clause without its full stop; None: it does.

    `drawn` is the ink as it came (h, w), fine enough to see gaps; `image` what the network gets (28, 28).
    """
    rows, columns = np.nonzero(image > 0.1)
    if max(np.ptp(rows), np.ptp(columns)) + 1 < LEAST_SIDE:
        return DOT
    if ndimage.distance_transform_edt(image > 0.5).max() > MOST_DEPTH:
        return BLOT
    if image.sum() > MOST_INK:
        return SCRIBBLE
    if are_two(drawn):
        return TWO
    made = topology(drawn)
    if made.parts > MOST_PARTS:
        return PARTS.format(many=_in_words(made.parts))
    if made.holes > MOST_HOLES:
        return HOLES.format(many=_in_words(made.holes))
    if made.is_nested:
        return NESTED
    features = edges(image[None])
    if max(distances(features)[0], doubts(features)[0]) <= 1:
        return None
    return PAIR if are_rather_two(features) else UNLIKE


def _in_words(many: int) -> str:
    words = ["three", "four", "five", "six", "seven", "eight", "nine"]
    return words[many - 3] if many - 3 < len(words) else "many"


def are_two(drawn: Gray) -> bool:
    """Whether a column without ink parts the drawing, each side with a good share of it."""
    ink = (drawn * (drawn > 0.25)).sum(axis=0)
    share = np.cumsum(ink) / ink.sum()
    return bool(((ink == 0) & (share > PART) & (share < 1 - PART)).any())
