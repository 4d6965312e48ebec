"""NetworkConfig -> nn.Module: one readable nn.Sequential."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from lab.layer_row import LayerRow
from lab.layers import layer_table
from lab.mnist import BLACK
from lab.network_config import CLASSES, LayerSpec, NetworkConfig
from lab.second_reading import mean_scores


class Dropout(nn.Module):
    """Element-wise dropout that draws from the run's own generator, so a run can be replayed and resumed exactly.

    An element is dropped by a 16-bit random number, four of which are drawn at once: on a CPU six times as fast as
    bernoulli_, with the rate rounded to a 65,536th.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None
        """The run's, on its device: set once, by the engine that computes with these modules; None: torch's own."""

    def forward(self, x: Tensor) -> Tensor:
        """Zero each element with probability `rate` and scale the rest by 1 / (1 - rate); the identity in eval."""
        if not self.training:
            return x
        draws = torch.empty((x.numel() + 3) // 4, dtype=torch.int64, device=x.device)
        draws.random_(-(2**63), None, generator=self.generator)
        keep = draws.view(torch.int16)[: x.numel()] >= round(self.rate * 2**16) - 2**15
        factors = keep.to(x.dtype).mul_(1 / (1 - self.rate))
        return x * factors.as_strided(x.shape, x.stride())  # in the order in which x lies in memory


class TwoReadings(nn.Sequential):
    """Layers that in evaluation mode read each image twice: the scores are the mean, see `lab.second_reading`."""

    def forward(self, x: Tensor) -> Tensor:
        """Class scores (N, 10) of normalised images (N, 1, 28, 28)."""
        layers: Callable[[Tensor], Tensor] = super().forward
        return layers(x) if self.training else mean_scores(layers, x, BLACK)


def build_network(config: NetworkConfig, seed: int) -> nn.Sequential:
    """The network with weights drawn from `seed`, on the CPU; maps (N, 1, 28, 28) to class scores (N, 10).

    Raises:
        lab.layers.ImpossibleNetwork: see `layer_table`.
    """
    generator, rows = torch.Generator().manual_seed(seed), layer_table(config)
    modules: list[nn.Module] = []
    maps = config.layers[:-1] if config.ends_linear else config.layers
    for layer, row in zip(maps, rows, strict=False):
        if layer.kind == "conv":
            modules.append(_convolution(layer, row, generator))
            if "batch norm" in row.extras:
                modules.append(nn.BatchNorm2d(row.output_shape[0]))
            if "ReLU" in row.extras:
                modules.append(nn.ReLU(inplace=True))
        else:
            modules.append(_pooling(layer))
            if "dropout" in row.extras:
                modules.append(Dropout(config.dropout))
    scores = [_linear(rows[-1], generator)] if config.ends_linear else []
    kind = TwoReadings if config.second_reading else nn.Sequential
    return kind(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), *scores)


def with_weights(network: nn.Sequential, weights: Mapping[str, Tensor]) -> nn.Sequential:
    """The same layers with these tensors for their weights, none of them copied; `network` keeps its own.

    To build a network anew for weights that come several times a second would cost five times as much.
    """
    modules = [copy.copy(module) for module in network]
    for module in modules:
        module._parameters, module._buffers = dict(module._parameters), dict(module._buffers)
    filled = type(network)(*modules).train(network.training)
    filled.load_state_dict(weights, assign=True)
    return filled


def _pooling(layer: LayerSpec) -> nn.Module:
    kind = nn.MaxPool2d if layer.kind == "max_pool" else nn.AvgPool2d
    return kind(layer.kernel, layer.stride, layer.padding)


def _convolution(layer: LayerSpec, row: LayerRow, generator: torch.Generator) -> nn.Conv2d:
    inputs, channels = row.input_shape[0], row.output_shape[0]
    module: nn.Conv2d = nn.utils.skip_init(  # type: ignore[no-untyped-call]
        nn.Conv2d, inputs, channels, layer.kernel, stride=layer.stride, padding=layer.padding, bias=row.bias
    )
    _initialize(module, generator)
    return module


def _linear(row: LayerRow, generator: torch.Generator) -> nn.Linear:
    inputs = row.input_shape[0]
    module: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, CLASSES, bias=row.bias)  # type: ignore[no-untyped-call]
    _initialize(module, generator)
    return module


def _initialize(module: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    """PyTorch's own default initialisation, drawn from `generator`.

    nn.Conv2d and nn.Linear draw weights and biases uniformly from +-1 / sqrt(fan_in) with the process-wide generator;
    two runs in one process would disturb each other, so they are built empty and filled here.
    """
    bound = 1 / math.sqrt(module.weight[0].numel())
    with torch.no_grad():
        module.weight.uniform_(-bound, bound, generator=generator)
        if module.bias is not None:
            module.bias.uniform_(-bound, bound, generator=generator)
