"""What it costs an epoch to be measured on training images: processor seconds with and without, in turn, one process.

    python benchmarks/measuring.py [--step 5] [--rounds 5]

One thread, and the processor's time instead of the clock's: so what else the machine does says little. Prints medians
over the rounds, and of the ratios the median and the range; compare within one call only.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import RunConfig
from lab.device import device_name, keep_freed_memory
from lab.events import Epoch, Started
from lab.mnist import load_mnist
from lab.steps import step
from lab.training import train


def ways(number: int) -> dict[str, RunConfig]:
    """What is timed: the first epoch of two, and one that is the last as well, after which all images are read."""
    two = replace(step(number).config, device="cpu", epochs=2)
    return {
        "not measured": replace(two, measure_training=False),
        "measured": two,
        "measured, the last one": replace(two, epochs=1),
    }


def seconds(config: RunConfig) -> float:
    """Processor seconds of a run's first epoch, from its first batch to its checkpoint."""
    began = time.process_time()
    for event in train(config, load_mnist("cpu")):
        if isinstance(event, Started):
            began = time.process_time()
        if isinstance(event, Epoch):
            break
    return time.process_time() - began


def main() -> None:
    """Measure and print; every other round goes backwards."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--step", type=int, default=5)
    arguments.add_argument("--rounds", type=int, default=5)
    told = arguments.parse_args()
    keep_freed_memory()
    torch.set_num_threads(1)
    configs = ways(told.step)
    found: dict[str, list[float]] = {name: [] for name in configs}
    for turn in range(told.rounds):
        for name in list(configs)[:: -1 if turn % 2 else 1]:
            found[name].append(seconds(configs[name]))
    print(f"{device_name('cpu')}, step {told.step}, {told.rounds} rounds")
    for name, timed in found.items():
        more = [100 * (one / other - 1) for one, other in zip(timed, found["not measured"], strict=True)]
        spread = f"{statistics.median(more):+.1f} % ({min(more):+.1f} to {max(more):+.1f})"
        print(f"an epoch, {name}: {statistics.median(timed):.2f} s, {spread}")


if __name__ == "__main__":
    main()
