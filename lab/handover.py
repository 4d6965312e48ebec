"""Which networks the compiled engine leaves to PyTorch's modules. Arithmetic, no torch.

The rule was found by timing both on 61 networks, on one thread of an AMD EPYC: those of `benchmarks/paths.py`, and with
its `--few-layers` those of `benchmarks/few_layers.py` (docs/performance.md has the figures). It decides by the network
alone, not by timing: which engine a run takes does not change from one start to the next.

The engine takes one image after the other, and reads a layer's weights for each; PyTorch takes a batch as one product
of matrices. That tells where a core's cache does not hold the weights, or few positions are multiplied with them.
"""

from __future__ import annotations

from lab.config import NetworkConfig
from lab.layers import LayerRow, layer_table

MOST_WEIGHTS = 1_000_000
"""So many or more, of all convolutions, are read for longer than they are multiplied."""
MANY_WEIGHTS, FEW_POSITIONS = 100_000, 4
"""Of a layer: with as many weights or more, and as few positions or fewer, it is slower here..."""
LARGE_SHARE = 0.5
"""... and so is the network where such layers make half of its multiplications."""


def is_left_to_pytorch(network: NetworkConfig) -> bool:
    """Whether PyTorch's modules train it faster. The network can be built (`lab.layers.layer_table`)."""
    rows = [row for row in layer_table(network) if row.kind == "conv"]
    slow = sum(row.macs for row in rows if _weights(row) >= MANY_WEIGHTS and _positions(row) <= FEW_POSITIONS)
    return sum(map(_weights, rows)) >= MOST_WEIGHTS or slow >= LARGE_SHARE * sum(row.macs for row in rows)


def _weights(row: LayerRow) -> int:
    return row.kernel**2 * row.input_shape[0] * row.output_shape[0]


def _positions(row: LayerRow) -> int:
    _, height, width = row.output_shape
    return height * width
