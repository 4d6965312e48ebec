"""Start and Quick: what they train, about how long it takes, and why nothing can start."""

import re
from dataclasses import replace
from typing import Any

import pytest
from app_pages import (
    add_run,
    as_read,
    button,
    component_data,
    draft,
    epoch,
    errors,
    go_to,
    is_well,
    labelled,
    open_app,
    the_run,
    with_draft,
    words,
)
from streamlit.testing.v1 import AppTest
from train_controls import EVERYTHING_ELSE

from lab.network_config import LayerSpec, NetworkConfig, conv
from lab.quick import quick
from lab.steps import step
from lab.store import Store
from lab.training_config import Schedule


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
