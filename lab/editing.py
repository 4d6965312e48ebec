"""The editable layer table: rows of plain values <-> layer specs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.config import ConfigError
from lab.fields import number
from lab.layers import ImpossibleNetwork, layer_table
from lab.network_config import CLASSES, LayerKind, LayerSpec, NetworkConfig

COLUMNS = ("kind", "channels", "kernel", "stride", "padding")
EMPTY: dict[LayerKind, tuple[str, ...]] = {
    "conv": (),
    "max_pool": ("channels",),
    "average_pool": ("channels",),
    "linear": ("kernel", "stride", "padding"),
}
"""The columns that say nothing about a layer of a kind: a pooling keeps the channels that it gets."""
Row = dict[str, Any]
Rows = list[Row]


def editable_rows(network: NetworkConfig) -> Rows:
    """One row a layer with the columns `COLUMNS`; None in those that say nothing about it (`EMPTY`)."""
    return [
        {name: None if name in EMPTY[layer.kind] else getattr(layer, name) for name in COLUMNS}
        for layer in network.layers
    ]


def network_from_rows(rows: Sequence[Mapping[str, Any]], network: NetworkConfig) -> NetworkConfig:
    """`network` with the layers of `rows`, proved to be possible. Cells are numbers or what was typed into them.

    Empty cells take a layer's usual value (stride 1 and padding 0 for a convolution, stride = kernel for pooling, 10
    channels for a linear layer). A pooling has no channels, and a linear layer no kernel, stride and padding, whatever
    stands in their cells: `editable_rows` of the result is what is meant.

    Raises:
        ImpossibleNetwork: the message names the layer and the reason.
    """
    layers = tuple(_layer(place, row) for place, row in enumerate(rows, start=1))
    try:
        changed = replace(network, layers=layers)
    except ConfigError as error:
        raise ImpossibleNetwork(f"{str(error)[0].upper()}{str(error)[1:]}") from error
    layer_table(changed)
    return changed


def with_linear_last(rows: Rows, before: Rows) -> Rows:
    """`rows`, which were `before`: what was appended behind a linear layer stands in front of it."""
    added = len(rows) - len(before)
    if added <= 0 or not ends_linear(before) or rows[: len(before)] != before:
        return rows
    return [*before[:-1], *rows[-added:], before[-1]]


def ends_linear(rows: Rows) -> bool:
    """Whether the last row is a linear layer."""
    return bool(rows) and rows[-1]["kind"] == "linear"


def _layer(place: int, row: Mapping[str, Any]) -> LayerSpec:
    kind: Any = _cell(row.get("kind")) or "conv"
    try:
        if kind == "linear":
            channels = _number("channels", row)
            return LayerSpec(kind=kind, kernel=1, channels=CLASSES if channels is None else channels)
        kernel = _number("kernel", row)
        if kernel is None:
            raise ConfigError("the kernel is empty; enter its side in pixels, such as 3 for a 3×3 kernel.")
        stride, padding = _number("stride", row), _number("padding", row)
        return LayerSpec(
            kind=kind,
            kernel=kernel,
            stride=stride if stride is not None else (1 if kind == "conv" else kernel),
            padding=padding if padding is not None else 0,
            channels=_number("channels", row) if kind == "conv" else None,
        )
    except ConfigError as error:
        raise ImpossibleNetwork(f"Layer {place}: {error}") from error


def _number(name: str, row: Mapping[str, Any]) -> Any:
    """The number in a cell of the column `name`; None where the cell is empty."""
    cell = _cell(row.get(name))
    return number(LayerSpec, name).parse(name, cell) if isinstance(cell, str) else cell


def _cell(value: Any) -> Any:
    """A table cell as a plain value: NaN and empty text are None, whole floats are ints."""
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, str):
        return value.strip() or None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value
