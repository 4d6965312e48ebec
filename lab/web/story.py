"""One run as it is told to all who watch it: what has happened since a cursor, and where it stands now.

A message is one JSON object. `rows` are what its new events add to the charts, each under its event's id; `cursor` is
the id of the newest event that is told. What is no row is told when it has changed, and to who begins to watch.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lab.analysis import summarize
from lab.curve_axis import accuracy_axis, loss_axis
from lab.events import Paused, Resumed, Started, Window
from lab.growth import added, reached
from lab.published import published_epochs
from lab.schedule import planned_learning_rates
from lab.standing import details, figures, hardware, movement, told_aloud, waiting_words
from lab.store import Ahead, Kept, Run
from lab.time_left import TimeLeft
from lab.timeline import Timeline, progress

GONE = "gone"
"""The state of a run that is there no longer."""
RECENT = 3
"""Epochs whose mean says how long one takes."""


def state_of(run: Run) -> str:
    """What a page is drawn anew for: how the run is, what it was told, and which attempt it is."""
    return f"{run.status}-{run.command}-{run.attempt}"


@dataclass(frozen=True)
class Place:
    """What a waiting run waits for, and about how long."""

    ahead: Ahead
    seconds: float | None


class Story:
    """A run that is watched, with all that it has said; whoever reads the store feeds it."""

    def __init__(self, run: Run, clock: Callable[[], float] = time.time) -> None:
        self.run = run
        self.cursor = 0
        """The id of the newest event."""
        self._clock = clock
        self._planned = planned_learning_rates(run.config)
        self._published = published_epochs(run.step) if run.step else ()
        self._left, self._timeline = TimeLeft(run.config), Timeline()
        self._kept: list[Kept] = []
        self._rows: list[dict[str, Any]] = []
        self._reached = 0.0  # in epochs
        self._told = {"state": state_of(run), "waits": "", "problem": ""} | self._movement() | self._words()

    def hear(
        self, run: Run, kept: Sequence[Kept], place: Place | None = None, elsewhere: Sequence[str] = ()
    ) -> str | None:
        """Take note of what is new; returns the message of it, or None where nothing has changed."""
        self.run = run
        changed: dict[str, Any] = {"state": state_of(run), "waits": self._waits(place), "problem": ""}
        changed["elsewhere"] = elsewhere
        rows = [self._row(one) for one in kept]
        if kept:
            self._kept += kept
            self._rows += rows
            self._timeline = self._timeline.after(each.event for each in kept)
            changed |= self._movement()
        if any(not isinstance(one.event, Window) for one in kept):
            changed |= self._words()
        return self._tell(changed, rows)

    def trouble(self, problem: str) -> str | None:
        """Take note of why nothing can be read for now; returns the message of it, or None where that is known."""
        return self._tell({"problem": problem})

    def end(self) -> str | None:
        """Take note that the run is there no longer, or cannot be read any more; as above."""
        return self._tell({"state": GONE})

    def nothing(self, pages: int) -> str:
        """The message that nothing is new, and how many pages are open."""
        return self._message((), {"pages": pages})

    def opening(self, cursor: int) -> str:
        """The message for who begins to watch, or comes back, and knows all events up to `cursor`."""
        return self._message([row for row in self._rows if row["id"] > cursor], self._told)

    def seconds_until(self, epochs: int) -> float | None:
        """How long until this run and so many epochs after it are trained; None if that cannot be said yet."""
        state, seconds = progress(self._timeline), self._left.seconds
        if state is None or seconds is None:
            return None
        left = (1 - state.share) * state.epochs
        if left >= 1:
            an_epoch = seconds / left
        elif self._timeline.epochs:  # what is left then is mostly the last evaluation, the longest of all
            an_epoch = statistics.mean(epoch.seconds for epoch in self._timeline.epochs[-RECENT:])
        else:  # its only epoch
            an_epoch = self._left.spent + seconds
        return seconds + epochs * an_epoch

    def _row(self, kept: Kept) -> dict[str, Any]:
        event = kept.event
        self._left.hear(event)
        self.cursor = kept.id
        if isinstance(event, Started):
            self._reached = float(event.first_epoch - 1)
            return {"id": kept.id, "cut": self._reached}  # what lies beyond is about to be told again
        points = added(event, self.run.config, self._planned, self._reached)
        if isinstance(event, Window):
            self._reached = reached(event, self.run.config)
        return {"id": kept.id, "add": points}

    def _movement(self) -> dict[str, Any]:
        """What changes with every event, by its name in a message."""
        return {
            "moves": movement(self._timeline, self.run.config, self._left.seconds),
            "axes": {  # without the published curve, and with it
                "loss": [loss_axis(self._timeline, shown) for shown in ((), self._published)],
                "accuracy": [accuracy_axis(self._timeline, shown) for shown in ((), self._published)],
            },
        }

    def _words(self) -> dict[str, Any]:
        """What changes with an epoch."""
        summary = summarize(self.run, self._timeline.epochs)
        words = {"hardware": hardware(summary)} | figures(summary) | details(summary)
        return {"words": words, "aloud": told_aloud(summary)}

    def _waits(self, place: Place | None) -> str:
        if place is None:
            return ""
        return waiting_words(
            place.ahead.device, len(place.ahead.waiting), place.seconds, goes_on=self.run.started is not None
        )

    def _tell(self, standing: dict[str, Any], rows: Sequence[dict[str, Any]] = ()) -> str | None:
        news = {name: value for name, value in standing.items() if self._told.get(name) != value}
        self._told = self._told | news
        return self._message(rows, news) if rows or news else None

    def _message(self, rows: Sequence[dict[str, Any]], news: dict[str, Any]) -> str:
        message: dict[str, Any] = {"cursor": self.cursor, "rows": rows} | news
        if message.get("moves") is not None:
            message["moves"] = message["moves"] | {"age": self._age()}
        return json.dumps(message, separators=(",", ":"), allow_nan=False)

    def _age(self) -> float:
        """Seconds that it has trained since what it said last of its training; what it waited in a pause is none of it.

        Not more than a minute, since the clocks of two machines may differ.
        """
        trained, until = 0.0, self._clock()
        for kept in reversed(self._kept):
            if not isinstance(kept.event, Paused):
                trained += max(0.0, until - kept.time)
            if not isinstance(kept.event, Paused | Resumed):
                break
            until = kept.time
        return round(min(60.0, trained), 3)
