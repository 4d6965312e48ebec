"""The Steps, Train and Runs pages, as their script runs: nothing is trained here, runs are written into the store."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from examples import tiny_run
from streamlit.testing.v1 import AppTest

from lab.config import Augmentation, ConfigError, LayerSpec, NetworkConfig, Optimizer, RunConfig, Schedule
from lab.events import Epoch, Event, Failed, Finished, Paused, Started, Stopped, Window
from lab.mnist import load_mnist
from lab.schema import Run
from lab.steps import DROPOUT, ROTATION, STEP_SCHEDULE, STEPS, step
from lab.store import Store, StoreError, worker_name
from lab.ui import state

APP = Path(__file__).parent.parent / "app.py"
ME = f"{worker_name()}:test"
STATUSES = ("queued", "running", "paused", "interrupted", "stopped", "failed", "finished")
PAGES = ("steps", "train", "runs")


@pytest.fixture(autouse=True)
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "start_workers", lambda store: None)


# --- the app as a user meets it ----------------------------------------------------------------------------------


def open_app(page: str, **query: str) -> AppTest:
    """A new session that has opened `page` ("steps", "train" or "runs")."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update(query)
    app.run()
    return app if page == "steps" else go_to(app, page)


def go_to(app: AppTest, page: str) -> AppTest:
    app.switch_page(f"pages/{page}.py").run()
    return app


def is_well(app: AppTest) -> bool:
    """Whether the page was drawn to its end without an error, and says nothing is wrong."""
    return not app.exception and not app.error


def labelled(widgets: Any, label: str) -> Any:
    """The one widget with this label."""
    found = [widget for widget in widgets if widget.label == label]
    assert len(found) == 1, f"{len(found)} widgets are called {label!r}: {[widget.label for widget in widgets]}"
    return found[0]


def button(app: AppTest, label: str) -> Any:
    return labelled(app.button, label)


def labels(widgets: Any) -> list[str]:
    return [widget.label for widget in widgets]


def draft(app: AppTest) -> RunConfig:
    config: RunConfig = app.session_state["draft"]
    return config


def with_draft(config: RunConfig, page: str = "train") -> AppTest:
    """A session whose draft is `config`."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.session_state["draft"] = config
    app.run()
    return app if page == "steps" else go_to(app, page)


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def words(app: AppTest) -> str:
    """All that is written on the page."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join([*(element.value for kind in kinds for element in kind), html(app)])


def figure(app: AppTest, key: str) -> dict[str, Any]:
    """What a chart was given to draw."""
    (drawn,) = [json.loads(element.proto.json)["figure"] for element in app.get("bidi_component") if element.key == key]
    found: dict[str, Any] = json.loads(drawn)
    return found


def chart(app: AppTest, key: str) -> dict[str, Any]:
    """A chart's traces by name, in the order drawn."""
    return {trace.get("name", ""): trace for trace in figure(app, key)["data"]}


def axis(app: AppTest, key: str) -> list[float]:
    """The range of a chart's vertical axis."""
    limits: list[float] = figure(app, key)["layout"]["yaxis"]["range"]
    return limits


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


# --- runs without training ---------------------------------------------------------------------------------------


def started(config: RunConfig) -> Started:
    steps = config.steps_per_epoch
    return Started(
        device="cpu",
        device_name="a CPU",
        path="plain",
        parameters=1,
        first_epoch=1,
        epochs=config.epochs,
        steps_per_epoch=steps,
        batch_size=config.batch_size,
    )


def window(number: int, of: int = 3) -> Window:
    return Window(
        epoch=(number - 1) // of + 1,
        step=number,
        loss=1 / number,
        accuracy=90 + number,
        learning_rate=0.05,
        images_per_second=480.0,
    )


def epoch(number: int, correct: int = 9900, train: float = 99.0, seconds: float = 2.0) -> Epoch:
    return Epoch(
        epoch=number,
        train_loss=0.05,
        train_accuracy=train,
        test_loss=0.04,
        test_accuracy=correct / 100,
        test_correct=correct,
        learning_rate=0.05,
        seconds=seconds,
        predictions=b"",
        weights=b"",
        optimizer_state=b"",
    )


