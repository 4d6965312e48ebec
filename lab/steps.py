"""The presets: the five published steps (`lab.published` has their results) and two of this lab's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from lab.config import RunConfig
from lab.layers import total_macs
from lab.network_config import NetworkConfig, conv, linear, max_pool
from lab.quick import is_quick, quick
from lab.training_config import Augmentation, Optimizer, Schedule

Channels = tuple[int, int, int, int, int, int]
LIGHT_CHANNELS: Channels = (96, 16, 16, 8, 16, 10)

DROPOUT = 0.05
ROTATION = Augmentation(rotation=7.0, interpolation="nearest")
STEP_SCHEDULE = Schedule(kind="step", step_size=5, gamma=0.1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A preset: a config, what it changes and why, and what its published run shows."""

    number: int
    name: str
    idea: str
    """What changes and why, in one sentence or two."""
    config: RunConfig
    published_findings: str = ""
    """What the published run shows, in this project's words."""


def skeleton(channels: Channels, batch_norm: bool = False, dropout: float = 0.0) -> NetworkConfig:
    """The shape that steps 2 to 5 share: 5x5, 1x1, pool, 3x3, 1x1, pool, 3x3, 3x3."""
    first, second, third, fourth, fifth, last = channels
    return NetworkConfig(
        layers=(
            conv(first, 5, padding=2),
            conv(second, 1),
            max_pool(),
            conv(third, 3),
            conv(fourth, 1),
            max_pool(),
            conv(fifth, 3),
            conv(last, 3),
        ),
        batch_norm=batch_norm,
        dropout=dropout,
    )


PLAIN = NetworkConfig(
    layers=(
        conv(64, 3, padding=1),
        conv(64, 3),
        conv(64, 3),
        max_pool(),
        conv(64, 3),
        conv(64, 3),
        conv(64, 3),
        linear(),
    )
)
"""Step 1's network: six convolutions of 64 channels, one pooling, and a linear layer for the class scores."""

LIGHT = skeleton(LIGHT_CHANNELS)
_REGULARISED = skeleton(LIGHT_CHANNELS, batch_norm=True, dropout=DROPOUT)


def threes(channels: Channels) -> NetworkConfig:
    """The shape that steps 6 and 7 share: 3x3, 3x3, pool, 3x3, 3x3, pool, 3x3, 3x3, 1x1, without a bias."""
    first, second, third, fourth, fifth, sixth = channels
    return NetworkConfig(
        layers=(
            conv(first, 3, padding=1),
            conv(second, 3, padding=1),
            max_pool(),
            conv(third, 3, padding=1),
            conv(fourth, 3, padding=1),
            max_pool(),
            conv(fifth, 3),
            conv(sixth, 3),
            conv(10, 1),
        ),
        batch_norm=True,
        bias="none",
    )


BEYOND = replace(threes((8, 16, 14, 16, 16, 14)), second_reading=True, deslant=True)
"""Step 6's network, 9,884 parameters: narrow where the maps are largest."""
SMALLEST = replace(threes((6, 8, 10, 10, 10, 10)), second_reading=True, deslant=True)
"""Step 7's network, 4,114 parameters."""

_BEYOND = RunConfig(
    network=BEYOND,
    augmentation=Augmentation(rotation=7.0, shift=1.0, scale=0.08, pen=0.3, interpolation="bilinear"),
    optimizer=Optimizer(learning_rate=0.05),
    schedule=Schedule(kind="one_cycle"),
    batch_size=32,
    weight_averaging=0.998,
)

