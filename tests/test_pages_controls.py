"""The Train page's controls: each shows and changes its field of the draft, and Start submits exactly that."""

import re
from dataclasses import fields, replace
from typing import Any
from unittest.mock import patch

import pytest
import streamlit as st
from app_pages import (
    add_run,
    as_read,
    button,
    chart,
    component_data,
    draft,
    epoch,
    errors,
    go_to,
    html,
    is_well,
    labelled,
    open_app,
    the_run,
    with_draft,
    words,
)
from streamlit.testing.v1 import AppTest
from train_controls import EVERYTHING_ELSE, controls, expected

from lab.config import RunConfig
from lab.events import Finished
from lab.network_config import LayerSpec, NetworkConfig, conv
from lab.quick import quick
from lab.steps import DROPOUT, RECIPE, ROTATION, STEP_SCHEDULE, STEPS, step
from lab.store import Store
from lab.training_config import Augmentation, Optimizer, Schedule
from lab.ui import controls as controls_module

# --- Train: the controls -----------------------------------------------------------------------------------------


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


def test_what_a_drawing_that_was_cut_short_told_the_browser_is_told_again() -> None:
    """A click cuts it short, and what it had not sent is thrown away: the browser would send back empty fields."""

    def is_told(app: AppTest) -> set[bool]:
        widgets = [*app.toggle, *app.slider, *app.selectbox, *app.text_input]
        return {widget.proto.set_value for widget in widgets if widget.key.startswith(("field-", "switch-"))}

    app = with_draft(EVERYTHING_ELSE)
    with patch.object(controls_module, "show_augmented_digits", st.stop):  # late on the page
        labelled(app.selectbox, "Step").select(1).run()
    assert app.run().toggle(key="field-network.batch_norm").proto.set_value
    assert is_told(app.run()) == {False} and controls(app) == expected(draft(app))


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


