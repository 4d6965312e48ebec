"""The Steps page tells the story: what was published, what was measured, and one's own runs of a step."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_pages import add_run, button, chart, draft, epoch, go_to, html, is_well, labelled, open_app, the_run, words
from streamlit.testing.v1 import AppTest

from lab.config import RunConfig
from lab.events import Finished, Measured, Stopped
from lab.evidence import final_words, gain_words, place_words, reached_words, reference_pools, target_words
from lab.published import SOURCE
from lab.quick import quick
from lab.seeds import main_pool
from lab.steps import STEPS, step
from lab.store import Store


def of_step(number: int) -> AppTest:
    """The Steps page with this step chosen."""
    app = open_app("steps")
    return app if number == 3 else labelled(app.get("button_group"), "Step").set_value(number).run()


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


@pytest.mark.parametrize(("label", "trained"), [("Quick", quick(step(4).config)), ("Full", step(4).config)])
def test_a_step_is_trained_by_one_click_and_watched_on_the_train_page(
    store: Store, label: str, trained: RunConfig
) -> None:
    app = open_app("steps")
    labelled(app.get("button_group"), "Step").set_value(4).run()
    button(app, label).click().run()
    assert is_well(app)
    assert [title.value for title in app.title] == ["Train"]
    run = the_run(store)
    assert (run.config, run.status) == (trained, "queued")
    assert app.query_params["run"] == str(run.id)
    assert draft(app) == step(4).config


def test_a_start_pressed_together_with_a_step_trains_that_step(store: Store) -> None:
    """On a busy machine a second click comes before the page is drawn anew for the first."""
    app = open_app("steps")
    labelled(app.get("button_group"), "Step").set_value(4)
    button(app, "Full").click().run()
    assert the_run(store).config == draft(app) == step(4).config


def test_a_click_on_the_page_that_is_being_left_does_not_lead_back_to_it(store: Store) -> None:
    """Streamlit goes to the page of the request that came last, and a click names the one that it was made on."""
    app = open_app("steps")
    button(app, "Full").click()
    app.run()
    assert app.title[0].value == "Train"
    app.session_state["go"] = "train"  # the way there was begun when a request came from the page before
    go_to(app, "steps")
    assert app.title[0].value == "Train"
    go_to(app, "steps")
    assert app.title[0].value != "Train"  # once there, one may leave


def test_ones_own_run_of_a_step_is_drawn_and_listed_beside_the_published_one(store: Store) -> None:
    config = step(1).config
    run_id = add_run(store, *(epoch(number, 9900 + number) for number in range(1, 16)), Finished(), config=config)
    app = of_step(1)
    assert chart(app, "step-curves")[f"yours, run {run_id}"]["y"][-1] == 99.15
    assert "99.15 %" in html(app)
    assert "published test" in chart(app, "step-curves")


def test_of_ones_own_runs_of_a_step_only_finished_ones_are_drawn_as_only_those_are_listed(store: Store) -> None:
    config = step(1).config
    finished = add_run(store, *(epoch(number, 9900) for number in range(1, 16)), Finished(), config=config)
    add_run(store, epoch(1, 9800), epoch(2, 9810), Stopped(), config=config)
    app = of_step(1)
    assert [name for name in chart(app, "step-curves") if name.startswith("yours")] == [f"yours, run {finished}"]
    assert "98.10 %" not in html(app)


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
    app = of_step(1)
    assert not [name for name in chart(app, "step-curves") if name.startswith("yours")]
    assert "not trained this step yet" not in words(app)  # it was, in another way
    assert "You have no finished full run of this step yet" in words(app)


def test_a_quick_run_counts_is_marked_and_is_not_drawn_over_runs_of_all_images(store: Store) -> None:
    told = [epoch(number, 9500 + number) for number in range(1, 6)]
    run_id = add_run(store, *told, Finished(), config=quick(step(3).config))
    app = of_step(3)
    assert "95.05 % quick" in html(app)
    assert f"Your quick run {run_id}:** 95.05 %. It is not drawn here" in words(app)
    assert not [name for name in chart(app, "step-curves") if name.startswith("yours")]


@pytest.mark.parametrize("number", [5, 6])
def test_the_seeds_that_were_measured_are_drawn_and_counted(number: int) -> None:
    before, pool = (main_pool(reference_pools(), one) for one in (number - 1, number))
    assert pool is not None
    app = of_step(number)
    means = chart(app, "step-curves")[f"mean of {len(pool.runs)} seeds ± sd"]["y"]
    assert means[-1] == pytest.approx(pool.final_mean)
    assert final_words(pool) in html(app)
    assert all(said in words(app) for said in (target_words(pool), place_words(pool), gain_words(before, pool)))
    assert reached_words(reference_pools()) in words(app)


def test_without_a_measured_run_nothing_is_said_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.evidence.REFERENCE", Path("nowhere"))
    app = of_step(3)
    assert is_well(app) and "**Measured:**" not in words(app) and "Measured here" not in words(app)
    assert list(chart(app, "step-curves")) == ["published test"]


def test_the_stacks_of_a_step_mark_what_it_changes() -> None:
    drawn = html(of_step(3))
    assert drawn.count("<i>batch norm</i>") == 5 and drawn.count("<i>dropout</i>") == 2
    assert "Batch norm follows every convolution except the one" in words(of_step(3))
    assert "Step 0" not in html(of_step(1))
