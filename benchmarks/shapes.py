"""Strokes in a box of about 1 x 1: lines, arcs and dots, and how a hand draws what is made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.drawing import Points

Strokes = list[Points]
Rng = np.random.Generator


def line(*corners: tuple[float, float]) -> Points:
    """A line through these points."""
    return np.array(corners, dtype=np.float64)


def arc(x: float, y: float, wide: float, high: float, start: float = 0, end: float = 360) -> Points:
    """Of an ellipse with these half axes, from one angle to another in degrees, clockwise from the right."""
    turn = np.radians(np.linspace(start, end, 40))
    return np.stack([x + wide * np.cos(turn), y + high * np.sin(turn)], axis=1)


def dot(x: float, y: float) -> Points:
    """A short dash, as a pen that touches the paper leaves it."""
    return line((x, y), (x + 0.01, y + 0.02))


def by_hand(strokes: Sequence[Points], rng: Rng) -> Strokes:
    """The strokes leaning, stretched and a little unsteady, 200 pixels large on a canvas of 280."""
    lean, turns = np.eye(2) + rng.normal(0, 0.1, (2, 2)), rng.uniform(2, 6, (2, 2))
    late = rng.uniform(0, 2 * np.pi, 2)
    leaning = [stroke @ lean for stroke in strokes]
    return [200 * (stroke + 0.04 * np.sin(stroke @ turns + late)) + 40 for stroke in leaning]


def turned(strokes: Sequence[Points], rng: Rng) -> Strokes:
    """By hand, and turned by up to 12 degrees."""
    angle = np.radians(rng.uniform(-12, 12))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return by_hand([stroke @ turn for stroke in strokes], rng)
