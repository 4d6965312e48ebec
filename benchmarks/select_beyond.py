"""How Beyond's recipe was chosen: candidates trained on 50,000 images, compared on 10,000 held-out training images.

    python benchmarks/select_beyond.py                       # all candidates, 15 epochs each, seed 1
    python benchmarks/select_beyond.py 2 "batch 32"          # one or some of them, with another seed

Prints a line a candidate: validation accuracy and loss, means of the last three epochs (docs/results.md). The test set
is never looked at.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import Augmentation, Optimizer, OptimizerKind, RunConfig
from lab.device import keep_freed_memory
from lab.events import Epoch
from lab.mnist import load_mnist
from lab.steps import step
from lab.training import train

STRONG = Augmentation(rotation=10.0, shift=1.5, scale=0.1, shear=8.0, pen=0.5, interpolation="bilinear")
MILD = Augmentation(rotation=7.0, shift=1.0, scale=0.08, shear=5.0, pen=0.3, interpolation="bilinear")
WEAK = Augmentation(rotation=5.0, shift=0.5, scale=0.05, shear=3.0, pen=0.2, interpolation="bilinear")


def candidate(
    augmentation: Augmentation = MILD,
    kind: OptimizerKind = "sgd",
    rate: float = 0.1,
    batch: int = 32,
    decay: float = 0.0,
) -> RunConfig:
    """A recipe on the network of Beyond, with one-cycle and 15 epochs."""
    return replace(
        step(6).config,
        augmentation=augmentation,
        optimizer=Optimizer(kind=kind, learning_rate=rate, weight_decay=decay),
        batch_size=batch,
        evaluate_on="validation",
        device="cpu",
    )


CANDIDATES = {
    "batch 64": candidate(batch=64),
    "batch 64, rate 0.2": candidate(batch=64, rate=0.2),
    "batch 32": candidate(),
    "batch 32, rate 0.05": candidate(rate=0.05),
    "batch 32, decay 0.0002": candidate(decay=2e-4),
    "batch 32, decay 0.0005": candidate(decay=5e-4),
    "batch 16, rate 0.03": candidate(batch=16, rate=0.03),
    "stronger": candidate(STRONG),
    "weaker, rate 0.05": candidate(WEAK, rate=0.05),
    "rotation 10, scale 0.1, rate 0.05": candidate(replace(MILD, rotation=10.0, scale=0.1), rate=0.05),
    "pen 0.6, rate 0.05": candidate(replace(MILD, pen=0.6), rate=0.05),
    "AdamW 0.005": candidate(kind="adamw", rate=0.005, decay=0.01),
    "AdamW 0.01": candidate(kind="adamw", rate=0.01, decay=0.01),
}


def validate(name: str, config: RunConfig) -> None:
    """Train a candidate and print how well it reads the held-out images."""
    epochs = [event for event in train(config, load_mnist("cpu")) if isinstance(event, Epoch)]
    accuracies = [epoch.test_accuracy for epoch in epochs[-3:]]
    loss = statistics.mean(epoch.test_loss for epoch in epochs[-3:])
    shown = ", ".join(f"{accuracy:.2f}" for accuracy in accuracies)
    print(
        f"| {name} | {config.seed} | {shown} | {statistics.mean(accuracies):.3f} | {loss:.4f} "
        f"| {epochs[-1].train_accuracy:.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    keep_freed_memory()
    seed, *chosen = sys.argv[1:] or ["1"]
    print("| Candidate | Seed | Last three epochs, % | Mean, % | Loss | Training, % |\n|---|---|---|---|---|---|")
    for name in chosen or CANDIDATES:
        validate(name, replace(CANDIDATES[name], seed=int(seed)))
