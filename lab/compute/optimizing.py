"""The optimiser of a run, and its step without what PyTorch does around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lab.training_config import Optimizer


def make_optimizer(chosen: Optimizer, network: nn.Module, device: str, recorded: bool = False) -> torch.optim.Optimizer:
    """Its learning rate is a tensor where it is one kernel, so that an iteration which was `recorded` can read it."""
    fused = device != "mps"
    rate = torch.tensor(chosen.learning_rate, device=device) if fused else chosen.learning_rate
    if chosen.kind == "adamw":
        return torch.optim.AdamW(
            network.parameters(),
            lr=rate,
            weight_decay=chosen.weight_decay,
            fused=fused,
            capturable=recorded,  # AdamW asks for this promise before a graph may record it; SGD does not
        )
    return torch.optim.SGD(
        network.parameters(), lr=rate, momentum=chosen.momentum, weight_decay=chosen.weight_decay, fused=fused
    )


class Step:
    """Steps of an optimiser on the CPU, taken by calling the one kernel that it is there: the same bits.

    Between two iterations, when what Python runs has left the cache, `optimizer.step()` takes five times as long as its
    kernel. The first step is the optimiser's own and makes its state, which has to stay where it is from then on.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        """`optimizer` is one of `make_optimizer`, with or without a state."""
        self._optimizer = optimizer
        self._kernel: Callable[[list[Tensor]], None] | None = None
        """Given the gradients."""

    @torch.no_grad()
    def __call__(self) -> None:
        """Change the parameters by their gradients."""
        [group] = self._optimizer.param_groups
        if self._kernel is None:
            self._optimizer.step()
            make = _adamw if isinstance(self._optimizer, torch.optim.AdamW) else _sgd
            self._kernel = make(group, [self._optimizer.state[parameter] for parameter in group["params"]])
            return
        self._kernel([parameter.grad for parameter in group["params"]])


def _sgd(group: dict[str, Any], state: list[dict[str, Tensor]]) -> Callable[[list[Tensor]], None]:
    """The kernel of torch.optim.SGD with `fused`."""
    momentum = [of_one["momentum_buffer"] for of_one in state] if group["momentum"] else []

    def step(gradients: list[Tensor]) -> None:
        torch._fused_sgd_(
            group["params"],
            gradients,
            momentum,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=0,
            nesterov=False,
            maximize=False,
            is_first_step=False,
        )

    return step


def _adamw(group: dict[str, Any], state: list[dict[str, Tensor]]) -> Callable[[list[Tensor]], None]:
    """The kernel of torch.optim.AdamW with `fused`."""
    means, squares, steps = ([of_one[key] for of_one in state] for key in ("exp_avg", "exp_avg_sq", "step"))
    beta1, beta2 = group["betas"]

    def step(gradients: list[Tensor]) -> None:
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            group["params"],
            gradients,
            means,
            squares,
            [],
            steps,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )

    return step
