"""How many threads an iteration gets: all there are, or one while other processes keep the processor busy.

OpenMP's threads spin while they wait for each other, some forty times an iteration. Alone that is fastest; but where
another process takes one thread's core, all wait for that thread, and two threads become many times slower than one.
So both are timed, and the faster is used. Only for computations that give the same bits with any number of threads.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.device import use_threads

TIMED = 8
"""Iterations whose mean says how fast all threads are."""
FIRST, LONGEST = 4, 1024
"""Iterations with one thread before all are tried again: twice as many each time that they turn out slower."""
HOPELESS = 3.0
"""All threads are given up at once after an iteration that takes so many times one thread's."""


class Threads:
    """Sets the calling thread's number of threads for every iteration; as a context, gives it all back at the end."""

    def __init__(
        self,
        available: int,
        use: Callable[[int], None] = use_threads,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.available = available
        self._use, self._clock = use, clock
        self._alone, self._stretch, self._left = 0.0, FIRST, FIRST
        self._seconds: deque[float] = deque(maxlen=TIMED)
        self.count = available

    def __enter__(self) -> Threads:
        if self.available > 1:
            self._switch(1)  # so that there is something to hold all threads against
        return self

    def __exit__(self, *_: object) -> None:
        if self.count != self.available:
            self._switch(self.available)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Give all threads back to the calling thread for the while; then goes on as before, unless it was closed."""
        count, self.count = self.count, self.available
        if count != self.available:
            self._use(self.available)
        yield
        self.count = count
        if count != self.available:
            self._use(count)

    @contextmanager
    def iteration(self) -> Iterator[None]:
        """One iteration, timed; may change the number of threads after it."""
        started = self._clock()
        yield
        if self.available > 1:
            self._took(self._clock() - started)

    def _took(self, seconds: float) -> None:
        self._seconds.append(seconds)
        if self.count == 1:
            self._left -= 1
            if self._left == 0:
                self._alone = statistics.median(self._seconds)
                self._switch(self.available)
        elif seconds > HOPELESS * self._alone or self._is_slower():
            self._stretch = min(2 * self._stretch, LONGEST)
            self._switch(1)
        elif len(self._seconds) == TIMED:
            self._stretch = FIRST

    def _is_slower(self) -> bool:
        return len(self._seconds) == TIMED and statistics.mean(self._seconds) > self._alone

    def _switch(self, count: int) -> None:
        self.count, self._left = count, self._stretch
        self._seconds.clear()
        self._use(count)
