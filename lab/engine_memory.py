"""How much memory the compiled engine takes: the sums of engine.c, made without asking it. Arithmetic, no torch.

`tests/compute/test_foreseen.py` compares the two.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod

from lab.layer_row import LayerRow
from lab.layers import layer_table, pooled_last
from lab.network_config import IMAGE_SIZE, NetworkConfig

FLOAT = 4
GROUPS = 16
"""Its CHUNKS: each group of a batch has sums of its own."""
MANY_WEIGHTS = 32_768
"""Of a layer: from so many on its gradient is not kept for each group."""
LANES = 16
"""Channels of its maps are padded to whole vectors; 16 is the widest."""
MOVING = 4
"""Of abreast.h."""
SHARES = 8_192
MOST_3 = 9
"""Of patches.h: floats of the shares that are made at once; and of tiles.h, which are made in any case."""
LINE_OF_HALVES = 32
"""Of halves.h: numbers of 16 bits in a line of the cache."""
TILE_POINTS = 16
BLOCK_FLOATS = 131_072
FEWEST = 14
HELD_POINTS = 262_144
READING = 10
"""Of winograd.h: points of a tile, floats of a block's points, tiles of a block at least, weights that a core's own
cache holds, and what it takes to read another."""


def begins_with_stem(network: NetworkConfig) -> bool:
    """Whether the first two layers are what engines do as one: a convolution of stride 1, then a 1x1 convolution."""
    if len(network.layers) < 2:
        return False
    wide, narrow = network.layers[:2]
    is_squeeze = (narrow.kernel, narrow.stride, narrow.padding) == (1, 1, 0)
    return wide.kind == narrow.kind == "conv" and wide.stride == 1 and is_squeeze


def has_stem(network: NetworkConfig) -> bool:
    """Whether engine.c does its first two layers as one: it does where another follows them."""
    return len(pooled_last(network).layers) > 2 and begins_with_stem(network)


def compiled_bytes(network: NetworkConfig, batch: int, threads: int | None = None, halves: bool = False) -> int:
    """What engine.c allocates for batches of `batch`, in its `set_up` and `set_up_stem`.

    `halves`: and in `set_up_halves`, for products of bfloat16.
    """
    rows = layer_table(pooled_last(network))[:-1]
    stem = has_stem(network)
    threads = threads or min(os.cpu_count() or 1, GROUPS)
    total, scratch, activation = batch * 8 + _bytes_of_ink(rows, threads), 0, 0
    for row in rows:
        channels, out_height, out_width = row.output_shape
        pitch, area = _padded(channels), out_height * out_width
        total += pitch * (6 * FLOAT + 2 * GROUPS * 8)
        activation = max(activation, area * pitch)
        if row.index > 1 or not stem:
            total += (
                (max(batch, threads) + batch + 1) * area * pitch * FLOAT
            )  # the map, its gradient, a blank picture's
        if row.kind == "conv":
            weights, of_a_thread = _convolution_floats(row, of_stem=stem and row.index <= 2)
            total, scratch = total + weights * FLOAT, max(scratch, of_a_thread)
            total += 0 if row.bias else 2 * channels * FLOAT
    if stem:
        more, scratch_of_stem = _stem_bytes(rows[0], rows[1], batch)
        total, scratch = total + more, max(scratch, scratch_of_stem)
        total += _bytes_of_halves(rows[0], rows[1], threads) if halves else 0
    return total + threads * (scratch + activation) * FLOAT


def _bytes_of_ink(rows: Sequence[LayerRow], threads: int) -> int:
    """A blank picture; where an image has ink, of a layer's input and map; and the tiles that are computed for it."""
    tiles = [prod(_tiles(row)) for row in rows if row.kind == "conv" and by_way_of_points(row)]
    spans = 2 * max(IMAGE_SIZE, *(row.output_shape[1] for row in rows))
    return FLOAT * (IMAGE_SIZE**2 + sum(tiles) + threads * max(tiles, default=0)) + 8 * threads * spans


def _convolution_floats(row: LayerRow, of_stem: bool) -> tuple[int, int]:
    """Weights, packed twice, and the groups' gradients of them; and a thread's scratch. In floats.

    In the stem no positions share a vector.
    """
    inputs, channels = row.input_shape[0], row.output_shape[0]
    pitch, in_pitch = _padded(channels), _in_pitch(row)
    if by_way_of_points(row):
        elements, flipped, scratch = TILE_POINTS, TILE_POINTS * in_pitch, _winograd_scratch(row)
    else:
        elements, flipped, scratch = _term_by_term(row, of_stem)
    weights = elements * inputs * pitch
    parts = 1 if not of_stem and _has_many_weights(row, weights) else GROUPS
    return weights * (1 + parts) + flipped * channels + GROUPS * pitch, scratch


def _has_many_weights(row: LayerRow, weights: int) -> bool:
    """Whether their gradient is added up once for all groups, as `gradient_parts` of engine.c says."""
    channels, height, width = row.output_shape
    many = weights >= MANY_WEIGHTS and _padded(channels) >= 4 * LANES and not by_way_of_points(row)
    return many and GROUPS * LANES * _padded_input(row, 1) < height * width * weights


def _padded_input(row: LayerRow, many: int) -> int:
    """Floats of an image with its padding and the columns that `many` positions of a row see."""
    _, height, width = row.input_shape
    seen = (_vectors(row.output_shape[2], many) * many - 1) * row.stride + row.kernel
    return (height + 2 * row.padding) * max(width + 2 * row.padding, seen) * _in_pitch(row)


