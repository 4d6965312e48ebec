"""How good a network is after an epoch: on the images that it is evaluated on, and on its own training images.

Both are read in the same way, without dropout, so that their accuracies may be compared.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from lab.compute import Trainer
from lab.config import SAMPLE_IMAGES, RunConfig
from lab.control import Commanded
from lab.events import Event, Measured
from lab.memory import EVALUATION_BATCH
from lab.seeding import MEASUREMENT, derived_seed

Digits = tuple[Tensor, Tensor]
"""Images, uint8 (N, 1, 28, 28), and their labels, int64 (N,)."""
SAMPLE_SEED = 2026
"""Of the training images that are measured after every epoch, of every run."""


class Diverged(Exception):
    """A loss is no finite number."""


@dataclass(frozen=True)
class Evaluation:
    """Reads images after each epoch of one training, and does what its control says between two batches."""

    config: RunConfig
    trainer: Trainer
    device: str
    trained: Digits
    evaluated: Digits
    commanded: Commanded

    def test(self) -> Generator[Event, None, tuple[bytes, Measured]]:
        """The images that the run is evaluated on: the predicted label of each, one byte each, and what that makes.

        Raises:
            Diverged: the loss is no finite number.
        """
        self.trainer.evaluation.reset()
        predictions = yield from self._read(self.evaluated)
        return predictions, self._figures()

    def measure(self, epoch: int) -> Generator[Event, None, tuple[Measured, ...]]:
        """The run's own training images, read as the test images are: see `Epoch.measured`.

        Raises:
            Diverged: the loss is no finite number.
        """
        if not self.config.measure_training:
            return ()
        images, labels = self.trained
        sums, sample = self.trainer.evaluation, sample_of(len(labels)).to(self.device)
        sums.reset()
        yield from self._read((images[sample], labels[sample]))
        found = [self._figures()]
        if epoch < self.config.epochs:
            return tuple(found)
        if not sample.all():
            yield from self._read((images[~sample], labels[~sample]))
            found.append(self._figures())
        if self.config.augmentation.active:
            seed = derived_seed(self.config.seed, epoch, MEASUREMENT)
            sums.reset()
            yield from self._read(self.trained, torch.Generator(self.device).manual_seed(seed))
            found.append(self._figures(augmented=True))
        return tuple(found)

    def _read(self, digits: Digits, augmentation: torch.Generator | None = None) -> Generator[Event, None, bytes]:
        """The predicted label of each image, one byte each; adds to the trainer's `evaluation`."""
        predictions = []
        for images, labels in zip(*(torch.split(part, EVALUATION_BATCH) for part in digits), strict=True):
            yield from self.commanded.obey()
            predictions.append(self.trainer.evaluate(images, labels, augmentation))
        return torch.cat(predictions).to("cpu", torch.uint8).numpy().tobytes()

    def _figures(self, augmented: bool = False) -> Measured:
        """What was evaluated since the last reset; waits for the device."""
        sums = self.trainer.evaluation
        loss, correct = finite(sums.mean_loss()), int(sums.correct.item())
        return Measured(images=sums.images, augmented=augmented, loss=loss, correct=correct)


def sample_of(images: int) -> Tensor:
    """Which of so many training images are measured after every epoch, bool (N,): `SAMPLE_IMAGES` of them, or all.

    Drawn once and for all, so the same for every run on the same images: their curves may be compared. Not every n-th
    one: MNIST's training images alternate between two groups of writers, and those with even numbers are the harder.
    """
    chosen = torch.zeros(images, dtype=torch.bool)
    chosen[torch.randperm(images, generator=torch.Generator().manual_seed(SAMPLE_SEED))[:SAMPLE_IMAGES]] = True
    return chosen


def finite(loss: float) -> float:
    """The loss.

    Raises:
        Diverged: it is no finite number.
    """
    if not math.isfinite(loss):
        raise Diverged
    return loss
