"""A quick run: what it trains, that it belongs to its step, and that it is marked as what it is."""

from dataclasses import replace

import pytest
from summaries import summary

from lab.describe import describe_extent
from lab.naming import describe_run
from lab.quick import QUICK_BATCH, QUICK_EPOCHS, QUICK_IMAGES, as_it_is, full, is_quick, quick
from lab.steps import STEPS, Step, matching_step, step, with_recipe

EACH_STEP = pytest.mark.parametrize("preset", STEPS, ids=lambda preset: preset.name)


@EACH_STEP
def test_a_quick_run_of_a_step_is_a_run_of_that_step(preset: Step) -> None:
    assert matching_step(quick(preset.config)) is preset
    assert is_quick(quick(preset.config)) and not is_quick(preset.config)


@EACH_STEP
def test_a_quick_run_is_long_enough_for_step_1_to_learn(preset: Step) -> None:
    """Its weights have been changed 469 times when it reads 80 % of a window's images right (seed 1)."""
    assert quick(preset.config).iterations_per_epoch == 6_000 / 16 == 375
    assert 375 * QUICK_EPOCHS > 3 * 469


@EACH_STEP
def test_a_quick_run_measures_no_training_images(preset: Step) -> None:
    assert preset.config.measure_training and not quick(preset.config).measure_training


def test_only_what_makes_it_quick_is_changed() -> None:
    mine = replace(step(4).config, seed=7, device="cpu", evaluate_on="validation", epochs=3, training_images=10)
    other = replace(quick(mine), training_images=10, epochs=3, batch_size=mine.batch_size, measure_training=True)
    assert other == mine
    assert full(mine) == replace(mine, epochs=15, training_images=60_000)
    assert full(quick(step(6).config)).batch_size == QUICK_BATCH  # a recipe's batch is its own: see `with_recipe`
    assert as_it_is(mine) is mine


@EACH_STEP
def test_the_full_run_of_a_steps_quick_one_is_the_step_with_all_that_it_measures(preset: Step) -> None:
    opened = with_recipe(quick(preset.config), preset.number)
    assert full(opened) == preset.config
    unmeasured = replace(preset.config, measure_training=False)
    assert full(unmeasured) == unmeasured


def test_the_same_few_images_in_other_batches_are_no_quick_run_of_a_step() -> None:
    few = replace(step(3).config, training_images=QUICK_IMAGES)
    assert not is_quick(few) and matching_step(few) is step(3)
    assert matching_step(replace(quick(step(3).config), epochs=6)) is None


def test_a_quick_run_is_named_as_one_and_never_stands_beside_the_published_run() -> None:
    config = quick(step(3).config)
    assert describe_run(config) == "Step 3, batch norm and dropout, quick, seed 1"
    assert describe_extent(config) == "5 epochs on 6,000 images, seed 1"
    run = summary(base=config, epochs=5)
    assert run.step == 3 and not run.as_published
