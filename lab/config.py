"""What a run is: frozen, validated values, to JSON and back.

A run is described by one `RunConfig`. Every toggle in the app makes a new value; two runs differ exactly where
their configs differ (`lab.describe.differences`). Nothing here needs torch.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from lab.fields import Choice, Number, Switch, Whole, build, check
from lab.fields import ConfigError as ConfigError  # everyone else takes it from here
from lab.network_config import NetworkConfig
from lab.training_config import Augmentation, Optimizer, Schedule

DeviceKind = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["float32", "bfloat16"]
EvaluationSet = Literal["test", "validation"]
EngineChoice = Literal["fastest", "pytorch"]

TRAINING_IMAGES = 60_000
EVALUATION_IMAGES = 10_000
SAMPLE_IMAGES = 10_000
"""Training images that are read after every epoch, where `RunConfig.measure_training` says so."""


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
            "bfloat16 multiplies with fewer digits, which can be faster on a recent GPU; sums stay float32. On a CPU "
            "it is faster only for steps 2 to 5 and networks that begin as they do, and only if the processor "
            "multiplies such numbers itself (AVX-512 BF16). Anywhere else on a CPU, float32 is faster.",
        ),
    ] = "float32"
    engine: Annotated[
        EngineChoice,
        Choice(
            "Computation",
            "On a CPU, a compiled engine does the same sums several times faster. Its results differ from PyTorch's "
            "only by rounding.",
            words={"fastest": "compiled for this processor if possible", "pytorch": "PyTorch only"},
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
