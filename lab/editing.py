"""The editable layer table: rows of plain values <-> layer specs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.config import ConfigError, LayerSpec, NetworkConfig
from lab.layers import ImpossibleNetwork, layer_table

COLUMNS = ("kind", "channels", "kernel", "stride", "padding")


def editable_rows(network: NetworkConfig) -> list[dict[str, Any]]:
    """One row a layer with the columns `COLUMNS`; pooling has no channels of its own (None)."""
    return [{name: getattr(layer, name) for name in COLUMNS} for layer in network.layers]


def network_from_rows(rows: Sequence[Mapping[str, Any]], network: NetworkConfig) -> NetworkConfig:
    """`network` with the layers of `rows`, proved to be possible.

    Empty cells take a layer's usual value (stride 1 and padding 0 for a convolution, stride = kernel for pooling).

    Raises:
        ImpossibleNetwork: the message names the layer and the reason.
    """
    layers = tuple(_layer(number, row) for number, row in enumerate(rows, start=1))
    try:
        changed = replace(network, layers=layers)
    except ConfigError as error:
        raise ImpossibleNetwork(f"{str(error)[0].upper()}{str(error)[1:]}") from error
    layer_table(changed)
    return changed


def _layer(number: int, row: Mapping[str, Any]) -> LayerSpec:
    kind: Any = _cell(row.get("kind")) or "conv"
    kernel = _cell(row.get("kernel"))
    if kernel is None:
        raise ImpossibleNetwork(f"Layer {number}: it has no kernel; give its side in pixels, 3 for a 3x3 kernel.")
    stride = _cell(row.get("stride"))
    padding = _cell(row.get("padding"))
    channels = _cell(row.get("channels"))
    try:
        return LayerSpec(
            kind=kind,
            kernel=kernel,
            stride=stride if stride is not None else (1 if kind == "conv" else kernel),
            padding=padding if padding is not None else 0,
            channels=channels if kind == "conv" else None,
        )
    except ConfigError as error:
        raise ImpossibleNetwork(f"Layer {number}: {error}") from error


def _cell(value: Any) -> Any:
    """A table cell as a plain value: NaN and empty text are None, whole floats are ints."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "item"):  # a numpy scalar
        return _cell(value.item())
    return int(value) if isinstance(value, float) and value.is_integer() else value
