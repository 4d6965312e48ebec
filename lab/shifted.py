"""Test-time augmentation: an image is read five times, as it is and moved by one pixel to each side.

The average of a network's scores for shifted copies of an image: Krizhevsky, Sutskever and Hinton, "ImageNet
Classification with Deep Convolutional Neural Networks" (2012), section 4.1, with shifts of one pixel.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
"""Rows down and columns to the right."""
FEW = 8
"""Images up to which one batch of all readings is quicker than a batch a reading."""


def shifted(images: Tensor, black: float) -> list[Tensor]:
    """`images` (N, 1, H, W) as they are and moved, a tensor for each of `SHIFTS`; what comes in is `black`."""
    height, width = images.shape[-2:]
    framed = F.pad(images, (1, 1, 1, 1), value=black)
    return [framed[..., 1 - down : 1 - down + height, 1 - right : 1 - right + width] for down, right in SHIFTS]


def mean_scores(scores: Callable[[Tensor], Tensor], images: Tensor, black: float) -> Tensor:
    """The mean (N, classes) of what `scores` says of the five readings of `images` (N, 1, H, W)."""
    readings = shifted(images, black)
    if len(images) <= FEW:
        return torch.stack(scores(torch.cat(readings)).chunk(len(readings))).mean(0)
    return torch.stack([scores(reading) for reading in readings]).mean(0)
