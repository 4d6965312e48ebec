"""Runs -> curves over epochs, as Plotly figures. Each keeps `uirevision`: a redraw neither flickers nor loses a zoom.

What is no finite number is a gap in its curve.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from lab.config import TRAINING_IMAGES, RunConfig
from lab.curve_axis import WHOLE_RANGE, accuracy_axis, guess_floor, loss_axis, on_log, whole_axis
from lab.events import Epoch
from lab.figures import GUESS, MEASURED, PUBLISHED, RATE, TEST, TRAIN, Figure, as_typed, axis, plain
from lab.guess import Guess
from lab.number_words import signed
from lab.published import TARGET_ACCURACY, PublishedEpoch
from lab.timeline import Timeline

SERIES = ("#C48500", "#3D8BC4", "#009E73", "#7733FF", "#CC1040", "#CC0099", "#8A5A3C", "#8877FF")
"""Shades that reach 3:1 on the ground of both themes, every two of them far apart; those that are nearest to each other
for eyes without red or without green have another dash."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

CURVE_HEIGHT = 300
ROOMY, LEAST_MARKER, LEAST_LINE = 40, 3.0, 1.25
"""So many epochs have room for a marker each, side by side, on half of a page; and the smallest sizes in pixels."""
TRAIN_CURVE, MEASURED_CURVE, SO_FAR = "train", "train, evaluated", "so far"
"""What the curves of a run that grow are called; another is called what it is evaluated on."""


def loss_figure(timeline: Timeline, config: RunConfig, published: Sequence[PublishedEpoch] = ()) -> Figure:
    """Training loss by window and evaluation loss by epoch, logarithmic; the published test loss dotted."""
    figure = blank_curves(config.epochs, "Loss", f"loss-{config.epochs}")
    add_published(figure, published, [epoch.test_loss for epoch in published], config)
    _train_line(figure, timeline, [on_log(window.loss) for window in timeline.windows], "%{y:.4f}")
    _measured_line(figure, timeline, config, [on_log(one.loss) for one in timeline.samples], "%{y:.4f}")
    _evaluation_line(figure, timeline, config, [on_log(epoch.test_loss) for epoch in timeline.epochs], "%{y:.4f}")
    axis(figure, "y", type="log", exponentformat="power", **loss_axis(timeline, published))
    return figure


def accuracy_figure(
    timeline: Timeline,
    config: RunConfig,
    published: Sequence[PublishedEpoch] = (),
    whole: bool = False,
    guess: Guess | None = None,
) -> Figure:
    """Training accuracy by window and evaluation accuracy by epoch, in percent, with the target as a thin line.

    Unless the `whole` range is asked for, the axis closes in when the first epoch is done. A `guess` is a band across
    it and, in the end, how far the run ended from that.
    """
    figure = blank_curves(config.epochs, "Accuracy (%)", f"accuracy-{config.epochs}-{'whole' if whole else 'close'}")
    add_published(figure, published, [epoch.test_accuracy for epoch in published], config)
    _train_line(figure, timeline, [window.accuracy for window in timeline.windows], "%{y:.2f} %")
    _measured_line(figure, timeline, config, [one.accuracy for one in timeline.samples], "%{y:.2f} %")
    _evaluation_line(figure, timeline, config, [epoch.test_accuracy for epoch in timeline.epochs], "%{y:.2f} %")
    if config.evaluate_on == "test":
        add_target(figure)
    limits = whole_axis() if whole else accuracy_axis(timeline, published)
    if guess is not None:
        limits["range"][0] = min(limits["range"][0], guess_floor(guess))
        _guess(figure, guess, timeline.epochs[-1] if len(timeline.epochs) == config.epochs else None, config.epochs)
    axis(figure, "y", **limits)
    return figure


def learning_rate_figure(planned_rates: Sequence[tuple[float, float]], planned: int, reached: float = -1) -> Figure:
    """The planned learning rate over the run, thin, and the part already run, thick: up to epoch `reached`.

    Below 0 none is: a plan alone.
    """
    figure = blank_curves(planned, "Learning rate", f"rate-{planned}", height=190)
    done = [(epoch, rate) for epoch, rate in planned_rates if epoch <= reached]
    for points, width, name in ((planned_rates, 1.5, "planned"), (done, 3.5, SO_FAR)):
        draw_line(
            figure,
            name,
            [epoch for epoch, _ in points],
            [rate for _, rate in points],
            mode="lines",
            line={"color": RATE, "width": width, "dash": "dot" if name == "planned" else "solid"},
            hovertemplate="%{y:.3g}",
            **({"meta": "at the end"} if name == "planned" else {}),
        )
    highest = max(rate for _, rate in planned_rates)
    axis(figure, "y", range=[0, 1.06 * highest], tickformat=".2~g", nticks=5)
    return figure


# --- the lines ---------------------------------------------------------------------------------------------------


