"""The Train page's controls: each shows and changes its field of the draft."""

from dataclasses import fields, replace
from typing import Any

import pytest
from app_pages import button, chart, draft, errors, go_to, html, is_well, labelled, the_run, with_draft
from train_controls import EVERYTHING_ELSE, controls, expected

from lab.config import RunConfig
from lab.network_config import NetworkConfig
from lab.steps import DROPOUT, RECIPE, ROTATION, STEP_SCHEDULE, STEPS, step
from lab.store import Store
from lab.training_config import Augmentation, Optimizer, Schedule


@pytest.mark.parametrize(
    "config",
    [
        EVERYTHING_ELSE,
        replace(
            EVERYTHING_ELSE,
            optimizer=Optimizer(kind="adamw", learning_rate=1e-6, weight_decay=0),
            schedule=Schedule(kind="step", step_size=200, gamma=1),
            seed=0,
        ),
        replace(EVERYTHING_ELSE, augmentation=Augmentation(rotation=0.3, pen=0.01), batch_size=1, epochs=1),
    ],
    ids=["upper ends", "AdamW and StepLR", "between the marks"],
)
def test_the_controls_show_any_config_as_it_is(config: RunConfig) -> None:
    app = with_draft(config)
    assert is_well(app)
    assert controls(app) == expected(config)
    assert draft(app) == config


def test_a_config_for_a_device_that_is_not_here_can_be_opened_and_changed() -> None:
    app = with_draft(replace(step(3).config, device="mps"))
    assert is_well(app)
    assert labelled(app.selectbox, "Device").value == "mps"
    labelled(app.selectbox, "Device").select("cpu").run()
    assert draft(app) == replace(step(3).config, device="cpu")


@pytest.mark.parametrize("preset", STEPS, ids=lambda preset: preset.name)
def test_choosing_a_preset_moves_every_control(preset: Any) -> None:
    app = with_draft(EVERYTHING_ELSE)
    labelled(app.selectbox, "Step").select(preset.number).run()
    assert is_well(app)
    kept = {item.name for item in fields(RunConfig)} - set(RECIPE)  # the user's
    users = {name: getattr(EVERYTHING_ELSE, name) for name in kept}
    assert draft(app) == replace(preset.config, **users)
    assert controls(app) == expected(draft(app))
    assert labelled(app.selectbox, "Step").value == preset.number


@pytest.mark.parametrize(
    ("label", "number", "part", "on", "off"),
    [
        ("Batch norm", 3, "network.batch_norm", True, False),
        ("Dropout", 3, "network.dropout", DROPOUT, 0.0),
        ("Augmentation", 4, "augmentation", ROTATION, Augmentation()),
        ("Scheduler", 5, "schedule.kind", STEP_SCHEDULE.kind, "none"),
    ],
)
def test_each_toggle_takes_one_thing_away_and_gives_it_back(
    label: str, number: int, part: str, on: Any, off: Any
) -> None:
    app = with_draft(step(number).config)
    assert labelled(app.toggle, label).value is True
    labelled(app.toggle, label).set_value(False).run()
    assert draft(app) == with_value(step(number).config, part, off)
    assert labelled(app.selectbox, "Step").value != number
    labelled(app.toggle, label).set_value(True).run()
    assert draft(app) == with_value(step(number).config, part, on) == step(number).config
    assert labelled(app.selectbox, "Step").value == number


def with_value(config: RunConfig, name: str, value: Any) -> RunConfig:
    """`config` with one field changed: "epochs", or "optimizer.momentum"."""
    part, _, inner = name.partition(".")
    return replace(config, **{part: replace(getattr(config, part), **{inner: value}) if inner else value})


@pytest.mark.parametrize(
    ("kind", "label", "name", "value"),
    [
        ("slider", "Rotation ±°", "augmentation.rotation", 20.0),
        ("slider", "Scale ±", "augmentation.scale", 0.1),
        ("slider", "Stroke thickness ±", "augmentation.pen", 0.5),
        ("slider", "Shift ± pixels", "augmentation.shift", 2.5),
        ("slider", "Shear ±°", "augmentation.shear", 10.0),
        ("selectbox", "Interpolation", "augmentation.interpolation", "bilinear"),
        ("slider", "Dropout rate", "network.dropout", 0.25),
        ("selectbox", "Scheduler", "schedule.kind", "cosine"),
        ("text_input", "Epochs between drops", "schedule.step_size", 3),
        ("text_input", "Drop factor", "schedule.gamma", 0.5),
        ("text_input", "Learning rate", "optimizer.learning_rate", 0.05),
        ("selectbox", "Optimiser", "optimizer.kind", "adamw"),
        ("text_input", "Momentum", "optimizer.momentum", 0.5),
        ("text_input", "Weight decay", "optimizer.weight_decay", 0.001),
        ("selectbox", "Biases", "network.bias", "needed"),
        ("toggle", "Second reading", "network.second_reading", True),
        ("toggle", "Deslant", "network.deslant", True),
        ("slider", "Label smoothing", "label_smoothing", 0.1),
        ("text_input", "Weight averaging", "weight_averaging", 0.99),
        ("text_input", "Epochs", "epochs", 2),
        ("text_input", "Batch size", "batch_size", 128),
        ("text_input", "Seed", "seed", 7),
        ("selectbox", "Device", "device", "cpu"),
        ("text_input", "Training images", "training_images", 2000),
        ("selectbox", "Precision", "precision", "bfloat16"),
        ("selectbox", "Computation", "engine", "pytorch"),
        ("selectbox", "Evaluate on", "evaluate_on", "validation"),
        ("toggle", "Measure on training images", "measure_training", False),
    ],
)
def test_each_control_changes_its_field_and_nothing_else(kind: str, label: str, name: str, value: Any) -> None:
    app = with_draft(step(5).config)  # its scheduler is StepLR
    labelled(getattr(app, kind), label).set_value(f"{value}" if kind == "text_input" else value).run()
    assert is_well(app)
    assert draft(app) == with_value(step(5).config, name, value) != step(5).config
    assert controls(app) == expected(draft(app))


