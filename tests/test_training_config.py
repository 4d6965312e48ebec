"""How a network is trained, as values: one that cannot be is named with what is allowed."""

import math
from typing import Any

import pytest

from lab.config import ConfigError
from lab.training_config import Augmentation, Optimizer, Schedule


@pytest.mark.parametrize(
    ("build", "sentence"),
    [  # an ignored type is the wrong value that is tried
        (lambda: Augmentation(rotation=181), "rotation is 181; it must be a number from 0 to 180."),
        (lambda: Augmentation(shift=-1), "shift is -1; it must be a number from 0 to 14."),
        (lambda: Augmentation(scale=0.6), "scale is 0.6; it must be a number from 0 to 0.5."),
        (lambda: Augmentation(shear=46), "shear is 46; it must be a number from 0 to 45."),
        (lambda: Augmentation(pen=1.1), "pen is 1.1; it must be a number from 0 to 1."),
        (
            lambda: Augmentation(interpolation="cubic"),  # type: ignore[arg-type]
            "interpolation is 'cubic'; it must be one of nearest, bilinear.",
        ),
        (lambda: Optimizer(kind="adam"), "optimizer is 'adam'; it must be one of sgd, adamw."),  # type: ignore[arg-type]
        (lambda: Optimizer(learning_rate=0), "learning_rate is 0; it must be a number from 0.000001 to 10."),
        (lambda: Optimizer(learning_rate=math.inf), "learning_rate is inf; it must be a number from 0.000001 to 10."),
        (lambda: Optimizer(momentum=1), "momentum is 1; it must be a number from 0 to 0.999."),
        (lambda: Optimizer(weight_decay="0"), "weight_decay is '0'; it must be a number from 0 to 1."),  # type: ignore[arg-type]
        (lambda: Schedule(kind="linear"), "schedule is 'linear'; it must be one of none, step, cosine, one_cycle."),  # type: ignore[arg-type]
        (lambda: Schedule(step_size=0), "step_size is 0; it must be a whole number from 1 to 200."),
        (lambda: Schedule(gamma=0), "gamma is 0; it must be a number from 0.0001 to 1."),
        (lambda: Schedule(warmup=1), "warmup is 1; it must be a number from 0.01 to 0.99."),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(build: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        build()
    assert str(error.value) == sentence
