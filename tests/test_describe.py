"""Configs in words, and where two of them differ."""

from dataclasses import replace

import pytest
from any_config import run_configs
from examples import flat, tiny_run
from hypothesis import given

from lab.config import RunConfig
from lab.curves import MEASURED_CURVE, TRAIN_CURVE
from lab.describe import (
    curve_notes,
    describe_augmentation,
    describe_config,
    describe_extent,
    describe_layer,
    describe_optimizer,
    describe_schedule,
    differences,
    summarize_step,
)
from lab.network_config import LayerSpec, conv, linear, max_pool
from lab.steps import step
from lab.training_config import Augmentation, Optimizer, Schedule


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (conv(96, 5, padding=2), "conv 5×5, 96 channels, padding 2"),
        (conv(10, 3, stride=2), "conv 3×3, 10 channels, stride 2"),
        (max_pool(), "max pool 2×2, stride 2"),
        (LayerSpec(kind="average_pool", kernel=3), "average pool 3×3"),
        (linear(), "linear, 10 channels"),
    ],
)
def test_a_layer_is_told_in_a_few_words(layer: LayerSpec, words: str) -> None:
    assert describe_layer(layer) == words


def test_an_augmentation_names_only_what_it_changes() -> None:
    assert describe_augmentation(Augmentation()) == "none"
    assert describe_augmentation(Augmentation(rotation=7, shift=2.5)) == "rotation ±7°, shift ±2.5 px"
    everything = Augmentation(rotation=10, shift=2, scale=0.1, shear=5, pen=0.5)
    assert (
        describe_augmentation(everything)
        == "rotation ±10°, shift ±2 px, scale ±10 %, shear ±5°, stroke thickness ±0.5 px"
    )


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(), "none"),
        (Schedule(kind="step", step_size=5, gamma=0.1), "× 0.1 every 5 epochs"),
        (Schedule(kind="step", step_size=1, gamma=0.9), "× 0.9 every epoch"),
        (Schedule(kind="cosine"), "falling along a cosine"),
        (Schedule(kind="one_cycle", warmup=0.3), "one cycle, rising for 30 % of the run"),
    ],
)
def test_a_schedule_is_told_by_its_name(schedule: Schedule, words: str) -> None:
    assert describe_schedule(schedule) == words


def test_an_optimizer_names_what_it_uses() -> None:
    assert describe_optimizer(Optimizer()) == "SGD, learning rate 0.01, momentum 0.9"
    assert describe_optimizer(Optimizer(weight_decay=5e-4)).endswith("momentum 0.9, weight decay 0.0005")
    assert describe_optimizer(Optimizer(kind="adamw", learning_rate=1e-3)) == "AdamW, learning rate 0.001"


def test_one_image_is_one_image() -> None:
    assert describe_extent(replace(step(2).config, training_images=1)) == "15 epochs on 1 image, seed 1"
    assert describe_extent(step(2).config) == "15 epochs on 60,000 images, seed 1"


def test_a_whole_config_is_told_in_words() -> None:
    five = dict(describe_config(step(5).config))
    assert five["Layers"].startswith("conv 5×5, 96 channels, padding 2; conv 1×1, 16 channels; ")
    assert (five["Dropout"], five["Augmentation"], five["Scheduler"]) == (
        "0.05",
        "rotation ±7°",
        "× 0.1 every 5 epochs",
    )
    assert (five["Seed"], five["Measured on training images"]) == ("1", "yes")
    assert dict(describe_config(tiny_run(measure_training=False)))["Measured on training images"] == "no"


def test_biases_label_smoothing_and_weight_averaging_are_told_in_words() -> None:
    plain = dict(describe_config(step(5).config))
    assert [plain[name] for name in ("Biases", "Label smoothing", "Weight averaging")] == [
        "in every layer",
        "none",
        "none",
    ]
    network = replace(step(5).config.network, bias="needed", second_reading=True, deslant=True)
    refined = dict(
        describe_config(replace(step(5).config, network=network, label_smoothing=0.1, weight_averaging=0.99))
    )
    assert refined["Biases"] == "only where no batch norm follows"
    for name in ("Second reading", "Deslanted"):
        assert (plain[name], refined[name]) == ("no", "yes")
    assert (refined["Label smoothing"], refined["Weight averaging"]) == ("0.1", "0.99")


