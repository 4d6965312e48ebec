"""How fast the lab trains step 5, beside the recipe as published: in turn, in one run, medians of the rounds.

`python -m lab bench` prints it; `lab.contender` says why each has a process of its own.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lab.config import EngineChoice, RunConfig
from lab.contender import Apart, Round, interleave
from lab.events import Epoch, Failed, Started, Window
from lab.layers import training_macs
from lab.steps import step

CONFIG = step(5).config
PUBLISHED, LAB = "published recipe", "lab"


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What was measured of a contender, medians of its rounds."""

    how: str
    iterations_per_second: float
    epoch_seconds: float
    """938 iterations and an evaluation."""
    peak_memory_mb: float
    """Of its process; on a GPU, of its tensors there."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run of the benchmark found."""

    device: str
    rounds: int
    iterations: int
    published: Speed
    lab: Speed
    ratio: float
    """Iterations a second of the lab over those of the published recipe: the median of the rounds' ratios."""
    peak_gflops: float
    """Of a float32 matrix product."""
    share_of_peak: float
    """Of that peak, what the lab's iterations come to, counting nothing that is computed twice."""

    def row(self) -> dict[str, Any]:
        """As one plain row."""
        return asdict(self)


class Lab:
    """The lab's own `train`, as a worker runs it."""

    def __init__(self, device: str, engine: EngineChoice = "fastest") -> None:
        from lab.device import prepare_training_thread
        from lab.mnist import load_mnist

        prepare_training_thread()
        changes: dict[str, Any] = {"device": device, "engine": engine, "epochs": 2, "measure_training": False}
        self.config = replace(CONFIG, **changes)
        self.data = load_mnist(device)
        self.engine, self.evaluation = "", 0.0

    def iterate(self, iterations: int) -> float:
        """See `Contender`. Of two short epochs the first warms up and the second is measured."""
        from lab.training import train

        seconds, done = 0.0, iterations
        for event in train(replace(self.config, training_images=iterations * CONFIG.batch_size), self.data):
            if isinstance(event, Failed):
                raise RuntimeError(event.reason)
            if isinstance(event, Started):
                self.engine = event.engine
            elif isinstance(event, Window) and event.epoch == 2:
                seconds += (event.iteration - done) * CONFIG.batch_size / event.images_per_second
                done = event.iteration
            elif isinstance(event, Epoch):
                self.evaluation = event.seconds - seconds
        return seconds / iterations

    def evaluate(self) -> float:
        """See `Contender`: what the last epoch of `iterate` took beyond its iterations."""
        return self.evaluation

    def describe(self) -> str:
        """See `Contender`."""
        return f"{self.engine} engine"


def speed(contender: Apart, rounds: list[Round], device: str) -> Speed:
    """The medians of a contender's rounds."""
    from lab.device import peak_memory_mb

    iteration = statistics.median(one.iteration for one in rounds)
    return Speed(
        how=contender.ask("describe"),
        iterations_per_second=1 / iteration,
        epoch_seconds=CONFIG.iterations_per_epoch * iteration + statistics.median(one.evaluation for one in rounds),
        peak_memory_mb=contender.run(peak_memory_mb, device),
    )


def ratio(slow: list[Round], fast: list[Round]) -> float:
    """How many times as many iterations a second: the median of the rounds' ratios."""
    return statistics.median(one.iteration / other.iteration for one, other in zip(slow, fast, strict=True))


def bench(device: str, engine: EngineChoice = "fastest", iterations: int | None = None, rounds: int = 5) -> Report:
    """Measure the published recipe and the lab on `device` ("cpu", "cuda" or "mps")."""
    from lab.mnist import write_uncompressed
    from lab.published_recipe import PublishedRecipe

    chosen = iterations or (40 if device == "cpu" else 470)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        write_uncompressed(Path(folder))
        published = stack.enter_context(Apart(PublishedRecipe, Path(folder), device))
        lab = stack.enter_context(Apart(Lab, device, engine))
        found = interleave({PUBLISHED: published, LAB: lab}, chosen, rounds)
        speeds = [speed(published, found[PUBLISHED], device), speed(lab, found[LAB], device)]
        peak = statistics.median(lab.run(matrix_product_gflops, device) for _ in range(rounds))
    return Report(
        device=device,
        rounds=rounds,
        iterations=chosen,
        published=speeds[0],
        lab=speeds[1],
        ratio=ratio(found[PUBLISHED], found[LAB]),
        peak_gflops=peak,
        share_of_peak=speeds[1].iterations_per_second * iteration_gflop() / peak,
    )


def iteration_gflop(config: RunConfig = CONFIG) -> float:
    """Floating-point operations of an iteration (step 5's), in billions: a multiplication and an addition a MAC."""
    return 2 * config.batch_size * training_macs(config.network) / 1e9


def matrix_product_gflops(device: str, clock: Callable[[], float] = time.perf_counter) -> float:
    """What the device reaches in a float32 product of two large square matrices, by the seconds of `clock`."""
    import torch

    side, repeats = (2048, 5) if device == "cpu" else (8192, 10)
    matrix = torch.randn(side, side, device=device)
    (matrix @ matrix)[0, 0].item()
    start = clock()
    for _ in range(repeats):
        product = matrix @ matrix
    product[0, 0].item()  # waits for the device
    return 2 * side**3 * repeats / (clock() - start) / 1e9
