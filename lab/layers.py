"""One row a layer: shape, parameters, multiply-accumulates, jump and receptive field. Pure arithmetic, no torch.

The receptive field follows the closed form of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks" (Distill, 2019): with kernel k, stride s and the jump j of the input map,
r_out = r_in + (k - 1) * j and j_out = j * s.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from lab.layer_row import LayerRow, Shape, receptive_square
from lab.network_config import CLASSES, IMAGE_SIZE, LayerSpec, NetworkConfig, conv


class ImpossibleNetwork(ValueError):
    """A network that cannot be built; the message names the layer and the reason."""


def layer_table(network: NetworkConfig) -> list[LayerRow]:
    """The rows of `network`, last the global average pooling and, where there is one, the linear layer behind it.

    Raises:
        ImpossibleNetwork: a kernel does not fit its map, or nothing makes the ten class scores.
    """
    last_conv = _scoring_convolution(network)
    rows: list[LayerRow] = []
    shape: Shape = (1, IMAGE_SIZE, IMAGE_SIZE)
    jump, field, start = 1, 1, 0.5
    visible = (0, IMAGE_SIZE)
    for index, layer in enumerate(network.layers[:-1] if network.ends_linear else network.layers, start=1):
        output = _output_shape(index, layer, shape)
        is_last = index == last_conv
        extras = _extras(layer, network, is_last)
        bias = layer.kind == "conv" and _has_bias(network, "batch norm" in extras)
        field += (layer.kernel - 1) * jump
        start += ((layer.kernel - 1) / 2 - layer.padding) * jump
        jump *= layer.stride
        rows.append(
            LayerRow(
                index=index,
                kind=layer.kind,
                kernel=layer.kernel,
                stride=layer.stride,
                padding=layer.padding,
                input_shape=shape,
                output_shape=output,
                parameters=_parameters(layer, shape[0], bias, "batch norm" in extras),
                macs=_macs(layer, shape[0], output),
                jump=jump,
                receptive_field=field,
                start=start,
                visible=visible,
                extras=extras,
                bias=bias,
            )
        )
        shape = output
        last = output[1] - 1
        visible = (receptive_square(rows[-1], 0, 0).top, receptive_square(rows[-1], last, last).bottom)
    rows.append(_global_average_pooling(len(rows) + 1, shape, jump, field, start, visible))
    return [*rows, _linear(rows[-1], network)] if network.ends_linear else rows


def makes_same_maps(one: NetworkConfig, other: NetworkConfig) -> bool:
    """Whether two networks of equal weights make equal maps of an image: dropout and a second reading may differ."""
    mine, theirs = (replace(network, dropout=0, second_reading=False) for network in (one, other))
    return mine == theirs


def pooled_last(network: NetworkConfig) -> NetworkConfig:
    """The same function with the global average pooling at the end.

    The mean over a map of a weighted sum of maps is the weighted sum of their means: a linear layer behind the pooling
    is a 1x1 convolution, with the same weights, before it.
    """
    if not network.ends_linear:
        return network
    return replace(network, layers=(*network.layers[:-1], conv(CLASSES, 1)))


@lru_cache(maxsize=1024)  # a list of runs asks for that of each, and most have one of a few networks
def total_parameters(network: NetworkConfig) -> int:
    """Trainable parameters of the whole network."""
    return sum(row.parameters for row in layer_table(network))


def total_macs(network: NetworkConfig) -> int:
    """Multiply-accumulates of the whole network for one image."""
    return sum(row.macs for row in layer_table(network))


def training_macs(network: NetworkConfig) -> int:
    """Multiply-accumulates of training on one image.

    Forward, the gradient of the weights and the gradient of the input need the same number in every layer; the first
    one's input needs no gradient.
    """
    macs = [row.macs for row in layer_table(network)]
    return 3 * sum(macs) - macs[0]


def _scoring_convolution(network: NetworkConfig) -> int | None:
    """The 1-based index of the convolution that makes the class scores; None where a linear layer does."""
    convolutions = [index for index, layer in enumerate(network.layers, start=1) if layer.kind == "conv"]
    if not convolutions:
        which = "add one" if network.ends_linear else "add one with 10 channels, one score for each digit"
        raise ImpossibleNetwork(f"The network has no convolution: {which}.")
    if network.ends_linear:
        return None
    last = convolutions[-1]
    if network.layers[last - 1].channels != CLASSES:
        raise ImpossibleNetwork(
            f"Layer {last} is the last convolution and has {network.layers[last - 1].channels} channels: "
            f"it must have {CLASSES} (one score for each digit), or a linear layer must follow."
        )
    return last


def _output_shape(index: int, layer: LayerSpec, shape: Shape) -> Shape:
    channels, height, width = shape
    padded = height + 2 * layer.padding
    if layer.kernel > padded:
        padding = f" ({padded}×{padded} with padding)" if layer.padding else ""
        raise ImpossibleNetwork(
            f"Layer {index}: its {layer.kernel}×{layer.kernel} kernel is larger than the {height}×{width} map it gets"
            f"{padding}, so its own map would vanish. Use a smaller kernel, more padding, or less pooling before it."
        )
    side = (padded - layer.kernel) // layer.stride + 1
    return (layer.channels or channels, side, side)


def _has_bias(network: NetworkConfig, batch_norm: bool) -> bool:
    return network.bias == "all" or (network.bias == "needed" and not batch_norm)


def _parameters(layer: LayerSpec, inputs: int, bias: bool, batch_norm: bool) -> int:
    """Weights and biases of a convolution, and batch norm's scale and shift for each of its channels."""
    if layer.channels is None:
        return 0
    weights = layer.kernel * layer.kernel * inputs * layer.channels
    return weights + layer.channels * (bias + 2 * batch_norm)


