"""Whether a picture's edges are rather those of a digit, of two digits, or of anything else that is drawn with lines.

A layer of 96 ReLU units between the edges (`lab.drawing.likeness.edges`) and three scores. `benchmarks/odd_fit.py` fits
it to training images, to pairs of them, and to lines, arcs and rings that are put together by chance: it has seen no
house, no face and no letter.
"""

from __future__ import annotations

import numpy as np

from lab.drawing.likeness import Floats, shapes

DIGIT, TWO, OTHER = range(3)


def doubts(features: Floats) -> Floats:
    """How much likelier anything else is than a digit, (N,), by edges (N, 392): more than 1 is not to be believed.

    The logarithm of the odds, scaled so that what 0.27 % of other training images exceed is 1.
    """
    scores = _scores(features)
    odds = np.logaddexp(scores[:, TWO], scores[:, OTHER]) - scores[:, DIGIT]
    return np.asarray(odds - shapes()["most_odds"] + 1, dtype=np.float32)


def are_rather_two(features: Floats) -> bool:
    """Whether two digits are the likeliest of the three, by the edges (1, 392) of one picture."""
    return int(_scores(features)[0].argmax()) == TWO


def _scores(features: Floats) -> Floats:
    held = shapes()
    hidden = np.maximum((features - held["mean"]) / held["spread"] @ held["hidden"] + held["hidden_bias"], 0)  # (N, 96)
    return np.asarray(hidden @ held["last"] + held["last_bias"], dtype=np.float32)
