"""What the tests of charts share: figures as Plotly understands them, and their traces."""

import json
import tomllib
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


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
