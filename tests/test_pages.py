"""Every page opens whatever there is or is not; the Steps page tells the story. Nothing is trained here."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_pages import (
    add_run,
    button,
    chart,
    draft,
    epoch,
    errors,
    go_to,
    html,
    is_well,
    labelled,
    open_app,
    run_that_is,
    the_run,
    words,
)

from lab.config import ConfigError
from lab.events import Finished, Measured
from lab.mnist import load_mnist
from lab.steps import SOURCE, STEPS, step
from lab.store import Store, StoreError

STATUSES = ("queued", "running", "paused", "interrupted", "stopped", "failed", "finished")
PAGES = ("steps", "train", "inside", "mistakes", "runs")


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
    (sentence,) = errors(app)
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
    (sentence,) = errors(app)
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
    assert errors(app) == [str(error)]
    assert not app.exception


# --- Steps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", STEPS, ids=lambda preset: preset.name)
def test_each_step_tells_its_idea_and_the_published_findings(preset: Any) -> None:
    app = open_app("steps")
    labelled(app.get("button_group"), "Step").set_value(preset.number).run()
    assert is_well(app)
    told = words(app)
    assert f"{preset.number}. {preset.name}" in [heading.value for heading in app.header]
    assert preset.idea in told
    assert preset.published_findings in told


def test_the_overview_has_all_six_steps_with_parameters_and_published_results() -> None:
    table = html(open_app("steps"))
    for preset in STEPS:
        assert f"{preset.number}. {preset.name}" in table
    for figure in ("185,930", "9,122", "9,426", "53.98", "3.46"):
        assert figure in table


def test_the_steps_page_names_and_links_where_the_published_figures_come_from() -> None:
    told = words(open_app("steps"))
    assert f"[abhijeetu1912/EVA]({SOURCE})" in told
    assert "folder S4" in told and "January 2023" in told


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


def test_training_images_of_ones_own_run_stand_beside_the_published_ones_read_alike(store: Store) -> None:
    """In step 5 turned as in training: 59,601 of 60,000 published."""
    plain = Measured(images=60_000, augmented=False, loss=0.02, correct=59_748)
    turned = Measured(images=60_000, augmented=True, loss=0.03, correct=59_586)
    last = replace(epoch(15, 9926), measured=(plain, turned))
    add_run(store, *(epoch(number) for number in range(1, 15)), last, Finished(), config=step(5).config)
    table = html(open_app("steps"))
    for accuracy in ("99.26 %", "99.33 %", "99.31 %"):
        assert accuracy in table
    assert "99.58 %" not in table


@pytest.mark.parametrize("change", [{"training_images": 2000}, {"evaluate_on": "validation"}])
def test_a_run_that_cannot_be_compared_is_not_drawn_beside_the_published_one(
    store: Store, change: dict[str, Any]
) -> None:
    add_run(store, epoch(1), Finished(), config=replace(step(1).config, **change))
    assert list(chart(open_app("steps"), "step-curves")) == ["published test"]