@pytest.fixture(scope="session")
def dead_worker() -> str:
    """A worker of a process on this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:gone"


def add_run(store: Store, *events: Event, config: RunConfig | None = None, worker: str = ME, name: str = "") -> int:
    """A run that was claimed by `worker` and has said `events`, after Started."""
    config = config or tiny_run()
    run_id = store.submit(config, name or None)
    assert store.claim(run_id, worker, f"device of run {run_id}")  # so that several may be live
    for event in (started(config), *events):
        store.append(run_id, worker, event)
    return run_id


def run_that_is(status: str, store: Store, dead_worker: str) -> int:
    """A run of three epochs of three windows each, in a status."""
    first = (window(1), window(2), window(3), epoch(1), window(4))
    rest = (window(5), window(6), epoch(2), window(7), window(8), window(9), epoch(3))
    match status:
        case "queued":
            return store.submit(tiny_run())
        case "running":
            return add_run(store, *first)
        case "paused":
            run_id = add_run(store, *first, Paused())
            store.send(run_id, "pause")
            return run_id
        case "interrupted":
            return add_run(store, *first, worker=dead_worker)
        case "stopped":
            return add_run(store, *first, Stopped())
        case "failed":
            return add_run(store, *first, Failed(reason="The loss is no longer a finite number."))
    assert status == "finished"
    return add_run(store, *first, *rest, Finished())


def the_run(store: Store) -> Run:
    """The store's only run."""
    (run,) = store.runs()
    return run


# --- every page opens --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_before_anything_was_trained(page: str) -> None:
    app = open_app(page)
    assert is_well(app)
    assert len(app.title) == 1


@pytest.mark.parametrize("status", STATUSES)
def test_every_page_opens_with_a_run_in_any_status(store: Store, dead_worker: str, status: str) -> None:
    run_id = run_that_is(status, store, dead_worker)
    assert store.run(run_id).status == status
    app = open_app("steps")
    for page in PAGES:
        assert not go_to(app, page).exception
    assert status in {"running", "queued"} or is_well(go_to(app, "runs"))


def test_every_page_opens_with_a_run_of_every_status_at_once(store: Store, dead_worker: str) -> None:
    for status in STATUSES:
        run_that_is(status, store, dead_worker)
    app = open_app("steps")
    for page in PAGES:
        assert not go_to(app, page).exception


def test_an_empty_lab_says_what_to_do_next() -> None:
    assert "Choose a step" in open_app("train").info[0].value
    assert "Start one on the Train page" in open_app("runs").info[0].value
    assert "your runs will be drawn here" in words(open_app("steps"))


