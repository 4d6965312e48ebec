"""The fastest engine beside PyTorch's modules: milliseconds an iteration of step 5 on the CPU, in turn, in one process.

    python benchmarks/engines.py

Prints the median of the rounds for each, and their ratio; compare within one call only.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import EngineChoice
from lab.device import device_name, keep_freed_memory
from lab.events import Window
from lab.mnist import load_mnist
from lab.steps import step
from lab.training import train

ROUNDS = 5


def milliseconds_an_iteration(engine: EngineChoice) -> float:
    """Median over the windows of 40 iterations, augmentation and optimiser included."""
    config = replace(step(5).config, device="cpu", engine=engine, epochs=1, training_images=40 * 64)
    speeds = []
    for event in train(config, load_mnist("cpu")):
        if isinstance(event, Window):
            speeds.append(event.images_per_second)
            if len(speeds) == 20:
                break  # before the evaluation
    return 1000 * config.batch_size / statistics.median(speeds)


if __name__ == "__main__":
    keep_freed_memory()
    pairs = [(milliseconds_an_iteration("pytorch"), milliseconds_an_iteration("fastest")) for _ in range(ROUNDS)]
    pytorch, fastest = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"{device_name('cpu')}: PyTorch {pytorch:.1f} ms, the fastest engine {fastest:.1f} ms an iteration")
    print(f"{ratio:.1f} times as fast")
