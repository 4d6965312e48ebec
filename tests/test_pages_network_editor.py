"""The editable table of layers: what is typed becomes the draft, waits while it cannot be built, and can be undone."""

from collections.abc import Callable
from typing import Any

import pytest
from app_pages import errors, html, open_alone
from streamlit.testing.v1 import AppTest

from lab.editing import Rows
from lab.network_config import conv, linear
from lab.steps import step
from lab.ui import network_editor
from lab.ui.draft import Draft
from lab.ui.network_editor import AT_THE_END, NEW_LAYER, PLACE, PRESET, SHEET, Sheet
from lab.ui.receptive_field import LAYER, ROW
from lab.ui.state import DRAFT


@pytest.fixture
def type_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Rows], None]], None]:
    """Stands for the keyboard, which AppTest has not: `type_rows(change)` changes the rows that the table shows."""

    def type_into(change: Callable[[Rows], None]) -> None:
        def rows(sheet: Sheet) -> Rows:
            typed = [dict(row) for row in sheet.rows]
            change(typed)
            return typed

        monkeypatch.setattr(network_editor, "ask_rows", rows)

    return type_into


def set_cell(layer: int, column: str, value: Any) -> Callable[[Rows], None]:
    return lambda rows: rows[layer - 1].__setitem__(column, value)


def test_what_is_typed_into_the_table_becomes_the_draft_and_is_counted_at_once(type_rows: Any) -> None:
    type_rows(set_cell(1, "channels", 48))
    page = open_alone("layers")
    # Layer 1: 48 of 96 maps, each 25 weights, a bias, and batch norm's 2; layer 2 loses 48 inputs to 16 maps.
    assert f"<b>{9_426 - 48 * (25 + 1 + 2) - 48 * 16:,}</b>" in html(page)
    assert page.session_state[DRAFT].config.network.layers[0].channels == 48
    assert page.selectbox(key=PRESET).value is None  # it is no step any more


def test_a_kernel_larger_than_its_map_names_the_layer_beside_the_editor_and_blocks_start(type_rows: Any) -> None:
    type_rows(set_cell(4, "kernel", 27))
    page = open_alone("layers")
    sentence = errors(page)[0]
    assert sentence.startswith("Layer 4: its 27×27 kernel is larger than the 14×14 map")
    assert page.session_state[DRAFT].rows_problem == sentence
    assert page.session_state[DRAFT].config == step(3).config  # the last network that works
    assert "<b>9,426</b>" in html(page)


def test_a_kernel_of_40_and_a_layer_without_channels_are_named_too(type_rows: Any) -> None:
    type_rows(set_cell(2, "kernel", 40))
    assert errors(open_alone("layers"))[0].startswith("Layer 2: kernel is 40")
    type_rows(set_cell(5, "channels", None))
    assert errors(open_alone("layers"))[0].startswith("Layer 5: a convolution needs channels")


def test_what_was_typed_is_not_lost_while_it_cannot_be_built(type_rows: Any) -> None:
    type_rows(set_cell(4, "kernel", 27))
    page = open_alone("layers")
    page.toggle[0].set_value(False).run()  # a change of something else, which succeeds
    assert page.session_state[SHEET].rows[3]["kernel"] == 27
    assert page.session_state[DRAFT].rows_problem.startswith("Layer 4")
    type_rows(lambda rows: None)  # the page is left and entered again: the widget knows nothing, the session does
    page.run()
    assert page.session_state[SHEET].rows[3]["kernel"] == 27
    assert page.error


def test_going_back_to_the_last_network_that_works_drops_what_was_typed(type_rows: Any) -> None:
    type_rows(set_cell(4, "kernel", 27))
    page = open_alone("layers")
    type_rows(lambda rows: None)
    next(button for button in page.button if button.label == "Go back to it").click().run()
    assert not page.error and page.session_state[DRAFT].problems == ()
    assert page.session_state[SHEET].rows[3]["kernel"] == 3


def test_a_preset_with_the_same_layers_also_drops_what_was_typed(type_rows: Any) -> None:
    type_rows(set_cell(4, "kernel", 27))
    page = open_alone("layers")
    type_rows(lambda rows: None)
    page.selectbox(key=PRESET).select(3).run()
    assert not page.error and page.session_state[SHEET].rows[3]["kernel"] == 3


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()


