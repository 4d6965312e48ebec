"""What it costs an epoch of a step to be measured on training images: seconds with and without, in turn, one process.

    python benchmarks/measuring.py [--step 5] [--rounds 10]

Prints the medians over the rounds, and the median and the standard error of their ratios; compare within one call only.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import RunConfig
from lab.device import device_name, keep_freed_memory, prepare_training_thread
from lab.events import Epoch
from lab.mnist import load_mnist
from lab.steps import step
from lab.training import train

EPOCHS = {
    "not measured": {"measure_training": False, "epochs": 2},
    "measured": {"measure_training": True, "epochs": 2},
    "the last one, measured": {"measure_training": True, "epochs": 1},
}
"""What of a run is timed: its first epoch, which is the last one where it has no other."""


def seconds(config: RunConfig) -> float:
    """A run's first epoch, its evaluation included."""
    return next(event.seconds for event in train(config, load_mnist("cpu")) if isinstance(event, Epoch))


def measure(number: int, rounds: int) -> dict[str, list[float]]:
    """The seconds of each kind of epoch, round by round; every other round backwards."""
    base = replace(step(number).config, device="cpu")
    found: dict[str, list[float]] = {name: [] for name in EPOCHS}
    for turn in range(rounds):
        for name in list(EPOCHS)[:: -1 if turn % 2 else 1]:
            found[name].append(seconds(replace(base, **EPOCHS[name])))  # type: ignore[arg-type]
    return found


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--step", type=int, default=5)
    arguments.add_argument("--rounds", type=int, default=10)
    told = arguments.parse_args()
    keep_freed_memory()
    prepare_training_thread()
    found = measure(told.step, told.rounds)
    print(f"{device_name('cpu')}, step {told.step}, {told.rounds} rounds")
    without = found["not measured"]
    for name, timed in found.items():
        ratios = [100 * (one / other - 1) for one, other in zip(timed, without, strict=True)]
        error = statistics.stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0.0
        print(
            f"an epoch, {name}: {statistics.median(timed):.2f} s, {statistics.median(ratios):+.1f} ± {error:.1f} %",
        )


if __name__ == "__main__":
    main()
