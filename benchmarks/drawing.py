"""How well the shipped checkpoint reads a digit, by its size, place and colours, as a picture or as strokes.

    python benchmarks/drawing.py            # every fifth of the 10,000 test images
    python benchmarks/drawing.py 50         # every fiftieth
    python benchmarks/drawing.py 5 12 17    # also with runs 12 and 17 of the store

Each test image is put on a canvas of 280x280 pixels and prepared as the Draw page does. For the redrawn ones only the
middle line of its ink is kept: a pen of 20 pixels along it makes a picture, and its points are given as strokes. These
strokes are made from images by thinning; nobody drew them with a pen or a mouse.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.drawing import Gray, PictureError, Points, crop_to_ink, normalize_strokes
from lab.drawing import normalize_drawing as normalize_or_refuse
from lab.mnist import load_mnist, to_unit
from lab.predict import load_predictor
from lab.store import StoreError

Rgba = NDArray[np.uint8]

CANVAS, LARGE, SMALL, PEN = 280, 200, 60, 20
"""Sides of the canvas and of the ink on it, and the pen's width, in pixels."""
RING = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
"""Shifts (down, right) that bring a pixel's neighbours onto it: the northern first, then clockwise."""


def enlarged(digit: Gray, side: int, middle: Points) -> Rgba:
    """The ink of a 28x28 digit, light on a dark canvas, its longest side `side` pixels, its middle at (x, y)."""
    ink = Image.fromarray((crop_to_ink(digit) * 255).astype(np.uint8))
    width, height = (max(1, round(length * side / max(ink.size))) for length in ink.size)
    canvas = Image.new("L", (CANVAS, CANVAS))
    corner = (round(middle[0] - width / 2), round(middle[1] - height / 2))
    canvas.paste(ink.resize((width, height), Image.Resampling.BICUBIC), corner)
    return np.asarray(canvas.convert("RGBA"))


def dark_on_light(picture: Rgba) -> Rgba:
    """The same ink, dark blue on paper."""
    share = picture[..., :1] / 255
    colour = share * (40, 40, 110) + (1 - share) * (235, 230, 215)
    return np.dstack([colour.round().astype(np.uint8), picture[..., 3]])


def middle_line(digit: Gray) -> list[Points]:
    """The ink thinned to a line one pixel wide: a stroke (2, 2) between every two neighbours on it.

    Its longest side is 1, the middle of its box 0. Thinned as in T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm
    for thinning digital patterns", CACM 27 (1984).
    """
    picture = Image.fromarray(digit).resize((112, 112), Image.Resampling.BICUBIC)  # four times as fine
    ink, before = np.pad(np.asarray(picture) > 0.5, 1), None
    while before is None or not np.array_equal(ink, before):
        before = ink.copy()
        for first in (True, False):
            ring = [np.roll(ink, shift, axis=(0, 1)) for shift in RING]
            neighbours = np.sum(ring, axis=0)
            beginnings = np.sum([~one & two for one, two in zip(ring, ring[1:] + ring[:1], strict=True)], axis=0)
            north, east, south, west = ring[::2]
            at_edge = ~(east & south & (north | west)) if first else ~(north & west & (east | south))
            ink &= ~((neighbours >= 2) & (neighbours <= 6) & (beginnings == 1) & at_edge)
    pixels, onward = np.argwhere(ink).tolist(), ((0, 1), (1, -1), (1, 0), (1, 1))
    steps = [((x, y), (x + dx, y + dy)) for (y, x), (dy, dx) in product(pixels, onward) if ink[y + dy, x + dx]]
    line = np.array(steps, dtype=np.float64)  # (steps, 2, 2)
    line -= (line.min(axis=(0, 1)) + line.max(axis=(0, 1))) / 2
    return list(line / np.ptp(line, axis=(0, 1)).max())


def placed(line: list[Points], side: int, middle: Points) -> list[Points]:
    """A middle line on the canvas, so that its ink, drawn with the pen, has `side` pixels along its longest side."""
    return [stroke * (side - PEN) + middle for stroke in line]


def drawn(line: list[Points]) -> Rgba:
    """A placed line drawn with a round light pen on a dark canvas, antialiased; its points are closer than the pen."""
    twice = Image.new("L", (2 * CANVAS, 2 * CANVAS))
    draw = ImageDraw.Draw(twice)
    for x, y in np.unique(2 * np.concatenate(line), axis=0):
        draw.ellipse((x - PEN, y - PEN, x + PEN, y + PEN), fill=255)
    return np.asarray(twice.reduce(2).convert("RGBA"))


def normalize_drawing(picture: Rgba) -> Gray:
    """The picture prepared; nothing, which is read wrongly, where it is refused."""
    try:
        return normalize_or_refuse(picture)
    except PictureError:
        return np.zeros((28, 28), np.float32)


def main(every: int, runs: list[int]) -> None:
    """Print the table for each network, and how much ink strokes leave."""
    data, predictors = load_mnist(), [load_predictor(), *map(load_predictor, runs)]
    digits, labels = to_unit(data.test_images[::every, 0]).numpy(), data.test_labels[::every].numpy()
    lines = [middle_line(digit) for digit in digits]
    anywhere = np.random.default_rng(1).uniform(SMALL / 2, CANVAS - SMALL / 2, (len(digits), 2))
    middles = {LARGE: np.full_like(anywhere, CANVAS / 2), SMALL: anywhere}

    def by_the_median(i: int, side: int, at: Points) -> Gray:
        with patch("lab.drawing.pen.MIDDLE_PERCENTILE", 50):
            return normalize_drawing(drawn(placed(lines[i], side, at)))

    ways: dict[str, Callable[[int, int, Points], Gray]] = {
        "Picture, light on dark": lambda i, side, at: normalize_drawing(enlarged(digits[i], side, at)),
        "Picture, dark on light": lambda i, side, at: normalize_drawing(dark_on_light(enlarged(digits[i], side, at))),
        "Redrawn, picture": lambda i, side, at: normalize_drawing(drawn(placed(lines[i], side, at))),
        "Redrawn, picture, pen's width by the median": by_the_median,
        "Redrawn, strokes": lambda i, side, at: normalize_strokes(placed(lines[i], side, at)),
    }

    prepared = {"As it is, 28×28": [digits]} | {
        name: [np.stack([way(i, side, at) for i, at in enumerate(middles[side])]) for side in (LARGE, SMALL)]
        for name, way in ways.items()
    }
    for predictor in predictors:
        print(f"{predictor.description}\n\n| Read correctly, % | Large, centred | Small, anywhere |\n|---|---|---|")
        for name, versions in prepared.items():
            shares = [f"{100 * np.mean(predictor(images).argmax(axis=1) == labels):.2f}" for images in versions]
            print(f"| {name} | {' | '.join([*shares, ''][:2])} |")
        print()
    ink = prepared["Redrawn, strokes"][0].sum() / digits.sum()
    print(f"{len(digits):,} images. Ink of the strokes: {ink:.2f} of the images' own.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("every", type=int, nargs="?", default=5)
    parser.add_argument("runs", type=int, nargs="*", metavar="run")
    asked = parser.parse_args()
    try:
        main(asked.every, asked.runs)
    except StoreError as error:
        sys.exit(str(error))
