"""Drawn digits that several tests share, and what they measure of an image."""

import io
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Gray = NDArray[np.float32]
Rgba = NDArray[np.uint8]
Points = NDArray[np.float64]

WHITE, BLACK = (255, 255, 255, 255), (0, 0, 0, 255)


def ring(x: float, y: float, radius: float) -> Points:
    angles = np.linspace(0, 2 * np.pi, 40)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


SEVEN = [np.array([[0.0, 0.0], [0.7, 0.0], [0.3, 1.0]]), np.array([[0.2, 0.5], [0.7, 0.5]])]
EIGHT = [ring(0.3, 0.23, 0.23), ring(0.3, 0.73, 0.27)]
"""Digits of height 1."""


def canvas(
    digit: list[Points],
    height: float = 240,
    pen: float = 20,
    at: tuple[float, float] = (100, 60),
    ink: tuple[int, ...] = WHITE,
    ground: tuple[int, ...] = BLACK,
) -> Rgba:
    """400x400 pixels with `digit`, its path `height` high, drawn by a round pen, antialiased."""
    fine = 2  # drawn at twice the size and reduced
    mask = Image.new("L", (400 * fine, 400 * fine))
    draw = ImageDraw.Draw(mask)
    for stroke in digit:
        points = [tuple(point) for point in (stroke * height + at) * fine]
        draw.line(points, fill=255, width=round(pen * fine))
        for x, y in points:
            radius = pen * fine / 2
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    share = np.asarray(mask.reduce(fine))[..., None] / 255
    return np.round(share * ink + (1 - share) * ground).astype(np.uint8)


def saved(picture: Rgba, kind: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).convert(mode).save(file, kind, **options)
    return file.getvalue()


def centre_of_mass(image: Gray) -> tuple[float, float]:
    y, x = ndimage.center_of_mass(image)
    return float(y), float(x)


def longest_side(image: Gray) -> int:
    rows, columns = np.nonzero(image)
    return int(max(np.ptp(rows), np.ptp(columns))) + 1


def loops(image: NDArray[Any]) -> int:
    """Pieces of ground that ink encloses."""
    return int(ndimage.label(image < 0.5)[1]) - 1


def likeness(one: Gray, other: Gray) -> float:
    """Correlation of the pixels at the best shift by at most one, which is what centring leaves."""
    moved = [np.roll(one, shift, axis=(0, 1)) for shift in product((-1, 0, 1), repeat=2)]
    return max(float(np.corrcoef(image.ravel(), other.ravel())[0, 1]) for image in moved)
