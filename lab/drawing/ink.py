"""A picture's pixels -> where its ink is: told from the ground, cropped, and brought to a size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Gray = NDArray[np.float32]
"""An image (h, w) in [0, 1], ink bright."""
Floats = NDArray[np.float64]
"""What is computed on the way, such as a colour (h, w, 3) or a contrast (h, w)."""

LARGEST_SIDE = 800
"""A larger picture is reduced first: time and noise fall, and no pen is lost."""
FAINTEST = 0.1
"""Contrast below this is no ink: paper, shadows and what JPEG leaves around edges."""
SPECK = 0.02
"""A spot with less than this share of the largest one's ink is dust."""


class BlankDrawing(ValueError):
    """There is no ink to read."""

    def __init__(self) -> None:
        super().__init__("There is no ink in the picture: it has to show a digit.")


def ink_of(rgba: NDArray[np.uint8]) -> Gray:
    """Where the ink is and how strong, (h, w), the picture reduced to at most 800 pixels a side.

    A transparent ground leaves the opacity as ink. Otherwise the ground is what the picture's
    border shows, and ink is what differs from it in colour, lighter or darker; faint differences
    (noise, JPEG) and specks are left out.

    Raises:
        BlankDrawing: the picture is uniform, transparent, or nothing stands out from its ground.
        ValueError: `rgba` is not uint8 (H, W, 4).
    """
    contrast = contrast_of(small_of(rgba))
    return strength(contrast, FAINTEST, noise=spread(contrast[border_of(contrast.shape)]))


def small_of(rgba: NDArray[np.uint8]) -> Floats:
    """The picture in [0, 1], (h, w, 4), at most 800 pixels a side; raises as `ink_of` does where there is no pixel."""
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4:
        raise ValueError(f"A picture is {rgba.dtype} {rgba.shape}; it must be uint8 (H, W, 4).")
    if not rgba.size:
        raise BlankDrawing
    times = math.ceil(max(rgba.shape) / LARGEST_SIDE)
    return np.asarray(Image.fromarray(rgba).reduce(times), dtype=np.float64) / 255


def contrast_of(small: Floats) -> Floats:
    """How far each pixel of a picture (h, w, 4) is from its ground, (h, w): its opacity over a transparent ground."""
    opacity = small[..., 3]
    usual = np.median(opacity[border_of(opacity.shape)])
    if usual < 0.5:
        return np.asarray(np.abs(opacity - usual))
    colour = small[..., :3]
    return np.asarray(np.abs(colour - ground_of(colour)).max(axis=2) * opacity)


def ground_of(colour: Floats) -> Floats:
    """The colour (h, w, 3) the picture would have without ink: smooth, as light falls on paper.

    A quadratic surface per channel, fitted to the border's pixels and then, leaving out what lies
    far from the fit, to all: ink is left out, a shadow across the paper is followed.
    """
    height, width, channels = colour.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=2)
    some = np.s_[:: math.ceil(height / 100), :: math.ceil(width / 100)]  # enough for a fit
    terms_some, colour_some = terms[some].reshape(-1, 6), colour[some].reshape(-1, channels)
    border = border_of(colour[some].shape[:2]).ravel()
    surface = np.zeros((6, channels))
    surface[0] = np.median(colour_some[border], axis=0)
    for among in (border, border | True, border | True):
        away = np.abs(colour_some - terms_some @ surface).max(axis=1)
        near = among & (away <= max(3 * spread(away[border]), FAINTEST / 2))
        used = terms_some * near[:, None]
        surface = np.linalg.lstsq(used.T @ terms_some, used.T @ colour_some, rcond=None)[0]
    return np.asarray(terms @ surface)


def border_of(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The outermost pixels, a fiftieth of the longer side deep."""
    depth = math.ceil(max(shape) / 50)
    border = np.ones(shape, dtype=bool)
    border[depth:-depth, depth:-depth] = False
    return border


def spread(away: Floats) -> float:
    """Standard deviation of differences, by the median of their sizes: ink counts little in it."""
    return 1.4826 * float(np.median(np.abs(away)))


def strength(contrast: Floats, faintest: float, noise: float) -> Gray:
    """Contrast as a share of what full ink has, without specks; raises BlankDrawing when none is above noise."""
    visible = contrast > max(faintest, 6 * noise)
    if not visible.any():
        raise BlankDrawing
    full = np.percentile(contrast[visible], 90)
    return _without_specks(np.asarray(np.where(visible, np.minimum(contrast / full, 1), 0), dtype=np.float32))


def _without_specks(ink: Gray) -> Gray:
    """The ink without spots that hold almost none of it."""
    spots, count = ndimage.label(ink > 0.25, structure=np.ones((3, 3)))
    mass = np.asarray(ndimage.sum_labels(ink, spots, np.arange(1, count + 1)))
    keep = np.concatenate([[False], mass >= SPECK * mass.max()])
    kept = np.where(keep[spots], ink, np.float32(0))
    return np.asarray(kept / kept.max())


def crop_to_ink(ink: Gray) -> Gray:
    """The part of `ink` inside the box of its pixels above 1/2."""
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    columns = np.flatnonzero((ink > 0.5).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def resize_to_box(image: Gray, side: int) -> Gray:
    """`image` with `side` pixels along its longer side, antialiased, the proportion kept."""
    scale = side / max(image.shape)
    height, width = (max(1, round(length * scale)) for length in image.shape)
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(np.clip(np.asarray(resized), 0, 1))
