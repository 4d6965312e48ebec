"""Several runs or groups of seeds over each other: lines that end in their label, as close as their ends need it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from lab.curves import DASHES, LOSS_RANGE, SERIES, WHOLE_RANGE, blank_curves, draw_line, on_log
from lab.events import Epoch
from lab.figures import Figure, as_typed, axis
from lab.groups import Group

What = Literal["accuracy", "loss"]

HEIGHT = 360
LEGEND_LINE = 19
"""Pixels that a name takes of the height where each has a line of the legend to itself: on a narrow screen."""
ROOM = 5
"""Names for which the height has room; for each one more the chart is higher by a line."""
_PLOT = 275
"""Of the height, what lies between a legend of one line and the epochs."""
LABEL = 16
"""Pixels from one label to the next at least."""
LEAST: dict[What, float] = {"accuracy": 0.1, "loss": 0.05}
"""What the ends of the lines span at least: points of accuracy, powers of ten of the loss."""
EMPTY: dict[What, tuple[float, float]] = {
    "accuracy": WHOLE_RANGE,
    "loss": (math.log10(LOSS_RANGE[0]), math.log10(LOSS_RANGE[1])),
}
"""The axis of a chart in which nothing is drawn, be it that no loss is a finite number."""
FAINT = 0.3


def overlay_figure(groups: Sequence[Group], what: What, whole: bool = False) -> Figure:
    """Evaluation accuracy or loss by epoch; a group as its mean, its seeds faint, and a band of one deviation.

    The last third of the epochs fills half of the height, unless the `whole` range is asked for.
    """
    sets = {run.evaluated for group in groups for run in group.runs}
    known = next(iter(sets)) if len(sets) == 1 else "test" if not sets else ""
    sizes = {group.first.config.training_images for group in groups}
    label = f"{known} {what}".strip().capitalize() + (" (%)" if what == "accuracy" else "")
    longest = max([1, *(run.epochs[-1].epoch for group in groups for run in group.runs if run.epochs)])
    height = HEIGHT + LEGEND_LINE * max(0, len(groups) - ROOM)
    figure = blank_curves(longest, label, f"overlay-{what}-{'whole' if whole else 'close'}", height=height)
    ends = []
    for number, group in enumerate(groups):
        colour = SERIES[number % len(SERIES)]
        name = f"{group.label}: {group.name}" + ("" if known else f" ({group.first.evaluated})")
        name += f", {group.first.config.training_images:,} images" if len(sizes) > 1 else ""
        points = _group(figure, group, what, name, colour, DASHES[number % len(DASHES)])
        if points:
            ends.append((points[-1], group.label, colour))
    limits = None if whole else close_range(_points(figure), what)
    _vertical(figure, what, limits if ends else EMPTY[what])
    if ends:
        _labels(figure, ends, limits or _reach(_points(figure), what))
    return figure


def _group(figure: Figure, group: Group, what: What, name: str, colour: str, dash: str) -> list[tuple[float, float]]:
    """Draw the group; returns the points of its line."""
    value = _value(what)
    means = group.means(value)
    if len(group.runs) > 1:
        _band(figure, [(epoch, _limit(mean - sd, what), _limit(mean + sd, what)) for epoch, mean, sd in means], colour)
        for run in group.runs:
            x, y = [epoch.epoch for epoch in run.epochs], [value(epoch) for epoch in run.epochs]
            unheard: dict[str, Any] = {"showlegend": False, "hoverinfo": "skip", "opacity": FAINT}
            draw_line(
                figure,
                f"{name}, seed {run.config.seed}",
                x,
                y,
                mode="lines",
                line={"color": colour, "width": 1},
                **unheard,
            )
    hover = "%{y:.2f} %" if what == "accuracy" else "%{y:.4f}"
    x, heights = [epoch for epoch, _, _ in means], [mean for _, mean, _ in means]
    style = {"color": colour, "dash": dash, "width": 2}
    draw_line(figure, name, x, heights, mode="lines+markers", line=style, marker={"size": 5}, hovertemplate=hover)
    return [(epoch, mean) for epoch, mean in zip(x, heights, strict=True) if math.isfinite(mean)]


def _value(what: What) -> Callable[[Epoch], float]:
    if what == "accuracy":
        return lambda epoch: epoch.test_accuracy
    return lambda epoch: math.nan if (height := on_log(epoch.test_loss)) is None else height


def _limit(value: float, what: What) -> float:
    """Within what its axis can show."""
    return min(value, 100.0) if what == "accuracy" else on_log(value) or math.nan


def _band(figure: Figure, rows: Sequence[tuple[int, float, float]], colour: str) -> None:
    """One standard deviation to both sides of the mean, as an area."""
    x = [epoch for epoch, _, _ in rows]
    area = {"mode": "lines", "line": {"width": 0}, "fill": "toself", "fillcolor": colour, "opacity": 0.18}
    edge = [high for _, _, high in rows] + [low for _, low, _ in reversed(rows)]
    draw_line(figure, "one deviation", x + x[::-1], edge, showlegend=False, hoverinfo="skip", **area)


# --- the axis ----------------------------------------------------------------------------------------------------


def _points(figure: Figure) -> list[tuple[float, float]]:
    """Of every line, areas left out."""
    lines = (trace for trace in figure["data"] if "fill" not in trace)
    return [(x, y) for trace in lines for x, y in zip(trace["x"], trace["y"], strict=True) if y is not None]


def close_range(points: Iterable[tuple[float, float]], what: What) -> tuple[float, float] | None:
    """Where the axis lies, so that the last third of the epochs fills half of it; None where that shows all anyway.

    The other half is on the side that the lines come from. Of a loss: in powers of ten.
    """
    drawn = [(epoch, _scale(what)(value)) for epoch, value in points]
    if not drawn:
        return None
    last = max(epoch for epoch, _ in drawn)
    ends = [value for epoch, value in drawn if epoch > 2 * last / 3]
    low, high = min(ends), max(ends)
    missing = max(0.0, LEAST[what] - (high - low)) / 2
    low, high = low - missing, high + missing
    margin = 0.1 * (high - low)
    everything = min(value for _, value in drawn) - margin, max(value for _, value in drawn) + margin
    free = (high - low) - 2 * margin
    from_below = low - everything[0] >= everything[1] - high
    low, high = (low - margin - free, high + margin) if from_below else (low - margin, high + margin + free)
    if everything[0] >= low and everything[1] <= high:
        return None
    return low, min(high, 100.0) if what == "accuracy" else high


def _vertical(figure: Figure, what: What, limits: tuple[float, float] | None) -> None:
    if what == "loss":
        axis(figure, "y", type="log")
    if limits is not None:
        axis(figure, "y", range=list(limits))


def _reach(points: Sequence[tuple[float, float]], what: What) -> tuple[float, float]:
    """Where an axis lies that shows them all. Of a loss: in powers of ten."""
    heights = [_scale(what)(height) for _, height in points]
    return min(heights), max(heights)


def _scale(what: What) -> Callable[[float], float]:
    return math.log10 if what == "loss" else float


# --- the labels --------------------------------------------------------------------------------------------------

End = tuple[tuple[float, float], str, str]


def _labels(figure: Figure, ends: Sequence[End], limits: tuple[float, float]) -> None:
    """A label behind each line's end, in its colour, moved as far as it takes for none to cover another."""
    is_log = figure["layout"]["yaxis"].get("type") == "log"
    heights = [math.log10(y) if is_log else y for (_, y), _, _ in ends]
    figure["layout"]["annotations"] = [
        {
            "x": x,
            "y": height,  # of a logarithmic axis Plotly wants the power of ten
            "text": as_typed(words),
            "font": {"color": colour, "size": 12},
            "showarrow": False,
            "xanchor": "left",
            "xshift": 8,
            "yshift": shift,
        }
        for ((x, _), words, colour), height, shift in zip(ends, heights, _shifts(heights, limits), strict=True)
    ]
    longest = max(len(words) for _, words, _ in ends)
    figure["layout"]["margin"]["r"] = 16 + 7 * longest


