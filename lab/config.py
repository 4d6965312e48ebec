"""What a run is: frozen, validated values, to JSON and back.

A run is described by one `RunConfig`. Every toggle in the app makes a new value; two runs differ exactly where
their configs differ (`differences`). Nothing here needs torch.
"""

from __future__ import annotations

import json
import math
import typing
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

LayerKind = Literal["conv", "max_pool", "average_pool"]
ScheduleKind = Literal["none", "step", "cosine", "one_cycle"]
OptimizerKind = Literal["sgd", "adamw"]
DeviceKind = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["float32", "bfloat16"]
Interpolation = Literal["nearest", "bilinear"]
EvaluationSet = Literal["test", "validation"]
EngineChoice = Literal["fastest", "pytorch"]

CLASSES = 10
IMAGE_SIZE = 28
PARAMETER_BUDGET = 10_000
TRAINING_IMAGES = 60_000
EVALUATION_IMAGES = 10_000


class ConfigError(ValueError):
    """A value that no run can have; the message names the field, the value and the allowed range."""


def _in_range(name: str, value: float, low: float, high: float, whole: bool = False) -> None:
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # NaN is in no range
        limits = f"a whole number from {low:,} to {high:,}" if whole else f"a number from {low:g} to {high:g}"
        raise ConfigError(f"{name} is {value!r}; it must be {limits}.")


def _one_of(name: str, value: object, allowed: object) -> None:
    choices = get_args(allowed)
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")


@dataclass(frozen=True, kw_only=True)
class LayerSpec:
    """One convolution or pooling layer, sizes in pixels of its input map.

    A convolution is followed by batch norm (if the network has it) and ReLU, but for the last one, whose maps are
    the class scores. Pooling is followed by dropout (if the network has it).
    """

    kind: LayerKind
    kernel: int
    stride: int = 1
    padding: int = 0
    channels: int | None = None
    """Output channels of a convolution; None for pooling, which keeps the channels it gets."""

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, LayerKind)
        _in_range("kernel", self.kernel, 1, 28, whole=True)
        _in_range("stride", self.stride, 1, 28, whole=True)
        _in_range("padding", self.padding, 0, 14, whole=True)
        if self.kind == "conv":
            if self.channels is None or self.channels == 0:
                raise ConfigError("a convolution needs channels: at least 1.")
            _in_range("channels", self.channels, 1, 1024, whole=True)
        else:
            if self.channels is not None:
                raise ConfigError(f"channels is {self.channels!r}; pooling keeps its channels: leave it empty.")
            if self.padding > self.kernel // 2:
                raise ConfigError(
                    f"padding is {self.padding}; for pooling it may be at most half the kernel ({self.kernel // 2})."
                )


def conv(channels: int, kernel: int, padding: int = 0, stride: int = 1) -> LayerSpec:
    """A convolution with `channels` output maps and a square kernel."""
    return LayerSpec(kind="conv", channels=channels, kernel=kernel, padding=padding, stride=stride)