def blank_curves(planned: int, label: str, revision: str, height: int = CURVE_HEIGHT) -> Figure:
    """A figure for curves over so many epochs, with nothing in it yet; the same `revision` keeps a zoom."""
    figure = plain(
        height,
        [],
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        hovermode="x unified",
        uirevision=revision,
        meta=f"{label} by epoch",
    )
    beyond = max(0.3, planned / 60)  # room for the last marker, and for half of the number below it
    axis(figure, "x", range=[0, planned + beyond], title={"text": "epoch"}, nticks=min(planned + 1, 16), zeroline=False)
    axis(figure, "x", hoverformat=".2~f")
    apart: dict[str, Any] = {"ticks": "outside", "ticklen": 5, "tickcolor": "rgba(0, 0, 0, 0)"}  # from the epoch 0
    axis(figure, "y", title={"text": label}, zeroline=False, automargin=True, **apart)
    return figure


def marker_size(size: float, planned: int) -> float:
    """Of a marker, in pixels: smaller where so many epochs stand side by side that their markers would be one band."""
    return max(size * min(1.0, ROOMY / planned), LEAST_MARKER)


def line_width(width: float, planned: int) -> float:
    """Of a line with a point an epoch, in pixels: thinner where its ups and downs would be one band."""
    return max(width * min(1.0, ROOMY / planned), LEAST_LINE)


def draw_line(figure: Figure, name: str, x: Sequence[float], y: Iterable[float | None], **settings: Any) -> None:
    """A curve of the figure; its name is shown as typed."""
    heights = [height if height is not None and math.isfinite(height) else None for height in y]
    figure["data"].append({"type": "scatter", "name": as_typed(name), "x": list(x), "y": heights} | settings)


def _guess(figure: Figure, guess: Guess, last: Epoch | None, planned: int) -> None:
    """The guess as a band over all epochs, and from there to where the run has ended, if it has ended elsewhere."""
    high = min(guess.high, WHOLE_RANGE[1])
    band = {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": GUESS, "opacity": 0.25}
    across: dict[str, Any] = {"xref": "x domain", "x0": 0, "x1": 1, "y0": guess.low, "y1": high}
    named = _note("your guess", xref="x domain", x=0.01, xanchor="left", y=high, yanchor="top")
    shapes, notes = [band | across], [named]
    if last is not None and guess.off(last.test_accuracy):
        near, came_to = guess.nearest(last.test_accuracy), last.test_accuracy
        line = {"type": "line", "line": {"color": GUESS, "width": 4}}
        shapes.append(line | {"x0": planned, "x1": planned, "y0": near, "y1": came_to})
        off = f"{signed(guess.off(came_to))} "
        notes.append(_note(off, x=planned, xanchor="right", y=(near + came_to) / 2, yanchor="middle"))
    figure["layout"]["shapes"] = [*figure["layout"].get("shapes", []), *shapes]
    figure["layout"]["annotations"] = notes


def _note(text: str, **place: Any) -> dict[str, Any]:
    return {"text": text, "showarrow": False, "font": {"size": 13}} | place


def add_target(figure: Figure) -> None:
    """The published target as a thin line."""
    across = {"xref": "x domain", "x0": 0, "x1": 1, "y0": TARGET_ACCURACY, "y1": TARGET_ACCURACY}
    line = {"type": "line", "line": {"color": PUBLISHED, "width": 1}}
    figure["layout"]["shapes"] = [line | across]


def _train_line(figure: Figure, timeline: Timeline, heights: Sequence[float | None], hover: str) -> None:
    """A window stands at the end of its share of the epoch, so that epoch and window figures share an axis."""
    places = [timeline.position(window) for window in timeline.windows]
    line = {"color": TRAIN, "width": 1.5}
    draw_line(figure, TRAIN_CURVE, places, heights, mode="lines", line=line, hovertemplate=hover)


def _measured_line(
    figure: Figure, timeline: Timeline, config: RunConfig, heights: Sequence[float | None], hover: str
) -> None:
    if not config.measure_training:
        return
    draw_line(
        figure,
        MEASURED_CURVE,
        [epoch.epoch for epoch in timeline.epochs if epoch.measured],
        heights,
        mode="lines+markers",
        line={"color": MEASURED, "width": line_width(2, config.epochs), "dash": "dash"},
        marker={"size": marker_size(7, config.epochs), "symbol": "diamond"},
        hovertemplate=hover,
    )


def _evaluation_line(
    figure: Figure, timeline: Timeline, config: RunConfig, heights: Sequence[float | None], hover: str
) -> None:
    draw_line(
        figure,
        config.evaluate_on,
        [epoch.epoch for epoch in timeline.epochs],
        heights,
        mode="lines+markers",
        line={"color": TEST, "width": line_width(2.5, config.epochs)},
        marker={"size": marker_size(7, config.epochs)},
        hovertemplate=hover,
    )


def add_published(
    figure: Figure, published: Sequence[PublishedEpoch], values: Sequence[float], beside: RunConfig | None = None
) -> None:
    """`beside`: the run that it is drawn over; on how many images it was trained is said where that one had fewer."""
    if not published:
        return
    has_fewer = beside is not None and beside.training_images < TRAINING_IMAGES
    draw_line(
        figure,
        f"published ({TRAINING_IMAGES:,} images)" if has_fewer else "published test",
        [epoch.epoch for epoch in published],
        values,
        mode="lines",
        line={"color": PUBLISHED, "width": 2, "dash": "dot"},
        hovertemplate="%{y:.2f}",
    )
