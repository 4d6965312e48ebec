"""How Beyond's recipe was chosen: candidates trained on 50,000 images, compared on 10,000 held-out training images.

    python benchmarks/select_beyond.py            # all candidates, 15 epochs each, seed 1
    python benchmarks/select_beyond.py B D        # some of them

Prints every epoch's validation accuracy and the mean of epochs 11 to 13, by which the choice was made
(docs/results.md). The test set is never looked at.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import Augmentation, Optimizer, RunConfig
from lab.device import keep_freed_memory
from lab.events import Epoch
from lab.mnist import load_mnist
from lab.steps import step
from lab.training import train

STRONG = Augmentation(rotation=10.0, shift=2.0, scale=0.1, shear=10.0, pen=0.5, interpolation="bilinear")
MILD = Augmentation(rotation=7.0, shift=1.0, scale=0.08, shear=5.0, pen=0.3, interpolation="bilinear")
BASE = replace(step(6).config, evaluate_on="validation", precision="bfloat16", device="cpu")

CANDIDATES = {
    "A": replace(BASE, augmentation=STRONG, optimizer=Optimizer(learning_rate=0.05)),
    "B": replace(BASE, augmentation=STRONG, optimizer=Optimizer(learning_rate=0.1), batch_size=128),
    "C": replace(BASE, augmentation=STRONG, optimizer=Optimizer(learning_rate=0.05, weight_decay=1e-4)),
    "D": replace(BASE, augmentation=MILD, optimizer=Optimizer(learning_rate=0.1)),
}


def validate(name: str, config: RunConfig) -> None:
    """Train a candidate and print its validation accuracies in percent."""
    accuracies = []
    for event in train(config, load_mnist("cpu")):
        if isinstance(event, Epoch):
            accuracies.append(event.test_accuracy)
            print(f"{name} epoch {event.epoch:>2}: {event.test_accuracy:.2f} %", flush=True)
    print(f"{name} mean of epochs 11 to 13: {statistics.mean(accuracies[10:13]):.3f} %", flush=True)


if __name__ == "__main__":
    keep_freed_memory()
    for chosen in sys.argv[1:] or CANDIDATES:
        validate(chosen, CANDIDATES[chosen])
