"""The parts of every chart: colours, text, a blank figure; and the pictures. The curves are in lab/curves.py.

A figure is plain values: a chart that grows is made every second for every page that shows it, and plotly's own objects
check each of their parts, which takes a hundred times as long. The tests have them check it. A colour means one thing
everywhere, and a line style or a label says it too. Text and grid colours are left to the page's theme.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lab.layer_row import Square
from lab.network_config import IMAGE_SIZE

Figure = dict[str, Any]
"""`data` and `layout` as Plotly.js wants them."""

# Okabe and Ito's hues, readable without colour vision, in shades that reach 3:1 on the ground of both themes.
TRAIN = "#3D8BC4"  # its blue, a little lighter so that it stands out on the dark ground too
MEASURED = "#5B6FD6"  # the same family, towards violet
TEST = "#C48500"  # its orange, darker
BAND = "rgba(196, 133, 0, 0.2)"  # TEST, thin
PUBLISHED = "#8A929A"
RATE = "#009E73"
WRONG = "#D55E00"
GUESS = "#B7638F"

# Values of kernels and feature maps, from black at 0: all eyes tell yellow from blue.
POSITIVE, NEGATIVE = (240, 228, 66), (86, 180, 233)

LARGE = 20
"""Pixels of type that the back row reads."""
TYPE, HIGHER = LARGE / 12, 1.5
"""How much larger type is for it than on other charts, and how much higher a chart."""
_ENTITIES = str.maketrans({character: f"&#{ord(character)};" for character in "&<>$%"})


def as_typed(words: str) -> str:
    """Words as Plotly shows them literally; else it would read tags, entities, templates and `$`formulas`$` in them."""
    return words.translate(_ENTITIES)


def picture_figure(image: NDArray[Any], square: Square | None = None, height: int = 320) -> Figure:
    """A picture in [0, 1], ink white on black; `square` marks the pixels that a unit sees."""
    words = "A picture of a digit" + (", with the square that the unit sees" if square else "")
    pixels = _pixels(image, hovertemplate="%{z:.2f}<extra></extra>")
    figure = plain(height, [pixels], uirevision="picture", meta=words)
    if square is not None:
        figure["layout"]["shapes"] = [
            {
                "type": "rect",
                "x0": square.left - 0.5,
                "x1": square.right - 0.5,
                "y0": square.top - 0.5,
                "y1": square.bottom - 0.5,
                "line": {"color": TEST, "width": 4},
                "fillcolor": "rgba(196, 133, 0, 0.25)",
            }
        ]
    _square_axes(figure, IMAGE_SIZE)
    return figure


def signed_colours(values: NDArray[Any], largest: float) -> NDArray[np.uint8]:
    """Red, green and blue (..., 3) of values: black at 0, yellow above and blue below, brightest at `largest`.

    Small values are drawn brighter than in proportion, since most are far below the largest.
    """
    numbers = np.nan_to_num(np.asarray(values, dtype=float))
    share = np.clip(np.abs(numbers) / (largest or 1), 0, 1)[..., None] ** 0.7
    hue = np.where(numbers[..., None] < 0, NEGATIVE, POSITIVE)
    colours: NDArray[np.uint8] = (share * hue).round().astype(np.uint8)
    return colours


def digits_figure(images: NDArray[Any], height: int = 90) -> Figure:
    """A row of pictures (N, 28, 28) in [0, 1] side by side, with a thin gap between them."""
    gap = np.full((len(images), IMAGE_SIZE, 2), np.nan)
    strip = np.concatenate([np.asarray(images, dtype=float), gap], axis=2)  # (N, 28, 30)
    words = f"{len(images)} digits, as training sees them"
    figure = plain(height, [_pixels(np.hstack(list(strip)), hoverinfo="skip")], meta=words)
    axis(figure, "x", visible=False, fixedrange=True)
    axis(figure, "y", visible=False, autorange="reversed", scaleanchor="x", fixedrange=True)
    return figure


def plain(height: int, data: list[dict[str, Any]], **layout: Any) -> Figure:
    """A figure of these traces with nothing around them, `height` pixels high.

    `meta` says what it shows, for who does not see it; a browser adds where its curves end (lab/ui/chart_words.js).
    """
    base = {
        "height": height,
        "margin": {"l": 0, "r": 8, "t": 8, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
    }
    return {"data": data, "layout": base | {"xaxis": {}, "yaxis": {}} | layout}


def enlarged(figure: Figure) -> Figure:
    """The same figure for a projector: higher, with larger type and wider lines."""
    traces = []
    for trace in figure["data"]:
        line, marker = trace.get("line"), trace.get("marker")
        wider = {"line": line | {"width": 1.6 * line["width"]}} if line and "width" in line else {}
        larger = {"marker": marker | {"size": 1.5 * marker["size"]}} if marker and "size" in marker else {}
        traces.append(trace | wider | larger)
    layout = figure["layout"]
    notes = [_enlarged_note(note) for note in layout.get("annotations", ())]
    margin = layout["margin"] | {"r": round(TYPE * layout["margin"]["r"])}  # where the labels of lines stand
    large: dict[str, Any] = {"height": HIGHER * layout["height"], "margin": margin}
    large |= {"annotations": notes} if notes else {}
    if "legend" in layout:
        large["legend"] = layout["legend"] | {"font": {"size": LARGE}}
    for name in ("xaxis", "yaxis"):
        told = layout[name]
        title = {"title": told["title"] | {"font": {"size": LARGE}}} if "title" in told else {}
        large[name] = told | {"tickfont": {"size": LARGE}} | title
    return {"data": traces, "layout": layout | large}


def _enlarged_note(note: dict[str, Any]) -> dict[str, Any]:
    """A label in larger type, as much further from its place."""
    moved = {name: by * note[name] for name, by in (("xshift", TYPE), ("yshift", HIGHER)) if name in note}
    return note | moved | {"font": note["font"] | {"size": LARGE}}


def axis(figure: Figure, which: Literal["x", "y"], **settings: Any) -> None:
    """Give one of the figure's axes these settings."""
    figure["layout"][f"{which}axis"].update(settings)


def _pixels(image: NDArray[Any], **settings: Any) -> dict[str, Any]:
    """A picture in [0, 1], ink white on black; nothing where it is not a number."""
    values = np.asarray(image, dtype=float).round(4).astype(object)
    values[np.isnan(image)] = None
    return {
        "type": "heatmap",
        "z": values.tolist(),
        "colorscale": [[0, "rgb(0, 0, 0)"], [1, "rgb(255, 255, 255)"]],  # the browser's Plotly knows other names
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
    } | settings


def _square_axes(figure: Figure, side: int) -> None:
    """For `side` x `side` pixels or units: kept square, and at the top of their column."""
    limits = [-0.7, side - 0.3]
    square = {"visible": False, "fixedrange": True, "constrain": "domain"}
    axis(figure, "x", range=limits, **square)
    axis(figure, "y", range=limits[::-1], scaleanchor="x", constraintoward="top", **square)
