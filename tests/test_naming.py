"""A run is named by its step and by what differs from it, in the words of the page."""

from dataclasses import replace

import pytest
from any_config import run_configs
from examples import tiny_run
from hypothesis import given

from lab.config import RunConfig
from lab.naming import describe_run
from lab.quick import quick
from lab.steps import BEYOND, step
from lab.training_config import Augmentation, Optimizer, Schedule

THREE = step(3).config


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (replace(THREE, seed=2), "Step 3, batch norm and dropout, seed 2"),
        (replace(THREE, epochs=1), "Step 3, batch norm and dropout, 1 epoch, seed 1"),
        (replace(step(6).config, evaluate_on="validation"), "Step 6, beyond, validation, seed 1"),
        (replace(step(2).config, training_images=2_000), "Step 2, under 10,000 parameters, 2,000 images, seed 1"),
        (replace(step(2).config, training_images=1), "Step 2, under 10,000 parameters, 1 image, seed 1"),
        (
            replace(step(4).config, precision="bfloat16", engine="pytorch"),
            "Step 4, augmentation, bfloat16, PyTorch only, seed 1",
        ),
        (quick(THREE), "Step 3, batch norm and dropout, quick, seed 1"),
        (quick(replace(THREE, optimizer=Optimizer(learning_rate=10))), "Step 3, learning rate 10, quick, seed 1"),
        (tiny_run(seed=7), "Own network, 3 epochs, 48 images, seed 7"),
        (replace(THREE, optimizer=Optimizer(learning_rate=10)), "Step 3, learning rate 10, seed 1"),
        (replace(THREE, network=replace(THREE.network, dropout=0.2)), "Step 3, dropout 0.2, seed 1"),
        (replace(step(4).config, augmentation=Augmentation(rotation=15)), "Step 4, rotation ±15°, seed 1"),
        (replace(THREE, network=replace(THREE.network, deslant=True)), "Step 3, deslanted, seed 1"),
        (replace(THREE, network=replace(THREE.network, second_reading=True)), "Step 3, second reading, seed 1"),
        (replace(step(6).config, network=replace(BEYOND, second_reading=False)), "Step 6, no second reading, seed 1"),
        (replace(THREE, schedule=Schedule(kind="cosine")), "Step 3, learning rate falling along a cosine, seed 1"),
        (replace(THREE, batch_size=32, optimizer=Optimizer(momentum=0)), "Step 3, momentum 0, batch size 32, seed 1"),
    ],
)  # fmt: skip
def test_a_run_is_named_by_its_step_and_what_differs(config: RunConfig, name: str) -> None:
    assert describe_run(config) == name


def test_the_nearest_step_is_the_one_with_the_fewest_differences() -> None:
    without = replace(step(5).config, augmentation=Augmentation())
    assert describe_run(without) == "Step 5, no augmentation, seed 1"


def test_what_differs_in_much_is_ones_own() -> None:
    other = replace(
        THREE,
        optimizer=Optimizer(kind="adamw", learning_rate=0.003, weight_decay=0.1),
        schedule=Schedule(kind="one_cycle"),
        batch_size=128,
    )
    assert describe_run(other) == "Own settings, seed 1"


@given(run_configs)
def test_every_config_has_a_name_that_ends_in_its_seed(config: RunConfig) -> None:
    assert describe_run(config).endswith(f", seed {config.seed}")
