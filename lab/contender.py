"""Ways to train step 5 that are measured in turn, each in a process of its own.

The lab keeps freed memory, which is a setting of the whole process and would make the published recipe faster than it
is.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, set_start_method
from multiprocessing.process import BaseProcess
from typing import Any, Protocol


class Contender(Protocol):
    """A way to train step 5: batches of 64, augmentation on. Made in the process that it is measured in."""

    def iterate(self, iterations: int) -> float:
        """Train for so many iterations; returns the seconds that one took, start-up left out."""

    def evaluate(self) -> float:
        """Read the 10,000 test images; returns the seconds that it took."""

    def describe(self) -> str:
        """How it trains here, in a few words."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """Seconds that one iteration and one evaluation took."""

    iteration: float
    evaluation: float


class Apart:
    """A contender in a process of its own, which ends with the block that it is for, in an exception at once."""

    def __init__(self, make: Callable[..., Contender], *arguments: object) -> None:
        self._process = ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin, initargs=(make, arguments))
        self._started: list[BaseProcess] = []

    def measure(self, iterations: int) -> Round:
        """One round of it."""
        return Round(iteration=self.ask("iterate", iterations), evaluation=self.ask("evaluate"))

    def ask(self, method: str, *arguments: object) -> Any:
        """What the contender's method returns."""
        return self.run(_ask, method, arguments)

    def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What `function` returns in the contender's process."""
        before = {process.pid for process in active_children()}
        with _interrupts_wait():
            told = self._process.submit(function, *arguments)  # the first time it starts the process
        self._started += [process for process in active_children() if process.pid not in before]
        return told.result()

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:  # nobody waits any longer for what it measures
            for process in self._started:
                process.terminate()
        self._process.shutdown()


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Inside, Ctrl-C waits, and in a process that is started inside until `_begin`: its imports end without a word."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_contender: Contender
"""Of this process, where it is a contender's."""


def _begin(make: Callable[..., Contender], arguments: tuple[object, ...]) -> None:
    global _contender
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a word: who waits for it says what is said
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    set_start_method(None, force=True)  # else a DataLoader here would spawn its workers, as this process was
    _contender = make(*arguments)


def _ask(method: str, arguments: tuple[object, ...]) -> Any:
    return getattr(_contender, method)(*arguments)


def interleave(contenders: Mapping[str, Apart], iterations: int, rounds: int) -> dict[str, list[Round]]:
    """Every contender in turn, `rounds` times over."""
    found: dict[str, list[Round]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            found[name].append(contender.measure(iterations))
    return found
