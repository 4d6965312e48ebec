"""Deslanting: an image's rows are shifted so that its digit stands upright, before a network sees it.

How far a digit leans is the slope of its columns over its rows, the regression of one on the other by its second
moments; sheared by that, it leans no more. LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to
Document Recognition" (1998), section III-A, deslant their images like that, with every pixel of ink counted as 1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lab.device import one_thread
from lab.mnist import to_unit
from lab.network_config import NetworkConfig

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
    upright = [_sheared(part, slants(part)) for part in torch.split(images.cpu(), AT_ONCE)]
    return torch.cat(upright).to(images.device)


def slants(images: Tensor) -> Tensor:
    """How many columns to the left each digit leans from one row to the next below it, in ±MOST: float64 (N,).

    All sums are of whole numbers, so they are the same bits in whatever order they are added.
    """
    ink = images.squeeze(1).double()
    rows, columns = (torch.arange(size, dtype=torch.float64) for size in ink.shape[1:])
    by_row, by_column = ink.sum(2), ink.sum(1)
    mass = by_row.sum(1)
    row, column = by_row @ rows, by_column @ columns
    covariance = mass * ((ink @ columns) @ rows) - row * column
    variance = mass * (by_row @ rows**2) - row**2
    return torch.where(variance > 0, -covariance / variance.clamp(min=1), 0.0).clamp(-MOST, MOST)


def _sheared(images: Tensor, slants: Tensor) -> Tensor:
    """Each row shifted to the right by its digit's slant times its distance below the digit's centre of mass."""
    height = images.shape[2]
    ink = images.squeeze(1).sum(2, dtype=torch.float64)
    rows = torch.arange(height, dtype=torch.float64)
    centre = (2 * (ink @ rows) / ink.sum(1).clamp(min=1) + 1) / height - 1  # from -1 to 1, as affine_grid counts
    whence = torch.zeros(len(images), 2, 3, dtype=torch.float64)
    whence[:, 0, 0] = whence[:, 1, 1] = 1
    whence[:, 0, 1], whence[:, 0, 2] = -slants, slants * centre
    grid = F.affine_grid(whence.float(), list(images.shape), align_corners=False)
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
