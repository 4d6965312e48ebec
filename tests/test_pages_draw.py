"""The Draw page: what is drawn is kept and prepared, a picture is answered, and a bad file gets one sentence.

What is drawn is answered beside the page's script: see tests/web/test_reading_route.py and tests/browser/test_draw.py.
"""

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from app_pages import ROOT, button, component_data, go_to, html, is_well, labels, open_alone, open_app, words
from claiming import claimed, say
from examples import noted, tiny_run
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from lab.drawing import NoShapes, read_picture, stroke_stages
from lab.layer_words import short_name
from lab.layers import layer_table
from lab.mnist import Mnist
from lab.predict import Predictor, load_predictor, shipped_config
from lab.store import Store, worker_name
from lab.training import train
from lab.ui.drawing_board import DRAWINGS
from lab.ui.kept_draft import KEY as KEPT_DRAFT
from lab.ui.reader import FOLLOWS, Reader
from lab.ui.state import RUN
from lab.ui.text import plain

FILE = "Picture file"
SEVEN = [np.array([(80.0, 70.0), (200.0, 70.0), (130.0, 230.0)])]


def test_before_torch_is_there_the_layers_of_the_network_that_ships_are_named(store: Store) -> None:
    reader = Reader(store.url)
    assert reader.layers() == [short_name(row) for row in layer_table(shipped_config())]


def components(page: AppTest) -> list[str]:
    """The keys of the components of ours on the page, without those that every page has."""
    return [element.key or "" for element in page.get("bidi_component") if element.key not in (KEPT_DRAFT, "draw_anew")]


def read_in_the_picture(page: AppTest) -> dict[str, Any]:
    """The answer that the page shows to a picture."""
    found: dict[str, Any] = component_data(page, "answer")["answer"]
    return found


@pytest.fixture
def trained(store: Store, few: Mnist) -> int:
    """A finished run of three epochs."""
    config, worker = tiny_run(), f"{worker_name()}:test"
    run_id = store.submit(config)
    claimed(store, run_id, worker)
    say(store, run_id, *train(config, few))
    return run_id


def drawn(strokes: list[NDArray[np.float64]]) -> AppTest:
    """The page with strokes on its canvas, on which AppTest cannot draw: as it is when one comes back to it."""
    page = AppTest.from_file(ROOT / "pages" / "draw.py", default_timeout=60)
    page.session_state[DRAWINGS] = {"board": [stroke.tolist() for stroke in strokes]}
    page.run()
    assert not page.exception
    return page


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


def test_a_picture_is_still_read_when_one_comes_back_from_another_page_until_it_is_removed() -> None:
    app = open_app("draw")
    app.segmented_control[0].set_value(FILE).run()
    app.file_uploader[0].upload("my *seven*.png", picture("black", "white", "PNG")).run()
    assert labels(app.button).count("Remove") == 0  # the uploader has a button for that, as long as it names the file
    for _ in range(2):
        go_to(go_to(app, "runs"), "draw").run()
        assert read_in_the_picture(app)["digit"] == 7 and len(app.image) == 1 and "class='stages'" in html(app)
        assert "my *seven*.png" in words(app) and is_well(app)
    button(app, "Remove").click().run()
    assert components(app) == [] and not app.image and app.info
    go_to(go_to(app, "runs"), "draw")
    assert components(app) == [] and not app.image and app.info


def test_a_picture_that_the_uploader_removes_does_not_come_back_and_a_new_one_takes_the_place_of_the_old() -> None:
    app = open_app("draw")
    app.segmented_control[0].set_value(FILE).run()
    app.file_uploader[0].upload("old.png", picture("black", "white", "PNG")).run()
    go_to(go_to(app, "runs"), "draw")
    app.file_uploader[0].upload("new.png", b"no picture").run()
    assert len(app.error) == 1 and components(app) == []
    assert len(go_to(go_to(app, "runs"), "draw").error) == 1 and "new.png" in words(app)
    app.file_uploader[0].upload("old.png", picture("black", "white", "PNG")).run()
    app.file_uploader[0].set_value(None).run()
    assert not app.image and components(app) == []
    assert not go_to(go_to(app, "runs"), "draw").image and is_well(app)


def test_what_no_canvas_sends_is_shown_as_no_drawing() -> None:
    page = AppTest.from_file(ROOT / "pages" / "draw.py", default_timeout=60)
    page.session_state[DRAWINGS] = {"board": [[[1, 2, 3]]]}
    page.run()
    assert not page.exception and "class='stages'" not in html(page)


def test_a_picture_full_of_something_else_takes_the_old_answer_away_and_says_what_a_good_one_looks_like() -> None:
    page = uploaded(picture("black", "white", "PNG"))
    assert read_in_the_picture(page)["digit"] == 7
    stripes, file = Image.new("L", (300, 300), 255), io.BytesIO()
    for x in range(0, 300, 30):
        ImageDraw.Draw(stripes).rectangle((x, 0, x + 9, 299), fill=0)
    stripes.save(file, "PNG")
    page.file_uploader[0].upload("stripes.png", file.getvalue()).run()
    assert len(page.error) == 1 and "A good picture shows one digit alone on plain paper" in page.error[0].value
    assert components(page) == [] and len(page.image) == 1


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


