"""Which networks the compiled engine leaves to PyTorch, and which of them PyTorch folds. Arithmetic, no torch.

The rule of the engine was found by timing both on 61 networks, on one thread of an AMD EPYC: those of
`benchmarks/paths.py`, and with its `--few-layers` those of `benchmarks/few_layers.py` (docs/performance.md has the
figures). It decides by the network alone, not by timing: which engine a run takes does not change from one start to the
next.

The engine takes one image after the other, and reads a layer's weights for each; PyTorch takes a batch as one product
of matrices. That tells where a core's cache does not hold the weights, or few positions are multiplied with them.

The rule of the folded stem was found by timing it beside the modules it stands for, on 143 of them drawn by chance:
kernels of 1 to 28, paddings of 0 to 14, 1 to 1024 channels before 4 to 64, with batch norm and without, in batches of
64; the least processor seconds of one thread, in turn in one process. The 55 that are folded by it take 0.03 to 1.4
times as long so, half of them less than 0.7; the 88 others would take 0.4 to 6.3 times as long, half of them more than
1.6.
"""

from __future__ import annotations

from lab.engine_memory import begins_with_stem
from lab.layer_row import LayerRow
from lab.layers import layer_table
from lab.network_config import NetworkConfig

MOST_WEIGHTS = 1_000_000
"""So many or more, of all convolutions, are read for longer than they are multiplied."""
MANY_WEIGHTS, FEW_POSITIONS = 100_000, 4
"""Of a layer: with as many weights or more, and as few positions or fewer, it is slower here..."""
LARGE_SHARE = 0.5
"""... and so is the network where such layers make half of its multiplications."""
WIDE = 10
"""Channels of a stem, for each row of its kernel, from which on it saves more than it costs."""


def is_left_to_pytorch(network: NetworkConfig) -> bool:
    """Whether PyTorch's modules train it faster. The network can be built (`lab.layers.layer_table`)."""
    rows = [row for row in layer_table(network) if row.kind == "conv"]
    slow = sum(row.macs for row in rows if _weights(row) >= MANY_WEIGHTS and _positions(row) <= FEW_POSITIONS)
    return sum(map(_weights, rows)) >= MOST_WEIGHTS or slow >= LARGE_SHARE * sum(row.macs for row in rows)


def is_worth_folding(network: NetworkConfig) -> bool:
    """Whether PyTorch trains it faster with its first two layers as one (`lab.compute.stem`).

    Folded, no position without ink is multiplied, and batch norm does not go over the wide map: that grows with the
    channels. But every patch is copied, and batch norm multiplies its elements with each other: that grows with the
    kernel.
    """
    wide = network.layers[0]
    return begins_with_stem(network) and (wide.channels or 0) >= WIDE * wide.kernel


def _weights(row: LayerRow) -> int:
    return row.kernel**2 * row.input_shape[0] * row.output_shape[0]


def _positions(row: LayerRow) -> int:
    _, height, width = row.output_shape
    return height * width