def test_what_curves_show_otherwise_than_one_would_think_is_said() -> None:
    unmeasured = tiny_run(measure_training=False)
    assert curve_notes(unmeasured) == []
    [two_curves] = curve_notes(tiny_run(evaluate_on="validation"))
    assert f"**{TRAIN_CURVE}** is measured during training" in two_curves
    assert f"**{MEASURED_CURVE}** is measured after each epoch on 48 training images" in two_curves
    assert "**validation** is measured in the same way" in two_curves
    [smoothed] = curve_notes(replace(unmeasured, label_smoothing=0.1))
    assert "smoothed labels" in smoothed and "test images uses the plain labels" in smoothed
    [averaged] = curve_notes(replace(unmeasured, weight_averaging=0.9, evaluate_on="validation"))
    assert "**validation** is measured with the averaged weights" in averaged
    [twice] = curve_notes(replace(unmeasured, network=replace(unmeasured.network, second_reading=True)))
    assert twice == "For **test** each image is read twice, for **train** once."


@pytest.mark.parametrize(
    ("dropout", "rotation", "on", "off"),
    [
        (0.05, 7.0, "dropout and augmentation are on, and ", ", without dropout and augmentation"),
        (0.05, 0.0, "dropout is on, and ", ", without dropout"),
        (0.0, 7.0, "augmentation is on, and ", ", without augmentation"),
        (0.0, 0.0, "", ""),
    ],
)
def test_of_dropout_and_augmentation_only_what_a_run_has_is_spoken(
    dropout: float, rotation: float, on: str, off: str
) -> None:
    network = replace(tiny_run().network, dropout=dropout)
    [note] = curve_notes(tiny_run(network=network, augmentation=Augmentation(rotation=rotation)))
    assert f"during training: {on}every batch changes the network." in note
    assert f"on 48 training images{off}." in note


def test_two_configs_differ_exactly_where_they_differ() -> None:
    left = tiny_run()
    assert differences(left, left) == []
    right = replace(left, seed=2, schedule=Schedule(kind="step"))
    assert differences(left, right) == [("schedule.kind", "none", "drops"), ("seed", "1", "2")]


def test_7_and_7_0_degrees_are_no_difference() -> None:
    left, right = (tiny_run(augmentation=Augmentation(rotation=angle)) for angle in (7, 7.0))
    assert left == right
    assert differences(left, right) == []


def test_steps_4_and_5_differ_only_in_their_schedule() -> None:
    assert differences(step(4).config, step(5).config) == [("schedule.kind", "none", "drops")]


def test_a_changed_layer_is_a_difference_of_the_layers() -> None:
    left = tiny_run()
    layers = (replace(left.network.layers[0], channels=7), *left.network.layers[1:])
    right = replace(left, network=replace(left.network, layers=layers))
    assert differences(left, right) == [
        (
            "network.layers",
            "conv 5×5, 6 channels, stride 2; max pool 2×2, stride 2; conv 3×3, 10 channels",
            "conv 5×5, 7 channels, stride 2; max pool 2×2, stride 2; conv 3×3, 10 channels",
        )
    ]


@given(run_configs, run_configs)
def test_every_changed_field_is_among_the_differences(left: RunConfig, right: RunConfig) -> None:
    def plain(config: RunConfig) -> dict[str, object]:
        return {name: value for name, value in flat(config) if not name.startswith("network.layers")}

    expected = {name for name, value in plain(left).items() if value != plain(right)[name]}
    if left.network.layers != right.network.layers:
        expected.add("network.layers")
    assert {name for name, _, _ in differences(left, right)} == expected


# --- presets -----------------------------------------------------------------------------------------------------


def test_a_steps_summary_has_its_published_result_beside_its_settings() -> None:
    found = summarize_step(step(5))
    assert (found.parameters, found.augmentation, found.scheduler) == (
        9_426,
        "rotation ±7°",
        "× 0.1 every 5 epochs",
    )
    assert (found.published_final, found.published_best) == (99.40, 99.40)


def test_what_a_step_does_not_have_or_nobody_published_is_none() -> None:
    plain, beyond = summarize_step(step(1)), summarize_step(step(6))
    assert (plain.augmentation, plain.scheduler) == (None, None)
    assert (beyond.published_final, beyond.published_best) == (None, None)
