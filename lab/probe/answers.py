"""What a trained network answers to each image of its evaluation set, and which of them it reads wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lab.compute import read_scores
from lab.config import EvaluationSet
from lab.mnist import load_mnist
from lab.network_config import CLASSES
from lab.predict import Predictor
from lab.store import Store, StoreError

Digits = NDArray[np.uint8]
Numbers = NDArray[np.int64]
"""Images by their place in the evaluation set, counted from 0."""


@dataclass(frozen=True)
class Answers:
    """The answers to the images of an evaluation set, in its order."""

    evaluated: EvaluationSet
    labels: Digits
    """(N,): what the digits are."""
    given: Digits
    """(N,): what the network took them for."""

    def confusion(self) -> NDArray[np.int64]:
        """How many digits (10, 10) of each label, the row, were given each answer, the column."""
        places = self.labels.astype(np.int64) * CLASSES + self.given
        return np.bincount(places, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)

    def wrong(self) -> Numbers:
        """The images that were read wrongly."""
        return np.flatnonzero(self.labels != self.given)

    def cell(self, label: int, answer: int) -> Numbers:
        """The images of a label that were given an answer: those of one cell of the confusion matrix."""
        return np.flatnonzero((self.labels == label) & (self.given == answer))


@dataclass(frozen=True)
class Reading:
    """One image and what the network makes of it; probabilities from 0 to 1."""

    number: int
    label: int
    answer: int
    probability: float
    """Of the answer."""
    of_label: float
    """Of what the digit is."""

    @property
    def is_wrong(self) -> bool:
        """Whether the answer is another than the label."""
        return self.answer != self.label


def kept_answers(store: Store, run: int, epoch: int | None = None) -> Answers:
    """The answers that a run gave when it was evaluated after an epoch (default: its last finished one).

    Raises:
        StoreError: there is no such run or epoch, or what was kept of it cannot be read.
        lab.mnist.DataError: the images cannot be read.
    """
    config, checkpoint = store.run(run).config, store.checkpoint(run, epoch)
    given, labels = np.frombuffer(checkpoint.predictions, np.uint8), _labels(config.evaluate_on)
    if len(given) > len(labels) or (given >= CLASSES).any():
        raise StoreError(f"The answers of run {run}, epoch {checkpoint.epoch}, cannot be read.")
    return Answers(config.evaluate_on, labels[: len(given)], given)


def read_answers(predictor: Predictor) -> Answers:
    """The network's answers to the 10,000 test images, all of which it reads for this.

    Raises:
        lab.mnist.DataError: the images cannot be read.
        MemoryError: there is too little memory for it.
    """
    images, labels = load_mnist().test_images, _labels("test")
    scores = scores_of(predictor, images)
    return Answers("test", labels, scores.argmax(1).numpy().astype(np.uint8))


def read_hardest_first(answers: Answers, numbers: Numbers, predictor: Predictor) -> list[Reading]:
    """What the network makes of these images: of the wrong answers the surest first, of the right ones the least sure.

    Raises:
        lab.mnist.DataError: the images cannot be read.
        MemoryError: there is too little memory for it.
    """
    images = images_of(answers.evaluated, numbers)
    scores = scores_of(predictor, images)
    shares = torch.softmax(scores.double(), dim=1).numpy()  # (n, 10)
    labels, given, rows = answers.labels[numbers], answers.given[numbers], np.arange(len(numbers))
    columns = (numbers, labels, given, shares[rows, given], shares[rows, labels])
    read = [Reading(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]
    return sorted(read, key=lambda one: -one.probability if one.is_wrong else one.probability)


def scores_of(predictor: Predictor, images: torch.Tensor) -> torch.Tensor:
    """The network's class scores (N, 10) of images (N, 1, 28, 28), uint8.

    Raises:
        MemoryError: there is too little memory for it.
    """
    return read_scores(predictor.config, predictor.network, images)


def images_of(evaluated: EvaluationSet, numbers: Sequence[int] | Numbers) -> torch.Tensor:
    """Images (n, 1, 28, 28), uint8, of an evaluation set by their numbers.

    Raises:
        lab.mnist.DataError: they cannot be read.
    """
    images = load_mnist().split(evaluated)[2]
    return images[torch.as_tensor(np.asarray(numbers, dtype=np.int64))]


def _labels(evaluated: EvaluationSet) -> Digits:
    return load_mnist().split(evaluated)[3].numpy().astype(np.uint8)
