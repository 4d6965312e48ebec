"""What a run is: frozen, validated values, to JSON and back.

A run is described by one `RunConfig`. Every toggle in the app makes a new value; two runs differ exactly where
their configs differ (`differences`). Nothing here needs torch.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from lab.fields import Choice, Number, Switch, Whole, build, check, shown
from lab.fields import ConfigError as ConfigError  # everyone else takes it from here

LayerKind = Literal["conv", "max_pool", "average_pool", "linear"]
ScheduleKind = Literal["none", "step", "cosine", "one_cycle"]
OptimizerKind = Literal["sgd", "adamw"]
DeviceKind = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["float32", "bfloat16"]
Interpolation = Literal["nearest", "bilinear"]
EvaluationSet = Literal["test", "validation"]
EngineChoice = Literal["fastest", "pytorch"]
Biases = Literal["all", "needed", "none"]

CLASSES = 10
IMAGE_SIZE = 28
PARAMETER_BUDGET = 10_000
TRAINING_IMAGES = 60_000
EVALUATION_IMAGES = 10_000
SAMPLE_IMAGES = 10_000
"""Training images that are read after every epoch, where `RunConfig.measure_training` says so."""
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


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes of each training image in each epoch; zero everywhere means none. Amounts are uniform in ±."""

    rotation: Annotated[
        float, Number("Rotation ±°", 0, 180, "Each image is rotated by a random angle, up to this one.")
    ] = 0.0
    shift: Annotated[
        float, Number("Shift ± pixels", 0, 14, "Each image is moved in x and y by up to this many pixels.", step=0.5)
    ] = 0.0
    scale: Annotated[
        float, Number("Scale ±", 0, 0.5, "Each image is enlarged or shrunk by up to this share.", step=0.01)
    ] = 0.0
    shear: Annotated[float, Number("Shear ±°", 0, 45, "Each image is slanted by up to this angle.")] = 0.0
    pen: Annotated[
        float,
        Number(
            "Stroke thickness ±",
            0,
            1,
            "Strokes become thinner or thicker by up to this many pixels on each side.",
            step=0.05,
        ),
    ] = 0.0
    interpolation: Annotated[
        Interpolation,
        Choice(
            "Interpolation",
            "How the pixels of a changed image are found: from the nearest neighbour, or as a blend of four.",
            words={"nearest": "nearest neighbour", "bilinear": "blend of four"},
        ),
    ] = "nearest"

    def __post_init__(self) -> None:
        check(self)

    @property
    def moves_pixels(self) -> bool:
        """Whether the pixels come to stand elsewhere; a pen only changes how bright they are."""
        return any((self.rotation, self.shift, self.scale, self.shear))

    @property
    def active(self) -> bool:
        """Whether anything is changed at all."""
        return self.moves_pixels or self.pen != 0


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """How gradients change the weights."""

    kind: Annotated[
        OptimizerKind,
        Choice(
            "Optimiser",
            "AdamW scales the change of each weight separately. It needs a smaller learning rate, about 0.003.",
            named="optimizer",
            words={"sgd": "SGD with momentum", "adamw": "AdamW"},
        ),
    ] = "sgd"
    learning_rate: Annotated[
        float,
        Number(
            "Learning rate",
            1e-6,
            10,
            "How far each update goes. Too small is slow, too large diverges. For one-cycle: the highest value.",
        ),
    ] = 0.01
    momentum: Annotated[float, Number("Momentum", 0, 0.999, "For SGD: how much of the last update is kept.")] = 0.9
    """AdamW keeps its own (0.9, 0.999)."""
    weight_decay: Annotated[
        float, Number("Weight decay", 0, 1, "Each update pulls every weight a little towards zero.")
    ] = 0.0

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How the learning rate changes; see `lab.schedule` for the formulas."""

    kind: Annotated[
        ScheduleKind,
        Choice(
            "Scheduler",
            "How the learning rate changes during the run. The curve below shows the plan.",
            named="schedule",
            words={"step": "drops", "one_cycle": "one-cycle"},
        ),
    ] = "none"
    step_size: Annotated[
        int, Whole("Epochs between drops", 1, 200, "The learning rate drops each time after this many epochs.")
    ] = 5
    gamma: Annotated[float, Number("Drop factor", 1e-4, 1, "Each drop multiplies the learning rate by this.")] = 0.1
    warmup: Annotated[
        float,
        Number(
            "Share of the run spent rising", 0.01, 0.99, "In the rest of the run the learning rate falls.", step=0.01
        ),
    ] = 0.3

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run."""

    network: NetworkConfig
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: Optimizer = field(default_factory=Optimizer)
    schedule: Schedule = field(default_factory=Schedule)
    epochs: Annotated[int, Whole("Epochs", 1, 200, "How many times training goes through all images.")] = 15
    batch_size: Annotated[
        int, Whole("Batch size", 1, 10_000, "Images per update. Larger is steadier, with fewer updates per epoch.")
    ] = 64
    label_smoothing: Annotated[
        float,
        Number(
            "Label smoothing",
            0,
            0.3,
            "The network learns to be a little less certain: this share of the right answer is spread evenly over all "
            "ten digits. The training loss then uses these smoothed answers. The test loss does not.",
            step=0.01,
        ),
    ] = 0.0
    """Szegedy et al., "Rethinking the Inception Architecture" (2016), section 7: 1 - e at the label, e / 10 at all."""
    weight_averaging: Annotated[
        float,
        Number(
            "Weight averaging",
            0,
            0.9999,
            "A running average of the weights is tested and kept. It is steadier than the weights themselves: 0.99 "
            "averages over about 100 updates, 0.999 over 1,000. 0 turns it off.",
        ),
    ] = 0.0
    """The decay of the exponential moving average; `lab.compute.averaging` has the formula."""
    seed: Annotated[
        int, Whole("Seed", 0, 2**32 - 1, "Sets all random numbers: on one machine, the same seed gives the same run.")
    ] = 1
    device: Annotated[DeviceKind, Choice("Device", "auto uses the fastest device of this machine.")] = "auto"
    precision: Annotated[
        Precision,
        Choice(
            "Precision",
            "bfloat16 computes convolutions and linear layers with fewer digits, which is faster on recent hardware. "
            "Everything else stays float32.",
        ),
    ] = "float32"
    engine: Annotated[
        EngineChoice,
        Choice(
            "Computation",
            "On a CPU with float32, a compiled engine does the same sums several times faster. Its results differ "
            "from PyTorch's only by rounding.",
            words={"fastest": "compiled for this processor where possible", "pytorch": "PyTorch only"},
        ),
    ] = "fastest"
    evaluate_on: Annotated[
        EvaluationSet,
        Choice(
            "Evaluate on",
            "Use the validation images to choose settings. Look at the test images only at the end.",
            words={"test": "the 10,000 test images", "validation": "10,000 validation images, held out of training"},
        ),
    ] = "test"
    training_images: Annotated[
        int,
        Whole(
            "Training images",
            1,
            TRAINING_IMAGES,
            "Train on only this many images, the first ones. Fewer is faster, but overfits sooner.",
        ),
    ] = TRAINING_IMAGES
    measure_training: Annotated[
        bool,
        Switch(
            "Measure on training images",
            "After every epoch, also measure the accuracy on 10,000 training images in the same way as on the test "
            "images: without dropout and augmentation. Only this accuracy can be compared with the test accuracy. "
            "Epochs take about 5 % longer.",
        ),
    ] = True

    def __post_init__(self) -> None:
        check(self)

    @property
    def images_per_epoch(self) -> int:
        """How many images an epoch goes through."""
        available = TRAINING_IMAGES - (EVALUATION_IMAGES if self.evaluate_on == "validation" else 0)
        return min(self.training_images, available)

    def images_read(self, epoch: int) -> int:
        """How many images are read after an epoch, to evaluate it: see `lab.events.Epoch.measured`."""
        if not self.measure_training:
            return EVALUATION_IMAGES
        if epoch < self.epochs:
            return EVALUATION_IMAGES + min(self.images_per_epoch, SAMPLE_IMAGES)
        return EVALUATION_IMAGES + self.images_per_epoch * (1 + self.augmentation.active)

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
    except (ValueError, RecursionError) as error:  # RecursionError: lists in lists, thousands deep
        raise ConfigError(f"the config is not JSON: {error}.") from error
    config = build(RunConfig, data, "config")
    assert isinstance(config, RunConfig)
    return config
