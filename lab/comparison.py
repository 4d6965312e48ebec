"""Several runs on one chart: those that are compared, and those of a step beside its published one and its seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from lab.analysis import RunSummary
from lab.curves import (
    ACCURACY_STOPS,
    WHOLE_RANGE,
    add_line,
    add_published,
    add_target,
    blank_curves,
    on_log,
    stop_below,
)
from lab.figures import BAND, TEST, Figure, axis
from lab.steps import PublishedEpoch

SERIES = ("#C48500", "#3D8BC4", "#009E73", "#CC79A7", "#2E9BD6", "#D55E00", "#9C8F00", "#8A929A")
"""Okabe and Ito's hues, in shades that reach 3:1 on the ground of both themes."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

STEPS_STOPS = (98.5, 98.0, *ACCURACY_STOPS)


def overlay_figure(runs: Sequence[RunSummary], what: Literal["accuracy", "loss"]) -> Figure:
    """Evaluation accuracy or loss by epoch of several runs, each with a colour and a dash of its own."""
    sets, mixed = {run.evaluated for run in runs}, len({run.config.training_images for run in runs}) > 1
    known = next(iter(sets)) if len(sets) == 1 else "test" if not sets else ""
    label = f"{known} {what}".strip().capitalize() + (" (%)" if what == "accuracy" else "")
    figure = blank_curves(_longest(runs, 1), label, f"overlay-{what}", height=340)
    for number, run in enumerate(runs):
        accuracies = [epoch.test_accuracy for epoch in run.epochs]
        add_line(
            figure,
            f"{run.run}: {run.name}"
            + (f", {run.config.training_images:,} images" if mixed else "")
            + ("" if known else f" ({run.evaluated})"),
            [epoch.epoch for epoch in run.epochs],
            accuracies if what == "accuracy" else [on_log(epoch.test_loss) for epoch in run.epochs],
            mode="lines+markers",
            line={"color": SERIES[number % len(SERIES)], "dash": DASHES[number % len(DASHES)], "width": 2},
            marker={"size": 5},
            hovertemplate="%{y:.2f} %" if what == "accuracy" else "%{y:.4f}",
        )
    if what == "loss":
        axis(figure, "y", type="log")
    return figure


def steps_figure(
    published: Sequence[PublishedEpoch], own: Sequence[RunSummary], seeds: Sequence[RunSummary] = ()
) -> Figure:
    """Test accuracy by epoch: the published run dotted, the mean of seeds in a band, and the user's own runs."""
    longest = _longest(own, 15)
    figure = blank_curves(longest, "Test accuracy (%)", f"steps-{longest}")
    _band(figure, seeds)
    add_published(figure, published, [epoch.test_accuracy for epoch in published])
    for number, run in enumerate(own):
        add_line(
            figure,
            f"yours, run {run.run}",
            [epoch.epoch for epoch in run.epochs],
            [epoch.test_accuracy for epoch in run.epochs],
            mode="lines+markers",
            line={"color": TEST, "width": 2.5, "dash": DASHES[number % len(DASHES)]},
            marker={"size": 6},
            hovertemplate="%{y:.2f} %",
        )
    add_target(figure)
    highest = max(_drawn(figure), default=0.0)
    axis(figure, "y", range=[stop_below(_drawn(figure), STEPS_STOPS), 99.7 if highest < 99.65 else WHOLE_RANGE[1] - 1])
    return figure


def _band(figure: Figure, seeds: Sequence[RunSummary]) -> None:
    """The mean of runs of the same length that differ by their seeds and, around it, a standard deviation each way."""
    if not seeds:
        return
    epochs = [epoch.epoch for epoch in seeds[0].epochs]
    accuracies = [[run.epochs[place].test_accuracy for run in seeds] for place in range(len(epochs))]
    means = [statistics.mean(values) for values in accuracies]
    name = f"mean of {len(seeds)} seeds ± sd" if len(seeds) > 1 else "1 seed, measured"
    if len(seeds) > 1:
        spreads = [statistics.stdev(values) for values in accuracies]
        above = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
        below = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
        area = {"mode": "none", "fill": "toself", "fillcolor": BAND, "hoverinfo": "skip", "showlegend": False}
        add_line(figure, "spread", epochs + epochs[::-1], above + below[::-1], **area)
    add_line(figure, name, epochs, means, mode="lines", line={"color": TEST, "width": 1.5}, hovertemplate="%{y:.2f} %")


def _longest(runs: Sequence[RunSummary], least: int) -> int:
    return max([least, *(run.epochs[-1].epoch for run in runs if run.epochs)])


def _drawn(figure: Figure) -> list[float]:
    """The height of every point of the figure."""
    return [y for trace in figure["data"] for y in trace["y"] if y is not None]
