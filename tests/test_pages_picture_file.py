"""The Draw page reads a picture file of any kind, shows what it reads, and says in a sentence why it cannot."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import streamlit as st
from app_pages import button, component_data, components, go_to, html, is_well, labels, open_alone, open_app, words
from examples import noted
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from lab.drawing import NoShapes, read_picture

FILE = "Picture file"


def read_in_the_picture(page: AppTest) -> dict[str, Any]:
    """The answer that the page shows to a picture."""
    found: dict[str, Any] = component_data(page, "answer")["answer"]
    return found


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


def test_missing_shapes_of_digits_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_features: object) -> None:
        raise NoShapes("It is missing.")

    monkeypatch.setattr("lab.drawing.oddity.distances", refuse)
    page = uploaded(picture("black", "white", "PNG"))
    assert [error.value for error in page.error] == ["It is missing."]