def _shifts(heights: Sequence[float], limits: tuple[float, float]) -> list[float]:
    """How far up each label is moved, in pixels: in the order of the heights, `LABEL` apart, as near as they come.

    They are so also where the legend leaves less of the height than anywhere else.
    """
    plot = _PLOT - LEGEND_LINE * (min(len(heights), ROOM) - 1)
    pixels = [plot * (height - limits[0]) / ((limits[1] - limits[0]) or 1.0) for height in heights]
    order = sorted(range(len(pixels)), key=pixels.__getitem__)
    places = spaced([pixels[index] for index in order])
    shifts = [0.0] * len(pixels)
    for index, place in zip(order, places, strict=True):
        shifts[index] = place - pixels[index]
    return shifts


def spaced(wanted: Sequence[float]) -> list[float]:
    """Rising places at least `LABEL` apart, each block of pushed ones around the middle of where they wanted to be."""
    blocks: list[list[float]] = []
    for place in wanted:
        blocks.append([place])
        while len(blocks) > 1 and _start(blocks[-1]) - _end(blocks[-2]) < LABEL:
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [_start(block) + LABEL * number for block in blocks for number in range(len(block))]


def _start(block: Sequence[float]) -> float:
    return sum(block) / len(block) - LABEL * (len(block) - 1) / 2


def _end(block: Sequence[float]) -> float:
    return _start(block) + LABEL * (len(block) - 1)
