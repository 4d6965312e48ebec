"""The Draw page: what is drawn is kept and prepared, and read by whichever network one chooses.

What is drawn is answered beside the page's script: see tests/web/test_reading_route.py and tests/browser/test_draw.py.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_pages import ROOT, component_data, components, go_to, html, open_alone, open_app
from claiming import claimed, say
from examples import tiny_run
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from lab.drawing import stroke_stages
from lab.layer_words import short_name
from lab.layers import layer_table
from lab.mnist import Mnist
from lab.predict import Predictor, load_predictor, shipped_config
from lab.store import Store, worker_name
from lab.training import train
from lab.ui.drawing_board import DRAWINGS
from lab.ui.reader import FOLLOWS, Reader
from lab.ui.state import RUN
from lab.ui.text import plain

SEVEN = [np.array([(80.0, 70.0), (200.0, 70.0), (130.0, 230.0)])]


def test_before_torch_is_there_the_layers_of_the_network_that_ships_are_named(store: Store) -> None:
    reader = Reader(store.url)
    assert reader.layers() == [short_name(row) for row in layer_table(shipped_config())]


def drawn(strokes: list[NDArray[np.float64]]) -> AppTest:
    """The page with strokes on its canvas, on which AppTest cannot draw: as it is when one comes back to it."""
    page = AppTest.from_file(ROOT / "pages" / "draw.py", default_timeout=60)
    page.session_state[DRAWINGS] = {"board": [stroke.tolist() for stroke in strokes]}
    page.run()
    assert not page.exception
    return page


def test_a_blank_canvas_asks_for_a_digit_and_nothing_is_prepared() -> None:
    page = open_alone("draw")
    board = component_data(page, "board")
    assert board["prompt"].startswith("Draw a digit from 0 to 9 in the black square.") and board["strokes"] == []
    assert "class='stages'" not in html(page) and components(page) == ["board"]


def test_strokes_are_shown_with_the_stages_that_lead_to_28x28() -> None:
    page = drawn(SEVEN)
    assert component_data(page, "board")["strokes"] == [stroke.tolist() for stroke in SEVEN]
    for stage in stroke_stages(SEVEN):
        assert stage.name in html(page) and stage.explanation in html(page).replace("&#x27;", "'")


@pytest.mark.parametrize("deslants", [True, False])
def test_a_network_that_deslants_has_a_last_stage_in_which_the_digit_stands_upright(
    store: Store, few: Mnist, deslants: bool
) -> None:
    config = tiny_run(epochs=1, network=replace(tiny_run().network, deslant=deslants))
    run_id = store.submit(config)
    claimed(store, run_id, f"{worker_name()}:test")
    say(store, run_id, *train(config, few))
    page = drawn(SEVEN)
    page.selectbox(key="reader_run").select(run_id).run()
    assert not page.exception
    assert ("4. Upright" in html(page)) == deslants


def test_a_drawing_is_still_there_when_one_comes_back_from_another_page() -> None:
    app = open_app("draw")
    app.session_state[DRAWINGS] = {"board": [stroke.tolist() for stroke in SEVEN]}
    go_to(go_to(app, "runs"), "draw")
    assert component_data(app, "board")["strokes"] == [stroke.tolist() for stroke in SEVEN]
    assert "class='stages'" in html(app)


def test_what_no_canvas_sends_is_shown_as_no_drawing() -> None:
    page = AppTest.from_file(ROOT / "pages" / "draw.py", default_timeout=60)
    page.session_state[DRAWINGS] = {"board": [[[1, 2, 3]]]}
    page.run()
    assert not page.exception and "class='stages'" not in html(page)


def test_the_page_says_which_run_the_shipped_checkpoint_is() -> None:
    assert any("the ready-trained network" in caption.value for caption in open_alone("draw").caption)


def test_the_name_of_the_run_that_reads_is_shown_as_it_was_typed(store: Store, trained: int) -> None:
    store.rename(trained, "5*5 vs 3*3 <b>x</b> $y$")
    page = open_alone("draw")
    page.selectbox(key="reader_run").select(trained).run()
    page.select_slider[0].set_value(3).run()
    assert page.selectbox(key="reader_run").options[1] == f"Run {trained}: 5*5 vs 3*3 <b>x</b> $y$"
    words = AppTest.from_function(_described, default_timeout=60, args=(store.url, trained)).run()
    assert words.caption[0].value == f"Read by {plain(f'5*5 vs 3*3 <b>x</b> $y$ (run {trained}), epoch 3')}."


def _described(url: str, run: int) -> None:
    """A page of its own: a run that has no epoch to choose."""
    import streamlit as st

    from lab.ui.reader import Reader, describe_reader

    describe_reader(Reader(url, run), st.container(), st.container())


def test_any_run_at_any_finished_epoch_can_read(store: Store, trained: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int | None, int | None]] = []

    def load(run: int | None, epoch: int | None, where: Store) -> Predictor:
        asked.append((run, epoch))
        return load_predictor(run, epoch, where)

    monkeypatch.setattr("lab.predict.load_predictor", load)
    page = open_alone("draw")
    assert component_data(page, "board")["reader"] == {"run": None, "epoch": None}
    page.selectbox(key="reader_run").select(trained).run()
    assert page.select_slider[0].value == 3  # the last of its three epochs
    page.select_slider[0].set_value(1).run()
    assert not page.exception
    assert component_data(page, "board")["reader"] == {"run": trained, "epoch": 1}
    assert asked == [(None, None), (trained, 3), (trained, 1)]


def test_a_run_reads_as_it_trains_until_one_of_its_epochs_is_chosen(store: Store, few: Mnist) -> None:
    run_id = store.submit(tiny_run())
    page = open_alone("draw")
    page.selectbox(key="reader_run").select(run_id).run()
    assert page.selectbox(key="reader_run").options[1] == f"Run {run_id}: {store.run(run_id).name}, queued"
    assert component_data(page, "board")["reader"] == {"run": run_id, "epoch": None}
    assert not page.select_slider and FOLLOWS["queued"] in [caption.value for caption in page.caption]
    claimed(store, run_id, f"{worker_name()}:test")
    *events, _ = train(tiny_run(), few)
    say(store, run_id, *events)
    page.run()
    assert page.selectbox(key="reader_run").options[1].endswith(", training now")
    assert FOLLOWS["running"] in [caption.value for caption in page.caption]
    assert page.select_slider[0].options == ["1", "2", "3", "now"] and page.select_slider[0].value == 0
    assert component_data(page, "board")["reader"] == {"run": run_id, "epoch": None}
    page.select_slider[0].set_value(2).run()
    assert component_data(page, "board")["reader"] == {"run": run_id, "epoch": 2}


def test_the_run_that_one_has_just_started_reads_until_another_is_chosen(store: Store) -> None:
    run_id = store.submit(tiny_run())
    page = AppTest.from_file(ROOT / "pages" / "draw.py", default_timeout=60)
    page.session_state[RUN] = run_id
    page.run()
    assert page.selectbox(key="reader_run").value == run_id
    page.selectbox(key="reader_run").select(0).run()
    page.run()
    assert page.selectbox(key="reader_run").value == 0
    page.session_state[RUN] = store.submit(tiny_run(seed=2))
    page.run()
    assert page.selectbox(key="reader_run").value == run_id + 1 and not page.exception


def test_a_drawing_is_followed_into_the_network_once_that_is_kept(store: Store) -> None:
    page = drawn(SEVEN)
    assert [button.label for button in page.button] == ["See what each layer makes of it"]
    page.session_state[RUN] = store.submit(tiny_run())
    page.run()
    assert not page.button and "class='stages'" in html(page)


def test_a_run_that_has_ended_is_not_chosen_by_itself(trained: int) -> None:
    page = AppTest.from_file(ROOT / "pages" / "draw.py", default_timeout=60)
    page.session_state[RUN] = trained
    page.run()
    assert page.selectbox(key="reader_run").value == 0


def test_a_missing_shipped_checkpoint_is_one_sentence_and_the_drawing_is_still_prepared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("lab.predict.SHIPPED", tmp_path / "gone.safetensors")
    page = drawn(SEVEN)
    assert len(page.error) == 1 and "is missing or damaged" in page.error[0].value
    assert "class='stages'" in html(page)
