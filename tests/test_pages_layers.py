"""The Layers page: what is edited is counted, drawn and kept at once, and what cannot be built is explained."""

from dataclasses import replace

import pytest
from app_pages import ROOT, errors, html, open_alone
from streamlit.testing.v1 import AppTest

from lab.layer_words import layer_name
from lab.layers import layer_table
from lab.mnist import DataError
from lab.network_config import PARAMETER_BUDGET
from lab.steps import step
from lab.ui.draft import Draft
from lab.ui.layer_table import table_html
from lab.ui.layout import budget_words
from lab.ui.network_editor import PRESET
from lab.ui.state import DRAFT


def test_a_new_visitor_sees_step_3_with_its_9426_parameters_under_the_budget() -> None:
    page = open_alone("layers")
    assert page.selectbox(key=PRESET).value == 3
    assert "<b>9,426</b> parameters" in html(page) and "under the budget of 10,000" in html(page)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [(9_999, "under"), (10_000, "not under"), (10_499, "not under"), (10_600, "1.1 times"), (20_000, "2.0 times")],
)
def test_a_network_a_little_over_the_budget_is_said_to_be_over_it(parameters: int, words: str) -> None:
    assert budget_words(parameters, PARAMETER_BUDGET) == f"{words} the budget of 10,000"


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


def test_the_page_works_without_the_data_but_for_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise DataError("The data file is missing: restore it.")

    monkeypatch.setattr("lab.mnist.load_mnist", missing)
    page = open_alone("layers")
    assert errors(page) == ["The data file is missing: restore it."]
    assert "<b>9,426</b>" in html(page)
