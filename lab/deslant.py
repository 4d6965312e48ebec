"""Deslanting: an image's rows are shifted so that its digit stands upright, before a network sees it.

How far a digit leans is the slope of its columns over its rows, the regression of one on the other by its second
moments; sheared by that, it leans no more. LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to
Document Recognition" (1998), section III-A, deslant their images like that, with every pixel of ink counted as 1.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from lab.device import one_thread
from lab.mnist import to_unit
from lab.network_config import NetworkConfig
from lab.sampling import affine_grid

MOST = 1.0
"""Columns a row by which a digit is sheared at most: nobody writes at over 45 degrees, a dash leans by any number."""
AT_ONCE = 1000
"""Images that are sheared at once: eight bytes a pixel say where it comes from."""


def deslanted(images: Tensor) -> Tensor:
    """`images`, uint8 (N, 1, H, W) with bright ink, standing upright; bilinear, the centre of mass stays in place.

    Computed on the CPU, so a run on another device sees the same images.
    """
    if not len(images):
        return images
    return torch.cat([_sheared(part) for part in torch.split(images.cpu(), AT_ONCE)]).to(images.device)


def slants(images: Tensor) -> Tensor:
    """How many columns to the left each digit leans from one row to the next below it, in ±MOST: float64 (N,)."""
    return _slants(_moments(images))


def _slants(moments: Tensor) -> Tensor:
    mass, row, column, both, square = moments
    covariance, variance = mass * both - row * column, mass * square - row**2
    return torch.where(variance > 0, -covariance / variance.clamp(min=1), 0.0).clamp(-MOST, MOST)


def _moments(images: Tensor) -> Tensor:
    """Of each image the sums over its ink of 1, row, column, row times column and row squared: float64 (5, N).

    All sums are of whole numbers, so they are the same bits in whatever order they are added.
    """
    return (images.flatten(1).double() @ _of_places(*images.shape[2:])).T


@lru_cache(maxsize=4)
def _of_places(height: int, width: int) -> Tensor:
    rows = torch.arange(height, dtype=torch.float64).repeat_interleave(width)
    columns = torch.arange(width, dtype=torch.float64).repeat(height)
    return torch.stack([torch.ones_like(rows), rows, columns, rows * columns, rows**2], dim=1)


def _sheared(images: Tensor) -> Tensor:
    """Each row shifted to the right by its digit's slant times its distance below the digit's centre of mass."""
    moments = _moments(images)
    slant, (mass, row) = _slants(moments), moments[:2]
    centre = (2 * row / mass.clamp(min=1) + 1) / images.shape[2] - 1  # from -1 to 1, as affine_grid counts
    whence = torch.eye(2, 3).repeat(len(images), 1, 1)
    whence[:, 0, 1], whence[:, 0, 2] = -slant, slant * centre
    grid = affine_grid(whence, *images.shape[2:])
    return F.grid_sample(images.float(), grid, align_corners=False).round_().to(torch.uint8)


def as_seen(images: Tensor, network: NetworkConfig) -> Tensor:
    """`images`, uint8 (N, 1, 28, 28), as this network is given them."""
    return deslanted(images) if network.deslant else images


def picture_as_seen(pictures: Tensor, network: NetworkConfig) -> Tensor:
    """The same of pictures in [0, 1], float32 (N, 1, 28, 28), in the 256 shades that MNIST has."""
    if not network.deslant:
        return pictures
    with one_thread():
        return to_unit(deslanted((255 * pictures).round().clamp(0, 255).to(torch.uint8)))
