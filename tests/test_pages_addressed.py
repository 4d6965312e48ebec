"""A link says what a page shows: each page with a choice follows its address, and has it follow the choice."""

import re
from typing import Any
from unittest.mock import patch

import pytest
from app_pages import button, component_data, go_to, html, is_open, is_well, labelled, open_app, open_tab, words
from examples import tiny_run
from streamlit.testing.v1 import AppTest

from lab.store import Store
from lab.ui import addressed
from lab.ui.followed_digit import NUMBER
from lab.ui.inside import LAYER
from lab.ui.receptive_field import COLUMN, DIGIT, MAP, ROW
from lab.ui.receptive_field import LAYER as UNIT_LAYER


def warnings(app: AppTest) -> list[str]:
    return [re.sub("&#([0-9]+);", lambda code: chr(int(code[1])), warning.value) for warning in app.warning]


def told(app: AppTest) -> dict[str, Any]:
    """What the address says."""
    return {name: values[-1] if isinstance(values, list) else values for name, values in app.query_params.items()}


def go_back(app: AppTest, address: dict[str, str]) -> None:
    app.query_params.clear()
    app.query_params.update(address)
    with patch.object(addressed, "_comes_by_back", lambda: True):
        app.run()


def with_old_address(app: AppTest, address: dict[str, str]) -> None:
    """A click whose request tells an address that is no longer the browser's."""
    app.query_params.clear()
    app.query_params.update(address)
    app.run()


# --- Start and Steps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3, 5, 6])
def test_the_steps_page_shows_the_step_of_its_address(number: int) -> None:
    app = open_app("steps", step=str(number))
    assert labelled(app.get("button_group"), "Step").value == number
    assert app.header[0].value.startswith(f"{number}. ")
    assert is_well(app) and not app.warning and told(app) == {"step": str(number)}


def test_a_step_that_is_chosen_is_in_the_address_on_both_pages_that_speak_of_one() -> None:
    app = open_app("steps")
    assert told(app) == {}  # which shows step 3 anyway
    labelled(app.get("button_group"), "Step").set_value(5).run()
    assert told(app) == {"step": "5"}
    labelled(app.get("button_group"), "Step").set_value(3).run()
    assert told(app) == {"step": "3"}
    start = open_app("start", step="6")
    assert component_data(start, "step-strip")["chosen"] == 6
    start.session_state["step"] = 2  # what a click on a row sets
    assert told(start.run()) == {"step": "2"}


def test_who_goes_back_to_an_address_that_says_nothing_sees_what_it_showed() -> None:
    app = open_app("steps")
    labelled(app.get("button_group"), "Step").set_value(5).run()
    go_back(app, {})
    assert labelled(app.get("button_group"), "Step").value == 3
    go_back(app, {"step": "6"})
    assert labelled(app.get("button_group"), "Step").value == 6 and told(app) == {"step": "6"}
    labelled(app.get("button_group"), "Step").set_value(5).run()
    assert labelled(app.get("button_group"), "Step").value == 5 and told(app) == {"step": "5"}


def test_a_click_before_the_browser_has_heard_of_the_new_address_takes_no_choice_back(trained: int) -> None:
    """It brings the old address along, to which nobody went back."""
    app = open_app("steps", step="5")
    labelled(app.get("button_group"), "Step").set_value(2).run()
    with_old_address(app, {"step": "5"})
    assert labelled(app.get("button_group"), "Step").value == 2 and told(app) == {"step": "2"}

    app = open_app("train")
    app.session_state["details"] = "Run"
    with_old_address(app.run(), {})
    assert open_tab(app) == "Run" and told(app)["tab"] == "run"
    other = open_app("train", run="999")
    before = dict(other.query_params)
    button(other, "Show the newest run").click().run()
    with_old_address(other, before)
    assert told(other)["run"] == str(trained) and "There is no run 999" not in words(other)

    app = open_app("inside")
    app.session_state[LAYER] = 4
    with_old_address(app.run(), {"layer": "2", "image": "7"})
    assert app.session_state[LAYER] == 4 and app.session_state[NUMBER] == "0"
    assert told(app) == {"layer": "4", "image": "0"}


def test_the_run_that_trains_is_a_click_away_from_another_one_on_train_as_often_as_one_likes(
    trained: int, store: Store
) -> None:
    live = store.submit(tiny_run(seed=2))
    app = open_app("train", run=str(trained))
    for _ in range(2):
        next(one for one in app.button if one.label.startswith(f"Run {live} waits")).click().run()
        assert told(app)["run"] == str(live) and told(app)["seed"] == "2"
        go_back(app, {"run": str(trained)})
        assert told(app)["run"] == str(trained)


def test_a_choice_outlives_another_page_whose_address_says_nothing_of_it() -> None:
    app = open_app("steps", step="5")
    app.query_params.clear()  # as the menu does
    go_to(app, "runs")
    app.query_params.clear()
    assert labelled(go_to(app, "steps").get("button_group"), "Step").value == 5
    assert told(app) == {"step": "5"}


@pytest.mark.parametrize("text", ["9", "x", "", "0", "-1", "5.0", "²", "1" * 5000, "<b>5</b>"])
def test_a_step_that_there_is_not_is_said_in_a_sentence_and_the_usual_one_shown(text: str) -> None:
    app = open_app("start", step=text)
    assert component_data(app, "step-strip")["chosen"] == 3
    (sentence,) = warnings(app)
    assert re.fullmatch(r"The address asks for step .{1,70}, but there is no such step here\.", sentence)
    assert is_well(app) and not app.run().warning and told(app) == {"step": "3"}


