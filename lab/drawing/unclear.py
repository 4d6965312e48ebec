"""A picture whose ink does not stand out from one smooth ground: pale, or half in shade -> what may be its ink."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lab.drawing.ink import BlankDrawing, Floats, Gray, border_of, contrast_of, small_of, spread, strength

PALEST = 0.02
"""Contrast of the palest ink: five of the 255 steps of a screen."""
GRAIN = 1 / 200
"""Of the longer side by which a picture is smoothed, so that its grain is less than pale ink."""
ROUGH = 0.02
"""Spread of what is left after smoothing: even coarse grain leaves 0.01, and what a picture shows leaves more."""
WIDEST_PEN = 1 / 6
"""Of the longer side: a wider line is ground where the ground is taken from around each pixel."""


def unclear_inks(rgba: NDArray[np.uint8]) -> Iterator[Gray]:
    """What may be the ink where `ink_of` finds none, or no digit: pale ink, then dark and light ink in any light.

    A shadow with a hard edge is no smooth surface. There the ground of dark ink is the picture after a closing, which
    fills what is narrower than its square and keeps a longer edge where it is; of light ink, the opening (J. Serra,
    "Image Analysis and Mathematical Morphology", 1982). Divided by the ground, ink is as strong in shade as in light.
    """
    small = smooth(small_of(rgba))
    side = round(max(small.shape) * WIDEST_PEN)
    gray = small[..., :3].mean(axis=2) * small[..., 3]
    around = ndimage.grey_closing(gray, side, mode="nearest"), ndimage.grey_opening(gray, side, mode="nearest")
    contrasts = contrast_of(small), 1 - gray / np.maximum(around[0], 0.05), (gray - around[1]) / np.maximum(gray, 0.05)
    for contrast in contrasts:
        usual = float(np.median(contrast))  # grain lifts a closing everywhere
        try:
            yield strength(contrast - usual, PALEST, noise=spread(contrast - usual))
        except BlankDrawing:
            continue


def is_blank(rgba: NDArray[np.uint8]) -> bool:
    """Whether there is nothing but ground: no shape on it, and no more than grain."""
    contrast = contrast_of(smooth(small_of(rgba)))
    noise = spread(contrast[border_of(contrast.shape)])
    return noise <= ROUGH and bool(contrast.max() <= max(PALEST, 8 * noise))


def smooth(small: Floats) -> Floats:
    """Without its grain."""
    grain = GRAIN * max(small.shape)
    return np.asarray(ndimage.gaussian_filter(small, (grain, grain, 0), mode="nearest"))