def _term_by_term(row: LayerRow, of_stem: bool) -> tuple[int, int, int]:
    """Elements of the widened kernel, and for the input's gradient floats a channel; and a thread's scratch.

    Which way that gradient goes (patches.h) hangs on how long the processor's vectors are: here the larger one counts.
    """
    k, stride = row.kernel, row.stride
    (inputs, in_height, in_width), (channels, height, width) = row.input_shape, row.output_shape
    many = 1 if of_stem else _positions_abreast(k, stride, inputs, channels, width)
    in_many = 1 if row.index == 1 else _positions_abreast(k, 1, channels, inputs, in_width)
    image = _padded_input(row, many)
    spread = (in_height + k - 1) * (_vectors(in_width, in_many) * in_many - 1 + k) * _padded(channels)
    scratch = max(image + _room_abreast(height, width, many), spread + _room_abreast(in_height, in_width, in_many))
    flipped = k * (k + in_many - 1) * _in_pitch(row)
    if row.index > 1 and not of_stem:
        scratch, flipped = max(scratch, _patches_scratch(row)), max(flipped, k * _padded(k * inputs))
    return k * (k + (many - 1) * stride), flipped, scratch


def _patches_scratch(row: LayerRow) -> int:
    """An image of the input's gradient without padded channels, and the shares of some positions of the map."""
    inputs, in_height, in_width = row.input_shape
    patch = row.kernel * _padded(row.kernel * inputs)
    at_once = min(max(SHARES // patch, MOST_3), row.output_shape[1] * row.output_shape[2])
    return in_height * (in_width + 2 * row.padding) * inputs + LANES + at_once * patch


def _room_abreast(height: int, width: int, many: int) -> int:
    return (height * _vectors(width, many) + 1) * LANES if many > 1 else 0


def _positions_abreast(kernel: int, stride: int, others: int, channels: int, width: int) -> int:
    """How many positions of a row share a vector of a few channels, as abreast.h says."""
    many = min(LANES // channels, width)
    if many < 2:
        return 1
    products = others * _products_of_row(kernel, stride, width, many) + MOVING * width
    return many if products < others * _products_of_row(kernel, stride, width, 1) else 1


def _products_of_row(kernel: int, stride: int, width: int, many: int) -> int:
    return kernel * (kernel + (many - 1) * stride) * _vectors(width, many)


def _vectors(width: int, many: int) -> int:
    return (width + many - 1) // many


def by_way_of_points(row: LayerRow) -> bool:
    """Whether the engine computes this convolution as winograd.h says, `fits_winograd` there."""
    if row.kernel != 3 or row.stride != 1 or row.index == 1:
        return False
    inputs, (channels, height, width) = row.input_shape[0], row.output_shape
    many, in_many = (_positions_abreast(3, 1, *both, width) for both in ((inputs, channels), (channels, inputs)))
    direct = height * (2 * _products_of_row(3, 1, width, many) + _products_of_row(3, 1, width, in_many)) // 3
    down, across = _tiles(row)
    reading = READING * (TILE_POINTS - 9) if TILE_POINTS * inputs * channels > HELD_POINTS else 0
    points = down * across * (TILE_POINTS * inputs * channels + 100 * (inputs + channels))
    return points < (direct - reading) * inputs * channels


def _winograd_scratch(row: LayerRow) -> int:
    """Of a thread, in floats: the input with padding and its gradient, and the points of a block of tiles."""
    down, across = _tiles(row)
    both = _in_pitch(row) + _padded(row.output_shape[0])
    block = min(max(BLOCK_FLOATS // (TILE_POINTS * both), FEWEST), down * across)
    return 2 * (2 * down + 2) * (2 * across + 2) * _in_pitch(row) + TILE_POINTS * (block * both + 2 * LANES)


def _tiles(row: LayerRow) -> tuple[int, int]:
    """Tiles of 2x2 positions, down and across."""
    return (row.output_shape[1] + 1) // 2, (row.output_shape[2] + 1) // 2


def _stem_bytes(wide: LayerRow, narrow: LayerRow, batch: int) -> tuple[int, int]:
    """What the two convolutions that are done as one need, in bytes; and of a thread's scratch, in floats."""
    channels, height, width = wide.output_shape
    terms = wide.kernel * wide.kernel
    columns, area = _padded(terms + 1), height * width
    small = area * _padded(narrow.output_shape[0])
    doubles = (GROUPS + 1) * terms * columns + channels * terms
    floats = GROUPS * area + GROUPS * small
    side = IMAGE_SIZE + 2 * wide.padding
    scratch = side * side + 2 * width * _padded(channels) + (width + terms) * columns + 2 * LANES
    return 8 * (doubles + batch * height) + FLOAT * floats, scratch


def _bytes_of_halves(wide: LayerRow, narrow: LayerRow, threads: int) -> int:
    """The stem's weights as pairs; of a thread an image and rows, as halves.h says."""
    pitch, narrow_pitch = _padded(wide.output_shape[0]), _padded(narrow.output_shape[0])
    kernel, side = wide.kernel, IMAGE_SIZE + 2 * wide.padding
    weights = kernel * _couples(kernel) * pitch + _couples(wide.output_shape[0]) * narrow_pitch
    weights += _couples(narrow.output_shape[0]) * pitch
    image = (side * side + kernel + LINE_OF_HALVES) // LINE_OF_HALVES * LINE_OF_HALVES
    row = 2 * pitch + 2 * narrow_pitch + _padded(kernel * kernel + 1)
    return FLOAT * weights + threads * (2 * image + FLOAT * _couples(wide.output_shape[2]) * row)


def _couples(count: int) -> int:
    return (count + 1) // 2


def _padded(channels: int) -> int:
    return (channels + LANES - 1) // LANES * LANES


def _in_pitch(row: LayerRow) -> int:
    """Floats from one position of its input to the next: pictures have one channel and no padding."""
    return _padded(row.input_shape[0]) if row.index > 1 else 1
