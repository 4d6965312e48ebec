"""The first two convolutions in fewer operations, in plain PyTorch: for where the engine cannot be compiled.

Equal to the modules they stand for but for rounding. Three things make them cheaper:

- Batch norm's mean and variance follow from the mean and covariance of the input's patches (`native/stem.h` has the
  formulas), so it folds into the convolution's weights, and autograd differentiates that small fold.
- A patch without ink gives what it gives there on a blank picture: computed once for a batch, not for every image.
- The wide map is made and used some thousand positions at a time, so that it stays in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POSITIONS_AT_ONCE = 4096
SUMMED_AT_ONCE = 512
"""Of positions whose products are added up in float32; such sums are added in float64. The variance of batch norm is a
small difference of them: added up in float32 alone, gradients came out up to twenty times less exact.
"""


def fold_stem(network: nn.Sequential) -> nn.Sequential | None:
    """The same network on the same parameters, begun by a `FoldedStem`; None where it does not begin as that must.

    That is: convolution with stride 1, batch norm or not, ReLU, 1 x 1 convolution. A ReLU before max pooling goes
    behind it, where the map is smaller: the largest of some numbers and 0 is the same in either order.
    """
    modules = list(network)
    end = next((place for place, module in enumerate(modules) if place and isinstance(module, nn.Conv2d)), 0)
    kinds = [type(module) for module in modules[: end + 1] if not isinstance(module, nn.BatchNorm2d)]
    if kinds != [nn.Conv2d, nn.ReLU, nn.Conv2d]:
        return None
    wide, narrow = modules[0], modules[end]
    assert isinstance(wide, nn.Conv2d) and isinstance(narrow, nn.Conv2d)
    if wide.stride != (1, 1) or (narrow.kernel_size, narrow.stride, narrow.padding) != ((1, 1), (1, 1), (0, 0)):
        return None
    norm = modules[1] if isinstance(modules[1], nn.BatchNorm2d) else None
    return type(network)(FoldedStem(wide, norm, narrow), *pooled_first(modules[end + 1 :]))


def pooled_first(modules: list[nn.Module]) -> list[nn.Module]:
    """The same modules with every ReLU behind the max pooling that followed it."""
    for place in range(1, len(modules)):
        if isinstance(modules[place - 1], nn.ReLU) and isinstance(modules[place], nn.MaxPool2d):
            modules[place - 1], modules[place] = modules[place], modules[place - 1]
    return modules


@dataclass(frozen=True)
class Patches:
    """What the kernel sees of a batch of B images, at the P positions of its map."""

    columns: Tensor
    """(k * k + 1, N + P): the N patches with ink, then those of a blank picture; a 1 below each."""
    ink: Tensor
    """(B, P) bool: which positions have ink."""
    places: Tensor
    """(N,): where in the flat `ink` the first N columns belong."""

    def second_moments(self) -> Tensor:
        """(k * k + 1, k * k + 1) float64: means over the positions of the products of two elements of a patch."""
        seen, blank = self.columns.tensor_split([len(self.places)], 1)
        times = len(self.ink) - self.ink.sum(0)  # (P,) images that are blank there
        total = ((blank * times) @ blank.T).double()
        for some in seen.split(SUMMED_AT_ONCE, 1):  # type: ignore[no-untyped-call]
            total += some @ some.T
        return total / self.ink.numel()


def find_patches(images: Tensor, kernel: int, padding: int) -> Patches:
    """The patches of images (B, 1, H, W). Any pixel may count as background: the first one does."""
    blank = images[0, 0, 0, 0].expand(1, *images.shape[2:])
    padded = F.pad(torch.cat([images[:, 0], blank]), (padding,) * 4)  # (B + 1, H, W)
    seen = padded.unfold(1, kernel, 1).unfold(2, kernel, 1)  # (B + 1, H', W', k, k), a view
    every = torch.empty(kernel * kernel + 1, *seen.shape[:3])
    every[:-1].view(kernel, kernel, *seen.shape[:3]).copy_(seen.permute(3, 4, 0, 1, 2))
    every[-1] = 1
    ink = _near(images[:, 0] != blank, kernel, padding).flatten(1)
    places = ink.flatten().nonzero()[:, 0]
    blank_places = torch.arange(ink.numel(), ink.numel() + ink.shape[1])
    return Patches(every.flatten(1).index_select(1, torch.cat([places, blank_places])), ink, places)


def _near(marked: Tensor, kernel: int, padding: int) -> Tensor:
    """(B, H, W) bool to (B, H', W'): whether anything under the kernel is marked."""
    padded = F.pad(marked, (padding,) * 4)
    for axis in (1, 2):
        size = padded.shape[axis] - kernel + 1
        near = padded.narrow(axis, 0, size).clone()
        for shift in range(1, kernel):
            near |= padded.narrow(axis, shift, size)
        padded = near
    return padded


class FoldedStem(nn.Module):
    """Normalised images (B, 1, H, W) to the map of the second convolution (B, D, H', W'), on the CPU."""

    def __init__(self, wide: nn.Conv2d, norm: nn.BatchNorm2d | None, narrow: nn.Conv2d) -> None:
        super().__init__()
        self.wide, self.norm, self.narrow = wide, norm, narrow

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        kernel, padding = self.wide.kernel_size[0], int(self.wide.padding[0])
        patches = find_patches(images, kernel, padding)
        weight = self._weight(patches).float()
        rows = _TwoConvolutions.apply(patches.columns, weight, self.narrow.weight.flatten(1), _bias(self.narrow))
        out: Tensor = _Place.apply(rows, patches.ink, patches.places)  # (B, P, D)
        height = images.shape[2] + 2 * padding - kernel + 1
        return out.view(len(out), height, -1, out.shape[2]).permute(0, 3, 1, 2)

    def _weight(self, patches: Patches) -> Tensor:
        """(C, k * k + 1): the convolution's weights and bias, batch norm folded in."""
        weight = torch.cat([self.wide.weight.flatten(1), _bias(self.wide)[:, None]], 1)
        if self.norm is None:
            return weight
        if self.training:
            weight = weight.double()
            mean, variance = self._moments(weight, patches)
        else:
            assert self.norm.running_mean is not None and self.norm.running_var is not None
            mean, variance = self.norm.running_mean, self.norm.running_var
        scale = self.norm.weight * (variance + self.norm.eps).rsqrt()
        return torch.cat(
            [scale[:, None] * weight[:, :-1], (self.norm.bias + scale * (weight[:, -1] - mean))[:, None]], 1
        )

    def _moments(self, weight: Tensor, patches: Patches) -> tuple[Tensor, Tensor]:
        """Mean and variance (C,) of the convolution's map over the batch; tracked as batch norm does."""
        moments = patches.second_moments()
        products = weight @ moments  # (C, k * k + 1); the last element of a patch is 1, so the last column is the mean
        mean, variance = products[:, -1], (products * weight).sum(1) - products[:, -1] ** 2
        self._track(mean.detach(), variance.detach(), patches.ink.numel())
        return mean, variance

    def _track(self, mean: Tensor, variance: Tensor, count: int) -> None:
        norm = self.norm
        assert norm is not None and norm.num_batches_tracked is not None and norm.momentum is not None
        assert norm.running_mean is not None and norm.running_var is not None
        norm.running_mean.lerp_(mean.float(), norm.momentum)
        norm.running_var.lerp_((variance * count / max(count - 1, 1)).float(), norm.momentum)
        norm.num_batches_tracked += 1


