"""What it costs an epoch to be measured on training images: with and without it, in turn, in one process.

    python benchmarks/measuring.py [--step 5] [--rounds 5]

One thread, and the processor's time instead of the clock's: so what else the machine does says little. An epoch's
batches and what follows them are timed apart, since measuring changes nothing of the batches. Prints medians over the
rounds; compare within one call only.
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
from lab.events import Epoch, Started, Window
from lab.mnist import load_mnist
from lab.steps import STEPS, step
from lab.training import train


def ways(number: int) -> dict[str, RunConfig]:
    """What is timed: the first epoch of two, and one that is the last as well, after which all images are read."""
    two = replace(step(number).config, device="cpu", epochs=2)
    return {
        "not measured": replace(two, measure_training=False),
        "measured": two,
        "measured, the last one": replace(two, epochs=1),
    }


def seconds(config: RunConfig) -> tuple[float, float]:
    """Processor seconds of a run's first epoch: up to its last batch, and from there to its end."""
    began = trained = 0.0
    for event in train(config, load_mnist("cpu")):
        match event:
            case Started():
                began = time.process_time()
            case Window():
                trained = time.process_time()
            case Epoch():
                break
    return trained - began, time.process_time() - trained


def main() -> None:
    """Measure and print; every other round goes backwards."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--step", type=int, default=5, choices=[preset.number for preset in STEPS])
    arguments.add_argument("--rounds", type=int, default=5)
    told = arguments.parse_args()
    keep_freed_memory()
    torch.set_num_threads(1)
    configs = ways(told.step)
    training: list[float] = []
    after: dict[str, list[float]] = {name: [] for name in configs}
    for turn in range(told.rounds):
        for name in list(configs)[:: -1 if turn % 2 else 1]:
            trained, evaluated = seconds(configs[name])
            training.append(trained)
            after[name].append(evaluated)
    batches, without = statistics.median(training), statistics.median(after["not measured"])
    print(f"{device_name('cpu')}, step {told.step}, {told.rounds} rounds; the batches of an epoch: {batches:.2f} s")
    for name, timed in after.items():
        more = [100 * (one - without) / (batches + without) for one in timed]
        spread = f"{statistics.median(more):+.1f} % of an epoch ({min(more):+.1f} to {max(more):+.1f})"
        print(f"after them, {name}: {statistics.median(timed):.2f} s, {spread}")


if __name__ == "__main__":
    main()
