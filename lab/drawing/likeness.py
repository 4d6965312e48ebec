"""How far a 28x28 picture is from the shapes of MNIST's digits, whichever network reads it.

What is compared is where edges run and in which direction (as in N. Dalal and B. Triggs, "Histograms of oriented
gradients for human detection", CVPR 2005), in 60 principal components; for each digit a Gaussian was fitted to them.
`benchmarks/odd_fit.py` makes the file of numbers from training images, and chooses on others how far is too far.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy import ndimage

from lab.network_config import IMAGE_SIZE

Floats = NDArray[np.float32]

SHAPES = Path(__file__).parents[1] / "data" / "digit_shapes.safetensors"
DIRECTIONS, CELLS = 8, 7
"""Of the edges, and places along each axis at which they are counted."""
BLUR = 0.7
"""Pixels by which the picture is smoothed before its edges are taken."""
REACH = 0.6 * IMAGE_SIZE / CELLS
"""Standard deviation, in pixels, of a place's weights."""


class NoShapes(RuntimeError):
    """The file of numbers cannot be read; one sentence."""


def edges(images: Floats) -> Floats:
    """Root of the edges' strength by direction and place, (N, 8 * 7 * 7), of images (N, 28, 28)."""
    smooth = ndimage.gaussian_filter(images.astype(np.float32), (0, BLUR, BLUR))
    down, right = np.gradient(smooth, axis=(1, 2))
    strength = np.hypot(right, down)
    turn = np.arctan2(down, right) / (2 * np.pi) % 1 * DIRECTIONS  # in [0, 8]
    by_direction = np.stack(
        [strength * np.clip(1 - np.abs((turn - d + 4) % DIRECTIONS - 4), 0, 1) for d in range(DIRECTIONS)], axis=1
    )  # (N, 8, 28, 28)
    middles = (np.arange(CELLS) + 0.5) * IMAGE_SIZE / CELLS - 0.5
    weights = np.exp(-(((np.arange(IMAGE_SIZE) - middles[:, None]) / REACH) ** 2) / 2)  # (7, 28)
    counted = weights @ by_direction @ weights.T  # (N, 8, 7, 7)
    return np.asarray(np.sqrt(counted).reshape(len(images), -1), dtype=np.float32)


def distances(features: Floats) -> Floats:
    """How far edges (N, 392) are from those of the digit that they are nearest to, (N,): more than 1 is too far.

    Twice the negative logarithm of the largest of the ten densities, scaled so that what 0.27 % of other training
    images exceed is 1.
    """
    held = shapes()
    parts = (features - held["mean"]) @ held["components"]  # (N, 60)
    away = parts[:, None] - held["means"]  # (N, 10, 60)
    squares = np.square(np.einsum("ndi,dij->ndj", away, held["roots"])).sum(axis=2) + held["volumes"]
    low, limit = held["scale"]
    return np.asarray((squares.min(axis=1) - low) / (limit - low), dtype=np.float32)


@lru_cache(maxsize=1)
def shapes() -> dict[str, Floats]:
    """Mean (392) and components (392, 60) of the edges; of each digit means (10, 60), roots (10, 60, 60), volumes (10).

    A root is of the inverse covariance, a volume the logarithm of its determinant; scale: what counts as 0 and as 1.
    What `lab.drawing.kinds` reads: the edges' spread (1), hidden (392, 96), last (96, 3), their biases, most_odds (1).

    Raises:
        NoShapes: the file is missing or damaged.
    """
    try:
        return {name: values.astype(np.float32) for name, values in load_file(SHAPES).items()}
    except (OSError, SafetensorError) as error:
        raise NoShapes(f"{SHAPES} is missing or damaged: restore it with `git checkout lab/data`.") from error


def forget_shapes() -> None:
    """Read the file again when next it is needed: it was made anew."""
    shapes.cache_clear()
