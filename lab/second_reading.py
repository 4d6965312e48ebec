"""Test-time augmentation: an image is read twice, as it is and moved by one pixel to the left.

Pooling halves a map by pairs of columns; the columns of the moved image are paired the other way, and so some mistakes
of one reading are none of the other. The mean of a network's scores for an image and for shifted copies: Krizhevsky,
Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012), section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor


def moved_left(images: Tensor, black: float) -> Tensor:
    """`images` (N, 1, H, W) moved by one pixel to the left; the column that comes in is `black`."""
    return F.pad(images[..., 1:], (0, 1), value=black)


def mean_scores(scores: Callable[[Tensor], Tensor], images: Tensor, black: float) -> Tensor:
    """The mean (N, classes) of what `scores` says of the two readings of `images` (N, 1, H, W)."""
    return (scores(images) + scores(moved_left(images, black))) / 2