@pytest.mark.parametrize("page", PAGES)
def test_a_database_that_cannot_be_opened_is_one_sentence(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_DATABASE_URL", "sqlite:////dev/null/lab.sqlite3")
    app = open_app(page)
    assert not app.exception
    (sentence,) = (error.value for error in app.error)
    assert "/dev/null/lab.sqlite3 cannot be opened" in sentence
    assert "\n" not in sentence


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has read no data yet, and finds none."""
    load_mnist.cache_clear()
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    yield
    load_mnist.cache_clear()


def test_missing_data_are_one_sentence_and_the_app_still_opens(no_data: None, store: Store) -> None:
    app = open_app("train")
    assert not app.exception
    (sentence,) = (error.value for error in app.error)
    assert "train-images-idx3-ubyte.gz is missing" in sentence
    assert "unset LAB_DATA_DIR" in sentence
    assert labelled(app.toggle, "Batch norm").value is True
    for page in ("steps", "runs"):
        assert is_well(go_to(app, page))


@pytest.mark.parametrize(
    "error",
    [StoreError("The database sqlite:///x did not answer."), ConfigError("config has no field 'colour'.")],
    ids=["the database is gone", "a run is of a later lab"],
)
def test_a_store_that_cannot_be_read_is_told_in_its_sentence(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def runs(_store: Store) -> None:
        raise error

    monkeypatch.setattr(Store, "runs", runs)
    app = open_app("steps")
    assert [shown.value for shown in app.error] == [str(error)]
    assert not app.exception


# --- Steps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", STEPS, ids=lambda preset: preset.name)
def test_each_step_tells_its_idea_what_is_inferred_and_the_published_reading(preset: Any) -> None:
    app = open_app("steps")
    labelled(app.get("button_group"), "Step").set_value(preset.number).run()
    assert is_well(app)
    told = words(app)
    assert f"{preset.number}. {preset.name}" in [heading.value for heading in app.subheader]
    assert preset.idea in told
    assert preset.published_reading in told
    assert all(sentence in told for sentence in preset.provenance())


def test_the_overview_has_all_six_steps_with_parameters_and_published_results() -> None:
    table = html(open_app("steps"))
    for preset in STEPS:
        assert f"{preset.number}. {preset.name}" in table
    for figure in ("185,930", "9,122", "9,426"):
        assert figure in table


def test_a_step_is_trained_by_one_click_and_watched_on_the_train_page(store: Store) -> None:
    app = open_app("steps")
    labelled(app.get("button_group"), "Step").set_value(4).run()
    button(app, "Train this step").click().run()
    assert is_well(app)
    assert [title.value for title in app.title] == ["Train"]
    run = the_run(store)
    assert (run.config, run.status) == (step(4).config, "queued")
    assert app.query_params["run"] == str(run.id)
    assert draft(app) == step(4).config


def test_ones_own_run_of_a_step_is_drawn_and_listed_beside_the_published_one(store: Store) -> None:
    config = step(1).config
    run_id = add_run(store, *(epoch(number, 9900 + number) for number in range(1, 16)), Finished(), config=config)
    app = open_app("steps")
    assert chart(app, "step-curves")[f"yours, run {run_id}"]["y"][-1] == 99.15
    assert "99.15 %" in html(app)
    assert "published test" in chart(app, "step-curves")


@pytest.mark.parametrize("change", [{"training_images": 2000}, {"evaluate_on": "validation"}])
def test_a_run_that_cannot_be_compared_is_not_drawn_beside_the_published_one(
    store: Store, change: dict[str, Any]
) -> None:
    add_run(store, epoch(1), Finished(), config=replace(step(1).config, **change))
    assert list(chart(open_app("steps"), "step-curves")) == ["published test"]


@pytest.mark.parametrize("page", ["steps", "train", "layers"])
def test_what_is_inferred_is_marked_wherever_it_is_shown(page: str) -> None:
    app = open_app("train")
    app.selectbox(key="preset").select(5).run()
    go_to(app, page)
    told = words(app)
    assert "inferred" in told


# --- Train: the controls -----------------------------------------------------------------------------------------


def controls(app: AppTest) -> dict[str, Any]:
    """What every control bound to the draft shows, by the control's key."""
    widgets = [*app.toggle, *app.slider, *app.selectbox, *app.number_input]
    return {widget.key: widget.value for widget in widgets if widget.key.startswith(("field-", "switch-"))}


def expected(config: RunConfig) -> dict[str, Any]:
    """What the controls must show for `config`; those of another optimiser or schedule are hidden."""
    shown = {
        "switch-network-dropout": config.network.dropout != 0,
        "switch-schedule-kind": config.schedule.kind != "none",
        "switch-augmentation": config.augmentation.active,
        "field-network-batch_norm": config.network.batch_norm,
        "field-network-dropout": config.network.dropout,
        "field-optimizer-kind": config.optimizer.kind,
        "field-optimizer-learning_rate": config.optimizer.learning_rate,
        "field-optimizer-weight_decay": config.optimizer.weight_decay,
        "field-schedule-kind": config.schedule.kind,
    }
    if config.optimizer.kind == "sgd":
        shown["field-optimizer-momentum"] = config.optimizer.momentum
    if config.schedule.kind == "step":
        shown["field-schedule-step_size"] = config.schedule.step_size
        shown["field-schedule-gamma"] = config.schedule.gamma
    if config.schedule.kind == "one_cycle":
        shown["field-schedule-warmup"] = config.schedule.warmup
    for item in fields(Augmentation):
        shown[f"field-augmentation-{item.name}"] = getattr(config.augmentation, item.name)
    for item in fields(RunConfig):
        if item.name not in ("network", "augmentation", "optimizer", "schedule"):
            shown[f"field-None-{item.name}"] = getattr(config, item.name)
    return shown


EVERYTHING_ELSE = RunConfig(
    network=replace(step(1).config.network, batch_norm=True, dropout=0.9),
    augmentation=Augmentation(rotation=180, shift=14, scale=0.5, shear=45, pen=1, interpolation="bilinear"),
    optimizer=Optimizer(kind="sgd", learning_rate=10, momentum=0.999, weight_decay=1),
    schedule=Schedule(kind="one_cycle", warmup=0.99),
    epochs=200,
    batch_size=10_000,
    seed=2**32 - 1,
    device="cpu",
    precision="bfloat16",
    path="plain",
    evaluate_on="validation",
    training_images=1,
)
"""The upper end of every range (written as whole numbers, as JSON may have them)."""


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
    kept = ("seed", "device", "precision", "path")  # the user's, not a step's
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
        ("slider", "Pen ±", "augmentation.pen", 0.5),
        ("slider", "Shift ± pixels", "augmentation.shift", 2.5),
        ("slider", "Shear ±°", "augmentation.shear", 10.0),
        ("selectbox", "Interpolation", "augmentation.interpolation", "bilinear"),
        ("slider", "Dropout rate", "network.dropout", 0.25),
        ("selectbox", "Scheduler", "schedule.kind", "cosine"),
        ("number_input", "Epochs between drops", "schedule.step_size", 3),
        ("number_input", "Factor of a drop", "schedule.gamma", 0.5),
        ("number_input", "Learning rate", "optimizer.learning_rate", 0.05),
        ("selectbox", "Optimiser", "optimizer.kind", "adamw"),
        ("number_input", "Momentum", "optimizer.momentum", 0.5),
        ("number_input", "Weight decay", "optimizer.weight_decay", 0.001),
        ("number_input", "Epochs", "epochs", 2),
        ("number_input", "Batch size", "batch_size", 128),
        ("number_input", "Seed", "seed", 7),
        ("selectbox", "Device", "device", "cpu"),
        ("number_input", "Training images", "training_images", 2000),
        ("selectbox", "Precision", "precision", "bfloat16"),
        ("selectbox", "Computation", "path", "plain"),
        ("selectbox", "Evaluate on", "evaluate_on", "validation"),
    ],
)
def test_each_control_changes_its_field_and_nothing_else(kind: str, label: str, name: str, value: Any) -> None:
    app = with_draft(step(5).config)  # its scheduler is StepLR
    labelled(getattr(app, kind), label).set_value(value).run()
    assert is_well(app)
    assert draft(app) == with_value(step(5).config, name, value) != step(5).config
    assert controls(app) == expected(draft(app))


