"""What the frameworks that the lab is compared with share.

Each trains the recipe of lab/published_recipe.py: the same network, batches of 64, every image rotated by up to
7 degrees (to the nearest pixel), SGD with momentum, float32. Nothing is logged, saved or drawn while it trains. They
differ in how the data reaches the network. A framework is imported only where it is used: one does without the others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import ClassVar

import torch

from lab.published_recipe import WARM_UP

LEARNING_RATE, MOMENTUM, DROPOUT, DEGREES = 0.01, 0.9, 0.05, 7


class Peer:
    """A `lab.contender.Contender` that also shows what it trains and whether it learns."""

    name: ClassVar[str]
    package: ClassVar[str]

    def __init__(self, device: str) -> None:
        self.device = device
        self.losses: list[float] = []
        """The training loss after each call of `iterate`, the first ones at construction."""

    def describe(self) -> str:
        """Its version and how it is fed."""
        return f"{version(self.package)}, {self.feeding()}"

    def evaluate(self) -> float:
        """See `Contender`."""
        start = now(self.device)
        self.read_test_images()
        return now(self.device) - start

    def evidence(self) -> tuple[int, list[float]]:
        """How many parameters it trains, and its losses."""
        return self.parameters(), self.losses

    def iterate(self, iterations: int) -> float:
        """See `Contender`."""
        raise NotImplementedError

    def read_test_images(self) -> None:
        """Its own evaluation."""
        raise NotImplementedError

    def parameters(self) -> int:
        """How many parameters it trains."""
        raise NotImplementedError

    def feeding(self) -> str:
        """How the data reaches the network."""
        raise NotImplementedError


def now(device: str) -> float:
    """The time in seconds when the device has done all it was given."""
    if device != "cpu":
        getattr(torch, device).synchronize()
    return time.perf_counter()


class Stopwatch:
    """Times the iterations after the warm-up. Its methods take and ignore what frameworks hand to their callbacks."""

    def __init__(self, device: str, iterations: int) -> None:
        self.device, self.last, self.done, self.begin, self.seconds = device, WARM_UP + iterations, 0, 0.0, 0.0

    def start(self, *_: object) -> None:
        """Begin."""
        self.begin = now(self.device)

    def stop(self, *_: object) -> None:
        """End."""
        self.seconds = now(self.device) - self.begin

    def count(self, *_: object) -> bool:
        """Call it after every iteration: it starts after the warm-up and stops at the last; whether that was it."""
        self.done += 1
        if self.done == WARM_UP:
            self.start()
        elif self.done == self.last:
            self.stop()
        return self.done == self.last


def fastest_workers(seconds_with: Callable[[int], float]) -> int:
    """How many processes load the data: none, two, or more where there are processors for it, whichever is fastest."""
    seconds_with(0)  # the first iterations of a process are slower than any later ones
    return min(sorted({0, 2, min(8, os.cpu_count() or 2)}), key=seconds_with)


def trainable(module: torch.nn.Module) -> int:
    """The number of parameters that get a gradient."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
