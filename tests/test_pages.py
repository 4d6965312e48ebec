"""Every page opens whatever there is or is not; the first one, and a live run on all. Nothing is trained here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_pages import (
    button,
    component_data,
    draft,
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
from streamlit.testing.v1 import AppTest

from lab.config import ConfigError
from lab.evidence import reached_words, reference_pools
from lab.mnist import load_mnist
from lab.quick import quick
from lab.steps import STEPS, step
from lab.store import Store, StoreError
from lab.ui.step_strip import HIGHEST, LOWEST

STATUSES = ("queued", "running", "paused", "interrupted", "stopped", "failed", "finished")
PAGES = ("start", "steps", "train", "inside", "mistakes", "runs")


# --- every page opens --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_before_anything_was_trained(page: str) -> None:
    app = open_app(page)
    assert is_well(app)
    assert len(app.title) == 1


@pytest.mark.parametrize("page", [*PAGES, "draw", "layers"])
def test_nothing_is_written_above_a_pages_title(page: str) -> None:
    app = open_app(page)
    shown = [one for one in app.main if one.type in ("markdown", "caption", "title")]
    assert shown[0].type == "title"


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
    assert "No runs yet" in open_app("runs").info[0].value
    assert "no finished full run of this step yet: it will be drawn here" in words(open_app("steps"))


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
    for page in ("start", "steps", "runs"):
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


# --- Start -------------------------------------------------------------------------------------------------------


def strip(app: AppTest) -> dict[str, Any]:
    return component_data(app, "step-strip")


def test_the_first_page_shows_the_six_steps_to_scale_and_starts_with_one_that_is_not_the_slowest() -> None:
    """Of 185,930 parameters, 60 % of the width, 9,426 are 3.0 % and 9,884 are 3.2 %."""
    app = open_app("start")
    drawn = strip(app)
    for preset in STEPS:
        assert f"{preset.number}. {preset.name}" in drawn["html"]
    assert [round(60 * count / 185_930, 1) for count in (9_426, 9_884)] == [3.0, 3.2]
    assert drawn["html"].count("width:60.0%") == 1 and drawn["html"].count("width:3.0%") == 3
    assert "published 99.40 %, measured" in drawn["html"]
    assert "A network with 9,884 parameters reads your digit" in words(app) + html(app)
    assert drawn["chosen"] == 3 and reached_words(reference_pools()) in words(app)


def test_no_steps_mean_and_spread_are_cut_by_the_axis_of_the_first_page() -> None:
    for pool in reference_pools():
        spread = pool.final_spread or 0
        assert pool.final_mean - spread >= LOWEST and pool.final_mean + spread <= HIGHEST, pool.terms.step


def test_the_first_page_claims_no_measurement_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.evidence.REFERENCE", Path("nowhere"))
    app = open_app("start")
    assert "published 99.40 %" in strip(app)["html"] and "published 99.40 %, measured" not in strip(app)["html"]
    assert "Measured here" not in words(app)


def test_a_step_that_is_chosen_on_the_first_page_is_started_there_and_is_the_one_of_the_steps_page(
    store: Store,
) -> None:
    app = open_app("start")
    app.session_state["step"] = 4  # what a click on a row sets
    app.run()
    assert strip(app)["chosen"] == 4
    assert labelled(go_to(app, "steps").get("button_group"), "Step").value == 4
    button(go_to(app, "start"), "Quick").click().run()
    assert [title.value for title in app.title] == ["Train"]
    assert the_run(store).config == quick(step(4).config)


def test_a_start_pressed_together_with_a_row_of_the_first_page_trains_that_step(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.ui.step_strip.clicked_row", lambda: 6)  # AppTest cannot click on a component
    app = open_app("start")
    button(app, "Full").click().run()
    assert the_run(store).config == draft(app) == step(6).config


# --- a live run, wherever one is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["queued", "running", "paused"])
def test_a_live_run_is_mentioned_on_every_page_but_where_it_is_watched(
    store: Store, dead_worker: str, status: str
) -> None:
    run_id = run_that_is(status, store, dead_worker)
    app = open_app("start")
    for page in (*PAGES, "layers"):
        go_to(app, page)
        assert mentions(app) == ([] if page == "train" else [f"Run {run_id}"]), page


def test_train_mentions_the_live_run_where_it_shows_another(store: Store, dead_worker: str) -> None:
    other = run_that_is("finished", store, dead_worker)
    live = run_that_is("running", store, dead_worker)
    app = go_to(open_app("start", run=str(other)), "train")
    assert mentions(app) == [f"Run {live}"]
    assert "channel" not in [element.key for element in app.get("bidi_component")]  # a bar is of the page's own run


@pytest.mark.parametrize("status", ["finished", "stopped"])
def test_a_run_that_has_ended_is_not_mentioned(store: Store, dead_worker: str, status: str) -> None:
    run_that_is(status, store, dead_worker)
    assert mentions(open_app("start")) == []


def mentions(app: AppTest) -> list[str]:
    """The runs that are linked to as live; on Train itself by a button."""
    links = [element.proto.label for element in [*app.get("page_link"), *app.button]]
    return [" ".join(label.split()[:2]) for label in links if label.startswith("Run ")]
