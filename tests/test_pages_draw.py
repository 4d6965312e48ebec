"""The Draw page: a stroke is answered, nothing is guessed without ink, and a bad file gets one sentence."""

import io
from pathlib import Path

import numpy as np
import pytest
from app_pages import html, open_alone
from examples import claimed, say, tiny_run
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from lab.mnist import Mnist
from lab.predict import Predictor, load_predictor
from lab.store import Store, worker_name
from lab.training import train
from lab.ui import drawing_board
from lab.ui.drawing_board import FILE, Board
from lab.ui.reader import answer_html

SEVEN = [np.array([(80.0, 70.0), (200.0, 70.0), (130.0, 230.0)])]


def charts(page: AppTest) -> list[str]:
    """The keys of the charts on the page."""
    return [element.key for element in page.get("bidi_component") if not element.key.startswith("canvas")]


@pytest.fixture
def trained(store: Store, few: Mnist) -> int:
    """A finished run of three epochs."""
    config, worker = tiny_run(), f"{worker_name()}:test"
    run_id = store.submit(config)
    claimed(store, run_id, worker)
    say(store, run_id, *train(config, few))
    return run_id


def draw(monkeypatch: pytest.MonkeyPatch, strokes: list[NDArray[np.float64]]) -> None:
    """Stands for the canvas, which AppTest cannot draw on."""
    monkeypatch.setattr(drawing_board, "ask_strokes", lambda: strokes)


def picture(ink: str, ground: str, kind: str) -> bytes:
    image = Image.new("RGB", (600, 400), ground)
    ImageDraw.Draw(image).line([(200, 80), (400, 80), (280, 330)], fill=ink, width=30, joint="curve")
    file = io.BytesIO()
    image.save(file, format=kind)
    return file.getvalue()


def uploaded(content: bytes, name: str = "digit.png") -> AppTest:
    page = open_alone("draw")
    page.segmented_control[0].set_value(FILE).run()
    page.file_uploader[0].upload(name, content).run()
    assert not page.exception
    return page


def test_a_blank_canvas_asks_for_a_digit_and_predicts_nothing() -> None:
    page = open_alone("draw")
    assert [info.value.split(".")[0] for info in page.info] == ["Draw a digit from 0 to 9 in the black square"]
    assert "answer" not in html(page) and charts(page) == []


def test_strokes_are_answered_with_ten_probabilities_and_the_stages_that_lead_to_28x28(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw(monkeypatch, SEVEN)
    page = open_alone("draw")
    assert not page.info and charts(page) == ["probabilities"]
    assert "<div class='answer'><b>7</b>" in html(page)
    for stage in drawing_board.stroke_stages(SEVEN):
        assert stage.name in html(page) and stage.explanation in html(page).replace("&#x27;", "'")


def test_the_page_says_which_run_the_shipped_checkpoint_is() -> None:
    assert any("the checkpoint that comes with the lab" in caption.value for caption in open_alone("draw").caption)


def test_any_run_at_any_finished_epoch_can_read(store: Store, trained: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int | None, int | None]] = []

    def load(run: int | None, epoch: int | None, where: Store) -> Predictor:
        asked.append((run, epoch))
        return load_predictor(run, epoch, where)

    monkeypatch.setattr("lab.predict.load_predictor", load)
    draw(monkeypatch, SEVEN)
    page = open_alone("draw")
    page.selectbox(key="reader_run").select(trained).run()
    assert page.select_slider[0].value == 3  # the last of its three epochs
    page.select_slider[0].set_value(1).run()
    assert not page.exception
    assert asked == [(None, None), (trained, 3), (trained, 1)]


def test_a_light_and_a_dark_picture_are_read_alike() -> None:
    for content in (picture("black", "white", "JPEG"), picture("white", "black", "PNG")):
        page = uploaded(content)
        assert not page.error and "<div class='answer'>" in html(page)


def test_a_file_that_is_no_picture_gets_one_sentence_and_no_answer() -> None:
    page = uploaded(b"no picture at all", "notes.txt")
    assert [error.value for error in page.error] == ["The file is not a PNG or JPEG picture: choose one that is."]
    assert not page.info and "answer" not in html(page)


def test_a_file_over_10_megabytes_gets_one_sentence_and_no_answer() -> None:
    page = uploaded(b"\x89PNG" + bytes(10 * 2**20))
    assert len(page.error) == 1 and "10 MB" in page.error[0].value
    assert "answer" not in html(page)


def test_an_empty_picture_asks_for_a_digit() -> None:
    page = uploaded(picture("white", "white", "PNG"))
    assert len(page.error) == 1 and "no ink" in page.error[0].value


def test_undo_takes_the_last_stroke_and_clear_takes_all() -> None:
    board = Board()
    board.restart(["first", "second"])
    board.restart(board.drawing["objects"][:-1])
    assert board.initial == board.drawing == {"objects": ["first"]}
    assert board.key == "canvas_2"  # a new canvas: the old one would keep its own strokes
    board.restart([])
    assert board.drawing["objects"] == []


def test_a_missing_shipped_checkpoint_is_one_sentence_and_the_drawing_is_still_prepared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("lab.predict.SHIPPED", tmp_path / "gone.safetensors")
    draw(monkeypatch, SEVEN)
    page = open_alone("draw")
    assert len(page.error) == 1 and "is missing or damaged" in page.error[0].value
    assert "class='stages'" in html(page) and "<div class='answer'>" not in html(page)


def test_the_second_choice_is_named_where_it_has_a_percent() -> None:
    sure = np.array([0.995, 0.005, 0, 0, 0, 0, 0, 0, 0, 0], dtype=np.float32)
    unsure = np.array([0.6, 0, 0, 0.4, 0, 0, 0, 0, 0, 0], dtype=np.float32)
    assert answer_html(sure) == "<b>0</b><span>with a probability of 99.5 %</span>"
    assert answer_html(unsure) == "<b>0</b><span>with a probability of 60.0 %<br>next: 3, 40.0 %</span>"