def test_the_rise_of_one_cycle_has_a_control_of_its_own() -> None:
    app = with_draft(with_value(step(5).config, "schedule.kind", "one_cycle"))
    labelled(app.slider, "Share of the run spent rising").set_value(0.1).run()
    assert draft(app).schedule.warmup == 0.1


def test_every_field_of_a_config_has_a_control_but_the_layers_which_have_a_page() -> None:
    bound: set[str] = set()
    for kind in ("step", "one_cycle"):
        keys = controls(with_draft(with_value(step(5).config, "schedule.kind", kind)))
        bound |= {key.removeprefix("field-").removeprefix("None-").replace("-", ".") for key in keys}
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
    labelled(app.selectbox, "Step").select(1).run()
    assert "<b>185,930</b>" in html(app)
    assert "18.6 times the budget of 10,000" in html(app)


# --- Train: start ------------------------------------------------------------------------------------------------


def test_start_submits_exactly_the_draft_and_watches_it(store: Store) -> None:
    config = replace(EVERYTHING_ELSE, device="auto", schedule=Schedule(kind="cosine"))
    app = with_draft(config)
    labelled(app.number_input, "Epochs").set_value(3).run()
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
    button(app, "Start training").click().run()
    assert [str(run.id) for run in store.runs()] == [app.query_params["run"], first]
    assert app.query_params["run"] != first
    assert "1 more before it in the queue" in words(app)


def test_an_impossible_network_disables_start_with_a_sentence(store: Store) -> None:
    layers = (LayerSpec(kind="conv", kernel=28, channels=4), LayerSpec(kind="conv", kernel=3, channels=10))
    app = with_draft(replace(step(3).config, network=NetworkConfig(layers=layers)))
    assert not app.exception
    (sentence,) = (error.value for error in app.error)
    assert "Layer 2: its 3x3 kernel is larger than the 1x1 map it gets" in sentence
    assert button(app, "Start training").disabled
    assert store.runs() == []
    labelled(app.selectbox, "Step").select(3).run()
    assert is_well(app)
    assert not button(app, "Start training").disabled


