"""The upright axis of a run's curves: as close to the action as it can be with every point that is drawn inside it.

It changes in coarse stops, since a changed axis has the whole chart drawn anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from lab.guess import Guess
from lab.published import PublishedEpoch
from lab.timeline import Timeline

Axis = dict[str, Any]
"""What Plotly needs to know of an axis beside its looks: its range, and its ticks where they are given."""

CLOSE_RANGE, WHOLE_RANGE = (97.0, 100.0), (0.0, 101.0)
"""Accuracies in percent: where the steps differ, and all there is."""
ACCURACY_STOPS = (97.0, 95.0, 90.0, 80.0, 50.0)
"""Where the accuracy axis may begin when it need not show all."""
LOSS_RANGE = (0.01, 10**0.45)
"""What the loss axis always shows: an untrained network's loss is 2.3."""
LOSS_FLOOR = 1e-5
"""Smaller losses, and 0, which a logarithmic axis cannot show, are drawn here; the hover says 0.0000."""


def stop_below(values: Iterable[float], stops: Sequence[float]) -> float:
    """The first of the stops, from the highest down, that lies below all values; below the last of them 0."""
    lowest = min(filter(math.isfinite, values), default=stops[0])
    return next((stop for stop in stops if stop <= lowest), WHOLE_RANGE[0])


def guess_floor(guess: Guess) -> float:
    """Where an axis of accuracy must begin for the guess to be seen."""
    return stop_below([guess.least], ACCURACY_STOPS)


def whole_axis() -> Axis:
    """Every accuracy there can be."""
    return {"range": list(WHOLE_RANGE)}


def accuracy_axis(timeline: Timeline, published: Sequence[PublishedEpoch]) -> Axis:
    """All there is until the first epoch is done; then from the highest stop below every epoch and every window.

    The windows of the first epoch go then: there a network comes from guessing, and with all of it in view nothing
    later could be told apart.
    """
    if not timeline.epochs:
        return whole_axis()
    shown = [window.accuracy for window in timeline.windows if window.epoch > 1]
    shown += [epoch.test_accuracy for epoch in timeline.epochs]
    shown += [one.accuracy for one in timeline.samples]
    shown += [epoch.test_accuracy for epoch in published]
    lowest = stop_below(shown, ACCURACY_STOPS)
    return {"range": [lowest, CLOSE_RANGE[1]]} if lowest else whole_axis()


def loss_axis(timeline: Timeline, published: Sequence[PublishedEpoch]) -> Axis:
    """What every run needs, and as much more as this one does."""
    losses = [window.loss for window in timeline.windows]
    losses += [epoch.test_loss for epoch in timeline.epochs]
    losses += [one.loss for one in timeline.samples]
    losses += [epoch.test_loss for epoch in published]
    finite = list(filter(math.isfinite, losses)) or [1.0]
    return _log_axis(max(min(finite), LOSS_FLOOR), max(finite))


def on_log(loss: float) -> float | None:
    """Where a loss stands on a logarithmic axis; None for one that is no finite number."""
    return max(loss, LOSS_FLOOR) if math.isfinite(loss) else None


def _log_axis(lowest: float, highest: float) -> Axis:
    """Range (as exponents, which Plotly wants) and ticks."""
    low, high = min(LOSS_RANGE[0], 0.97 * lowest), max(LOSS_RANGE[1], 1.03 * highest)
    stops = _stops(low, high)
    low = low if low == LOSS_RANGE[0] else max(stop for stop in stops if stop <= low)
    high = high if high == LOSS_RANGE[1] else min(stop for stop in stops if stop >= high)
    return {"range": [math.log10(low), math.log10(high)], "tickvals": log_ticks(low, high)}


def log_ticks(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: at 1, 2 and 5, or at powers of ten where there are many."""
    first, last = _powers(low, high)
    every = math.ceil((last - first) / 6)
    ticks = _stops(low, high) if last - first <= 4 else [10.0**power for power in range(first, last + 1, every)]
    return [tick for tick in ticks if low <= tick <= high]


def _powers(low: float, high: float) -> tuple[int, int]:
    """The powers of ten around them."""
    return math.floor(math.log10(low)), math.ceil(math.log10(high))


def _stops(low: float, high: float) -> list[float]:
    first, last = _powers(low, high)
    return [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
