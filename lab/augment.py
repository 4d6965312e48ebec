"""A batch of digits -> a batch of changed digits, all at once on the device.

Rotation, scale, shear and shift are one affine map per image (sampled by torch's grid_sample, black outside); the pen
is a grey-value morphology: a step towards the brightest (thicker) or darkest (thinner) neighbour in a 3x3 window.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from numpy import float32
from numpy.typing import NDArray
from torch import Tensor

from lab.mnist import to_unit
from lab.network_config import IMAGE_SIZE
from lab.sampling import affine_grid
from lab.training_config import Augmentation


def augment(images: Tensor, config: Augmentation, generator: torch.Generator) -> Tensor:
    """Each image of `images`, float (N, 1, 28, 28) in [0, 1], changed by amounts drawn from `generator`.

    All amounts are drawn whether used or not, so widening one range leaves the others' draws as they were.
    """
    draws = torch.rand(len(images), 6, generator=generator, device=images.device) * 2 - 1  # (N, 6) in [-1, 1)
    if config.moves_pixels:
        grid = affine_grid(affine_maps(draws[:, :5], config), *images.shape[2:])
        images = F.grid_sample(images, grid, mode=config.interpolation, padding_mode="zeros", align_corners=False)
    if config.pen:
        images = change_pen(images, draws[:, 5] * config.pen)
    return images


def affine_maps(draws: Tensor, config: Augmentation) -> Tensor:
    """(N, 2, 3) maps from output to input coordinates in [-1, 1], as affine_grid wants them.

    `draws` (N, 5) in [-1, 1): the share of each range to use for rotation, scale, shear, and the shift along x and y.
    An output point p shows the input point A^-1 (p - t) with A = scale * rotation * shear; a positive angle turns the
    picture counter-clockwise.
    """
    angle = draws[:, 0] * math.radians(config.rotation)
    scale = 1 + draws[:, 1] * config.scale
    slant = torch.tan(draws[:, 2] * math.radians(config.shear))
    shift = draws[:, 3:5] * (2 * config.shift / IMAGE_SIZE)  # pixels -> [-1, 1] coordinates
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    # A^-1 = shear^-1 * rotation^-1 / scale, with y pointing down
    inverse = torch.stack([cos + slant * -sin, -sin + slant * -cos, sin, cos], dim=1).view(-1, 2, 2)
    offset = -(inverse @ shift.unsqueeze(2))  # (N, 2, 1)
    return torch.cat([inverse, offset], dim=2)


def change_pen(images: Tensor, amount: Tensor) -> Tensor:
    """Strokes thicker (amount > 0) or thinner (amount < 0); `amount` (N,) in [-1, 1] is the share of a whole step."""
    share = amount.view(-1, 1, 1, 1)
    sign = torch.where(share < 0, -1.0, 1.0)  # the darkest neighbour is the brightest one of a negative
    whole = sign * _brightest(_brightest(sign * images, 2), 3)
    return images + share.abs() * (whole - images)


def _brightest(images: Tensor, dimension: int) -> Tensor:
    """Of each pixel and its two neighbours along `dimension`: on the CPU several times as quick as max_pool2d."""
    count = images.shape[dimension]
    first, last = images.narrow(dimension, 0, 1), images.narrow(dimension, count - 1, 1)
    wider = torch.cat([first, images, last], dimension)  # beyond an edge a pixel is its own neighbour
    neighbours = torch.maximum(wider.narrow(dimension, 0, count), wider.narrow(dimension, 2, count))
    return torch.maximum(images, neighbours)


def augmented_examples(images: Tensor, config: Augmentation, seed: int) -> NDArray[float32]:
    """`images`, uint8 (N, 1, 28, 28) on the CPU, as training would see them once: float32 (N, 28, 28) in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    examples: NDArray[float32] = augment(to_unit(images), config, generator).clamp(0, 1).squeeze(1).numpy()
    return examples
