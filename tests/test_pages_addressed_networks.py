"""The addresses of the pages that ask a trained network say which, after which epoch, and what of it is shown."""

import pytest
import sqlalchemy as sa
from app_pages import component_data, is_well, labelled, open_app, words
from examples import tiny_run
from test_pages_addressed import go_back, told, warnings

from lab.store import Store
from lab.ui.followed_digit import NUMBER
from lab.ui.inside import LAYER, MAPS, VALUES
from lab.ui.mistakes import CELL
from lab.ui.network_choice import ASKED


def test_a_link_to_the_inside_page_names_network_epoch_image_layer_and_value(trained: int) -> None:
    link = {"run": str(trained), "epoch": "2", "image": "17", "layer": "2", "value": "1.3.4"}
    app = open_app("inside", **link)
    assert is_well(app) and not app.warning and told(app) == link
    assert app.selectbox(key=ASKED).value == trained and labelled(app.select_slider, "Epoch").value == 2
    assert app.text_input(key=NUMBER).value == "17" and app.selectbox(key=LAYER).value == 2
    assert component_data(app, MAPS)["chosen"] == 1 and component_data(app, VALUES)["unit"] == [3, 4]


def test_what_is_chosen_on_the_inside_page_is_in_its_address(trained: int) -> None:
    app = open_app("inside")
    assert told(app) == {}
    app.selectbox(key=ASKED).set_value(trained).run()
    labelled(app.select_slider, "Epoch").set_value(1).run()
    app.text_input(key=NUMBER).set_value("5").run()
    app.selectbox(key=LAYER).set_value(3).run()
    labelled(app.number_input, "Map").set_value(2).run()
    found = told(app)
    assert found.pop("value").startswith("2.")
    assert found == {"run": str(trained), "epoch": "1", "image": "5", "layer": "3"}
    app.selectbox(key=ASKED).set_value(0).run()
    assert not {"run", "epoch"} & set(told(app))


@pytest.mark.parametrize(
    ("name", "text"),
    [("run", "99"), ("image", "10000"), ("validation", "5"), ("layer", "x"), ("value", "1.2"), ("value", "0.99.0")],
)
def test_what_the_inside_page_cannot_show_is_said_in_a_sentence(name: str, text: str) -> None:
    app = open_app("inside", **{name: text})
    (sentence,) = warnings(app)
    assert sentence.startswith(f"The address asks for {name} ") and is_well(app)
    assert told(app).get(name) != text


def test_a_link_to_a_cell_of_the_matrix_opens_its_digits(trained: int) -> None:
    app = open_app("mistakes", run=str(trained), epoch="1", cell="4-4")
    assert is_well(app) and not app.warning
    assert app.selectbox(key=CELL).value == (4, 4) and labelled(app.select_slider, "Epoch").value == 1
    app.selectbox(key=CELL).set_value(()).run()
    assert told(app) == {"run": str(trained), "epoch": "1"}
    (sentence,) = warnings(open_app("mistakes", cell="4-10"))
    assert sentence == "The address asks for cell '4-10', but there is no such cell here."


@pytest.mark.parametrize("page", ["draw", "inside", "mistakes"])
def test_a_run_that_has_no_epoch_is_not_said_to_be_missing(page: str, store: Store) -> None:
    run = store.submit(tiny_run())
    store.send(run, "stop")
    (sentence,) = warnings(open_app(page, run=str(run)))
    assert sentence == f"Run {run} was stopped, and no epoch of it is kept, so it has no trained network."


@pytest.mark.parametrize("page", ["draw", "inside", "mistakes"])
def test_of_a_run_that_cannot_be_read_it_is_said_once_why(page: str, store: Store) -> None:
    run = store.submit(tiny_run())
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET config = '{}'"))
    (sentence,) = warnings(open_app(page, run=str(run)))
    assert sentence == store.unreadable()[0].problem
    assert sentence.startswith(f"Run {run} cannot be read: config lacks a field")


@pytest.mark.parametrize("page", ["draw", "inside", "mistakes"])
def test_an_epoch_that_the_network_does_not_have_is_said_in_a_sentence(page: str, trained: int) -> None:
    for link in ({"epoch": "99"}, {"run": str(trained), "epoch": "99"}):
        app = open_app(page, **link)
        assert warnings(app) == ["The address asks for epoch 99, but there is no such epoch here."]
        assert "epoch" not in told(app) or told(app)["epoch"] == "3"


@pytest.mark.parametrize("page", ["draw", "inside", "mistakes"])
@pytest.mark.parametrize("epoch", ["2", "99"])
def test_of_a_run_that_is_not_here_no_epoch_is_asked_for(page: str, epoch: str, trained: int) -> None:
    app = open_app(page, run=str(trained))
    go_back(app, {"run": str(trained + 1), "epoch": epoch})
    assert warnings(app) == [f"The address asks for run {trained + 1}, but there is no such run here."]
    assert told(app) == {"run": str(trained), "epoch": "3"}  # the newest, as before
    app.run()
    assert not app.warning


def test_a_word_among_the_runs_to_compare_that_is_no_run_is_said_in_a_sentence(trained: int) -> None:
    app = open_app("runs", compare=f"abc,{trained}")
    assert warnings(app) == ["The address asks for run 'abc', but there is no such run here."]
    assert is_well(app) and told(app) == {"compare": str(trained)}


def test_a_link_to_the_draw_page_names_who_reads_and_leaves_the_watched_run_alone(trained: int) -> None:
    app = open_app("draw", run=str(trained), epoch="2")
    assert is_well(app) and not app.warning
    assert component_data(app, "board")["reader"] == {"run": trained, "epoch": 2}
    labelled(app.select_slider, "Epoch").set_value(3).run()
    assert told(app) == {"run": str(trained), "epoch": "3"}
    assert "run" not in app.session_state
    labelled(app.selectbox, "Network").set_value(0).run()
    assert told(app) == {}
    assert "ready-trained" in words(app).lower()
