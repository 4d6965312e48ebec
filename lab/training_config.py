"""How a network is trained, as values: what is done to the images, how weights change, and the learning rate's plan.

Frozen and validated, as the rest of a run (`lab.config`). Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from lab.fields import Choice, Number, Whole, check

ScheduleKind = Literal["none", "step", "cosine", "one_cycle"]
OptimizerKind = Literal["sgd", "adamw"]
Interpolation = Literal["nearest", "bilinear"]


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
