"""How long a run still takes, told event by event: from its speed of late, and from its evaluations.

Nothing is said before there is enough to rest it on, and what was said moves little from then on: a time that jumps is
believed by nobody.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.config import RunConfig
from lab.events import Epoch, Event, Started, Window

STEADY_SECONDS, STEADY = 5.0, 1.2
"""Nothing is said before the last so many seconds of training, whose later half was as fast up to this factor."""
LARGEST_MOVE = 1.25
"""The factor by which what was said is corrected at most, from one window to the next."""
TRAINING_COSTS = 3
"""An image trained on takes about as long as three that are evaluated: forward, and backward twice that."""


@dataclass(frozen=True)
class _Stretch:
    """What a window says of the speed: so many iterations in so many seconds."""

    iterations: int
    seconds: float


class TimeLeft:
    """How long one run still takes as of its newest event, pauses left out."""

    def __init__(self, config: RunConfig) -> None:
        self.seconds: float | None = None
        """None while there is too little to say."""
        self.spent = 0.0
        """Seconds of training in the epoch so far."""
        self._config = config
        self._started: Started | None = None

    def hear(self, event: Event) -> None:
        """Take the run's next event into account."""
        match event:
            case Started():
                self._begin(event)
            case Window() if self._started is not None and self._tells_a_speed(event):
                self._trained(event, self._started)
            case Epoch() if self._started is not None:
                self._evaluated(event, self._started)

    def _begin(self, started: Started) -> None:
        self._started, self.seconds = started, None
        self._iteration = (started.first_epoch - 1) * started.iterations_per_epoch
        self._recent: deque[_Stretch] = deque()
        self.spent = 0.0
        self._evaluations: deque[float] = deque(maxlen=3)  # seconds an image

    def _tells_a_speed(self, window: Window) -> bool:
        return 0 < window.images_per_second < math.inf and window.iteration > self._iteration

    def _trained(self, window: Window, started: Started) -> None:
        iterations, self._iteration = window.iteration - self._iteration, window.iteration
        seconds = self._images(iterations, window, started) / window.images_per_second
        self.spent += seconds
        self._recent.append(_Stretch(iterations, seconds))
        while len(self._recent) > 2 and _seconds(self._recent) - self._recent[0].seconds >= STEADY_SECONDS:
            self._recent.popleft()
        speed = _speed(self._recent)
        images = sum(map(self._config.images_read, range(window.epoch, started.epochs + 1)))  # to be read
        estimate = (started.epochs * started.iterations_per_epoch - window.iteration) / speed
        estimate += images * self._evaluation(speed * started.batch_size)
        if self.seconds is not None:
            expected = self.seconds - seconds
            held = min(max(estimate, expected / LARGEST_MOVE), expected * LARGEST_MOVE)
            self.seconds = held if expected > 0 else estimate  # it took longer than all that was left
        elif _is_steady(list(self._recent)):
            self.seconds = estimate

    def _images(self, iterations: int, window: Window, started: Started) -> int:
        """How many images a window went through: the last batch of an epoch may be smaller than the others."""
        ends_epoch = window.iteration % started.iterations_per_epoch == 0
        lacking = -self._config.images_per_epoch % started.batch_size if ends_epoch else 0
        return iterations * started.batch_size - lacking

    def _evaluated(self, epoch: Epoch, started: Started) -> None:
        took = max(0.0, epoch.seconds - self.spent)
        self.spent = 0.0
        self._evaluations.append(took / self._config.images_read(epoch.epoch))
        if epoch.epoch == started.epochs:
            self.seconds = 0.0
        elif self.seconds is not None:
            self.seconds = max(0.0, self.seconds - took)

    def _evaluation(self, images_per_second: float) -> float:
        """Seconds of the evaluation of an image."""
        if self._evaluations:
            return statistics.mean(self._evaluations)
        return self._config.network.readings / (TRAINING_COSTS * images_per_second)


def _is_steady(recent: Sequence[_Stretch]) -> bool:
    """Whether these cover enough time, in the later half of which it was as fast as in the earlier one."""
    if len(recent) < 2 or _seconds(recent) < STEADY_SECONDS:
        return False
    half = 1
    while half < len(recent) - 1 and _seconds(recent[:half]) < _seconds(recent) / 2:
        half += 1
    earlier, later = _speed(recent[:half]), _speed(recent[half:])
    return max(earlier, later) <= STEADY * min(earlier, later)


def _seconds(stretches: Iterable[_Stretch]) -> float:
    return sum(one.seconds for one in stretches)


def _speed(stretches: Iterable[_Stretch]) -> float:
    """Iterations a second."""
    found = list(stretches)
    return sum(one.iterations for one in found) / _seconds(found)