def test_undo_takes_back_what_was_switched_chosen_and_inserted_the_last_change_first() -> None:
    page = open_alone("layers")
    first = page.session_state[DRAFT]
    press(page, "Insert a layer")
    inserted = page.session_state[DRAFT]
    page.selectbox(key=PRESET).select(5).run()
    chosen = page.session_state[DRAFT]
    page.toggle[0].set_value(False).run()
    for before in (chosen, inserted, first):  # with the whole recipe of the step
        press(page, "Undo")
        assert page.session_state[DRAFT] == before
        assert page.session_state[SHEET].rows == before.table
    assert next(button for button in page.button if button.label == "Undo").disabled


def test_undo_takes_back_what_cannot_be_built(type_rows: Any) -> None:
    typed = [27]
    type_rows(lambda rows: rows[3].update({"kernel": typed.pop()} if typed else {}))
    page = open_alone("layers")
    assert page.error
    press(page, "Undo")
    assert not page.error and page.session_state[DRAFT] == Draft(config=step(3).config)


def test_the_rows_are_numbered_from_1_also_when_one_was_removed_and_when_one_is_appended(type_rows: Any) -> None:
    page = open_alone("layers")
    assert page.session_state[SHEET].frame.index.tolist() == list(range(1, 9))
    type_rows(lambda rows: rows.__delitem__(slice(4, 5)) if len(rows) == 8 else None)
    page.run()
    assert page.session_state[SHEET].frame.index.tolist() == list(range(1, 8))
    appended = [dict(NEW_LAYER)]
    type_rows(lambda rows: rows.append(appended.pop()) if appended else None)
    page.run()
    assert len(page.session_state[SHEET].frame) == 7  # a cell of the new row is being typed into
    page.run()
    assert page.session_state[SHEET].frame.index.tolist() == list(range(1, 9))


def test_a_layer_can_be_put_between_two_others() -> None:
    page = open_alone("layers")
    next(box for box in page.selectbox if box.label == "Insert before layer").select(3).run()
    next(button for button in page.button if button.label == "Insert a layer").click().run()
    layers = page.session_state[DRAFT].config.network.layers
    assert (len(layers), layers[2].channels, layers[2].padding) == (9, 16, 1)
    # 16 maps from 16: nine weights an input, a bias, and batch norm's 2.
    assert f"<b>{9_426 + 16 * (9 * 16 + 1 + 2):,}</b>" in html(page)


def test_a_layer_is_put_where_was_said_just_before_the_click() -> None:
    page = open_alone("layers")
    page.selectbox(key=PLACE).select(3)  # and the page is not drawn before the click
    next(button for button in page.button if button.label == "Insert a layer").click().run()
    assert page.session_state[DRAFT].config.network.layers[2].channels == 16


@pytest.mark.parametrize("place", [5, AT_THE_END])
def test_the_next_layer_is_put_where_the_last_one_was(place: int) -> None:
    page = open_alone("layers")
    page.selectbox(key=PLACE).select(place).run()
    next(button for button in page.button if button.label == "Insert a layer").click().run()
    assert page.selectbox(key=PLACE).value == place


def test_a_layer_can_be_put_into_an_empty_table(type_rows: Any) -> None:
    page = open_alone("layers")
    type_rows(lambda rows: rows.clear())
    page.run()
    assert errors(page) == ["The network has 0 layers; it must have 1 to 40."]
    type_rows(lambda rows: None)
    next(button for button in page.button if button.label == "Insert a layer").click().run()
    assert not page.exception and not page.error
    assert page.session_state[DRAFT].config.network.layers == (conv(10, 1),)


def test_a_layer_can_be_put_behind_the_last_one() -> None:
    page = open_alone("layers")
    next(box for box in page.selectbox if box.label == "Insert before layer").select(AT_THE_END).run()
    next(button for button in page.button if button.label == "Insert a layer").click().run()
    assert not page.error
    assert page.session_state[DRAFT].config.network.layers == (*step(3).config.network.layers, conv(10, 1))


