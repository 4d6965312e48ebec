"""Things that are no digit, as strokes on a canvas of 280 pixels, and pictures that hold more than a digit."""

from __future__ import annotations

import numpy as np
from drawings import BLACK, EIGHT, SEVEN, WHITE, Points, Rgba, canvas
from PIL import Image, ImageDraw

DOT = [np.array([(140.0, 140.0), (143.0, 141.0)])]
HOUSE = [
    np.array([(60.0, 130), (60, 240), (220, 240), (220, 130), (60, 130), (140, 50), (220, 130)]),
    np.array([(120.0, 240), (120, 180), (160, 180), (160, 240)]),
]
TWO_DIGITS = [*(100 * stroke + (40, 90) for stroke in SEVEN), *(100 * stroke + (150, 90) for stroke in EIGHT)]
LETTERS: dict[str, list[Points]] = {
    "M": [np.array([(60.0, 220), (60, 60), (140, 160), (220, 60), (220, 220)])],
    "W": [np.array([(50.0, 60), (95, 220), (140, 100), (185, 220), (230, 60)])],
    "E": [np.array([(200.0, 60), (80, 60), (80, 220), (200, 220)]), np.array([(80.0, 140), (180, 140)])],
    "Y": [np.array([(70.0, 50), (140, 140), (210, 50)]), np.array([(140.0, 140), (140, 240)])],
    "H": [np.array([(80.0, 60), (80, 220)]), np.array([(200.0, 60), (200, 220)]), np.array([(80.0, 140), (200, 140)])],
}


def _ring(x: float, y: float, wide: float, high: float, start: float = 0, end: float = 360) -> Points:
    angles = np.radians(np.linspace(start, end, 40))
    return np.stack([x + wide * np.cos(angles), y + high * np.sin(angles)], axis=1)


_PETALS = [_ring(140 + 45 * np.cos(turn), 90 + 45 * np.sin(turn), 20, 20) for turn in np.arange(5) * 2 * np.pi / 5]
DOODLES: dict[str, tuple[list[Points], str]] = {
    "smiley": (
        [_ring(140, 140, 95, 95), _ring(108, 108, 5, 7), _ring(172, 108, 5, 7), _ring(140, 150, 48, 38, 15, 165)],
        "four loose parts",
    ),
    "eye": ([_ring(140, 140, 100, 50), _ring(140, 140, 30, 30)], "loose inside a closed line"),
    "clock face": (
        [_ring(140, 140, 100, 100), np.array([(140.0, 70.0), (140, 140), (190, 160)])],
        "loose inside a closed line",
    ),
    "flower": (
        [_ring(140, 90, 25, 25), *_PETALS, np.array([(140.0, 130.0), (140, 260)])],
        "at most two",
    ),
    "stick man": (
        [
            _ring(140, 60, 30, 30),
            *(np.array(line, dtype=np.float64) for line in [[(140, 90), (140, 170)], [(80, 120), (200, 120)]]),
            np.array([(90.0, 250.0), (140, 170), (190, 250)]),
        ],
        "not like those of any MNIST digit",
    ),
    "triangle": ([np.array([(140.0, 55.0), (225, 220), (55, 220), (140, 55)])], "not like those of any MNIST digit"),
    "at sign": ([_ring(140, 140, 40, 40), _ring(140, 140, 100, 100, 0, 310)], "not like those of any MNIST digit"),
    "nine dashes": ([np.array([(100.0, 20 * row), (180, 20 * row)]) for row in range(9)], "nine loose parts"),
    "ten dashes": ([np.array([(100.0, 20 * row), (180, 20 * row)]) for row in range(10)], "many loose parts"),
    "10, touching": (
        [np.array([(95.0, 40.0), (95, 240)]), _ring(160, 140, 65, 95)],
        "more like two digits side by side than like one",
    ),
    "01, touching": ([_ring(90, 140, 50, 95), np.array([(140.0, 40.0), (140, 240)])], ""),
}
"""Each with a part of the reason."""


def scribble() -> list[Points]:
    return [np.random.default_rng(1).uniform(40, 240, (40, 2))]


def on_a_table(turned: float = 5, paper: Rgba | None = None) -> Rgba:
    """A sheet with a seven on a dark table."""
    seven = canvas(SEVEN, height=180, pen=16, at=(120, 110), ink=BLACK, ground=WHITE)
    sheet = Image.fromarray(seven if paper is None else paper)
    table, mask = Image.new("RGBA", (560, 560), (60, 45, 35, 255)), Image.new("L", sheet.size, 255)
    table.paste(sheet.rotate(turned, expand=True), (60, 60), mask.rotate(turned, expand=True))
    return np.asarray(table)


def in_a_box() -> Rgba:
    """A seven in a printed box."""
    paper = Image.fromarray(canvas(SEVEN, height=180, pen=16, at=(120, 110), ink=BLACK, ground=WHITE))
    ImageDraw.Draw(paper).rectangle((60, 60, 340, 340), outline=BLACK, width=5)
    return np.asarray(paper)


def in_a_window() -> Rgba:
    """A seven in a window of a screen: a bar with buttons, and an edge all around."""
    screen = Image.fromarray(canvas(SEVEN, height=180, pen=16, at=(120, 130), ink=BLACK, ground=WHITE))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 399, 36), fill=(50, 60, 80, 255))
    draw.rectangle((0, 0, 399, 399), outline=(50, 60, 80, 255), width=4)
    return np.asarray(screen)


def full_of_print() -> Rgba:
    """Stripes from border to border, and no digit."""
    picture = np.full((400, 400, 4), 255, np.uint8)
    picture[:, np.arange(400) % 40 < 13, :3] = 0
    return picture