def test_what_the_layers_page_could_not_build_disables_start_until_something_else_is_chosen() -> None:
    app = open_app("train")
    app.session_state["network_problem"] = "Layer 2: it has no kernel."
    app.run()
    assert [error.value for error in app.error] == ["Layer 2: it has no kernel."]
    assert button(app, "Start training").disabled
    labelled(app.selectbox, "Step").select(2).run()
    assert is_well(app)
    assert not button(app, "Start training").disabled


def test_the_draft_outlives_leaving_the_page() -> None:
    app = open_app("train")
    labelled(app.number_input, "Seed").set_value(42).run()
    go_to(app, "runs")
    go_to(app, "train")
    assert labelled(app.number_input, "Seed").value == 42
    assert draft(app).seed == 42


# --- Train: the live view ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("queued", {"Stop"}),
        ("running", {"Pause", "Stop"}),
        ("paused", {"Go on", "Stop"}),
        ("interrupted", {"Resume"}),
        ("stopped", {"Resume"}),
        ("failed", {"Resume"}),
        ("finished", set()),
    ],
)
def test_a_run_says_its_status_and_offers_what_can_be_done(
    store: Store, dead_worker: str, status: str, offered: set[str]
) -> None:
    run_that_is(status, store, dead_worker)
    app = open_app("train")
    assert f"badge[{status}]" in words(app)
    assert set(labels(app.button)) - {"Start training"} == offered


def test_pause_go_on_and_stop_are_words_in_the_store(store: Store, dead_worker: str) -> None:
    run_that_is("running", store, dead_worker)
    app = open_app("train")
    button(app, "Pause").click().run()
    assert is_well(app)
    assert the_run(store).command == "pause"
    button(app, "Go on").click().run()
    assert the_run(store).command == "run"
    button(app, "Stop").click().run()
    assert is_well(app)
    assert the_run(store).command == "stop"


def test_stopping_a_queued_run_ends_it_at_once(store: Store) -> None:
    store.submit(tiny_run())
    app = open_app("train")
    button(app, "Stop").click().run()
    assert the_run(store).status == "stopped"
    assert "badge[stopped]" in words(app)


@pytest.mark.parametrize("status", ["interrupted", "stopped", "failed"])
def test_resume_queues_an_unfinished_run_again(store: Store, dead_worker: str, status: str) -> None:
    run_that_is(status, store, dead_worker)
    app = open_app("train")
    button(app, "Resume").click().run()
    assert is_well(app)
    assert the_run(store).status == "queued"
    assert "badge[queued]" in words(app)


def test_a_run_resumed_in_another_tab_meanwhile_is_shown_as_it_is(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("stopped", store, dead_worker)
    app = open_app("train")
    store.requeue(run_id)
    button(app, "Resume").click().run()
    assert is_well(app)
    assert the_run(store).status == "queued"


def test_a_live_run_shows_epoch_batch_speed_and_time_left(store: Store, dead_worker: str) -> None:
    run_that_is("running", store, dead_worker)
    (bar,) = open_app("train").get("progress")
    # 4 of 3 x 3 batches are done; the first epoch took 2 s, so 5 more batches take 5 / 3 x 2 s
    assert bar.proto.text == "Epoch 2 of 3, batch 1 of 3 · 480 images a second · 3 s left"
    assert bar.proto.value == int(100 * 4 / 9)


def test_the_curves_have_a_point_a_window_and_a_point_an_epoch(store: Store, dead_worker: str) -> None:
    run_that_is("running", store, dead_worker)
    app = open_app("train")
    for key, field in (("loss", "loss"), ("accuracy", "accuracy")):
        traces = chart(app, key)
        assert traces["train"]["x"] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3])
        assert traces["train"]["y"] == [getattr(window(number), field) for number in (1, 2, 3, 4)]
        assert traces["test"]["x"] == [1]