# --- Layers --------------------------------------------------------------------------------------------------------


def test_the_network_that_is_edited_is_in_the_address_of_the_layers_page_and_comes_back_with_it() -> None:
    app = open_app("layers", step="2")
    assert "9,122" in html(app) and told(app) == {"step": "2"}
    app.toggle(key="field-network.batch_norm").set_value(True).run()
    assert told(app)["network.batch_norm"] == "yes"
    again = open_app("layers", **told(app))
    assert again.toggle(key="field-network.batch_norm").value is True


def test_a_network_that_there_cannot_be_is_said_on_the_layers_page_and_not_used() -> None:
    app = open_app("layers", **{"network.layers": "c8k99"})
    assert is_well(app) and len(app.warning) == 1
    assert warnings(app)[0].startswith("The settings in the address are not used: ")


def test_a_link_to_the_layers_page_names_the_unit_and_the_digit_that_it_looks_at() -> None:
    link = {"step": "3", "tab": "unit", "layer": "7", "value": "5.0.3", "image": "12"}
    app = open_app("layers", **link)
    assert is_well(app) and not app.warning and told(app) == link
    assert app.selectbox(key=UNIT_LAYER).value == 7 and app.text_input(key=DIGIT).value == "12"
    assert [app.slider(key=key).value for key in (MAP, ROW, COLUMN)] == [5, 0, 3]
    assert "row 0, column 3 of layer 7 sees" in words(app)


def test_the_unit_that_is_chosen_on_the_layers_page_is_in_its_address() -> None:
    app = open_app("layers")
    assert told(app) == {"step": "3"}
    app.selectbox(key=UNIT_LAYER).select(5).run()
    assert told(app) == {"step": "3", "layer": "5"}
    app.slider(key=ROW).set_value(1).run()
    app.text_input(key=DIGIT).set_value("7").run()
    assert told(app) == {"step": "3", "layer": "5", "value": "0.1.6", "image": "7"}
    left_and_come_back_to(app, "layers")
    assert told(app) == {"step": "3", "layer": "5", "value": "0.1.6", "image": "7"}
    app.selectbox(key=UNIT_LAYER).select(7).run()
    assert told(app)["value"] == "0.2.2"  # the middle of the new map: the old place is not carried over


@pytest.mark.parametrize(
    ("name", "text"),
    [("layer", "99"), ("layer", "x"), ("value", "0.14"), ("value", "0.0.99"), ("value", "99.0.0"), ("image", "10000")],
)
def test_a_unit_that_there_is_not_is_said_in_a_sentence(name: str, text: str) -> None:
    app = open_app("layers", step="3", **{name: text})
    (sentence,) = warnings(app)
    assert sentence.startswith(f"The address asks for {name} ") and is_well(app)
    assert told(app)[name] != text and not app.run().warning


# --- what is opened ------------------------------------------------------------------------------------------------

TABS = [
    ("train", "details", "Augmentation", {"learning-rate": "Learning rate", "beyond": "Beyond", "run": "Run"}),
    ("layers", "reading", "Layer table", {"unit": "What a unit sees"}),
]


def left_and_come_back_to(app: AppTest, page: str) -> AppTest:
    app.query_params.clear()  # as the menu does
    go_to(app, "runs")
    app.query_params.clear()
    return go_to(app, page)


@pytest.mark.parametrize(("page", "key", "first", "others"), TABS)
def test_the_open_tab_is_in_the_address_and_open_when_one_comes_back(
    page: str, key: str, first: str, others: dict[str, str]
) -> None:
    app = open_app(page)
    assert open_tab(app) == first and "tab" not in told(app)
    for name, label in others.items():
        app.session_state[key] = label  # what a click on it sets
        assert open_tab(app.run()) == label and told(app)["tab"] == name
        assert open_tab(left_and_come_back_to(app, page)) == label and told(app)["tab"] == name
        again = open_app(page, **told(app))
        assert open_tab(again) == label and told(again) == told(app)
    app.session_state[key] = first
    assert open_tab(left_and_come_back_to(app.run(), page)) == first


@pytest.mark.parametrize("text", ["x", "", "Beyond", "<b>run</b>", "1" * 5000])
@pytest.mark.parametrize(("page", "first"), [(page, first) for page, _, first, _ in TABS])
def test_a_tab_that_there_is_not_is_said_in_a_sentence_and_the_first_one_open(page: str, first: str, text: str) -> None:
    app = open_app(page, tab=text)
    (sentence,) = warnings(app)
    assert re.fullmatch(r"The address asks for tab .{1,70}, but there is no such tab here\.", sentence)
    assert is_well(app) and open_tab(app) == first and not app.run().warning


def test_a_section_that_was_opened_is_open_when_one_comes_back(trained: int) -> None:
    sections = [
        ("train", "fork", "Fork from here"),
        ("train", "run-details", "Details"),
        ("layers", "value-sum", "The sum that made this value"),
    ]
    for page, key, label in sections:
        app = open_app(page, **({"run": str(trained)} if page == "train" else {}))
        assert not is_open(app, label)
        app.session_state[key] = True  # what a click on it sets
        assert is_open(left_and_come_back_to(app.run(), page), label)
        app.session_state[key] = False
        assert not is_open(left_and_come_back_to(app.run(), page), label)