def max_pool(kernel: int = 2, stride: int = 2) -> LayerSpec:
    """Max pooling over a square window."""
    return LayerSpec(kind="max_pool", kernel=kernel, stride=stride)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Layers in order; global average pooling over what is left of the map ends every network."""

    layers: tuple[LayerSpec, ...]
    batch_norm: bool = False
    dropout: float = 0.0
    """Probability that an element of a pooled map is set to zero while training."""

    def __post_init__(self) -> None:
        if not isinstance(self.batch_norm, bool):
            raise ConfigError(f"batch_norm is {self.batch_norm!r}; it must be true or false.")
        _in_range("dropout", self.dropout, 0.0, 0.9)
        if not 1 <= len(self.layers) <= 40:
            raise ConfigError(f"the network has {len(self.layers)} layers; it must have 1 to 40.")


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes of each training image in each epoch; zero everywhere means none. Ranges are symmetric."""

    rotation: float = 0.0
    """Degrees: each image is turned by a uniform angle in [-rotation, rotation]."""
    shift: float = 0.0
    """Pixels: moved along x and y by uniform amounts in [-shift, shift]."""
    scale: float = 0.0
    """Fraction: enlarged by a uniform factor in [1 - scale, 1 + scale]."""
    shear: float = 0.0
    """Degrees: slanted by a uniform angle in [-shear, shear]."""
    pen: float = 0.0
    """Strength: strokes made thinner or thicker by a uniform amount in [-pen, pen]; 1 is one whole pixel a side."""
    interpolation: Interpolation = "nearest"

    def __post_init__(self) -> None:
        _in_range("rotation", self.rotation, 0, 180)
        _in_range("shift", self.shift, 0, 14)
        _in_range("scale", self.scale, 0, 0.5)
        _in_range("shear", self.shear, 0, 45)
        _in_range("pen", self.pen, 0, 1)
        _one_of("interpolation", self.interpolation, Interpolation)

    @property
    def active(self) -> bool:
        """Whether anything is changed at all."""
        return any((self.rotation, self.shift, self.scale, self.shear, self.pen))


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """How a gradient becomes a step."""

    kind: OptimizerKind = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.9
    """For SGD; AdamW keeps its own (0.9, 0.999)."""
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _one_of("optimizer", self.kind, OptimizerKind)
        _in_range("learning_rate", self.learning_rate, 1e-6, 10)
        _in_range("momentum", self.momentum, 0, 0.999)
        _in_range("weight_decay", self.weight_decay, 0, 1)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How the learning rate changes; see `lab.schedule` for the formulas."""

    kind: ScheduleKind = "none"
    step_size: int = 5
    """For `step`: epochs between drops."""
    gamma: float = 0.1
    """For `step`: what each drop multiplies the learning rate by."""
    warmup: float = 0.3
    """For `one_cycle`: the share of the run in which the learning rate rises."""

    def __post_init__(self) -> None:
        _one_of("schedule", self.kind, ScheduleKind)
        _in_range("step_size", self.step_size, 1, 200, whole=True)
        _in_range("gamma", self.gamma, 1e-4, 1)
        _in_range("warmup", self.warmup, 0.01, 0.99)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run."""

    network: NetworkConfig
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: Optimizer = field(default_factory=Optimizer)
    schedule: Schedule = field(default_factory=Schedule)
    epochs: int = 15
    batch_size: int = 64
    seed: int = 1
    device: DeviceKind = "auto"
    precision: Precision = "float32"
    """bfloat16: convolutions under autocast; weights, statistics and evaluation stay float32."""
    engine: EngineChoice = "fastest"
    """fastest: the compiled engine where it fits (on the CPU, in float32); pytorch: its own operations everywhere."""
    evaluate_on: EvaluationSet = "test"
    """validation: the last 10,000 training images are held out and take the place of the test set."""
    training_images: int = TRAINING_IMAGES
    """Train on the first so many images only: quicker, and a way to see overfitting."""

    def __post_init__(self) -> None:
        _in_range("epochs", self.epochs, 1, 200, whole=True)
        _in_range("batch_size", self.batch_size, 1, 10_000, whole=True)
        _in_range("seed", self.seed, 0, 2**32 - 1, whole=True)
        _one_of("device", self.device, DeviceKind)
        _one_of("precision", self.precision, Precision)
        _one_of("engine", self.engine, EngineChoice)
        _one_of("evaluate_on", self.evaluate_on, EvaluationSet)
        _in_range("training_images", self.training_images, 1, TRAINING_IMAGES, whole=True)

    @property
    def images_per_epoch(self) -> int:
        """How many images an epoch goes through."""
        available = TRAINING_IMAGES - (EVALUATION_IMAGES if self.evaluate_on == "validation" else 0)
        return min(self.training_images, available)

    @property
    def iterations_per_epoch(self) -> int:
        """Iterations an epoch; the last batch may be smaller: ceil(60,000 / 64) = 938."""
        return math.ceil(self.images_per_epoch / self.batch_size)


def to_json(config: RunConfig) -> str:
    """The config as JSON text; `from_json` gives an equal value back."""
    return json.dumps(asdict(config), sort_keys=True)


def from_json(text: str) -> RunConfig:
    """Read what `to_json` wrote.

    Raises:
        ConfigError: the text is no JSON object, or a field is unknown, missing or out of range.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the config is no JSON text: {error}.") from error
    config = _build(RunConfig, data, "config")
    assert isinstance(config, RunConfig)
    return config


def _build(kind: type, data: object, where: str) -> object:
    """`data`, a JSON value, as an instance of the dataclass `kind`."""
    if not isinstance(data, dict):
        raise ConfigError(f"{where} is {data!r}; it must be an object.")
    hints = _types(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise ConfigError(f"{where} has no field {unknown[0]!r}.")
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name == "layers":
            if not isinstance(value, list):
                raise ConfigError(f"{where}.layers is {value!r}; it must be a list.")
            values[name] = tuple(
                _build(LayerSpec, layer, f"layer {number}") for number, layer in enumerate(value, start=1)
            )
        elif is_dataclass(hints[name]):
            values[name] = _build(hints[name], value, f"{where}.{name}")
        else:
            values[name] = value
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    except TypeError as error:
        raise ConfigError(f"{where} lacks a field: {error}.") from error


@lru_cache
def _types(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields. Finding them is most of the work of reading a config: done once a class."""
    return typing.get_type_hints(kind)
