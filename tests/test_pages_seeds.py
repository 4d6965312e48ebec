"""The same run again is said to be that, and several seeds start at once."""

from dataclasses import replace
from pathlib import Path

import pytest
from app_pages import button, draft, is_well, labelled, labels, open_app, the_run, with_draft, words
from examples import tiny_run
from stories import finished

from lab.address import STEP_AT_FIRST
from lab.quick import quick
from lab.steps import step
from lab.store import Store

OTHER_SEED = "Use seed {} for another curve"


def test_a_run_that_only_repeats_another_is_said_to_and_another_seed_is_a_click_away(store: Store) -> None:
    run = store.submit(step(3).config)
    app = open_app("train", step="3")
    assert f"**Start training:** repeats run {run} with the same curve" in words(app)
    assert "**Quick:** 5 epochs on 6,000 images, seed 1" in words(app)
    button(app, OTHER_SEED.format(2)).click().run()
    assert draft(app).seed == 2
    assert "repeats run" not in words(app) and OTHER_SEED.format(3) not in labels(app.button)


def test_a_run_of_another_machine_is_not_said_to_give_the_same_curve_here(store: Store, tmp_path: Path) -> None:
    finished(Store(f"sqlite:///{tmp_path / 'other.sqlite3'}"))
    store.import_file(tmp_path / "other.sqlite3")
    (run,) = store.runs()
    said = words(with_draft(tiny_run()))
    assert f"**Start training:** repeats run {run.id} of another machine, which rounds differently" in said


def test_two_buttons_that_repeat_the_same_run_both_say_so(store: Store) -> None:
    run = store.submit(quick(step(3).config))
    app = with_draft(quick(step(3).config))
    for label in ("Start training", "Quick"):
        assert f"**{label}:** repeats run {run} with the same curve" in words(app)


@pytest.mark.parametrize("page", ["start", "steps", "train"])
def test_wherever_a_run_starts_it_is_said_that_it_repeats_another(page: str, store: Store) -> None:
    preset = step(STEP_AT_FIRST)
    for config in (preset.config, quick(preset.config), replace(preset.config, seed=2)):
        store.submit(config)
    whole = "Start training" if page == "train" else "Full"
    app = open_app(page, step=str(preset.number), hide="seeds")
    for told in (f"**{whole}:** repeats run 1", "**Quick:** repeats run 2"):
        assert told in words(app)
    assert not button(app, "Quick").disabled
    button(app, OTHER_SEED.format(3)).click().run()
    assert is_well(app) and "repeats run" not in words(app)
    button(app, "Quick").click().run()
    assert store.runs()[0].config == quick(replace(preset.config, seed=3))


def test_several_seeds_start_at_once_without_those_that_were_trained(store: Store) -> None:
    store.submit(replace(step(3).config, seed=2))
    app = open_app("train", step="3")
    labelled(app.slider, "How many seeds").set_value(3).run()
    button(app, "Start 3 runs").click().run()
    assert is_well(app)
    assert sorted(run.config.seed for run in store.runs()) == [1, 2, 3, 4]
    assert app.query_params["run"] == "2"  # the first of the new ones


@pytest.mark.parametrize("label", ["Start training", "Quick", "Start 5 runs", "Fork after epoch"])
def test_a_double_click_starts_what_it_starts_once(label: str, store: Store) -> None:
    parent = finished(store)
    app = open_app("train", run=str(parent))
    for _ in range(2):
        app.session_state["run"] = parent  # as the page still looks to who clicks
        app.run()
        next(one for one in app.button if one.label.startswith(label)).click().run()
    assert is_well(app)
    started = [run.id for run in store.runs() if run.id != parent]
    assert len(started) == (5 if label == "Start 5 runs" else 1)
    assert app.query_params["run"] == str(min(started))


def test_who_has_stopped_a_run_may_start_the_same_anew_at_once(store: Store) -> None:
    app = open_app("train")
    button(app, "Quick").click().run()
    store.send(the_run(store).id, "stop")  # it waits for its turn, so it has ended
    button(app, "Quick").click().run()
    assert [run.status for run in store.runs()] == ["queued", "stopped"]


def test_a_list_that_is_opened_late_shows_the_number_of_seeds_that_will_start(store: Store) -> None:
    """What stands in a popover is made in the browser when that is opened, which may be after many drawings."""
    app = open_app("train").run()
    slider = labelled(app.slider, "How many seeds")
    assert list(slider.proto.default) == [slider.value] == [5]
