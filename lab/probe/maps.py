"""One digit on its way through a trained network: what every layer reads, and the maps that it makes of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from lab.deslant import picture_as_seen
from lab.device import one_thread
from lab.layer_row import LayerRow
from lab.layers import layer_table
from lab.mnist import normalize
from lab.network import Dropout, build_network
from lab.network_config import IMAGE_SIZE, NetworkConfig
from lab.predict import Predictor

Maps = NDArray[np.float64]


@dataclass(frozen=True)
class LayerMaps:
    """A layer, what it read and what it made of it, in float64."""

    row: LayerRow
    modules: tuple[nn.Module, ...]
    """The layer itself and what follows inside its row; but for dropout, which does nothing here."""
    inputs: Maps
    """(channels, height, width), as the layer below made it, without padding; for the first, the normalised image."""
    maps: Maps
    """(channels, height, width), after batch norm and ReLU."""

    @property
    def kernels(self) -> Maps | None:
        """The weights (maps, inputs, k, k) of a convolution; None of every other layer."""
        layer = self.modules[0]
        return layer.weight.detach().numpy() if isinstance(layer, nn.Conv2d) else None

    @property
    def largest(self) -> float:
        """The distance from 0 of the value that is farthest from it: what is drawn brightest."""
        return float(np.abs(self.maps).max())

    def strongest(self, channel: int | None = None) -> tuple[int, int, int]:
        """Map, row and column of the value that is farthest from 0: of all, or of one map."""
        maps = self.maps if channel is None else self.maps[[channel]]
        place = np.unravel_index(np.abs(maps).argmax(), maps.shape)
        return channel or int(place[0]), int(place[1]), int(place[2])


def layer_maps(predictor: Predictor, image: ArrayLike, exact: bool = True) -> list[LayerMaps]:
    """What each layer, a row of `layer_table`, makes of a picture (28, 28) with bright ink and values in [0, 1].

    Computed in float64, so that a value is the sum of its parts to more places than are ever shown; not `exact`: in
    float32, as the network reads, for a third of the time. The last layer's values are the class scores, unless global
    average pooling comes after it.

    Raises:
        ValueError: another shape.
    """
    picture = torch.as_tensor(np.asarray(image, dtype=np.float64))
    if picture.shape != (IMAGE_SIZE, IMAGE_SIZE):
        raise ValueError(f"The picture has the shape {tuple(picture.shape)}; it must be (28, 28).")
    network = copy.deepcopy(predictor.network).double().eval() if exact else predictor.network
    seen = picture_as_seen(picture[None, None], predictor.config)
    found, values = [], normalize(seen.double() if exact else seen.float())
    with torch.inference_mode(), one_thread():
        for row, modules in zip(layer_table(predictor.config), _by_layer(network), strict=True):
            read = values
            for module in modules:
                values = _applied(module, values)
            found.append(LayerMaps(row, modules, read[0].double().numpy(), values[0].double().numpy()))
    return found


def untrained(config: NetworkConfig) -> Predictor:
    """A network that has learned nothing: its weights are as they are drawn before training, always the same ones.

    Raises:
        lab.layers.ImpossibleNetwork: see `lab.layers.layer_table`.
    """
    return Predictor(build_network(config, seed=0).eval(), config, "An untrained network")


def _by_layer(network: nn.Sequential) -> Iterator[tuple[nn.Module, ...]]:
    """The modules of each row of the layer table; what does nothing here belongs to none."""
    layer: list[nn.Module] = []
    following: tuple[type[Any], ...] = (nn.BatchNorm2d, nn.ReLU)
    for module in network:
        if isinstance(module, nn.Flatten | Dropout):
            continue
        if layer and not isinstance(module, following):
            yield tuple(layer)
            layer = []
        layer.append(module)
    yield tuple(layer)


def _applied(module: nn.Module, values: Tensor) -> Tensor:
    """Maps (1, channels, height, width) of maps; a linear layer reads their only values."""
    if isinstance(module, nn.Linear):
        scores: Tensor = module(values.flatten(1))
        return scores[..., None, None]
    made: Tensor = module(values)  # ReLU writes into what the convolution or batch norm before it has just made
    return made