def _macs(layer: LayerSpec, inputs: int, output: Shape) -> int:
    if layer.channels is None:
        return 0
    channels, height, width = output
    return layer.kernel * layer.kernel * inputs * channels * height * width


def _extras(layer: LayerSpec, network: NetworkConfig, is_last: bool) -> tuple[str, ...]:
    if layer.kind != "conv":
        return ("dropout",) if network.dropout else ()
    if is_last:
        return ()
    return ("batch norm", "ReLU") if network.batch_norm else ("ReLU",)


def _global_average_pooling(
    index: int, shape: Shape, jump: int, field: int, start: float, visible: tuple[int, int]
) -> LayerRow:
    """Averages the whole map: a pooling whose kernel is the map, moved nowhere (stride 1)."""
    channels, height, _ = shape
    return LayerRow(
        index=index,
        kind="global_average_pool",
        kernel=height,
        stride=1,
        padding=0,
        input_shape=shape,
        output_shape=(channels, 1, 1),
        parameters=0,
        macs=0,
        jump=jump,
        receptive_field=field + (height - 1) * jump,
        start=start + (height - 1) / 2 * jump,
        visible=visible,
        extras=(),
    )


def _linear(pooling: LayerRow, network: NetworkConfig) -> LayerRow:
    """The linear layer behind `pooling`: a 1x1 convolution of its single position, which sees what that sees."""
    layer, bias = network.layers[-1], _has_bias(network, batch_norm=False)
    seen, output = receptive_square(pooling, 0, 0), (CLASSES, 1, 1)
    return replace(
        pooling,
        index=pooling.index + 1,
        kind=layer.kind,
        kernel=layer.kernel,
        input_shape=pooling.output_shape,
        output_shape=output,
        parameters=_parameters(layer, pooling.output_shape[0], bias, batch_norm=False),
        macs=_macs(layer, pooling.output_shape[0], output),
        visible=(seen.top, seen.bottom),
        bias=bias,
    )
