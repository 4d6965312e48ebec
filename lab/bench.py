"""How fast the lab trains step 5, beside the recipe as published: in turn, in one run, medians of the rounds.

`python -m lab bench` prints it. Each contender has a process of its own: the lab keeps freed memory, which is a setting
of the whole process and would make the published recipe faster than it is.
"""

from __future__ import annotations

import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from multiprocessing import active_children, get_context, set_start_method
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from lab.config import EngineChoice, RunConfig
from lab.events import Epoch, Failed, Started, Window
from lab.layers import training_macs
from lab.steps import step

CONFIG = step(5).config
PUBLISHED, LAB = "published recipe", "lab"


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