@pytest.mark.parametrize(
    ("label", "name", "typed", "used"),
    [
        ("Learning rate", "optimizer.learning_rate", "0.00005", 0.00005),
        ("Learning rate", "optimizer.learning_rate", "1e-6", 0.000001),
        ("Weight decay", "optimizer.weight_decay", "0.00001", 0.00001),
        ("Momentum", "optimizer.momentum", "0.995", 0.995),
        ("Drop factor", "schedule.gamma", "0.0001", 0.0001),
        ("Epochs", "epochs", "7.0", 7),
    ],
)
def test_the_number_that_is_shown_is_the_number_that_trains(
    store: Store, label: str, name: str, typed: str, used: float
) -> None:
    app = with_draft(step(5).config)
    labelled(app.text_input, label).set_value(typed).run()
    assert float(labelled(app.text_input, label).value) == used
    assert "e" not in labelled(app.text_input, label).value
    button(app, "Start training").click().run()
    assert the_run(store).config == with_value(step(5).config, name, used)


@pytest.mark.parametrize("label", ["Learning rate", "Epochs", "Batch size", "Seed", "Training images", "Weight decay"])
@pytest.mark.parametrize("typed", ["0,02", "abc", "-1", "", "1e99", "9" * 5000])
def test_what_is_no_such_number_stays_as_typed_and_start_waits_with_a_sentence(
    store: Store, label: str, typed: str
) -> None:
    app = with_draft(step(5).config)
    labelled(app.text_input, label).set_value(typed).run()
    assert not app.exception
    (sentence,) = errors(app)
    assert sentence.startswith(f"{label} is ")
    assert labelled(app.text_input, label).value == typed
    assert button(app, "Start training").disabled
    assert draft(app) == step(5).config
    go_to(go_to(app, "runs"), "train")
    assert labelled(app.text_input, label).value == typed
    labelled(app.text_input, label).set_value("1").run()
    assert is_well(app)
    assert not button(app, "Start training").disabled


@pytest.mark.parametrize(
    ("rotation", "shown"), [(7.0, "%.0f"), (0.3, "%.1f"), (12.25, "%.2f")], ids=["a mark", "between", "finer"]
)
def test_a_slider_shows_all_digits_of_its_value(rotation: float, shown: str) -> None:
    app = with_draft(replace(step(5).config, augmentation=Augmentation(rotation=rotation)))
    assert labelled(app.slider, "Rotation ±°").proto.format == shown


def test_the_rise_of_one_cycle_has_a_control_of_its_own() -> None:
    app = with_draft(with_value(step(5).config, "schedule.kind", "one_cycle"))
    labelled(app.slider, "Share of the run spent rising").set_value(0.1).run()
    assert draft(app).schedule.warmup == 0.1


def test_every_field_of_a_config_has_a_control_but_the_layers_which_have_a_page() -> None:
    bound: set[str] = set()
    for kind in ("step", "one_cycle"):
        keys = controls(with_draft(with_value(step(5).config, "schedule.kind", kind)))
        bound |= {key.removeprefix("field-") for key in keys}
    nested = {"network": NetworkConfig, "augmentation": Augmentation, "optimizer": Optimizer, "schedule": Schedule}
    names = {item.name for item in fields(RunConfig)} - set(nested)
    names |= {f"{part}.{item.name}" for part, kind in nested.items() for item in fields(kind)}
    assert names - bound == {"network.layers"}


def test_the_planned_learning_rate_is_drawn_as_the_controls_say() -> None:
    app = with_draft(with_value(step(5).config, "optimizer.learning_rate", 0.02))
    assert chart(app, "planned-rate")["planned"]["y"][0] == pytest.approx(0.02)
    assert min(chart(app, "planned-rate")["planned"]["y"]) == pytest.approx(0.02 * 0.1**2)  # drops in epochs 5 and 10
    labelled(app.selectbox, "Scheduler").select("none").run()
    assert set(chart(app, "planned-rate")["planned"]["y"]) == {0.02}


def test_the_augmented_digits_follow_the_controls() -> None:
    app = with_draft(step(3).config)
    plain = chart(app, "digits")[""]["z"]
    labelled(app.toggle, "Augmentation").set_value(True).run()
    assert chart(app, "digits")[""]["z"] != plain
    labelled(app.toggle, "Augmentation").set_value(False).run()
    assert chart(app, "digits")[""]["z"] == plain


def test_the_parameter_gauge_follows_the_controls() -> None:
    app = with_draft(step(3).config)
    assert "<b>9,426</b>" in html(app)
    assert "under the budget of 10,000" in html(app)
    labelled(app.toggle, "Batch norm").set_value(False).run()
    assert "<b>9,122</b>" in html(app)
    labelled(app.toggle, "Batch norm").set_value(True).run()
    labelled(app.selectbox, "Biases").select("needed").run()
    assert f"<b>{9_426 - 152:,}</b>" in html(app)
    labelled(app.selectbox, "Step").select(1).run()
    assert "<b>185,930</b>" in html(app)
    assert "18.6 times the budget of 10,000" in html(app)
