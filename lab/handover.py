"""Which networks the compiled engine leaves to PyTorch's modules. Arithmetic, no torch.

The rule was found by timing both on 61 networks, on one thread of an AMD EPYC: those of `benchmarks/paths.py`, and with
its `--few-layers` those of `benchmarks/few_layers.py` (docs/performance.md has the figures). It decides by the network
alone, not by timing: which engine a run takes does not change from one start to the next.
"""

from __future__ import annotations

from lab.config import NetworkConfig
from lab.layers import LayerRow, layer_table

MOST_WEIGHTS = 500_000
"""So many or more are packed, read and added up for longer than they are multiplied."""
MOST_SPREAD = 1.25
"""Multiplications of the engine for each that is needed. It makes the gradient of a layer's input as a convolution over
all of that input; PyTorch goes by the map, which a large kernel or a stride makes much smaller."""
FEWEST_SPREAD = 2_000_000
"""Multiplications of the engine for an image, from which on that matters: below, PyTorch's own overhead is more."""


def is_left_to_pytorch(network: NetworkConfig) -> bool:
    """Whether PyTorch's modules train it faster. The network can be built (`lab.layers.layer_table`)."""
    rows = [row for row in layer_table(network) if row.kind == "conv"]
    needed = sum(_needed(row) for row in rows)
    made = sum(2 * row.macs + _made_for_input(row) for row in rows)
    is_spread = made >= FEWEST_SPREAD and made >= MOST_SPREAD * needed
    return is_spread or sum(_weights(row) for row in rows) >= MOST_WEIGHTS


def _weights(row: LayerRow) -> int:
    return row.kernel**2 * row.input_shape[0] * row.output_shape[0]


def _needed(row: LayerRow) -> int:
    """Of an image: for the map, for the gradient of the weights and, behind the first layer, of the input."""
    return (2 if row.index == 1 else 3) * row.macs


def _made_for_input(row: LayerRow) -> int:
    _, height, width = row.input_shape
    return 0 if row.index == 1 else _weights(row) * height * width