def test_what_is_trained_meanwhile_is_drawn_by_the_next_look(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    app = open_app("train")
    store.append(run_id, ME, window(5))
    app.run()
    assert chart(app, "loss")["train"]["y"] == [window(number).loss for number in (1, 2, 3, 4, 5)]


def test_best_last_wrong_and_gap_stand_beside_the_curves(store: Store) -> None:
    add_run(store, epoch(1, 9950, train=98.0), epoch(2, 9940, train=99.0, seconds=63.0), Stopped())
    assert metrics(open_app("train")) == {
        "Test, best": "99.50 %",
        "Test, last": "99.40 %",
        "Wrong of 10,000": "60",
        "Train − test": "-0.40 points",
        "An epoch takes": "1 min 3 s",
    }


def test_before_the_first_epoch_the_figures_are_dashes(store: Store) -> None:
    add_run(store, window(1))
    assert set(metrics(open_app("train")).values()) == {"–"}


def test_a_run_on_held_out_images_does_not_call_them_test(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=tiny_run(evaluate_on="validation"))
    assert {"Validation, best", "Validation, last"} < set(metrics(open_app("train")))


def test_the_published_curve_can_be_turned_off(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=step(3).config)
    app = open_app("train")
    assert "published test" in chart(app, "loss")
    assert "published test" in chart(app, "accuracy")
    labelled(app.toggle, "Published curve (one seed)").set_value(False).run()
    assert list(chart(app, "loss")) == list(chart(app, "accuracy")) == ["train", "test"]


def test_a_config_nobody_published_has_no_published_curve(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=tiny_run())
    app = open_app("train")
    assert labelled(app.toggle, "Published curve: none for this config").disabled
    assert "published test" not in chart(app, "accuracy")


def test_accuracy_is_zoomed_to_the_action_and_one_click_shows_all_of_it(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=step(3).config)
    app = open_app("train")
    assert axis(app, "accuracy") == [97.0, 100.0]
    labelled(app.toggle, "Accuracy from 0 to 100 %").set_value(True).run()
    assert axis(app, "accuracy")[0] == 0


def test_an_unfinished_or_failed_run_says_why(store: Store, dead_worker: str) -> None:
    failed = run_that_is("failed", store, dead_worker)
    interrupted = run_that_is("interrupted", store, dead_worker)
    assert [error.value for error in open_app("train", run=str(failed)).error] == [
        "The loss is no longer a finite number."
    ]
    (warning,) = open_app("train", run=str(interrupted)).warning
    assert "Its 1 finished epoch is kept" in warning.value


def test_the_scorecard_is_open_until_the_run_is_done(store: Store, dead_worker: str) -> None:
    run_that_is("running", store, dead_worker)
    assert "… open" in words(open_app("train"))


@pytest.mark.parametrize(("correct", "mark"), [(9940, "✓ met"), (9939, "✗ missed")])
def test_a_finished_run_is_held_against_the_target_and_read(store: Store, correct: int, mark: str) -> None:
    run = (epoch(number, correct, train=99.9) for number in range(1, 16))
    add_run(store, *run, Finished(), config=step(3).config)
    told = words(open_app("train"))
    assert f"{mark}] &nbsp; 99.40 % or better in each of the last 3 epochs" in told
    assert "✓ met] &nbsp; Fewer than 10,000 parameters: 9,426" in told
    assert "It overfits" in told
    assert "mean of the last 3 epochs" in told
    assert step(3).published_reading in told


def test_a_queued_run_says_its_place_and_about_when_it_begins(store: Store, dead_worker: str) -> None:
    run_that_is("running", store, dead_worker)
    next_one, last = store.submit(tiny_run()), store.submit(tiny_run())
    # 5 of 9 batches are left at 2 s for 3: 10 / 3 s; each of the queued runs takes 3 x 2 s
    assert "next on this device, begins in about 3 s" in words(open_app("train", run=str(next_one)))
    assert "1 more before it in the queue, begins in about 9 s" in words(open_app("train", run=str(last)))


# --- Train: which run --------------------------------------------------------------------------------------------


def test_a_refresh_finds_the_run_of_the_address_again(store: Store, dead_worker: str) -> None:
    old = run_that_is("finished", store, dead_worker)
    run_that_is("running", store, dead_worker)
    app = open_app("train", run=str(old))
    assert f"run {old}, a CPU" in words(app)
    assert app.query_params["run"] == str(old)


def test_a_new_visitor_sees_the_live_run_or_else_the_newest(store: Store, dead_worker: str) -> None:
    live = run_that_is("running", store, dead_worker)
    newest = run_that_is("finished", store, dead_worker)
    assert f"run {live}, a CPU" in words(open_app("train"))
    store.append(live, ME, Finished())
    assert f"run {newest}, a CPU" in words(open_app("train"))


@pytest.mark.parametrize("address", ["99", "none", "", "²", "-1", "9" * 30])
def test_an_address_that_names_no_run_shows_the_newest(store: Store, dead_worker: str, address: str) -> None:
    run_id = run_that_is("finished", store, dead_worker)
    app = open_app("train", run=address)
    assert is_well(app)
    assert app.query_params["run"] == str(run_id)


def test_two_sessions_watch_the_same_run(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    first, second = open_app("train"), open_app("train")
    store.append(run_id, ME, window(5))
    for app in (first, second):
        app.run()
        assert len(chart(app, "loss")["train"]["y"]) == 5


def test_a_run_deleted_elsewhere_is_forgotten(store: Store, dead_worker: str) -> None:
    app = open_app("train", run=str(run_that_is("running", store, dead_worker)))
    store.delete(the_run(store).id)
    app.run()
    assert is_well(app)
    assert "No run yet" in words(app)


# --- Runs --------------------------------------------------------------------------------------------------------


def select(app: AppTest, *rows: int) -> AppTest:
    """Tick rows of the table of runs, 0 the newest."""
    app.session_state["runs-table"] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    app.run()
    return app


def answer_dialog(app: AppTest, opener: str, answer: str) -> None:
    """Open a dialog and press one of its buttons: in one script run, since AppTest has no fragment runs."""
    button(app, opener).set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, answer).click().run()


def test_the_table_has_every_run_newest_first_with_its_result(store: Store) -> None:
    old = add_run(store, epoch(1, 9910, train=99.3, seconds=30.0), epoch(2, 9900, train=99.5, seconds=40.0), Stopped())
    new = store.submit(step(1).config)
    table = open_app("runs").dataframe[0].value
    assert table["Run"].tolist() == [new, old]
    assert table["Status"].tolist() == ["queued", "stopped"]
    assert table["Epochs"].tolist() == ["0 of 15", "2 of 3"]
    assert table["Last, %"].iloc[1] == 99.00
    assert table["Best, %"].iloc[1] == 99.10
    assert table["Train − test"].iloc[1] == pytest.approx(0.5)
    assert table["Parameters"].iloc[0] == 185_930
    assert table["Training time"].iloc[1] == "1 min 10 s"
    assert table["Last, %"].isna().tolist() == [True, False]


def test_nothing_can_be_done_before_a_run_is_selected_and_only_deleting_with_several(store: Store) -> None:
    store.submit(tiny_run())
    store.submit(tiny_run())
    app = open_app("runs")
    names = ("Open", "Use its settings", "Rename", "Delete")
    assert [button(app, name).disabled for name in names] == [True] * 4
    select(app, 0)
    assert [button(app, name).disabled for name in names] == [False] * 4
    select(app, 0, 1)
    assert [button(app, name).disabled for name in names] == [True, True, True, False]


def test_a_run_is_opened_on_the_train_page(store: Store, dead_worker: str) -> None:
    old = run_that_is("finished", store, dead_worker)
    run_that_is("running", store, dead_worker)
    app = select(open_app("runs"), 1)
    button(app, "Open").click().run()
    assert is_well(app)
    assert [title.value for title in app.title] == ["Train"]
    assert app.query_params["run"] == str(old)
    assert f"run {old}, a CPU" in words(app)


def test_a_runs_settings_become_the_draft(store: Store) -> None:
    store.submit(EVERYTHING_ELSE)
    app = select(open_app("runs"), 0)
    button(app, "Use its settings").click().run()
    assert is_well(app)
    assert draft(app) == EVERYTHING_ELSE
    assert controls(app) == expected(EVERYTHING_ELSE)


def test_a_run_is_renamed(store: Store) -> None:
    store.submit(tiny_run(), name="before")
    app = select(open_app("runs"), 0)
    button(app, "Rename").click().run()
    assert labelled(app.text_input, "Name").value == "before"
    labelled(app.text_input, "Name").set_value("  Anna's first run ")
    button_of_page(app, "Rename").set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, "Rename").click().run()
    assert is_well(app)
    assert the_run(store).name == "Anna's first run"
    assert app.dataframe[0].value["Name"].tolist() == ["Anna's first run"]
    assert not app.get("dialog")


