"""More drawings that are no digit: kinds that no generator and no limit was chosen by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.shapes import Rng, Strokes, arc, dot, line


def leaf(rng: Rng) -> Strokes:
    """Two bows, with the rib from its stalk on."""
    along = np.linspace(0, 1, 40)
    bow = (0.35 + rng.uniform(-0.05, 0.05)) * np.sin(np.pi * along)
    outline = np.concatenate([np.stack([along, 0.5 - bow], 1), np.stack([along, 0.5 + bow], 1)[::-1]])
    return [outline, line((-0.2, 0.5), (0.8, 0.5))]


def snail(rng: Rng) -> Strokes:
    """A spiral on a body with a raised head."""
    turn = np.linspace(0, 5 * np.pi, 120)
    shell = np.linspace(0.02, 0.35, 120)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1) + (0.4, 0.45)
    return [shell, line((0, 0.8), (0.9, 0.8), (1.05, rng.uniform(0.4, 0.5)))]


def egg(rng: Rng) -> Strokes:
    """An oval with one end wider."""
    turn, wide = np.linspace(0, 2 * np.pi, 60), rng.uniform(0.33, 0.38)
    return [np.stack([0.5 + wide * np.sin(turn) * (1 + 0.2 * np.cos(turn)), 0.5 + 0.5 * np.cos(turn)], axis=1)]


MORE_DOODLES: dict[str, Callable[[Rng], Strokes]] = {
    "Leaves": leaf,
    "Snails": snail,
    "Eggs": egg,
    "Butterflies": lambda rng: [
        line((0.5, 0.1), (0.5, 0.9)),
        *(arc(0.5 + side * 0.25, 0.3, 0.25, 0.25) for side in (-1, 1)),
        *(arc(0.5 + side * 0.2, 0.7, 0.2, 0.2) for side in (-1, 1)),
    ],
    "Ladders": lambda rng: [
        line((0.2, 0), (0.2, 1.1)),
        line((0.7, 0), (0.7, 1.1)),
        *(line((0.2, y), (0.7, y)) for y in (0.2, 0.5, 0.8)),
    ],
    "Palms": lambda rng: [
        line((0.5, 1.1), (0.45, 0.4)),
        *(arc(0.45 + side * 0.25, 0.45, 0.25, 0.2, 180, 360) for side in (-1, 1)),
        *(arc(0.45 + side * 0.2, 0.35, 0.2, 0.3, 180, 360) for side in (-1, 1)),
    ],
    "Crowns": lambda rng: [
        line((0, 0.8), (0, 0.1), (0.25, 0.45), (0.5, 0), (0.75, 0.45), (1, 0.1), (1, 0.8), (0, 0.8))
    ],
    "Envelopes": lambda rng: [line((0, 0), (1, 0), (1, 0.7), (0, 0.7), (0, 0), (0.5, 0.4), (1, 0))],
    "Bells": lambda rng: [
        np.concatenate([arc(0.5, 0.4, 0.3, 0.4, 180, 360), line((1, 0.9), (0, 0.9), (0.2, 0.4))]),
        arc(0.5, 0.95, 0.08, 0.06),
    ],
    "Glasses": lambda rng: [
        arc(0.2, 0.5, 0.2, 0.2),
        arc(0.8, 0.5, 0.2, 0.2),
        arc(0.5, 0.48, 0.1, 0.08, 180, 360),
    ],
    "Ice creams": lambda rng: [
        arc(0.5, 0.3, 0.3, 0.3),
        line((0.22, 0.4), (0.5, rng.uniform(1, 1.2)), (0.78, 0.4)),
    ],
    "Light bulbs": lambda rng: [
        arc(0.5, 0.35, 0.35, 0.35, 130, 410),
        line((0.3, 0.62), (0.35, 0.9), (0.65, 0.9), (0.7, 0.62)),
    ],
    "Rockets": lambda rng: [
        line((0.5, 0), (0.7, 0.3), (0.7, 0.9), (0.3, 0.9), (0.3, 0.3), (0.5, 0)),
        line((0.3, 0.7), (0.1, 1), (0.3, 0.9)),
        line((0.7, 0.7), (0.9, 1), (0.7, 0.9)),
    ],
    "Snowmen": lambda rng: [
        arc(0.5, 0.2, 0.17, 0.2),
        arc(0.5, 0.7, 0.3, 0.3),
        line((0.25, 0.6), (-0.05, 0.4)),
        line((0.75, 0.6), (1.05, 0.4)),
    ],
    "Question marks": lambda rng: [
        np.concatenate([arc(0.4, 0.25, 0.28, 0.25, -170, 60), line((0.4, 0.55), (0.4, 0.75))]),
        dot(0.4, 1),
    ],
    "Equals signs": lambda rng: [line((0, 0.3), (1, 0.3)), line((0, 0.65), (1, 0.65))],
    "Division signs": lambda rng: [
        line((0, 0.5), (1, 0.5)),
        *(arc(0.5, y, 0.05, 0.05) for y in (0.15, 0.85)),
    ],
    "Pis": lambda rng: [line((0, 0.1), (1, 0.1)), *(line((x, 0.1), (x - 0.05, 1)) for x in (0.3, 0.75))],
    "Psis": lambda rng: [
        np.concatenate([line((0.1, 0)), arc(0.5, 0.3, 0.4, 0.35, 180, 0), line((0.9, 0))]),
        line((0.5, 0), (0.5, 1.1)),
    ],
    "Phis": lambda rng: [arc(0.5, 0.5, 0.35, 0.27), line((0.5, -0.1), (0.5, 1.1))],
    "Male signs": lambda rng: [
        arc(0.35, 0.65, 0.35, 0.35),
        line((0.6, 0.4), (1, 0)),
        line((0.7, 0), (1, 0), (1, 0.3)),
    ],
    "Female signs": lambda rng: [
        arc(0.5, 0.3, 0.3, 0.3),
        line((0.5, 0.6), (0.5, 1.15)),
        line((0.25, 0.85), (0.75, 0.85)),
    ],
    "Peace signs": lambda rng: [
        arc(0.5, 0.5, 0.5, 0.5),
        line((0.5, 0), (0.5, 1)),
        line((0.15, 0.85), (0.5, 0.5), (0.85, 0.85)),
    ],
    "Half moons": lambda rng: [np.concatenate([arc(0.1, 0.5, 0.6, 0.5, -90, 90), line((0.1, 0))])],
    "Trapeziums": lambda rng: [line((0.2, 0), (0.8, 0), (1, 0.7), (0, 0.7), (0.2, 0))],
}
