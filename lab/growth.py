"""What an event adds to the charts of its run: how a chart grows on a page that is being looked at.

`lab.curves` draws the same points all at once; a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lab.config import RunConfig
from lab.curve_axis import on_log
from lab.curves import MEASURED_CURVE, SO_FAR, TRAIN_CURVE
from lab.events import Epoch, Event, Window

Points = list[tuple[float, float | None]]
Added = dict[str, dict[str, Points]]
"""Chart -> curve -> what is added at its end: (epoch, value), with None for a value that is no finite number."""


def added(event: Event, config: RunConfig, planned: Sequence[tuple[float, float]], since: float) -> Added:
    """The points that an event adds; none for an event that no chart shows.

    `planned`: the run's `planned_learning_rates`, of which those are added that lie beyond epoch `since`.
    """
    match event:
        case Window():
            place = reached(event, config)
            rates: Points = [(epoch, rate) for epoch, rate in planned if since < epoch <= place]
            return {
                "loss": {TRAIN_CURVE: [(place, on_log(event.loss))]},
                "accuracy": {TRAIN_CURVE: [(place, _finite(event.accuracy))]},
                "rate": {SO_FAR: rates},
            }
        case Epoch():
            loss: dict[str, Points] = {config.evaluate_on: [(event.epoch, on_log(event.test_loss))]}
            accuracy: dict[str, Points] = {config.evaluate_on: [(event.epoch, _finite(event.test_accuracy))]}
            measured = event.sample
            if measured is not None:
                loss[MEASURED_CURVE] = [(event.epoch, on_log(measured.loss))]
                accuracy[MEASURED_CURVE] = [(event.epoch, _finite(measured.accuracy))]
            return {"loss": loss, "accuracy": accuracy}
    return {}


def reached(window: Window, config: RunConfig) -> float:
    """Where a window ends, in epochs."""
    return window.iteration / config.iterations_per_epoch


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
