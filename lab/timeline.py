"""Events -> one timeline: a run's windows, epochs and ending in order, and where the run stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lab.events import Epoch, Event, Failed, Finished, Measured, Paused, Resumed, Started, Stopped, Window


@dataclass(frozen=True)
class Timeline:
    """A run's events in order, uninterrupted: what an interrupted attempt left unfinished is dropped."""

    started: Started | None = None
    windows: list[Window] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    ending: Finished | Stopped | Failed | None = None
    paused: bool = False

    @classmethod
    def of(cls, events: Iterable[Event]) -> Timeline:
        """The timeline that a run's events make."""
        return cls().after(events)

    def after(self, events: Iterable[Event]) -> Timeline:
        """This timeline and what the run said next."""
        started, ending, paused = self.started, self.ending, self.paused
        windows, epochs = self.windows.copy(), self.epochs.copy()
        for event in events:
            match event:
                case Started():
                    started, ending, paused = event, None, False
                    windows = [window for window in windows if window.epoch < event.first_epoch]
                    epochs = [epoch for epoch in epochs if epoch.epoch < event.first_epoch]
                case Window():
                    windows.append(event)
                case Epoch():
                    epochs.append(event)
                case Paused() | Resumed():
                    paused = isinstance(event, Paused)
                case Finished() | Stopped() | Failed():
                    ending, paused = event, False
        return Timeline(started, windows, epochs, ending, paused)

    def position(self, window: Window) -> float:
        """Where the window's end stands on the epoch axis: 0.5 is the middle of the first epoch."""
        return window.iteration / self.started.iterations_per_epoch if self.started else float(window.epoch)

    @property
    def reached(self) -> float:
        """How far the run has come, in epochs; one whose windows were not kept, by its finished epochs."""
        return self.position(self.windows[-1]) if self.windows else float(len(self.epochs))

    @property
    def samples(self) -> list[Measured]:
        """What was measured of the sample of the training images, in the epochs in which it was read."""
        return [epoch.sample for epoch in self.epochs if epoch.sample is not None]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands. `share` is 0 to 1."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    share: float
    images_per_second: float | None
    testing: bool
    """Whether all batches of the epoch are done, and its evaluation is not."""


def progress(timeline: Timeline) -> Progress | None:
    """Where the run stands; None before it has started."""
    if timeline.started is None:
        return None
    epochs, batches = timeline.started.epochs, timeline.started.iterations_per_epoch
    last = timeline.windows[-1] if timeline.windows else None
    evaluated = len(timeline.epochs) * batches
    done = max(last.iteration if last else 0, evaluated)
    testing = done > evaluated and done % batches == 0
    return Progress(
        epoch=min(epochs, done // batches + (not testing)),
        epochs=epochs,
        batch=batches if testing or done == epochs * batches else done % batches,
        batches=batches,
        share=done / (epochs * batches),
        images_per_second=last.images_per_second if last else None,
        testing=testing,
    )