def test_a_light_and_a_dark_picture_are_read_alike() -> None:
    for content in (picture("black", "white", "JPEG"), picture("white", "black", "PNG")):
        page = uploaded(content)
        assert not page.error and read_in_the_picture(page)["digit"] == 7


def test_a_file_that_is_no_picture_gets_one_sentence_and_no_answer() -> None:
    page = uploaded(b"no picture at all", "notes.txt")
    assert [error.value for error in page.error] == ["The file is not a PNG or JPEG picture: choose another file."]
    assert not page.info and components(page) == []


def test_a_file_over_10_megabytes_gets_one_sentence_and_no_answer() -> None:
    page = uploaded(b"\x89PNG" + bytes(10 * 2**20))
    assert len(page.error) == 1 and "10 MB" in page.error[0].value
    assert components(page) == []


def test_an_empty_picture_is_shown_and_asks_for_a_digit() -> None:
    page = uploaded(picture("white", "white", "PNG"))
    assert len(page.error) == 1 and "no ink" in page.error[0].value
    assert len(page.image) == 1


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.uint8]]:
    """The pixels of every picture that a page shows."""
    seen: list[NDArray[np.uint8]] = []
    as_usual = st.image
    monkeypatch.setattr(st, "image", lambda pixels, **rest: as_usual(noted(seen, pixels), **rest))
    return seen


def test_the_page_shows_the_very_pixels_that_are_read_upright(shown: list[NDArray[np.uint8]]) -> None:
    """A phone's picture: it lies on its side in the file, and its EXIF data say so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying, file = Image.open(io.BytesIO(picture("black", "white", "PNG"))).rotate(90, expand=True), io.BytesIO()
    lying.save(file, "JPEG", exif=exif)
    page = uploaded(file.getvalue())
    assert read_in_the_picture(page)["digit"] == 7
    assert np.array_equal(shown[-1], read_picture(file.getvalue())) and shown[-1].shape == (400, 600, 4)


@pytest.mark.parametrize("size", [(500, 1), (700, 1), (2000, 2), (20000, 20), (1, 500), (20, 3000), (1, 1)])
def test_a_picture_of_any_proportion_is_shown_no_larger_than_a_square_one(
    size: tuple[int, int], shown: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[Any] = []
    as_usual = st.image
    monkeypatch.setattr(st, "image", lambda pixels, width: as_usual(pixels, width=noted(widths, width)))
    file = io.BytesIO()
    Image.new("L", size, "white").save(file, "PNG")
    page = uploaded(file.getvalue())
    assert not page.exception and len(page.error) == 1 and len(page.image) == 1
    height, width = shown[-1].shape[:2]
    assert 1 <= widths[-1] <= 280 and height * widths[-1] / width <= 281


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_a_picture_of_any_kind_is_shown_and_read(mode: str, shown: list[NDArray[np.uint8]]) -> None:
    digit, file = Image.open(io.BytesIO(picture("white", "black", "PNG"))), io.BytesIO()
    wide = Image.fromarray(np.asarray(digit.convert("L")).astype(np.uint16) * 257)
    (wide if mode == "I;16" else digit.convert(mode)).save(file, "JPEG" if mode == "CMYK" else "PNG")
    page = uploaded(file.getvalue())
    assert not page.error and read_in_the_picture(page)["digit"] == 7
    assert [pixels.shape for pixels in shown] == [(400, 600, 4)]


def test_a_picture_with_an_odd_exif_field_is_shown_and_read(shown: list[NDArray[np.uint8]]) -> None:
    content = picture("black", "white", "PNG")
    field = struct.pack(">HHI", 0x011A, 2, 4) + b"abc\0"  # a text where the resolution's number belongs
    body = b"eXIf" + b"MM\0*" + struct.pack(">IH", 8, 1) + field + bytes(4)
    odd = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    page = uploaded(content[:33] + odd + content[33:])
    assert not page.error and read_in_the_picture(page)["digit"] == 7
    assert len(shown) == 1


@pytest.mark.parametrize(
    "refused", [b"no picture at all", b"\x89PNG" + bytes(10 * 2**20), picture("white", "white", "PNG")]
)
def test_a_refused_picture_takes_the_answer_to_the_one_before_away(refused: bytes) -> None:
    page = uploaded(picture("black", "white", "PNG"))
    assert components(page) == ["answer"] and len(page.image) == 1
    page.file_uploader[0].upload("refused.png", refused).run()
    assert len(page.error) == 1
    assert "<div class='stages'" not in html(page) and components(page) == []


def test_a_missing_shipped_checkpoint_is_one_sentence_and_the_drawing_is_still_prepared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("lab.predict.SHIPPED", tmp_path / "gone.safetensors")
    page = drawn(SEVEN)
    assert len(page.error) == 1 and "is missing or damaged" in page.error[0].value
    assert "class='stages'" in html(page)


def test_missing_shapes_of_digits_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_features: object) -> None:
        raise NoShapes("It is missing.")

    monkeypatch.setattr("lab.drawing.oddity.distances", refuse)
    page = uploaded(picture("black", "white", "PNG"))
    assert [error.value for error in page.error] == ["It is missing."]
