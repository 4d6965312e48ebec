"""The quick run of a recipe, with which a network is seen to learn within seconds, and the full one.

A quick run has fewer images, so that an epoch is soon done, and smaller batches, so that the weights are changed more
often. That is for step 1, which only guesses at first: it reads four of five training images right once it has seen
24,300 of them in batches of 64, and 7,500 in batches of 16 (seed 1). Nor are its training images read after an epoch,
which would take a sixth of its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.config import TRAINING_IMAGES, RunConfig

QUICK_IMAGES, QUICK_BATCH, QUICK_EPOCHS = 6_000, 16, 5
_QUICK: Mapping[str, Any] = {
    "training_images": QUICK_IMAGES,
    "batch_size": QUICK_BATCH,
    "epochs": QUICK_EPOCHS,
    "measure_training": False,
}


def quick(config: RunConfig) -> RunConfig:
    """The quick run of the same recipe; all else is as it was."""
    return replace(config, **_QUICK)


def full(config: RunConfig) -> RunConfig:
    """The run of the same recipe that is as long as the published ones; all else is as it was.

    Of a quick run, whose batch may be its recipe's own again, it also measures what that left out.
    """
    was_quick = is_quick(replace(config, batch_size=QUICK_BATCH))
    measures = RunConfig.measure_training if was_quick else config.measure_training
    return replace(config, training_images=TRAINING_IMAGES, epochs=RunConfig.epochs, measure_training=measures)


def is_quick(config: RunConfig) -> bool:
    """Whether it is the quick run of some recipe: its result stands beside those of other quick runs only."""
    return all(getattr(config, name) == value for name, value in _QUICK.items())


def as_it_is(config: RunConfig) -> RunConfig:
    """The run as its config says."""
    return config
