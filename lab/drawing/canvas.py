"""What the canvas in the browser sends -> strokes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lab.drawing.pen import Points


def strokes_from_canvas(json_data: Mapping[str, Any] | None) -> list[Points]:
    """The strokes in streamlit-drawable-canvas's `json_data`, each (n, 2) in canvas pixels.

    Only what its free pen draws, fabric.js's objects of type "Path", is read, where the canvas
    shows it: moved, scaled, turned or flipped strokes too. A tap becomes a single point.
    """
    objects = (json_data or {}).get("objects") or []
    paths = [item for item in objects if str(item.get("type")).lower() == "path"]
    drawn = [(path, flatten(path.get("path") or [])) for path in paths]
    return [_tap_or_stroke(_where_shown(points, path)) for path, points in drawn if len(points)]


def flatten(commands: Sequence[Sequence[Any]]) -> Points:
    """Points (n, 2) of the commands ["M", x, y], ["L", x, y] and ["Q", cx, cy, x, y].

    Q is a quadratic Bezier curve, (1 - t)^2 start + 2 t (1 - t) control + t^2 end for t in (0, 1];
    its points are at most 4 canvas pixels apart.
    """
    points: list[Points] = []
    for letter, *numbers in commands:
        if letter not in ("M", "L", "Q"):
            continue
        corners = np.array(numbers, dtype=np.float64).reshape(-1, 2)
        end = corners[-1]
        if letter == "Q" and points:
            start, control = points[-1], corners[0]
            length = math.dist(start, control) + math.dist(control, end)
            count = max(math.ceil(length / 2), 1)
            for t in np.arange(1, count) / count:
                points.append((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        points.append(end)
    return np.array(points).reshape(-1, 2)


def _where_shown(points: Points, path: Mapping[str, Any]) -> Points:
    """Canvas coordinates of a path's points, which fabric.js keeps as they were when drawn.

    It turns and scales them about the middle of their box and puts that middle where `left` and
    `top` say: at the middle itself ("center"), or at a corner of the box with its pen.
    """
    if "left" not in path or "top" not in path:
        return points
    lowest, highest = points.min(axis=0), points.max(axis=0)
    scale = np.array([path.get("scaleX", 1), path.get("scaleY", 1)], dtype=np.float64)
    flip = np.array([-1 if path.get(name) else 1 for name in ("flipX", "flipY")])
    angle = math.radians(path.get("angle", 0))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    origin = [_ORIGINS.get(str(path.get(name)), 0.0) for name in ("originX", "originY")]
    to_middle = (0.5 - np.array(origin)) * (highest - lowest + path.get("strokeWidth", 0)) * scale
    about_middle = (points - (lowest + highest) / 2) * scale * flip
    return np.asarray((about_middle + to_middle) @ turn + (path["left"], path["top"]))


_ORIGINS = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}


def _tap_or_stroke(points: Points) -> Points:
    """The points, or their mean if all lie within a pixel: fabric.js gives a tap a tiny length."""
    return points.mean(axis=0, keepdims=True) if np.ptp(points, axis=0).max() < 1 else points
