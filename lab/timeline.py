"""Events -> one timeline: a run's windows, epochs and ending in order, and where the run stands."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from lab.events import Epoch, Event, Failed, Finished, Started, Stopped, Window

RECENT = 3
"""Finished epochs that say how long the next ones take."""


@dataclass(frozen=True)
class Timeline:
    """A run's events in order, uninterrupted: what an interrupted attempt left unfinished is dropped."""

    started: Started | None = None
    windows: list[Window] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    ending: Finished | Stopped | Failed | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> Timeline:
        """The timeline that a run's events make."""
        started: Started | None = None
        ending: Finished | Stopped | Failed | None = None
        windows: list[Window] = []
        epochs: list[Epoch] = []
        for event in events:
            match event:
                case Started():
                    started, ending = event, None
                    windows = [window for window in windows if window.epoch < event.first_epoch]
                    epochs = [epoch for epoch in epochs if epoch.epoch < event.first_epoch]
                case Window():
                    windows.append(event)
                case Epoch():
                    epochs.append(event)
                case Finished() | Stopped() | Failed():
                    ending = event
        return cls(started, windows, epochs, ending)

    def position(self, window: Window) -> float:
        """Where the window's end stands on the epoch axis: 0.5 is the middle of the first epoch."""
        return window.iteration / (self.started.iterations_per_epoch if self.started else window.iteration)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands. `share` is 0 to 1; `seconds_left` is None until there is something to measure."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    share: float
    images_per_second: float | None
    seconds_left: float | None


def progress(timeline: Timeline) -> Progress | None:
    """Where the run stands; None before it has started."""
    if timeline.started is None:
        return None
    epochs, batches = timeline.started.epochs, timeline.started.iterations_per_epoch
    last = timeline.windows[-1] if timeline.windows else None
    done = max(last.iteration if last else 0, len(timeline.epochs) * batches)
    total = epochs * batches
    speed = last.images_per_second if last else None
    return Progress(
        epoch=min(epochs, done // batches + 1),
        epochs=epochs,
        batch=batches if done == total else done % batches,
        batches=batches,
        share=done / total,
        images_per_second=speed,
        seconds_left=_seconds_left(timeline, total - done),
    )


def epoch_seconds(timeline: Timeline) -> float | None:
    """From the last finished epochs (evaluation included) or, in the first, from the newest window; None before it."""
    if timeline.epochs:
        return statistics.mean(epoch.seconds for epoch in timeline.epochs[-RECENT:])
    if timeline.started is None or not timeline.windows:
        return None
    images = float(timeline.started.iterations_per_epoch) * timeline.started.batch_size
    return images / timeline.windows[-1].images_per_second


def _seconds_left(timeline: Timeline, iterations: int) -> float | None:
    assert timeline.started is not None
    seconds = epoch_seconds(timeline)
    return None if seconds is None else seconds * iterations / timeline.started.iterations_per_epoch