@pytest.mark.parametrize(
    ("column", "typed", "words"),
    [
        ("kernel", "three", "Layer 4: kernel is 'three'; it must be a whole number from 1 to 28."),
        ("kernel", "2,5", "Layer 4: kernel is '2,5'; write it without a comma, in digits only: 6000."),
        ("kernel", -3, "Layer 4: kernel is -3; it must be a whole number from 1 to 28."),
        ("kernel", "9" * 20, "Layer 4: kernel is 99999999999999999999; it must be"),
        ("stride", 10**18, "Layer 4: stride is 1000000000000000000; it must be"),
        ("padding", "=1+1", "Layer 4: padding is '=1+1'; it must be"),
        ("channels", "<b>*8*</b>", "Layer 4: channels is '<b>*8*</b>'; it must be"),
        ("kind", "conv2d", "Layer 4: kind is 'conv2d'; it must be one of conv, max_pool, average_pool, linear."),
        ("kernel", None, "Layer 4: the kernel is empty"),
    ],
)
def test_a_cell_that_cannot_be_is_kept_as_typed_and_explained(
    type_rows: Any, column: str, typed: Any, words: str
) -> None:
    type_rows(set_cell(4, column, typed))
    page = open_alone("layers")
    assert not page.exception
    (sentence,) = errors(page)
    assert sentence.startswith(words)
    assert page.session_state[DRAFT].table[3][column] == typed
    assert page.session_state[DRAFT].config == step(3).config


def test_a_linear_layer_stays_the_last_whatever_is_inserted_or_appended(type_rows: Any) -> None:
    page = open_alone("layers")
    page.selectbox(key=PRESET).select(1).run()
    place = next(box for box in page.selectbox if box.label == "Insert before layer")
    assert place.options == [str(number) for number in range(1, 9)]  # 8: the global average pooling
    place.select(8).run()
    next(button for button in page.button if button.label == "Insert a layer").click().run()
    plain = step(1).config.network.layers
    assert page.session_state[DRAFT].config.network.layers == (*plain[:-1], conv(16, 3, padding=1), linear())
    appended = [dict(NEW_LAYER)]
    type_rows(lambda rows: rows.append(appended.pop()) if appended else None)
    page.run()
    assert not page.exception and not page.error
    layers = (*plain[:-1], conv(16, 3, padding=1), conv(10, 1), linear())
    assert page.session_state[DRAFT].config.network.layers == layers
    assert [row["kind"] for row in page.session_state[SHEET].rows] == [layer.kind for layer in layers]


def test_a_network_without_its_linear_layer_lacks_the_class_scores(type_rows: Any) -> None:
    page = open_alone("layers")
    page.selectbox(key=PRESET).select(1).run()
    type_rows(lambda rows: rows.__delitem__(slice(7, None)))
    page.run()
    assert errors(page) == [
        "Layer 7 is the last convolution and has 64 channels: it must have 10 (one score for each digit), "
        "or a linear layer must follow."
    ]


def test_the_table_shows_what_is_used_where_a_cell_was_left_empty_or_means_nothing(type_rows: Any) -> None:
    page = open_alone("layers")
    typed = [{"channels": 7, "stride": None}]  # typed once, into the pooling of layer 3
    type_rows(lambda rows: rows[2].update(typed.pop() if typed else {}))
    page.run()
    assert not page.exception and not page.error
    pooling = {"kind": "max_pool", "channels": None, "kernel": 2, "stride": 2, "padding": 0}
    assert page.session_state[SHEET].rows[2] == page.session_state[DRAFT].table[2] == pooling


def test_the_editor_gets_text_so_that_nothing_typed_is_turned_into_another_number() -> None:
    frame = open_alone("layers").session_state[SHEET].frame
    assert all(str(dtype) == "string" or dtype == "str" for dtype in frame.dtypes)
    assert frame["kernel"].tolist()[0] == "5"


def test_a_chosen_unit_stays_inside_a_map_that_an_edit_makes_smaller(type_rows: Any) -> None:
    page = open_alone("layers")
    page.selectbox(key=LAYER).select(1).run()
    page.slider(key=ROW).set_value(27).run()
    type_rows(set_cell(1, "padding", 0))
    page.run()
    assert not page.exception and page.session_state[ROW] == 23
