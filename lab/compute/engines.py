"""How a batch becomes gradients: the compiled engine, PyTorch with a folded stem, or PyTorch's modules as they are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab import memory
from lab.compute.native import engine as native
from lab.compute.stem import fold_stem
from lab.config import RunConfig
from lab.engine_memory import has_stem
from lab.memory import expected_engine
from lab.mnist import BLACK
from lab.network import Dropout
from lab.second_reading import mean_scores


class Engine(Protocol):
    """A network on a device, as training uses it. Images are float32 (B, 1, 28, 28), normalised; labels int64 (B,).

    The loss is the cross-entropy with the config's label smoothing.
    """

    name: str
    """For people."""

    def gradient(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Leave the gradients of the mean loss in the parameters; returns that loss and the number of right answers."""

    def scores(self, images: Tensor) -> Tensor:
        """Class scores (B, 10) in eval mode: dropout off, batch norm's statistics fixed."""

    def close(self) -> None:
        """Give back what it holds; it computes nothing more."""


def planned_engine(config: RunConfig, device: str) -> memory.Engine:
    """The fastest that there is here, or PyTorch's modules where the config says so."""
    in_halves = config.precision == "bfloat16"
    compiled = expected_engine(replace(config, precision="float32"), device) == "compiled"
    compiled = compiled and (has_stem(config.network) or not in_halves)
    compiled = compiled and native.fits(config.network)  # asked only then: the first answer takes seconds
    if compiled and (native.knows_halves() or not in_halves):
        return "compiled"
    return expected_engine(config, device, compiled=False)


def make_engine(config: RunConfig, network: nn.Sequential, device: str, dropout: torch.Generator) -> Engine:
    """The planned one; moves `network` to `device`. `dropout`, a generator of that device, decides what is dropped.

    Raises:
        MemoryError: the compiled engine's memory is not to be had.
    """
    planned = planned_engine(config, device)
    if planned == "compiled":
        return Compiled(config, network, dropout)
    if planned == "pytorch":
        return PyTorch(config, network, device, dropout)
    network.to(memory_format=torch.channels_last)
    folded = fold_stem(network)
    assert folded is not None  # `lab.handover.is_worth_folding` says so of no other network
    return PyTorch(config, folded, device, dropout, "folded")


class PyTorch:
    """PyTorch's modules and autograd, on any device."""

    def __init__(
        self, config: RunConfig, network: nn.Sequential, device: str, dropout: torch.Generator, name: str = "PyTorch"
    ) -> None:
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network, self.device, self.name = network, device, name
        self.precision, self.smoothing = config.precision, config.label_smoothing
        for module in network.modules():
            if isinstance(module, Dropout):
                module.generator = dropout

    def gradient(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See `Engine`."""
        self.network.train()
        with self._autocast():
            scores = self.network(_prepare(images)).float()  # (B, 10)
        loss = F.cross_entropy(scores, labels, label_smoothing=self.smoothing)
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), (scores.argmax(1) == labels).sum()

    def scores(self, images: Tensor) -> Tensor:
        """See `Engine`."""
        self.network.eval()
        with torch.inference_mode():
            scores: Tensor = self.network(_prepare(images))
        return scores

    def close(self) -> None:
        """Nothing is held but what Python frees."""

    def _autocast(self) -> AbstractContextManager[object]:
        enabled = self.precision == "bfloat16"
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=enabled, cache_enabled=False)  # for replay.py


class Compiled:
    """The compiled engine, on the CPU."""

    name = "compiled"

    def __init__(self, config: RunConfig, network: nn.Sequential, dropout: torch.Generator) -> None:
        most = min(config.batch_size, config.images_per_epoch)  # as `lab.memory` counts
        halves = config.precision == "bfloat16"
        self.engine = native.Engine(config.network, network, most, config.label_smoothing, halves)
        self.dropout, self.reads_twice = dropout, config.network.second_reading

    def gradient(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See `Engine`."""
        seed = int(torch.randint(2**32, (), generator=self.dropout))
        loss, correct = self.engine.iterate(images, labels, seed)
        return torch.tensor(loss / len(labels)), torch.tensor(correct)

    def scores(self, images: Tensor) -> Tensor:
        """See `Engine`."""
        return mean_scores(self.engine.scores, images, BLACK) if self.reads_twice else self.engine.scores(images)

    def close(self) -> None:
        """Free the engine's memory now."""
        self.engine.close()


def _prepare(images: Tensor) -> Tensor:
    """In the memory order that convolutions are fastest in."""
    return images.contiguous(memory_format=torch.channels_last)