def button_of_page(app: AppTest, label: str) -> Any:
    """The button outside the dialog, where both have one of this name."""
    (dialog,) = app.get("dialog")
    inside = [item.proto.id for item in dialog.button]
    return labelled([item for item in app.button if item.proto.id not in inside], label)


def test_an_empty_name_cannot_be_given(store: Store) -> None:
    store.submit(tiny_run(), name="before")
    app = select(open_app("runs"), 0)
    button(app, "Rename").click().run()
    labelled(app.text_input, "Name").set_value("   ")
    button_of_page(app, "Rename").set_value(True).run()
    (dialog,) = app.get("dialog")
    assert labelled(dialog.button, "Rename").disabled
    assert the_run(store).name == "before"


def test_deleting_asks_first_and_names_what_would_be_lost(store: Store) -> None:
    store.submit(tiny_run(), name="first")
    store.submit(tiny_run(), name="second")
    app = select(open_app("runs"), 0, 1)
    button(app, "Delete").click().run()
    (dialog,) = app.get("dialog")
    asked = "\n".join(element.value for element in (*dialog.markdown, *dialog.caption))
    assert "first" in asked
    assert "second" in asked
    assert "cannot be brought back" in asked
    assert len(store.runs()) == 2


def test_keep_deletes_nothing(store: Store) -> None:
    store.submit(tiny_run())
    app = select(open_app("runs"), 0)
    button(app, "Delete").click().run()
    button_of_page(app, "Delete").set_value(True)
    button(app, "Keep").click().run()
    assert is_well(app)
    assert not app.get("dialog")
    assert len(store.runs()) == 1


