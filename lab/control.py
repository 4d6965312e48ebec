"""Who commands a training, and its time: pauses, stops, and seconds that are spent on neither images nor weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

from lab.events import Event, Paused, Resumed

Command = Literal["run", "pause", "stop"]
Control = Callable[[], Command]
"""Asked at every iteration what to do; must answer quickly."""

PAUSE_POLL_SECONDS = 0.05


class StopRequested(Exception):
    """The control says stop."""


@dataclass
class Stopwatch:
    """Seconds since it was made; what was not spent on training is left out."""

    started: float = field(default_factory=lambda: time.perf_counter())

    def seconds(self) -> float:
        """Those that count."""
        return time.perf_counter() - self.started

    def leave_out(self, seconds: float) -> None:
        """Do not count so many of those that have passed."""
        self.started += seconds


class Commanded:
    """Does what the control says between iterations, and times an epoch and a window without what that takes."""

    def __init__(self, control: Control, at_rest: Callable[[], AbstractContextManager[object]]) -> None:
        """`at_rest` is entered while the training is paused."""
        self._control, self._at_rest = control, at_rest
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Count its seconds, and those of its first window, from now on."""
        self.epoch, self.window = Stopwatch(), Stopwatch()

    def begin_window(self) -> None:
        """Count the seconds of the next window from now on."""
        self.window = Stopwatch()

    def obey(self) -> Iterator[Event]:
        """Do what the control says now: go on, wait, or stop.

        Raises:
            StopRequested: it says stop.
        """
        asked = Stopwatch()
        command = self._control()
        self._leave_out(asked)
        if command == "pause":
            waited = Stopwatch()
            with self._at_rest():  # who is told may train something else in this thread meanwhile
                yield Paused()
                while (command := self._control()) == "pause":
                    time.sleep(PAUSE_POLL_SECONDS)
            self._leave_out(waited)
            if command == "run":
                yield from self.say(Resumed())
        if command == "stop":
            raise StopRequested

    def say(self, event: Event) -> Iterator[Event]:
        """Who is told may have to wait, for a locked database: that is no time of the training."""
        told = Stopwatch()
        yield event
        self._leave_out(told)

    def _leave_out(self, other: Stopwatch) -> None:
        seconds = other.seconds()
        for clock in (self.epoch, self.window):
            clock.leave_out(seconds)