@pytest.mark.parametrize("page", ["start", "train"])
def test_why_nothing_can_start_takes_the_place_of_what_would(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands below, the field that one types into among it, then stays where it is."""
    app = open_app(page)
    assert "**Quick:**" in words(app)
    for module in ("starting", "readiness"):  # the second: for the page, which is read anew
        monkeypatch.setattr(f"lab.ui.{module}.start_problems", lambda _: ("It cannot.",))
    app.run()
    assert errors(app) == ["It cannot."] and "**Quick:**" not in words(app)


def test_a_start_pressed_together_with_a_number_trains_that_number(store: Store) -> None:
    app = with_draft(step(5).config)
    labelled(app.text_input, "Epochs").set_value("5")
    button(app, "Start training").click().run()
    assert the_run(store).config == replace(step(5).config, epochs=5)


def test_a_start_pressed_together_with_a_number_that_cannot_be_starts_nothing(store: Store) -> None:
    app = with_draft(step(5).config)
    labelled(app.text_input, "Epochs").set_value("five")
    button(app, "Start training").click().run()
    assert store.runs() == []
    assert "Epochs is 'five'" in errors(app)[0]


@pytest.mark.parametrize(
    ("rotation", "shown"), [(7.0, "%.0f"), (0.3, "%.1f"), (12.25, "%.2f")], ids=["a mark", "between", "finer"]
)
def test_a_slider_shows_all_digits_of_its_value(rotation: float, shown: str) -> None:
    app = with_draft(replace(step(5).config, augmentation=Augmentation(rotation=rotation)))
    assert labelled(app.slider, "Rotation ±°").proto.format == shown


def test_a_step_is_trained_as_the_user_set_it_but_for_how_long(store: Store) -> None:
    users: dict[str, Any] = {"evaluate_on": "validation", "seed": 7, "device": "cpu"}
    app = with_draft(replace(step(1).config, epochs=2, training_images=600, **users), page="steps")
    labelled(app.get("button_group"), "Step").set_value(4).run()
    assert "Full: 15 epochs on 50,000 images, seed 7, evaluated on validation images" in words(app).replace("**", "")
    button(app, "Full").click().run()
    assert the_run(store).config == replace(step(4).config, **users) == draft(app)


def test_quick_trains_the_draft_on_few_images_and_leaves_it_as_it_is(store: Store) -> None:
    mine = replace(step(5).config, seed=7)
    app = with_draft(mine)
    assert "Quick: 5 epochs on 6,000 images, seed 7" in words(app).replace("**", "")
    button(app, "Quick").click().run()
    assert the_run(store).config == quick(mine)
    assert draft(app) == mine


def captions(app: AppTest) -> str:
    return "\n".join(as_read(caption.value).replace("**", "") for caption in app.caption)


def test_how_long_a_run_will_take_is_said_before_anything_was_trained_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.time_ahead.may_have_gpu", lambda: False)
    assert re.search(
        r"Quick: 5 epochs on 6,000 images, seed 1, about \d+ (s|min) on this machine\.", captions(open_app("train"))
    )
    monkeypatch.setattr("lab.time_ahead.may_have_gpu", lambda: True)
    assert "about" not in captions(open_app("train"))


def test_a_run_that_was_trained_here_says_how_long_another_one_will_take(store: Store) -> None:
    """5 epochs as long as the first two: 2 s each."""
    for seed, what in ((2, "5 epochs on 6,000 images, seed 1"), (1, "repeats run 2 with the same curve")):
        add_run(store, epoch(1), epoch(2), config=replace(quick(step(3).config), seed=seed))
        assert f"Quick: {what}, about 10 s on this machine." in captions(open_app("train"))


def test_the_pages_say_what_choosing_a_step_keeps() -> None:
    app = open_app("train")
    assert "epochs, training images" in labelled(app.selectbox, "Step").help
    assert "Your epochs and training images are not used here" in button(go_to(app, "steps"), "Full").help


def test_a_run_that_does_not_fit_into_memory_is_told_beside_start_before_it_begins(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.memory.available_bytes", lambda: 1_000_000)
    app = open_app("train")
    (sentence,) = errors(app)
    assert "GB of memory" in sentence
    assert button(app, "Start training").disabled
    assert button(app, "Quick").disabled
    assert all(button(go_to(app, "steps"), label).disabled for label in ("Quick", "Full"))


def test_batch_norm_that_would_see_a_single_value_is_told_beside_start() -> None:
    layers = (conv(4, 28), conv(10, 1))
    network = NetworkConfig(layers=layers, batch_norm=True)
    app = with_draft(replace(step(3).config, network=network, training_images=65))
    assert "batch norm on a 1×1 map" in errors(app)[0]
    assert button(app, "Start training").disabled
    labelled(app.text_input, "Training images").set_value("66").run()
    assert is_well(app)


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


# --- Train: start ------------------------------------------------------------------------------------------------


def test_start_submits_exactly_the_draft_and_watches_it(store: Store) -> None:
    config = replace(EVERYTHING_ELSE, device="auto", schedule=Schedule(kind="cosine"))
    app = with_draft(config)
    labelled(app.text_input, "Epochs").set_value("3").run()
    button(app, "Start training").click().run()
    assert is_well(app)
    run = the_run(store)
    assert run.config == replace(config, epochs=3) == draft(app)
    assert run.status == "queued"
    assert app.query_params["run"] == str(run.id)
    assert "queued" in words(app)


def test_a_second_start_is_a_second_run_and_is_watched(store: Store) -> None:
    app = open_app("train")
    button(app, "Start training").click().run()
    first = app.query_params["run"]
    button(app, "Use seed 2 for another curve").click().run()
    button(app, "Start training").click().run()
    assert [str(run.id) for run in store.runs()] == [app.query_params["run"], first]
    assert app.query_params["run"] != first
    assert component_data(app, "channel")["run"] == int(app.query_params["run"])


def test_an_impossible_network_disables_start_with_a_sentence(store: Store) -> None:
    layers = (LayerSpec(kind="conv", kernel=28, channels=4), LayerSpec(kind="conv", kernel=3, channels=10))
    app = with_draft(replace(step(3).config, network=NetworkConfig(layers=layers)))
    assert not app.exception
    (sentence,) = errors(app)
    assert "Layer 2: its 3×3 kernel is larger than the 1×1 map it gets" in sentence
    assert button(app, "Start training").disabled
    assert store.runs() == []
    labelled(app.selectbox, "Step").select(3).run()
    assert is_well(app)
    assert not button(app, "Start training").disabled


def test_what_the_layers_page_could_not_build_disables_start_until_something_else_is_chosen() -> None:
    app = open_app("train")
    app.session_state["draft"] = app.session_state["draft"].with_rows([{"kind": "conv", "channels": 10}])
    app.run()
    (sentence,) = errors(app)
    assert sentence.startswith("Layer 1: the kernel is empty")
    assert button(app, "Start training").disabled
    assert labelled(app.selectbox, "Step").value is None
    labelled(app.selectbox, "Step").select(3).run()
    assert is_well(app)
    assert not button(app, "Start training").disabled


def test_the_draft_outlives_leaving_the_page() -> None:
    app = open_app("train")
    labelled(app.text_input, "Seed").set_value("42").run()
    go_to(app, "runs")
    go_to(app, "train")
    assert labelled(app.text_input, "Seed").value == "42"
    assert draft(app).seed == 42


def valued(app: AppTest) -> list[Any]:
    return [*app.toggle, *app.slider, *app.text_input, *app.selectbox, *app.get("button_group")]


def labels(app: AppTest) -> list[str]:
    return [widget.label for widget in valued(app)]


def told(app: AppTest) -> list[str]:
    """The labels of the widgets whose value the browser is told, whatever it shows."""
    return [widget.label for widget in valued(app) if widget.proto.set_value]


@pytest.mark.parametrize("page", ["start", "steps", "train", "layers", "draw", "inside", "mistakes", "runs"])
def test_no_page_tells_a_widget_its_value_when_it_is_opened(page: str, store: Store) -> None:
    runs = [add_run(store, epoch(1, 9000), epoch(2, 9100), Finished()) for _ in range(2)]
    chosen = {"compare": ",".join(map(str, runs))} if page == "runs" else {}
    assert not told(open_app(page, **chosen))


def test_only_a_widget_that_has_another_value_is_told_its_value(store: Store) -> None:
    """What is told may arrive just after a click or a text that its drawing knew nothing of, and take it back.

    A drawing that is not drawn to its end is followed by one that may not know what the browser has of it.
    """
    with patch.object(controls_module, "show_augmented_digits", st.stop):  # late on the page
        app = open_app("train")
        assert {"Step", "Batch norm", "Dropout", "Learning rate", "Rotation ±°"} <= set(labels(app)) and not told(app)
    assert not told(app.run())
    labelled(app.text_input, "Learning rate").set_value("0.001").run()
    assert told(app) == ["Step"]  # it is none any more
    assert not labelled(app.selectbox, "Step").proto.HasField("default")  # which an empty box would be taken for
    assert not told(app.run())
    labelled(app.selectbox, "Step").set_value(5).run()
    assert {"Augmentation", "Scheduler", "Rotation ±°"} <= set(told(app))
