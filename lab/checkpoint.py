"""Weights and optimiser state as safetensors bytes, and back. No pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The network in the middle of a training: it is kept nowhere, but others may read with it."""

    epoch: int
    iteration: int
    """How many of the epoch's iterations are done."""
    weights: Mapping[str, Tensor]
    """Parameters and batch-norm statistics by their names, on the CPU and never changed."""


NOTHING: Mapping[str, Tensor] = {}


def weights_to_bytes(network: nn.Module) -> bytes:
    """All parameters and batch-norm statistics."""
    return save({name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()})


def load_weights(network: nn.Module, content: bytes) -> None:
    """Fill `network` with what `weights_to_bytes` gave for one of the same layers, with or without dropout.

    The names begin with a module's place, and dropout is a module: tensors are matched by their order.

    Raises:
        RuntimeError: it was another network.
    """
    kept, own = load(content), network.state_dict()
    if len(kept) != len(own):
        raise RuntimeError(f"there are {len(kept)} tensors for a network of {len(own)}.")
    pairs = zip(sorted(own, key=_place), sorted(kept, key=_place), strict=True)
    network.load_state_dict({mine: kept[theirs] for mine, theirs in pairs})


def _place(name: str) -> tuple[int, str]:
    """`12.weight` -> (12, "weight")."""
    module, _, tensor = name.partition(".")
    return int(module) if module.isdecimal() else -1, tensor


BESIDE = "beside."


def optimizer_to_bytes(optimizer: torch.optim.Optimizer, beside: Mapping[str, Tensor] = NOTHING) -> bytes:
    """The state of every parameter (momentum, Adam's moments and step count), named `<parameter>.<key>`.

    `beside` are other tensors that training needs to go on: `load_optimizer` hands them back.
    """
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    tensors = {
        f"{number}.{key}": torch.as_tensor(value).cpu().contiguous()
        for number, entries in state.items()
        for key, value in entries.items()
        if value is not None
    }
    others = {f"{BESIDE}{name}": tensor.cpu().contiguous() for name, tensor in beside.items()}
    return save(tensors | others)


def load_optimizer(optimizer: torch.optim.Optimizer, content: bytes) -> dict[str, Tensor]:
    """Restore what `optimizer_to_bytes` gave; returns what was kept beside it."""
    state: dict[int, dict[str, Any]] = {}
    tensors = load(content)
    beside = {name: tensors.pop(name) for name in list(tensors) if name.startswith(BESIDE)}
    for name, tensor in tensors.items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    for parameter, entries in optimizer.state.items():  # a fused optimiser wants it to lie as the parameter does
        for key, value in entries.items():
            if value.shape == parameter.shape:
                entries[key] = torch.empty_like(parameter).copy_(value)
    return {name.removeprefix(BESIDE): tensor for name, tensor in beside.items()}
