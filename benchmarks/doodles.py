"""Drawings that are no digit, by name: docs/drawing.md counts how often they are told from digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.shapes import Rng, Strokes, arc, dot, line


def smiley(rng: Rng) -> Strokes:
    """A ring, two small eyes and a mouth in it."""
    eye, mouth = rng.uniform(0.12, 0.22), rng.uniform(0.15, 0.28)
    eyes = [arc(0.5 + side * eye, 0.5 - eye, 0.02, 0.03) for side in (-1, 1)]
    return [arc(0.5, 0.5, 0.5, 0.5), *eyes, arc(0.5, 0.55, mouth, mouth * 0.8, 15, 165)]


def sad_face(rng: Rng) -> Strokes:
    """The same with the mouth turned down."""
    *face, _ = smiley(rng)
    return [*face, arc(0.5, 0.8, 0.25, 0.2, -165, -15)]


def stick_man(rng: Rng) -> Strokes:
    """A head, a trunk, and two arms and legs."""
    head, hands = rng.uniform(0.12, 0.18), rng.uniform(0.35, 0.5)
    legs = [line((0.5, 0.65), (foot, 1.05)) for foot in (0.28, 0.72)]
    arms = line((0.22, hands), (0.5, 0.45), (0.78, hands))
    return [arc(0.5, head, head, head), line((0.5, 2 * head), (0.5, 0.65)), arms, *legs]


def heart(rng: Rng) -> Strokes:
    """Two half rings and a tip, in one line."""
    tip = rng.uniform(0.8, 1)
    halves = [arc(0.25, 0.25, 0.25, 0.25, 180, 360), arc(0.75, 0.25, 0.25, 0.25, 180, 360)]
    return [np.concatenate([*halves, line((1, 0.25), (0.5, tip), (0, 0.25))])]


def triangle(rng: Rng) -> Strokes:
    """Its top anywhere near the middle."""
    top = rng.uniform(0.35, 0.65)
    return [line((top, 0), (1, 0.9), (0, 0.9), (top, 0))]


def square(rng: Rng) -> Strokes:
    """Or a rectangle that is nearly one."""
    high = rng.uniform(0.7, 1.1)
    return [line((0, 0), (1, 0), (1, high), (0, high), (0, 0))]


def star(rng: Rng) -> Strokes:
    """Five points in one line."""
    turn = np.radians(-90 + rng.uniform(-10, 10) + 144 * np.arange(6))
    return [np.stack([np.cos(turn), np.sin(turn)], axis=1) / 2]


def flower(rng: Rng) -> Strokes:
    """A ring with petals around it, on a stalk."""
    count = int(rng.integers(5, 8))
    turn = 2 * np.pi * np.arange(count) / count
    petals = [arc(0.5 + 0.2 * np.cos(a), 0.25 + 0.2 * np.sin(a), 0.09, 0.09) for a in turn]
    return [arc(0.5, 0.25, 0.11, 0.11), *petals, line((0.5, 0.45), (0.5, 1.05))]


def tree(rng: Rng) -> Strokes:
    """A round crown on a trunk of two lines."""
    crown, trunk = rng.uniform(0.28, 0.4), rng.uniform(0.05, 0.09)
    return [
        arc(0.5, crown, crown, crown),
        *(line((0.5 + s * trunk, 2 * crown), (0.5 + s * trunk, 1.05)) for s in (-1, 1)),
    ]


def fir(rng: Rng) -> Strokes:
    """Three tiers and a trunk."""
    tiers = [
        line((0.5, y), (0.5 + w, y + 0.3), (0.5 - w, y + 0.3), (0.5, y))
        for y, w in ((0, 0.2), (0.28, 0.3), (0.56, 0.4))
    ]
    return [*tiers, line((0.5, 0.86), (0.5, 0.95 + rng.uniform(0, 0.1)))]


def fish(rng: Rng) -> Strokes:
    """A body and a tail."""
    return [arc(0.4, 0.5, 0.38, rng.uniform(0.18, 0.28)), line((0.76, 0.5), (1, 0.3), (1, 0.7), (0.76, 0.5))]


def spiral(rng: Rng) -> Strokes:
    """Two to three and a half turns."""
    turn = np.linspace(0, 2 * np.pi * rng.uniform(2, 3.5), 200) + rng.uniform(0, 2 * np.pi)
    return [np.linspace(0, 0.5, 200)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)]


def eye(rng: Rng) -> Strokes:
    """A ring in an oval."""
    pupil = rng.uniform(0.1, 0.17)
    return [arc(0.5, 0.5, 0.5, 0.25), arc(0.5, 0.5, pupil, pupil)]


def clock(rng: Rng) -> Strokes:
    """A ring and two hands."""
    hour, minute = rng.uniform(0, 2 * np.pi, 2)
    hands = [line((0.5, 0.5), (0.5 + r * np.cos(a), 0.5 + r * np.sin(a))) for r, a in ((0.25, hour), (0.38, minute))]
    return [arc(0.5, 0.5, 0.5, 0.5), *hands]


def sun(rng: Rng) -> Strokes:
    """A ring with rays that do not touch it."""
    turn = np.linspace(0, 2 * np.pi, int(rng.integers(6, 11)), endpoint=False)
    rays = [line(*((0.5 + r * np.cos(a), 0.5 + r * np.sin(a)) for r in (0.3, 0.5))) for a in turn]
    return [arc(0.5, 0.5, 0.22, 0.22), *rays]


def cloud(rng: Rng) -> Strokes:
    """Three bumps on a flat ground."""
    bumps = [
        arc(x, y, 0.2, 0.2, a, b) for x, y, a, b in ((0.2, 0.45, 90, 300), (0.5, 0.25, 190, 350), (0.8, 0.45, -120, 90))
    ]
    return [np.concatenate([*bumps, line((0.8, 0.65), (0.2, 0.65))])]


def cat(rng: Rng) -> Strokes:
    """A face with two ears."""
    ears = [line((0.5 + s * 0.42, 0.35), (0.5 + s * 0.4, 0), (0.5 + s * 0.15, 0.2)) for s in (-1, 1)]
    return [arc(0.5, 0.55, 0.45, 0.38), *ears, dot(0.35, 0.5), dot(0.65, 0.5), arc(0.5, 0.65, 0.12, 0.08, 10, 170)]


def car(rng: Rng) -> Strokes:
    """Its outline and two wheels."""
    body = line((0, 0.5), (0.2, 0.5), (0.35, 0.25), (0.7, 0.25), (0.8, 0.5), (1, 0.5), (1, 0.7), (0, 0.7), (0, 0.5))
    return [body, arc(0.25, 0.72, 0.1, 0.1), arc(0.75, 0.72, 0.1, 0.1)]


def cup(rng: Rng) -> Strokes:
    """With a handle."""
    return [
        line((0, 0), (0.1, 0.8), (0.6, 0.8), (0.7, 0), (0, 0)),
        arc(0.66, 0.4, 0.25, rng.uniform(0.15, 0.25), -90, 90),
    ]


def arrow(rng: Rng) -> Strokes:
    """It points to the right."""
    head = rng.uniform(0.15, 0.25)
    return [line((0, 0.5), (1, 0.5)), line((1 - head, 0.5 - head), (1, 0.5), (1 - head, 0.5 + head))]


def plus(rng: Rng) -> Strokes:
    """Two lines that cross."""
    return [line((0.5, 0), (0.5, 1)), line((0, 0.5 + rng.uniform(-0.08, 0.08)), (1, 0.5))]


def hash_sign(rng: Rng) -> Strokes:
    """Four lines that cross."""
    upright = [line((x + 0.05, 0), (x - 0.05, 1)) for x in (0.35, 0.65)]
    return [*upright, *(line((0, y), (1, y)) for y in (0.35, 0.65))]


def percent(rng: Rng) -> Strokes:
    """Two small rings and a slanting line."""
    return [line((0.9, 0), (0.1, 1)), arc(0.2, 0.22, 0.14, 0.17), arc(0.8, 0.78, 0.14, 0.17)]


def at_sign(rng: Rng) -> Strokes:
    """A ring in one that is not quite closed."""
    return [arc(0.5, 0.5, 0.2, 0.2), arc(0.5, 0.5, 0.5, 0.5, 0, 310)]


DOODLES: dict[str, Callable[[Rng], Strokes]] = {
    "Smileys": smiley,
    "Sad faces": sad_face,
    "Stick men": stick_man,
    "Hearts": heart,
    "Triangles": triangle,
    "Squares": square,
    "Stars": star,
    "Flowers": flower,
    "Trees": tree,
    "Firs": fir,
    "Fish": fish,
    "Spirals": spiral,
    "Eyes": eye,
    "Clock faces": clock,
    "Suns": sun,
    "Clouds": cloud,
    "Cats": cat,
    "Cars": car,
    "Cups": cup,
    "Arrows": arrow,
    "Plus signs": plus,
    "Hash signs": hash_sign,
    "Percent signs": percent,
    "At signs": at_sign,
}
