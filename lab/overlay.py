"""Several runs or groups of seeds over each other: lines that end in their label, as close as their ends need it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lab.curve_axis import log_ticks, on_log
from lab.curves import DASHES, SERIES, blank_curves, draw_line, line_width, marker_size
from lab.figures import Figure, as_typed, axis
from lab.groups import Group
from lab.overlay_axis import EMPTY, Line, What, close_range, left_out, lines_of, value_of, whole_range

HEIGHT = 360
LEGEND_LINE = 19
"""Pixels that a name takes of the height where each has a line of the legend to itself: on a narrow screen."""
ROOM = 5
"""Names for which the height has room; for each one more the chart is higher by a line."""
_PLOT = 275
"""Of the height, what lies between a legend of one line and the epochs."""
LABEL = 16
"""Pixels from one label to the next at least."""
FAINT = 0.3


def overlay_figure(groups: Sequence[Group], what: What, whole: bool = False) -> Figure:
    """Evaluation accuracy or loss by epoch; a group as its mean, its seeds faint, and a band of one deviation.

    The last third of each line's epochs fills half of the height, unless the `whole` range is asked for. What lies
    outside it then says so in the legend.
    """
    sets = {run.evaluated for group in groups for run in group.runs}
    known = next(iter(sets)) if len(sets) == 1 else "test" if not sets else ""
    label = f"{known} {what}".strip().capitalize() + (" (%)" if what == "accuracy" else "")
    longest = max([1, *(run.epochs[-1].epoch for group in groups for run in group.runs if run.epochs)])
    height = HEIGHT + LEGEND_LINE * max(0, len(groups) - ROOM)
    figure = blank_curves(longest, label, f"overlay-{what}-{'whole' if whole else 'close'}", height=height)
    lines = lines_of(groups, what)
    absent = {} if whole else left_out(groups, what)
    labels = []
    for number, (group, name) in enumerate(zip(groups, _names(groups, absent, what), strict=True)):
        colour = SERIES[number % len(SERIES)]
        _group(figure, group, what, name, colour, DASHES[number % len(DASHES)], longest)
        if group.label in lines and group.label not in absent:
            labels.append((lines[group.label], colour, group.short))
    seen = [line for line in lines.values() if line.label not in absent]
    limits = EMPTY[what] if not seen else whole_range(seen, what) if whole else close_range(seen, what)
    _vertical(figure, what, limits)
    if labels:
        _labels(figure, labels, limits)
    return figure


def _names(groups: Sequence[Group], absent: Mapping[str, str], what: What) -> list[str]:
    """What the legend calls each group: that its line is not seen, and what of its images not all have in common."""
    several_sets = len({group.first.evaluated for group in groups}) > 1
    several_sizes = len({group.first.config.training_images for group in groups}) > 1
    names = []
    for group in groups:
        label, name = group.label, group.name
        if label in absent:
            label += f" (outside, at {absent[label]})"
        more = [f", {group.first.config.training_images:,} images"] if several_sizes else []
        more += [f" ({group.first.evaluated})"] if several_sets else []
        said = name.split(", ")
        names.append(f"{label}: {name}" + "".join(word for word in more if word.strip(", ()") not in said))
    return names


def _group(figure: Figure, group: Group, what: What, name: str, colour: str, dash: str, longest: int) -> None:
    """Draw the group, on an axis of so many epochs."""
    value = value_of(what)
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
    style = {"color": colour, "dash": dash, "width": line_width(2, longest)}
    marker = {"size": marker_size(5, longest)}
    draw_line(figure, name, x, heights, mode="lines+markers", line=style, marker=marker, hovertemplate=hover)


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


def _vertical(figure: Figure, what: What, limits: tuple[float, float]) -> None:
    """The axis. Plotly labels less than a power of ten with whole values, and more with single digits."""
    if what == "loss":
        axis(figure, "y", type="log", exponentformat="power")
        if limits[1] - limits[0] >= 1:
            axis(figure, "y", tickvals=log_ticks(10 ** limits[0], 10 ** limits[1]))
    axis(figure, "y", range=list(limits))


# --- the labels --------------------------------------------------------------------------------------------------

MARK, WORDS = 8, 20
"""Pixels from a line's end to its mark and to its label."""


def _labels(figure: Figure, ends: Sequence[tuple[Line, str, str]], limits: tuple[float, float]) -> None:
    """A label behind each line's end, moved as far as it takes for none to cover another.

    It is in the colour of the page's text; before it stands a mark in the colour of the line. Its `name` is what it
    says on a narrow screen (lab/ui/chart.js).
    """
    heights = [line.end[1] for line, _, _ in ends]
    notes = []
    for (line, colour, short), height, shift in zip(ends, heights, _shifts(heights, limits), strict=True):
        place = {"x": line.end[0], "y": height, "yshift": shift, "showarrow": False, "xanchor": "left"}
        notes.append({"text": "●", "font": {"color": colour, "size": 12}, "xshift": MARK} | place)
        label = {"text": as_typed(line.label), "name": as_typed(short)}
        notes.append(label | {"font": {"size": 12}, "xshift": WORDS} | place)
    figure["layout"]["annotations"] = notes
    figure["layout"]["margin"]["r"] = 8 + WORDS + 7 * max(len(line.label) for line, _, _ in ends)


def _shifts(heights: Sequence[float], limits: tuple[float, float]) -> list[float]:
    """How far up each label is moved, in pixels: in the order of the heights, `LABEL` apart, as near as they come.

    They are so also where the legend leaves less of the height than anywhere else.
    """
    plot = _PLOT - LEGEND_LINE * (min(len(heights), ROOM) - 1)
    pixels = [plot * (height - limits[0]) / ((limits[1] - limits[0]) or 1.0) for height in heights]
    order = sorted(range(len(pixels)), key=pixels.__getitem__)
    places = spaced([pixels[index] for index in order])
    shifts = [0.0] * len(pixels)
    highest = plot - LABEL / 2  # above it stands the legend
    for index, place in reversed(list(zip(order, places, strict=True))):
        shifts[index] = min(place, highest) - pixels[index]
        highest = min(place, highest) - LABEL
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
