"""Loss and right answers, added up on the device, so that a training loop need not wait for it."""

from __future__ import annotations

import torch
from torch import Tensor


class Tally:
    """Sums since the last reset."""

    def __init__(self, device: str) -> None:
        self.loss, self.correct = torch.zeros((), device=device), torch.zeros((), device=device)
        self.images = 0
        """Counted by `count`, apart from the sums: a replayed iteration runs no Python."""

    def add(self, loss: Tensor, correct: Tensor, images: int) -> None:
        """Add a batch's mean loss and right answers."""
        self.loss += loss * images
        self.correct += correct

    def count(self, images: int) -> None:
        """Count a batch's images."""
        self.images += images

    def reset(self) -> None:
        """Begin again, on the same tensors."""
        self.loss.zero_()
        self.correct.zero_()
        self.images = 0

    def mean_loss(self) -> float:
        """Mean loss an image; waits for the device."""
        return float(self.loss.item() / self.images)

    def accuracy(self) -> float:
        """Right answers in percent; waits for the device."""
        return float(100 * self.correct.item() / self.images)
