"""A network as a value: its layers in order and what all of them share, frozen and validated.

What each layer computes and sees follows in `lab.layers`, its modules in `lab.network`. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from lab.fields import Choice, ConfigError, Number, Switch, Whole, check, shown

LayerKind = Literal["conv", "max_pool", "average_pool", "linear"]
Biases = Literal["all", "needed", "none"]

CLASSES = 10
IMAGE_SIZE = 28
PARAMETER_BUDGET = 10_000
MOST_LAYERS = 40


@dataclass(frozen=True, kw_only=True)
class LayerSpec:
    """One convolution or pooling layer, sizes in pixels of its input map, or the linear layer at the end.

    A convolution is followed by batch norm (if the network has it) and ReLU, but for one whose maps are the class
    scores: the last one, where no linear layer makes them. Pooling is followed by dropout (if the network has it).
    A linear layer stands behind the global average pooling and reads its one value a map: kernel 1, stride 1.
    """

    kind: Annotated[
        LayerKind,
        Choice(
            "kind",
            "conv learns its kernels. Pooling shrinks the map: it keeps the largest or the mean value of each window. "
            "linear can only be the last layer: it makes each class score from the means of all maps.",
            words={"max_pool": "max pool", "average_pool": "average pool"},
        ),
    ]
    kernel: Annotated[int, Whole("kernel", 1, 28, "Side of the square window, in pixels of the input map.")]
    stride: Annotated[int, Whole("stride", 1, 28, "How far the window moves each time. 2 halves the map.")] = 1
    padding: Annotated[int, Whole("padding", 0, 14, "Rows and columns of zeros added on each side of the map.")] = 0
    channels: Annotated[
        int | None,
        Whole("channels", 1, 1024, "How many maps a convolution makes. Leave it empty for pooling. linear has 10."),
    ] = None
    """Output channels of a convolution; 10 of a linear layer; None for pooling, which keeps the channels it gets."""

    def __post_init__(self) -> None:
        if self.kind == "conv" and (self.channels is None or self.channels == 0):
            raise ConfigError("a convolution needs channels: at least 1.")
        check(self)
        if self.kind == "conv":
            return
        if self.kind == "linear":
            return self._check_linear()
        if self.channels is not None:
            raise ConfigError(
                f"channels is {shown(self.channels)}; pooling keeps the number of channels: leave it empty."
            )
        if self.padding > self.kernel // 2:
            raise ConfigError(
                f"padding is {self.padding}; for pooling it may be at most half the kernel ({self.kernel // 2})."
            )

    def _check_linear(self) -> None:
        if self.channels != CLASSES:
            raise ConfigError(
                f"channels is {shown(self.channels)}; a linear layer makes the class scores: it must be {CLASSES}."
            )
        for name, only in (("kernel", 1), ("stride", 1), ("padding", 0)):
            if getattr(self, name) != only:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}; a linear layer reads one value per map: it must be {only}."
                )


def conv(channels: int, kernel: int, padding: int = 0, stride: int = 1) -> LayerSpec:
    """A convolution with `channels` output maps and a square kernel."""
    return LayerSpec(kind="conv", channels=channels, kernel=kernel, padding=padding, stride=stride)


def max_pool(kernel: int = 2, stride: int = 2) -> LayerSpec:
    """Max pooling over a square window."""
    return LayerSpec(kind="max_pool", kernel=kernel, stride=stride)


def linear() -> LayerSpec:
    """The linear layer that makes the class scores."""
    return LayerSpec(kind="linear", kernel=1, channels=CLASSES)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Layers in order. Global average pooling over what is left of the map ends every network, or stands before the
    linear layer that ends it.
    """

    layers: tuple[LayerSpec, ...]
    batch_norm: Annotated[
        bool,
        Switch(
            "Batch norm",
            "Follows every convolution, except the one that makes the class scores. It brings each map to mean 0 and "
            "standard deviation 1 over the batch, then scales and shifts it with two learned parameters. Training "
            "becomes faster.",
        ),
    ] = False
    dropout: Annotated[
        float,
        Number(
            "Dropout rate",
            0,
            0.9,
            "During training, this share of the values after every pooling is set to zero at random.",
            step=0.01,
        ),
    ] = 0.0
    bias: Annotated[
        Biases,
        Choice(
            "Biases",
            "A bias is a number that a layer adds to each of its maps. Batch norm removes it again, so a bias before "
            "batch norm has no effect.",
            words={"all": "in every layer", "needed": "only where no batch norm follows", "none": "in no layer"},
        ),
    ] = "all"
    second_reading: Annotated[
        bool,
        Switch(
            "Second reading",
            "A trained network reads each image twice, as it is and moved by one pixel to the left, and the scores are "
            "averaged (test-time augmentation). Pooling pairs the columns of the moved image the other way. Training "
            "stays the same. An answer takes twice the work.",
        ),
    ] = False
    deslant: Annotated[
        bool,
        Switch(
            "Deslant",
            "Before the network sees an image, its rows are shifted so that the digit stands upright, in training and "
            "after it. People write at different slants; a network that sees upright digits need not learn that. It "
            "takes no parameters.",
        ),
    ] = False

    def __post_init__(self) -> None:
        check(self)
        if not 1 <= len(self.layers) <= MOST_LAYERS:
            raise ConfigError(f"the network has {len(self.layers)} layers; it must have 1 to {MOST_LAYERS}.")
        for place, layer in enumerate(self.layers[:-1], start=1):
            if layer.kind == "linear":
                raise ConfigError(
                    f"layer {place} is linear but not the last: a network can have one linear layer, at its end."
                )

    @property
    def readings(self) -> int:
        """How often an image passes through the layers for one answer."""
        return 2 if self.second_reading else 1

    @property
    def ends_linear(self) -> bool:
        """Whether a linear layer, behind the global average pooling, makes the class scores."""
        return self.layers[-1].kind == "linear"
