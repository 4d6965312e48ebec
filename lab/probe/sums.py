"""One value of a map, and the sum that made it: every product, and what bias, batch norm and ReLU do to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lab.number_words import MINUS, decimal
from lab.probe.maps import LayerMaps, Maps

DECIMALS = 3
"""To which sums are shown."""
FINE = 5
"""Decimals of what is divided and multiplied: by hand it then comes to what is shown, to its last decimal or nearly."""


@dataclass(frozen=True)
class Term:
    """What one of the maps below adds to a value."""

    channel: int
    window: Maps
    """(k, k): what lies under the kernel; 0 where that is padding, and NaN where max pooling sees nothing."""
    weights: Maps | None
    """(k, k); None for pooling."""

    @property
    def products(self) -> Maps:
        """(k, k): inputs times weights; of pooling, the inputs."""
        return self.window if self.weights is None else self.window * self.weights

    @property
    def total(self) -> float:
        """The products together."""
        return float(np.nansum(self.products))


@dataclass(frozen=True)
class Step:
    """One operation on what was added up, and the value that it leaves."""

    name: str
    arithmetic: str
    """What is done, with its numbers."""
    value: float


@dataclass(frozen=True)
class Sum:
    """How a value came about: the terms and the bias are added up, then each step changes what came of that."""

    place: tuple[int, int, int]
    """Map, row and column."""
    terms: tuple[Term, ...]
    bias: float | None
    steps: tuple[Step, ...]
    value: float
    """That of the map, which the last step leaves."""

    @property
    def added(self) -> float:
        """The terms and the bias together."""
        return math.fsum([*(term.total for term in self.terms), self.bias or 0.0])

    def strongest_term(self) -> Term:
        """The one that moves the value most."""
        return max(self.terms, key=lambda term: abs(term.total))


def sum_of(layer: LayerMaps, place: tuple[int, int, int]) -> Sum:
    """The sum behind one value (map, row, column) of a layer.

    Raises:
        ValueError: the layer has no such value.
    """
    if not all(0 <= index < size for index, size in zip(place, layer.maps.shape, strict=True)):
        raise ValueError(f"Layer {layer.row.index} has no value at {place}: its maps are {layer.maps.shape}.")
    found = Sum(place, _terms(layer, place), _bias(layer, place[0]), (), 0.0)
    steps = tuple(_steps(layer, found))
    return replace(found, steps=steps, value=steps[-1].value if steps else found.added)


def _bias(layer: LayerMaps, channel: int) -> float | None:
    module = layer.modules[0]
    if not isinstance(module, nn.Conv2d | nn.Linear) or module.bias is None:
        return None
    return module.bias[channel].item()


def _terms(layer: LayerMaps, place: tuple[int, int, int]) -> tuple[Term, ...]:
    module, (channel, row, column) = layer.modules[0], place
    if isinstance(module, nn.Linear):
        weights = module.weight.detach().numpy()[channel]
        read = zip(layer.inputs, weights, strict=True)
        return tuple(Term(number, window, np.full((1, 1), weight)) for number, (window, weight) in enumerate(read))
    if isinstance(module, nn.Conv2d):
        assert layer.kernels is not None
        windows = _windows(layer, row, column, outside=0.0)
        both = zip(windows, layer.kernels[channel], strict=True)
        return tuple(Term(number, window, weights) for number, (window, weights) in enumerate(both))
    outside = math.nan if isinstance(module, nn.MaxPool2d) else 0.0
    return (Term(channel, _windows(layer, row, column, outside)[channel], None),)


def _windows(layer: LayerMaps, row: int, column: int, outside: float) -> Maps:
    """(channels, k, k): what of each map below a unit reads."""
    spec = layer.row
    around = ((0, 0), (spec.padding, spec.padding), (spec.padding, spec.padding))
    padded = np.pad(layer.inputs, around, constant_values=outside)
    top, left = row * spec.stride, column * spec.stride
    return padded[:, top : top + spec.kernel, left : left + spec.kernel]


def _steps(layer: LayerMaps, found: Sum) -> Iterator[Step]:
    """What follows the adding up, in order."""
    value, window = found.added, found.terms[0].window
    for module in layer.modules:
        if isinstance(module, nn.BatchNorm2d):
            arithmetic, value = _normalized(module, found.place[0], value)
            yield Step("batch norm", arithmetic, value)
        elif isinstance(module, nn.ReLU):
            yield Step("ReLU", "values below 0 become 0", max(0.0, value))
        elif isinstance(module, nn.MaxPool2d):
            yield Step("max pooling", "the largest value in the window", float(np.nanmax(window)))
        elif not isinstance(module, nn.Conv2d | nn.Linear):
            yield Step("mean", f"{number(value, FINE)} ÷ {window.size}, the number of values", value / window.size)


def _normalized(norm: nn.BatchNorm2d, channel: int, value: float) -> tuple[str, float]:
    """Batch norm as it reads: with the mean and the spread of training."""
    assert norm.running_mean is not None and norm.running_var is not None
    mean, spread = norm.running_mean[channel].item(), math.sqrt(norm.running_var[channel].item() + norm.eps)
    scale, shift = norm.weight[channel].item(), norm.bias[channel].item()
    arithmetic = (
        f"({number(value, FINE)} {signed(-mean, FINE)}) ÷ {number(spread, FINE)} × {number(scale, FINE)} "
        f"{signed(shift, FINE)}: minus the mean, "
        "divided by the standard deviation, times scale, plus shift"
    )
    return arithmetic, (value - mean) / spread * scale + shift


def number(value: float, decimals: int = DECIMALS) -> str:
    """`-0.125` with a true minus sign, to the decimals of sums."""
    return decimal(value, decimals)


def signed(value: float, decimals: int = DECIMALS) -> str:
    """`+ 0.125` or `− 0.125`."""
    return f"{MINUS if round(value, decimals) < 0 else '+'} {number(abs(value), decimals)}"


def adding_up(values: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """The values to `DECIMALS` places, each rounded up or down so that they add up to the rounded total.

    By the largest remainder: those nearest to the next unit are rounded up.
    """
    units = np.nan_to_num(np.asarray(values, dtype=np.float64).ravel()) * 10**DECIMALS
    floors = np.floor(units)
    missing = round(total * 10**DECIMALS) - int(floors.sum())
    order = np.argsort(floors - units, kind="stable")  # the largest remainder first
    for place in range(abs(missing)):
        floors[order[place % len(order)]] += 1 if missing > 0 else -1
    shown: NDArray[np.float64] = (floors / 10**DECIMALS).reshape(np.shape(values))
    return shown
