"""Events -> Plotly figures. A colour means one thing everywhere, and a line style or a label says it too.

A figure is plain values: a chart that grows is made every second for every page that shows it, and plotly's own objects
check each of their parts, which takes a hundred times as long. The tests have them check it.

Every curve uses the same epoch axis and keeps `uirevision`, so a redraw neither flickers nor loses a zoom. Text and
grid colours are left to the page's theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lab.analysis import History
from lab.config import CLASSES, IMAGE_SIZE
from lab.events import Epoch
from lab.layers import Square
from lab.steps import TARGET_ACCURACY, PublishedEpoch

Figure = dict[str, Any]
"""`data` and `layout` as Plotly.js wants them."""

# Okabe and Ito's palette, readable without colour vision and on both grounds.
TRAIN = "#3D8BC4"  # its blue, a little lighter so that it stands out on the dark ground too
TEST = "#E69F00"
PUBLISHED = "#8A929A"
RATE = "#009E73"
WRONG = "#D55E00"
SERIES = ("#E69F00", "#3D8BC4", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A800", "#8A929A")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

CURVE_HEIGHT = 300
CLOSE_RANGE, WIDER_RANGE, WHOLE_RANGE = (97.0, 100.0), (80.0, 100.0), (0.0, 101.0)
"""Accuracies in percent: where the steps differ, where training on few images ends, and all there is."""


def loss_figure(story: History, planned: int, published: Sequence[PublishedEpoch] = ()) -> Figure:
    """Training loss by window and test loss by epoch, logarithmic; the published test loss dotted."""
    figure = _curves(planned, "Loss", f"loss-{planned}")
    _published(figure, published, [epoch.test_loss for epoch in published])
    _train_line(figure, story, "loss", "%{y:.4f}")
    _test_line(figure, story, "test_loss", "%{y:.4f}")
    _axis(figure, "y", type="log", range=[-2, 0.45], tickvals=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2])
    return figure


def accuracy_figure(
    story: History,
    planned: int,
    published: Sequence[PublishedEpoch] = (),
    shown: tuple[float, float] = CLOSE_RANGE,
) -> Figure:
    """Training accuracy by window and test accuracy by epoch, in percent, with the target as a thin line."""
    figure = _curves(planned, "Accuracy (%)", f"accuracy-{planned}-{shown[0]:g}")
    _published(figure, published, [epoch.test_accuracy for epoch in published])
    _train_line(figure, story, "accuracy", "%{y:.2f} %")
    _test_line(figure, story, "test_accuracy", "%{y:.2f} %")
    _target_line(figure)
    _axis(figure, "y", range=list(shown))
    return figure


def learning_rate_figure(planned_rates: Sequence[tuple[float, float]], planned: int, reached: float = 0) -> Figure:
    """The planned learning rate over the run, thin, and the part already run (up to epoch `reached`), thick."""
    figure = _curves(planned, "Learning rate", f"rate-{planned}", height=190)
    done = [(epoch, rate) for epoch, rate in planned_rates if epoch <= reached]
    for points, width, name in ((planned_rates, 1.5, "planned"), (done, 3.5, "so far")):
        _line(
            figure,
            x=[epoch for epoch, _ in points],
            y=[rate for _, rate in points],
            mode="lines",
            name=name,
            line={"color": RATE, "width": width, "dash": "dot" if name == "planned" else "solid"},
            hovertemplate="%{y:.3g}",
        )
    highest = max(rate for _, rate in planned_rates)
    _axis(figure, "y", range=[0, 1.06 * highest], tickformat=".2~g", nticks=5)
    return figure


def overlay_figure(runs: Sequence[tuple[str, Sequence[Epoch]]], key: str, label: str, log: bool = False) -> Figure:
    """One epoch figure (`key`) of several runs, each (name, epochs) with a colour and a dash of its own."""
    longest = max((epochs[-1].epoch for _, epochs in runs if epochs), default=1)
    figure = _curves(longest, label, f"overlay-{key}", height=340)
    for number, (name, epochs) in enumerate(runs):
        _line(
            figure,
            x=[epoch.epoch for epoch in epochs],
            y=[getattr(epoch, key) for epoch in epochs],
            mode="lines+markers",
            name=name,
            line={"color": SERIES[number % len(SERIES)], "dash": DASHES[number % len(DASHES)], "width": 2},
            marker={"size": 5},
            hovertemplate="%{y:.4f}" if log else "%{y:.2f} %",
        )
    if log:
        _axis(figure, "y", type="log")
    return figure


def probability_figure(probabilities: Sequence[float], height: int = 260) -> Figure:
    """Ten bars, one a digit, in percent; the answer stands out and every bar carries its figure."""
    percent = [100 * float(value) for value in probabilities]
    answer = int(np.argmax(percent))
    bars = {
        "type": "bar",
        "x": percent,
        "y": [str(digit) for digit in range(CLASSES)],
        "orientation": "h",
        "marker": {"color": [TEST if digit == answer else PUBLISHED for digit in range(CLASSES)]},
        "text": [f"{value:.1f} %" for value in percent],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:.2f} %<extra></extra>",
    }
    figure = _plain(height, [bars], uirevision="probabilities")
    _axis(figure, "x", range=[0, 118], visible=False, fixedrange=True)
    _axis(figure, "y", autorange="reversed", type="category", fixedrange=True, showgrid=False, ticklabelstandoff=8)
    return figure


def picture_figure(image: NDArray[Any], square: Square | None = None, height: int = 320) -> Figure:
    """A picture in [0, 1], ink white on black; `square` marks the pixels that a unit sees."""
    figure = _plain(height, [_pixels(image, hovertemplate="%{z:.2f}<extra></extra>")], uirevision="picture")
    if square is not None:
        figure["layout"]["shapes"] = [
            {
                "type": "rect",
                "x0": square.left - 0.5,
                "x1": square.right - 0.5,
                "y0": square.top - 0.5,
                "y1": square.bottom - 0.5,
                "line": {"color": TEST, "width": 4},
                "fillcolor": "rgba(230, 159, 0, 0.25)",
            }
        ]
    _square_axes(figure, IMAGE_SIZE)
    return figure


def map_figure(side: int, row: int, column: int, height: int = 260) -> Figure:
    """A feature map of `side` x `side` units, the chosen one marked; each unit is a point that can be clicked."""
    rows, columns = np.divmod(np.arange(side * side), side)
    chosen = (rows == row) & (columns == column)
    units = {
        "type": "scatter",
        "x": columns.tolist(),
        "y": rows.tolist(),
        "mode": "markers",
        "marker": {
            "symbol": "square",
            "size": min(40.0, 0.72 * height / side),
            "color": np.where(chosen, TEST, PUBLISHED).tolist(),
            "opacity": np.where(chosen, 1.0, 0.35).tolist(),
        },
        # Plotly fades what was not clicked; here the chosen unit is marked by its colour instead.
        "selected": {"marker": {"opacity": 1.0}},
        "unselected": {"marker": {"opacity": 0.35}},
        "hovertemplate": "row %{y}, column %{x}<extra></extra>",
    }
    figure = _plain(height, [units], uirevision=f"map-{side}", dragmode=False, clickmode="event+select")
    _square_axes(figure, side)
    return figure


def digits_figure(images: NDArray[Any], height: int = 90) -> Figure:
    """A row of pictures (N, 28, 28) in [0, 1] side by side, with a thin gap between them."""
    gap = np.full((len(images), IMAGE_SIZE, 2), np.nan)
    strip = np.concatenate([np.asarray(images, dtype=float), gap], axis=2)  # (N, 28, 30)
    figure = _plain(height, [_pixels(np.hstack(list(strip)), hoverinfo="skip")])
    _axis(figure, "x", visible=False, fixedrange=True)
    _axis(figure, "y", visible=False, autorange="reversed", scaleanchor="x", fixedrange=True)
    return figure


def _plain(height: int, data: list[dict[str, Any]], **layout: Any) -> Figure:
    plain = {
        "height": height,
        "margin": {"l": 0, "r": 8, "t": 8, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
    }
    return {"data": data, "layout": plain | {"xaxis": {}, "yaxis": {}} | layout}


def _axis(figure: Figure, which: Literal["x", "y"], **settings: Any) -> None:
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
    _axis(figure, "x", range=limits, **square)
    _axis(figure, "y", range=limits[::-1], scaleanchor="x", constraintoward="top", **square)


def _curves(planned: int, label: str, revision: str, height: int = CURVE_HEIGHT) -> Figure:
    figure = _plain(
        height,
        [],
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        hovermode="x unified",
        uirevision=revision,
    )
    x_axis = {"range": [0, planned + 0.3], "title": {"text": "epoch"}, "nticks": min(planned + 1, 16)}
    _axis(figure, "x", zeroline=False, **x_axis)
    _axis(figure, "y", title={"text": label}, zeroline=False, automargin=True)
    return figure


def _line(figure: Figure, **settings: Any) -> None:
    figure["data"].append({"type": "scatter"} | settings)


def _target_line(figure: Figure) -> None:
    across = {"xref": "x domain", "x0": 0, "x1": 1, "y0": TARGET_ACCURACY, "y1": TARGET_ACCURACY}
    line = {"type": "line", "line": {"color": PUBLISHED, "width": 1}, "opacity": 0.6}
    figure["layout"]["shapes"] = [line | across]


def _train_line(figure: Figure, story: History, key: str, hover: str) -> None:
    """A window stands at the end of its share of the epoch, so that epoch and window figures share an axis."""
    _line(
        figure,
        x=[story.position(window) for window in story.windows],
        y=[getattr(window, key) for window in story.windows],
        mode="lines",
        name="train",
        line={"color": TRAIN, "width": 1.5},
        hovertemplate=hover,
    )


def _test_line(figure: Figure, story: History, key: str, hover: str) -> None:
    _line(
        figure,
        x=[epoch.epoch for epoch in story.epochs],
        y=[getattr(epoch, key) for epoch in story.epochs],
        mode="lines+markers",
        name="test",
        line={"color": TEST, "width": 2.5},
        marker={"size": 7},
        hovertemplate=hover,
    )


def _published(figure: Figure, published: Sequence[PublishedEpoch], values: Sequence[float]) -> None:
    if not published:
        return
    _line(
        figure,
        x=[epoch.epoch for epoch in published],
        y=list(values),
        mode="lines",
        name="published test",
        line={"color": PUBLISHED, "width": 2, "dash": "dot"},
        hovertemplate="%{y:.2f}",
    )


def steps_figure(published: Sequence[PublishedEpoch], own: Sequence[tuple[int, Sequence[Epoch]]]) -> Figure:
    """Test accuracy by epoch: the published run dotted, and the user's own runs, each (run id, epochs)."""
    longest = max([15, *(epochs[-1].epoch for _, epochs in own)])
    figure = _curves(longest, "Test accuracy (%)", f"steps-{longest}")
    _published(figure, published, [epoch.test_accuracy for epoch in published])
    for number, (run_id, epochs) in enumerate(own):
        _line(
            figure,
            x=[epoch.epoch for epoch in epochs],
            y=[epoch.test_accuracy for epoch in epochs],
            mode="lines+markers",
            name=f"yours, run {run_id}",
            line={"color": TEST, "width": 2.5, "dash": DASHES[number % len(DASHES)]},
            marker={"size": 6},
            hovertemplate="%{y:.2f} %",
        )
    _target_line(figure)
    lowest = min([98.5, *(e.test_accuracy for e in published[2:]), *(e.test_accuracy for _, es in own for e in es[2:])])
    _axis(figure, "y", range=[lowest - 0.1, 99.7])
    return figure
