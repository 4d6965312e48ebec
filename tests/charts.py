"""What the tests of charts share: figures as Plotly understands them, and their traces."""

import json
import math
import operator
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go


def checked(make: Any) -> Any:
    """Plotly's own objects refuse what Plotly does not know. What they translate, its script in the browser may not."""

    def made(*args: Any, **settings: Any) -> go.Figure:
        figure = make(*args, **settings)
        understood = go.Figure(figure)
        drawn = json.loads(understood.to_json())
        drawn["layout"].pop("template")
        assert drawn == json.loads(json.dumps(figure, allow_nan=False))  # which a browser could not read
        return understood

    return made


def series(figure: go.Figure) -> dict[str, Any]:
    """The traces by their names in the legend."""
    return {trace.name: trace for trace in figure.data}


def points(trace: Any) -> list[tuple[float, float]]:
    return list(zip(trace.x, trace.y, strict=True))


def limits(figure: go.Figure) -> tuple[float, float]:
    """The vertical axis, in the unit of the points."""
    low, high = figure.layout.yaxis.range
    return (10**low, 10**high) if figure.layout.yaxis.type == "log" else (low, high)


def inside(figure: go.Figure) -> bool:
    low, high = limits(figure)
    return all(low <= y <= high for trace in figure.data for y in trace.y if y is not None)


# --- colours -----------------------------------------------------------------------------------------------------

THEMES = tomllib.loads((Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
GROUNDS: list[str] = [THEMES[name]["backgroundColor"] for name in ("light", "dark")]


def contrast(first: str, second: str) -> float:
    """How far apart two colours are in lightness, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def distance(first: str, second: str) -> float:
    """How different two colours are, 2.3 being just so (CIE76, under daylight, D65)."""
    return math.dist(_cielab(_rgb(first)), _cielab(_rgb(second)))


NO_RED = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
NO_GREEN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
"""What eyes without these cones see of linear RGB (Machado, Oliveira and Fernandes, 2009)."""


def distance_seen(first: str, second: str, eyes: tuple[tuple[float, ...], ...]) -> float:
    """The same for such eyes."""

    def seen(colour: str) -> list[float]:
        rgb = _rgb(colour)
        return [min(1, max(0, sum(map(operator.mul, row, rgb)))) for row in eyes]

    return math.dist(_cielab(seen(first)), _cielab(seen(second)))


def _cielab(rgb: Sequence[float]) -> tuple[float, float, float]:
    """Of linear RGB."""
    red, green, blue = rgb
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    a, b, c = (share ** (1 / 3) if share > 0.008856 else 7.787 * share + 16 / 116 for share in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def _luminance(colour: str) -> float:
    red, green, blue = _rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> list[float]:
    return [_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)]


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