def test_delete_removes_the_selected_runs_and_no_other(store: Store, dead_worker: str) -> None:
    ids = [run_that_is(status, store, dead_worker) for status in ("finished", "running", "queued")]
    app = select(open_app("runs", run=str(ids[0])), 1, 2)  # the running and the finished one
    button(app, "Delete").click().run()
    button_of_page(app, "Delete").set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, "Delete").click().run()
    assert is_well(app)
    assert [run.id for run in store.runs()] == [ids[2]]
    assert store.events_after(ids[0]) == []
    assert app.query_params.get("run") is None  # it was the one looked at


def test_several_runs_are_overlaid_and_compared_by_where_their_configs_differ(store: Store) -> None:
    one = add_run(store, epoch(1, 9800), epoch(2, 9850), Stopped(), config=tiny_run(seed=1), name="one")
    two = add_run(store, epoch(1, 9900), Stopped(), config=tiny_run(seed=2, batch_size=32), name="two")
    app = select(open_app("runs"), 0, 1)
    assert is_well(app)
    accuracy, loss = chart(app, "overlay-accuracy"), chart(app, "overlay-loss")
    assert list(accuracy) == list(loss) == [f"{one}: one", f"{two}: two"]
    assert accuracy[f"{one}: one"]["y"] == [98.0, 98.5]
    assert loss[f"{two}: two"]["y"] == [0.04]
    told = words(app)
    assert f"Run {one} and run {two} differ in" in told
    assert '<td class="">seed</td>' in told
    assert '<td class="">batch size</td>' in told
    assert "epochs</td>" not in told


def test_one_selected_run_shows_its_config_in_words(store: Store) -> None:
    store.submit(replace(step(5).config, training_images=2000, evaluate_on="validation"))
    told = words(select(open_app("runs"), 0))
    for fact in ("rotation ±7°", "StepLR(5, 0.1)", "SGD, learning rate 0.01", "2,000", "held-out training images"):
        assert fact in told


def test_runs_without_an_epoch_are_compared_without_charts(store: Store) -> None:
    store.submit(tiny_run(seed=1))
    store.submit(tiny_run(seed=2))
    app = select(open_app("runs"), 0, 1)
    assert is_well(app)
    assert app.get("bidi_component") == []
    assert "differ in" in words(app)


def test_two_runs_of_one_config_are_said_to_have_the_same(store: Store) -> None:
    first, second = store.submit(tiny_run()), store.submit(tiny_run())
    assert f"Run {second}: the same config." in words(select(open_app("runs"), 0, 1))
    assert first != second
