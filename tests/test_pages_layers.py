"""The Layers page: what is edited is counted, drawn and kept at once, and what cannot be built is explained."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from app_pages import ROOT, component_data, errors, figure, go_to, html, open_alone, open_app, with_draft
from examples import TINY_NETWORK, claimed, say, tiny_run
from streamlit.testing.v1 import AppTest

from lab.editing import Rows
from lab.evidence import opened
from lab.layer_row import Square
from lab.layer_words import layer_name
from lab.layers import layer_table
from lab.mnist import DataError, Mnist
from lab.network_config import NetworkConfig, conv, linear
from lab.predict import load_predictor
from lab.probe import layer_maps, number
from lab.steps import step
from lab.store import Store, worker_name
from lab.training import train
from lab.ui import network_editor
from lab.ui.draft import Draft
from lab.ui.layer_table import table_html
from lab.ui.network_editor import AT_THE_END, NEW_LAYER, PLACE, PRESET, SHEET, Sheet
from lab.ui.receptive_field import CLICK, COLUMN, DIGIT, LAYER, MAP, ROW, unit_words
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


def test_a_new_visitor_sees_step_3_with_its_9426_parameters_under_the_budget() -> None:
    page = open_alone("layers")
    assert page.selectbox(key=PRESET).value == 3
    assert "<b>9,426</b> parameters" in html(page) and "under the budget of 10,000" in html(page)


def test_choosing_step_1_shows_185930_parameters() -> None:
    page = open_alone("layers")
    page.selectbox(key=PRESET).select(1).run()
    assert "<b>185,930</b> parameters" in html(page) and "18.6 times the budget" in html(page)
    assert page.session_state[DRAFT].config.network == step(1).config.network


def test_a_step_chosen_here_keeps_the_seed_that_was_set_elsewhere() -> None:
    page = AppTest.from_file(ROOT / "pages" / "layers.py", default_timeout=60)
    page.session_state[DRAFT] = Draft(config=replace(step(2).config, seed=7))
    page.run().selectbox(key=PRESET).select(5).run()
    assert page.session_state[DRAFT].config.seed == 7
    assert page.session_state[DRAFT].config.schedule == step(5).config.schedule


def test_batch_norm_and_dropout_change_the_draft_and_the_names_in_the_table() -> None:
    page = open_alone("layers")
    assert "conv 5×5 + batch norm + ReLU" in html(page) and "max pool 2×2 + dropout" in html(page)
    page.toggle[0].set_value(False).run()
    page.slider(key="field-network.dropout").set_value(0.0).run()
    assert page.session_state[DRAFT].config.network == step(2).config.network
    assert "conv 5×5 + ReLU" in html(page) and "dropout" not in html(page)
    assert "<b>9,122</b>" in html(page)


def test_biases_that_batch_norm_cancels_can_be_left_out_and_are_counted() -> None:
    page = open_alone("layers")
    page.selectbox(key="field-network.bias").select("needed").run()
    assert f"<b>{9_426 - 152:,}</b>" in html(page)
    assert page.session_state[DRAFT].config.network.bias == "needed"


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


def test_the_table_has_a_line_a_layer_and_the_totals_below() -> None:
    rows = layer_table(step(3).config.network)
    table = table_html(rows)
    assert table.count("<tr>") == 1 + len(rows) + 1
    assert f"<td>9,426</td><td>{sum(row.macs for row in rows):,}</td>" in table.split("<tfoot>")[1]
    assert "<td>32 (28)</td>" in table  # global average pooling: its receptive field, and what fits into the image
    assert layer_name(rows[-1]) == "global average pool 2×2"


def test_the_table_of_step_1_ends_in_the_linear_layer_which_has_no_window() -> None:
    rows = layer_table(step(1).config.network)
    last = table_html(rows).split("<tr>")[-2]
    cells = ["9", "linear", "–", "–", "–", "64×1×1", "10×1×1", "650", "640", "2", "30 (28)"]
    assert [cell.split(">")[-1] for cell in last.split("</td>")[:-1]] == cells
    assert layer_name(rows[-1]) == "linear"


def test_the_single_unit_of_the_linear_layer_sees_the_whole_image() -> None:
    page = open_alone("layers")
    page.selectbox(key=PRESET).select(1).run()
    page.selectbox(key=LAYER).select(9).run()
    assert not page.exception
    words = (
        "The unit in row 0, column 0 of layer 9 sees rows 0 to 27 and columns 0 to 27 of the image. Its receptive "
        "field is 30×30 pixels, of which 28×28 lie in the image."
    )
    assert any(text.value == words for text in page.markdown)


def test_the_chosen_unit_sees_the_square_that_the_closed_form_gives() -> None:
    page = open_alone("layers")
    page.selectbox(key=LAYER).select(7).run()
    assert (page.session_state[ROW], page.session_state[COLUMN]) == (2, 2)  # the middle of a 4x4 map
    page.slider(key=ROW).set_value(0).run()
    # 5x5 with padding 2, 1x1, pool, 3x3, 1x1, pool, 3x3: unit 0 sees 20 pixels from -2, unit 2 from -2 + 2 * 4.
    words = "The unit in row 0, column 2 of layer 7 sees rows 0 to 17 and columns 6 to 25 of the image."
    assert any(text.value.startswith(words) for text in page.markdown)


def test_a_unit_in_the_padding_is_said_to_see_nothing_and_no_square_is_drawn() -> None:
    network = NetworkConfig(layers=(conv(8, 1, padding=3), conv(10, 3)))
    page = with_draft(tiny_run(network=network), "layers")
    page.selectbox(key=LAYER).select(1).run()
    page.slider(key=ROW).set_value(0).run()
    said = "column 17 of layer 1 sees nothing of the image: only the zeros of padding lie in its window."
    assert not page.exception and any(text.value.endswith(said) for text in page.markdown)
    assert "shapes" not in figure(page, "unit_picture")["layout"]


def test_a_test_image_that_there_is_not_is_refused_and_the_last_one_stays() -> None:
    page = open_alone("layers")
    page.text_input(key=DIGIT).set_value("12").run()
    assert any(caption.value.startswith("Test image 12,") for caption in page.caption)
    page.text_input(key=DIGIT).set_value("10,5").run()
    assert errors(page) == ["Test image is '10,5'; write it without a comma, in digits only: 6000."]
    assert any(caption.value.startswith("Test image 12,") for caption in page.caption)
    page.text_input(key=DIGIT).set_value("10000").run()
    assert errors(page) == ["Test image is 10000; it must be a whole number from 0 to 9,999."]


def test_a_network_that_deslants_looks_at_a_digit_that_stands_upright(mnist: Mnist) -> None:
    pictures = []
    for deslants in (False, True):
        network = replace(step(3).config.network, deslant=deslants)
        page = with_draft(replace(step(3).config, network=network), "layers")
        assert any(caption.value.endswith("deslanted.") for caption in page.caption) == deslants
        pictures.append(figure(page, "unit_picture")["data"][0]["z"])
    assert pictures[0] != pictures[1]


def whose(page: AppTest) -> str:
    """The caption that says which network made the map."""
    return next(caption.value for caption in page.caption if "Click a value" in caption.value)


def test_the_map_is_the_one_that_the_unit_stands_in_of_the_network_that_comes_with_the_lab(mnist: Mnist) -> None:
    page = with_draft(step(6).config, "layers")
    assert whose(page).startswith("This map is from the ready-trained network.")
    page.selectbox(key=LAYER).select(7).run()
    page.slider(key=MAP).set_value(3).run()
    (made,) = layer_maps(load_predictor(), mnist.test_images[0, 0].numpy() / 255)[6:7]
    given = component_data(page, CLICK)
    assert given["unit"] == [2, 2]
    assert given["tiles"][0]["words"].startswith("Map 3 of layer 7,")
    assert given["tiles"][0]["words"].endswith(f"the marked value is {number(made.maps[3, 2, 2])}")
    assert f"**{number(made.maps[3, 2, 2])}**: map 3, row 2, column 2 of layer 7, and its sum" in [
        text.value for text in page.markdown
    ]


def test_the_newest_run_with_just_these_layers_makes_the_map_and_without_one_an_untrained_network(
    store: Store, few: Mnist
) -> None:
    assert whose(with_draft(tiny_run(), "layers")).startswith("This map is from an untrained network")
    for _ in range(2):
        run_id = store.submit(tiny_run())
        claimed(store, run_id, f"{worker_name()}:test")
        say(store, run_id, *train(tiny_run(), few))
    store.submit(tiny_run(seed=2))  # has not begun
    alike = replace(TINY_NETWORK, dropout=0.5)
    assert whose(with_draft(tiny_run(network=alike), "layers")).startswith(f"This map is from run {run_id}.")
    other = replace(TINY_NETWORK, batch_norm=False)
    assert whose(with_draft(tiny_run(network=other), "layers")).startswith("This map is from an untrained network")


def test_where_nobody_has_trained_these_layers_here_the_runs_that_come_with_the_lab_make_the_map(mnist: Mnist) -> None:
    page = open_alone("layers")  # step 3
    assert whose(page).startswith(
        "This map is from a run that comes with the lab (Step 3, batch norm and dropout, seed 1)."
    )
    page.selectbox(key=LAYER).select(8).run()
    shown = component_data(page, CLICK)["tiles"][0]["words"]
    with opened() as reference:
        first = next(run.id for run in reference.runs() if (run.step, run.config.seed) == (3, 1))
        (made,) = layer_maps(load_predictor(first, None, reference), mnist.test_images[0, 0].numpy() / 255)[7:8]
    row, column = component_data(page, CLICK)["unit"]
    assert shown.endswith(f"the marked value is {number(made.maps[0, row, column])}")


def test_a_network_too_large_to_compute_at_once_is_said_to_be_so() -> None:
    layers = (conv(256, 3, padding=1), conv(256, 3, padding=1), conv(10, 3))  # 28 * 28 * 9 * 256 * 256 = 462 million
    page = with_draft(tiny_run(network=NetworkConfig(layers=layers)), "layers")
    assert not page.exception and any("too large to show its maps" in caption.value for caption in page.caption)


def test_a_field_larger_than_the_image_is_said_to_be_clipped() -> None:
    last = layer_table(step(3).config.network)[-1]
    assert "receptive field is 32×32 pixels, of which 28×28" in unit_words(last, 0, 0, Square(0, 0, 28, 28))


def test_a_chosen_unit_stays_inside_a_map_that_an_edit_makes_smaller(type_rows: Any) -> None:
    page = open_alone("layers")
    page.selectbox(key=LAYER).select(1).run()
    page.slider(key=ROW).set_value(27).run()
    type_rows(set_cell(1, "padding", 0))
    page.run()
    assert not page.exception and page.session_state[ROW] == 23


def test_a_chosen_unit_is_still_chosen_when_one_comes_back_from_another_page() -> None:
    page = open_app("layers")
    for key, place in {MAP: 2, ROW: 1, COLUMN: 3}.items():
        page.slider(key=key).set_value(place).run()
    go_to(go_to(page, "runs"), "layers")
    assert [page.slider(key=key).value for key in (MAP, ROW, COLUMN)] == [2, 1, 3]


def test_the_page_works_without_the_data_but_for_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise DataError("The data file is missing: restore it.")

    monkeypatch.setattr("lab.mnist.load_mnist", missing)
    page = open_alone("layers")
    assert errors(page) == ["The data file is missing: restore it."]
    assert "<b>9,426</b>" in html(page)
