"""The runs of a step on one chart: the published one, the mean of its measured seeds in a band, and the user's own."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from lab.analysis import RunSummary
from lab.curve_axis import ACCURACY_STOPS, WHOLE_RANGE, stop_below
from lab.curves import DASHES, add_published, add_target, blank_curves, draw_line
from lab.figures import BAND, TEST, Figure, axis
from lab.published import PublishedEpoch

STEPS_STOPS = (98.5, 98.0, *ACCURACY_STOPS)


def steps_figure(
    published: Sequence[PublishedEpoch], own: Sequence[RunSummary], seeds: Sequence[RunSummary] = ()
) -> Figure:
    """Test accuracy by epoch: the published run dotted, the mean of seeds in a band, and the user's own runs."""
    longest = max([15, *(run.epochs[-1].epoch for run in own if run.epochs)])
    figure = blank_curves(longest, "Test accuracy (%)", f"steps-{longest}")
    _band(figure, seeds)
    add_published(figure, published, [epoch.test_accuracy for epoch in published])
    for number, run in enumerate(own):
        draw_line(
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
        draw_line(figure, "spread", epochs + epochs[::-1], above + below[::-1], **area)
    draw_line(figure, name, epochs, means, mode="lines", line={"color": TEST, "width": 1.5}, hovertemplate="%{y:.2f} %")


def _drawn(figure: Figure) -> list[float]:
    """The height of every point of the figure."""
    return [y for trace in figure["data"] for y in trace["y"] if y is not None]