STEPS: tuple[Step, ...] = (
    Step(
        number=1,
        name="Plain skeleton",
        idea="A network that works without any help: six 3×3 convolutions of 64 channels, one pooling, and a linear "
        "layer that makes the class scores from the means of all maps. It is far larger than necessary: one image "
        f"takes {total_macs(PLAIN) / 1e6:.1f} million multiplications, {total_macs(PLAIN) / total_macs(LIGHT):.1f} "
        "times as many as in step 5.",
        config=RunConfig(network=PLAIN),
        published_findings="It overfits, and its accuracy goes up and down: 99.23 % in epoch 8, lower afterwards. At "
        "the end it reads 99.56 % of the training images and 99.13 % of the test images correctly.",
    ),
    Step(
        number=2,
        name="Under 10,000 parameters",
        idea="A different shape. One 5×5 convolution makes 96 maps of the image. 1×1 convolutions reduce the number of "
        "maps before the 3×3 convolutions read them. A second pooling makes the maps smaller. This needs a twentieth "
        "of the parameters and less than a fifteenth of the multiplications. The last convolution makes the class "
        "scores, without a linear layer.",
        config=RunConfig(network=LIGHT),
        published_findings="It overfits less than step 1 (99.20 % of the training images, 98.92 % of the test images), "
        "but its best epoch, 99.10 %, is far from 99.40 %.",
    ),
    Step(
        number=3,
        name="Batch norm and dropout",
        idea="Batch norm keeps the values of every map in the same range, so training is faster. A little dropout "
        "after each pooling stops the network from relying on single units.",
        config=RunConfig(network=_REGULARISED),
        published_findings="It comes close, with 99.45 % in epoch 12, but does not stay there: the accuracy goes up "
        "and down. It reads training images better (99.62 %) than test images (99.37 %).",
    ),
    Step(
        number=4,
        name="Augmentation",
        idea="Every image is rotated a little, in a new way in every epoch. The network never sees exactly the same "
        "picture twice, so it cannot learn it by heart.",
        config=RunConfig(network=_REGULARISED, augmentation=ROTATION),
        published_findings="It no longer overfits: it reads training images, rotated as in training, no better "
        "(99.40 %) than test images (99.39 %). It reaches 99.41 % once, but still goes up and down.",
    ),
    Step(
        number=5,
        name="Learning-rate scheduler",
        idea="Large updates first, small ones later: the learning rate falls to a tenth every five epochs, so the "
        "accuracy stops jumping in the last epochs.",
        config=RunConfig(network=_REGULARISED, augmentation=ROTATION, schedule=STEP_SCHEDULE),
        published_findings="It is steady: 99.34 to 99.38 % from epoch 6 on, and 99.40 % in each of the last three. "
        "This is one run with one seed.",
    ),
    Step(
        number=6,
        name="Beyond",
        idea="A step of this lab's own, chosen on images held out of training. Every image is deslanted: its rows are "
        "shifted so that the digit stands upright, and the network need not learn how people slant. 3×3 convolutions "
        "of few maps take the place of one wide 5×5 convolution, and no layer has a bias: batch norm would remove it. "
        "Images are also moved and scaled, and their strokes made thinner or thicker. The learning rate rises and "
        "falls once, smaller batches give twice as many updates, and what is tested is a running average of the "
        "weights, which reads each image twice: as it is and moved by one pixel to the left.",
        config=_BEYOND,
    ),
    Step(
        number=7,
        name="Smallest",
        idea="How small may the network be? It has the layers of step 6, with fewer maps in each of them: the smallest "
        "of those tried that still read 99.40 % of the images held out of training. It is trained like step 6, but "
        "with the learning rate of 0.1 that all small networks were tried with.",
        config=replace(_BEYOND, network=SMALLEST, optimizer=Optimizer(learning_rate=0.1)),
    ),
)


def step(number: int) -> Step:
    """The preset with this number, 1 to 7.

    Raises:
        ValueError: there is none.
    """
    if not 1 <= number <= len(STEPS):
        raise ValueError(f"There is no step {number}: choose 1 to {len(STEPS)}.")
    return STEPS[number - 1]


RECIPE = ("network", "augmentation", "optimizer", "schedule", "batch_size", "label_smoothing", "weight_averaging")
"""The fields of a config that make it one of the steps. The others are the user's: how long it is trained, on how many
images, with which seed, what it is evaluated on, and where and how it is computed.
"""


def matching_step(config: RunConfig) -> Step | None:
    """The preset whose recipe `config` follows, whole or as its quick run; None if none."""
    mine = _recipe(config)
    return next((preset for preset, recipe in _recipes(is_quick(config)) if recipe == mine), None)


@lru_cache  # a list of runs asks for the step of each
def _recipes(of_quick_runs: bool) -> tuple[tuple[Step, dict[str, Any]], ...]:
    """The presets with their recipes, or with those of their quick runs."""
    return tuple((preset, _recipe(quick(preset.config) if of_quick_runs else preset.config)) for preset in STEPS)


def with_recipe(config: RunConfig, number: int) -> RunConfig:
    """`config` with the recipe of a step; everything that is the user's stays as it is."""
    return replace(config, **_recipe(step(number).config))


def _recipe(config: RunConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in RECIPE}
