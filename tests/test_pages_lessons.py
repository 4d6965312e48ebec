"""A link that carries a lesson's settings, and a run that stands alone and large for the back row."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from app_pages import add_run, draft, epoch, figure, go_to, html, is_well, labelled, labels, open_app, words
from examples import tiny_run
from stories import finished

from lab.events import Finished
from lab.figures import LARGE
from lab.steps import step
from lab.store import Store
from lab.ui.navigation import PAGES


def test_a_lessons_link_carries_the_settings_and_hides_what_it_is_not_about(store: Store) -> None:
    app = open_app("train", step="3", seed="5")
    box = labelled(app.get("button_group"), "Hide")
    box.set_value(["quick", "seeds", "details", "fork"]).run()
    (link,) = app.code
    assert link.value.endswith("?step=3&seed=5&hide=quick,seeds,details,fork")
    query = dict(parse_qsl(urlsplit(link.value).query))
    lesson = open_app("train", **query)
    assert is_well(lesson)
    assert draft(lesson) == replace(step(3).config, seed=5)
    assert {"Quick", "Start 5 runs"} & set(labels(lesson.button)) == set()
    assert [tab.label for tab in lesson.tabs] == []
    assert "Start training" in labels(lesson.button)
    assert lesson.query_params["hide"] == "quick,seeds,details,fork"
    assert not lesson.code  # a visitor of a lesson makes none


def test_a_lesson_that_hides_the_step_leads_to_no_other(store: Store) -> None:
    run = add_run(store, *map(epoch, range(1, 16)), Finished(), config=step(3).config)
    for hide, leads_on in (("quick", True), ("step", False)):
        lesson = open_app("train", run=str(run), hide=hide, step="3")
        assert is_well(lesson) and "Finished: 99.00 %" in words(lesson)
        assert ("Set up step 4" in labels(lesson.button)) == ("Next: step 4" in words(lesson)) == leads_on


@pytest.mark.parametrize("hide", ["", "nothing,known", "x" * 5000])
def test_an_address_that_hides_nothing_known_hides_nothing(hide: str, store: Store) -> None:
    app = open_app("train", hide=hide)
    assert is_well(app)
    assert "Quick" in labels(app.button)


def test_for_the_back_row_the_run_stands_alone_and_large(store: Store) -> None:
    run = finished(store)
    app = open_app("train", run=str(run), present="1")
    assert is_well(app)
    assert "Start training" not in labels(app.button)
    assert figure(app, "accuracy")["layout"]["yaxis"]["tickfont"]["size"] == LARGE
    labelled(app.toggle, "Present").set_value(False).run()
    assert "Start training" in labels(app.button)
    assert "tickfont" not in figure(app, "accuracy")["layout"]["yaxis"]
    assert "present" not in app.query_params


def test_a_run_is_still_shown_large_when_one_comes_back_to_it(store: Store) -> None:
    app = open_app("train", run=str(finished(store)), present="1")
    go_to(app, "draw")
    assert labelled(go_to(app, "train").toggle, "Present").value


def test_every_page_is_shown_large_and_a_comparison_can_be_from_its_own_page(store: Store) -> None:
    one, other = finished(store), finished(store, tiny_run(batch_size=8))
    app = open_app("runs", compare=f"{one},{other}")
    assert "font-size: 20px" not in html(app)
    labelled(app.toggle, "Present").set_value(True).run()
    assert figure(app, "overlay-accuracy")["layout"]["yaxis"]["tickfont"]["size"] == LARGE
    app.query_params.clear()  # as the menu does
    for page in ("runs", "steps", "draw", "train"):
        assert "font-size: 20px" in html(go_to(app, page)), page
    labelled(app.toggle, "Present").set_value(False).run()
    assert "font-size: 20px" not in html(go_to(app, "runs"))


@pytest.mark.parametrize("page", PAGES)
def test_whatever_page_is_shown_large_offers_to_show_it_as_usual_again(store: Store, page: str) -> None:
    finished(store)
    app = open_app(page, present="1")
    assert "font-size: 20px" in html(app)
    labelled(app.toggle, "Present").set_value(False).run()
    assert is_well(app) and "font-size: 20px" not in html(app)
    assert "present" not in app.query_params
