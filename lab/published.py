"""The published runs of the five steps: one each, with seed 1, as the notebooks of January 2023 printed them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lab.config import TRAINING_IMAGES

SOURCE = "https://github.com/abhijeetu1912/EVA"
"""The author's public repository; its folder S4 holds the five notebooks with what they printed."""
PUBLISHED_CSV = Path(__file__).parent / "data" / "published_epochs.csv"
TARGET_ACCURACY = 99.40
"""The published target, in percent, to be held in each of the last three epochs."""


@dataclass(frozen=True, kw_only=True)
class PublishedEpoch:
    """One line of the published log; accuracies in percent, the loss of the last training batch as printed there."""

    epoch: int
    last_batch_loss: float
    train_accuracy: float
    train_seconds: float
    iterations_per_second: float
    test_loss: float
    test_correct: int

    @property
    def test_accuracy(self) -> float:
        """Percent of the 10,000 test images."""
        return self.test_correct / 100


@dataclass(frozen=True, kw_only=True)
class PublishedTraining:
    """The 60,000 training images, read as the test images are after epoch 15; turned in steps 4 and 5."""

    correct: int
    loss: float

    @property
    def accuracy(self) -> float:
        """Percent."""
        return 100 * self.correct / TRAINING_IMAGES


_PUBLISHED_TRAINING = {
    1: PublishedTraining(correct=59_733, loss=0.0126),
    2: PublishedTraining(correct=59_523, loss=0.0241),
    3: PublishedTraining(correct=59_775, loss=0.0125),
    4: PublishedTraining(correct=59_639, loss=0.0196),
    5: PublishedTraining(correct=59_601, loss=0.0229),
}


@lru_cache
def _published() -> dict[int, tuple[PublishedEpoch, ...]]:
    rows: dict[int, list[PublishedEpoch]] = {}
    with PUBLISHED_CSV.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            rows.setdefault(int(line["step"]), []).append(
                PublishedEpoch(
                    epoch=int(line["epoch"]),
                    last_batch_loss=float(line["last_batch_loss"]),
                    train_accuracy=float(line["train_accuracy"]),
                    train_seconds=float(line["train_seconds"]),
                    iterations_per_second=float(line["iterations_per_second"]),
                    test_loss=float(line["test_loss"]),
                    test_correct=int(line["test_correct"]),
                )
            )
    return {number: tuple(epochs) for number, epochs in rows.items()}


def published_epochs(number: int) -> tuple[PublishedEpoch, ...]:
    """The 15 published epochs of a step; empty for those that nobody published."""
    return _published().get(number, ())


def published_training(number: int) -> PublishedTraining | None:
    """How many training images a step's published run reads in the end; None where nobody published one."""
    return _PUBLISHED_TRAINING.get(number)
