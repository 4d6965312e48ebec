"""A guess before a run, drawn on its chart, and in the end how far off it was."""

import pytest
from app_pages import (
    ME,
    button,
    component_data,
    epoch,
    figure,
    go_to,
    html,
    is_well,
    labelled,
    open_app,
    run_that_is,
    started,
    the_run,
)
from claiming import claimed, say
from stories import finished
from streamlit.testing.v1 import AppTest

from lab.events import Finished
from lab.guess import GUESSES
from lab.store import Store


def guess(app: AppTest, words: str) -> AppTest:
    box = labelled(app.get("button_group"), "Your guess first: the final test accuracy, in %")
    chosen: AppTest = box.set_value([one.short for one in GUESSES].index(words)).run()
    return chosen


def test_the_guess_is_about_the_images_that_the_run_is_evaluated_on(store: Store) -> None:
    app = open_app("train", step="3", evaluate_on="validation")
    assert labelled(app.get("button_group"), "Your guess first: the final validation accuracy, in %")


def test_a_guess_is_drawn_on_the_chart_of_the_run_that_is_started_then(store: Store) -> None:
    app = guess(open_app("train"), "95–98")
    button(app, "Quick").click().run()
    assert "your guess" in str(figure(app, "accuracy")["layout"]["annotations"])
    assert component_data(app, "accuracy")["live"]["least"] == 95
    assert "<b>95 to 98 %</b>" in html(app) and "The result comes at the end." in html(app)
    button(app, "Start training").click().run()  # the next run is another question
    assert "annotations" not in figure(app, "accuracy")["layout"]


def test_a_guess_goes_with_the_fork_and_not_with_the_next_run(store: Store) -> None:
    app = guess(open_app("train", run=str(finished(store))), "95–98")
    next(one for one in app.button if one.label.startswith("Fork after")).click().run()
    assert is_well(app) and "<b>95 to 98 %</b>" in html(app)
    button(app, "Quick").click().run()
    assert "Your guess" not in html(app)


def test_a_guess_is_about_all_seeds_that_start_at_once(store: Store) -> None:
    app = guess(open_app("train"), "95–98")
    button(app, "Start 5 runs").click().run()
    assert "<b>95 to 98 %</b>" in html(app)
    app.session_state["run"] = 3
    assert "<b>95 to 98 %</b>" in html(app.run())
    button(app, "Quick").click().run()
    assert "Your guess" not in html(app)


def test_a_guess_stays_chosen_until_a_run_is_started(store: Store) -> None:
    app = guess(open_app("start"), "95–98")
    go_to(app, "steps")
    button(go_to(app, "train"), "Quick").click().run()
    assert "your guess" in str(figure(app, "accuracy")["layout"]["annotations"])
    question = "Your guess first: the final test accuracy, in %"
    assert labelled(go_to(app, "start").get("button_group"), question).value is None


def test_in_the_end_it_is_said_how_far_off_a_guess_was(store: Store) -> None:
    app = guess(open_app("train"), "90–95")
    button(app, "Start training").click().run()
    run = the_run(store)
    claimed(store, run.id, ME)
    say(store, run.id, started(run.config), *(epoch(number, 9741) for number in range(1, 16)), Finished())
    app.run()
    assert is_well(app)
    for told in ("90 to 95 %", "97.41 %", "2.41 points more"):
        assert f"<b>{told}</b>" in html(app)
    assert "The result comes at the end." not in html(app)


def test_a_guess_outlives_a_reload_in_the_address(store: Store) -> None:
    app = guess(open_app("train"), "< 90")
    button(app, "Quick").click().run()
    kept = {name: str(app.query_params[name]) for name in ("run", "guess")}
    assert kept["guess"] == "0"
    again = open_app("start", **kept)
    assert "under 90 %" in html(go_to(again, "train"))


@pytest.mark.parametrize("words", ["6", "-1", "x", ""])
def test_an_address_with_a_guess_that_there_is_not_has_none(store: Store, dead_worker: str, words: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    app = go_to(open_app("start", run=str(run_id), guess=words), "train")
    assert is_well(app) and "Your guess" not in html(app)


def test_without_a_guess_nothing_is_asked_again(store: Store, dead_worker: str) -> None:
    run_that_is("finished", store, dead_worker)
    assert "Your guess" not in html(open_app("train"))