def _bias(convolution: nn.Conv2d) -> Tensor:
    """(C,): the convolution's bias; zeros where it has none."""
    return convolution.weight.new_zeros(len(convolution.weight)) if convolution.bias is None else convolution.bias


class _TwoConvolutions(torch.autograd.Function):
    """relu(columns.T @ wide.T) @ narrow.T + bias, some columns at a time."""

    @staticmethod
    def forward(ctx: Any, columns: Tensor, wide: Tensor, narrow: Tensor, bias: Tensor) -> Tensor:
        count = columns.shape[1]
        hidden, out = columns.new_empty(count, len(wide)), columns.new_empty(count, len(narrow))
        parts = (torch.split(tensor, POSITIONS_AT_ONCE) for tensor in (columns.T, hidden, out))
        for some, some_hidden, some_out in zip(*parts, strict=True):
            torch.mm(some, wide.T, out=some_hidden).relu_()
            torch.addmm(bias, some_hidden, narrow.T, out=some_out)
        ctx.save_for_backward(columns, hidden, wide, narrow)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        columns, hidden, wide, narrow = ctx.saved_tensors
        d_wide, d_narrow = torch.zeros_like(wide.T), torch.zeros_like(narrow)  # a narrow product is the faster one
        parts = (torch.split(tensor, POSITIONS_AT_ONCE) for tensor in (columns.T, hidden, gradients[0]))
        room = columns.new_empty(POSITIONS_AT_ONCE, len(wide))
        for some, some_hidden, d_out in zip(*parts, strict=True):
            d_hidden = torch.mm(d_out, narrow, out=room[: len(some)])
            d_narrow.addmm_(d_out.T, some_hidden)
            torch.ops.aten.threshold_backward.grad_input(d_hidden, some_hidden, 0, grad_input=d_hidden)
            d_wide.addmm_(some.T, d_hidden)
        return None, d_wide.T, d_narrow, gradients[0].sum(0)


class _Place(torch.autograd.Function):
    """Rows (N + P, D) to where they belong (B, P, D): the first N to `places`, the others wherever there is no ink."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, ink: Tensor, places: Tensor) -> Tensor:
        ctx.save_for_backward(ink, places)
        out = rows[len(places) :].repeat(len(ink), 1, 1)  # never a view of `rows`, as an expanded batch of one would be
        out.flatten(0, 1).index_copy_(0, places, rows[: len(places)])
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        ink, places = ctx.saved_tensors
        gradient = gradients[0].contiguous()  # (B, P, D)
        d_rows = gradient.new_empty(len(places) + ink.shape[1], gradient.shape[2])
        torch.index_select(gradient.flatten(0, 1), 0, places, out=d_rows[: len(places)])
        torch.sum(gradient * ~ink[:, :, None], 0, out=d_rows[len(places) :])
        return d_rows, None, None
