"""What does not look like one digit is said to be so, with the reason; a digit is not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawings import EIGHT, SEVEN, Points, canvas
from hypothesis import given
from hypothesis import strategies as st
from odd import DOODLES, DOT, HOUSE, LETTERS, TWO_DIGITS, full_of_print, in_a_box, in_a_window, on_a_table, scribble

from lab.drawing import (
    NoShapes,
    PictureError,
    distances,
    doubts,
    drawing_stages,
    edges,
    forget_shapes,
    normalize_drawing,
    odd,
    stroke_stages,
)
from lab.mnist import Mnist, to_unit
from lab.predict import load_predictor

PEN = 18


def test_fewer_than_one_in_a_hundred_real_digits_is_called_odd(mnist: Mnist) -> None:
    """On images that neither shapes nor limit were made from."""
    images = to_unit(mnist.test_images[:2000, 0]).numpy()
    features = edges(images)
    assert 0 < np.mean(np.maximum(distances(features), doubts(features)) > 1) < 0.01


@pytest.mark.parametrize("digit", [SEVEN, EIGHT], ids=["seven", "eight"])
def test_a_digit_is_not_odd_drawn_or_photographed_up_to_its_border(digit: list[Points]) -> None:
    assert odd(stroke_stages(digit)) is None
    whole = canvas(digit)
    assert odd(drawing_stages(whole)) is None
    ink = whole[..., 0] > 0
    tight = whole[np.ix_(ink.any(axis=1), ink.any(axis=0))]
    assert odd(drawing_stages(tight)) is None


def test_a_straight_line_may_be_a_one() -> None:
    """Nothing tells an l from a 1, or an O from a 0."""
    assert odd(stroke_stages([np.array([(140.0, 40.0), (140.0, 240.0)])])) is None


@pytest.mark.parametrize(
    ("strokes", "why"),
    [
        (DOT, "a dot"),
        (TWO_DIGITS, "two parts side by side"),
        (scribble(), ""),
        (HOUSE, "three holes"),
        *DOODLES.values(),
    ],
    ids=["dot", "two digits", "scribble", "house", *DOODLES],
)
def test_what_is_no_digit_is_odd_and_says_why(strokes: list[Points], why: str) -> None:
    said = odd(stroke_stages(strokes, PEN))
    assert said is not None and why in said
    assert said[0].islower() and not said.endswith(".")


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_that_is_no_digits_shape_is_odd(letter: str) -> None:
    assert odd(stroke_stages(LETTERS[letter], PEN)) is not None


def test_a_picture_of_two_digits_or_a_blot_is_odd() -> None:
    assert "two parts" in str(odd(drawing_stages(canvas([stroke / 280 for stroke in TWO_DIGITS], height=280, pen=12))))
    assert "filled" in str(odd(drawing_stages(canvas([np.zeros((2, 2))], pen=60))))


def test_a_blot_stays_as_round_as_it_is() -> None:
    boxed = drawing_stages(canvas([np.zeros((2, 2))], pen=60))[3].image
    assert boxed.shape == (20, 20) and boxed[0, 0] < 0.1 and boxed[10, 10] == 1


@given(st.floats(0.5, 3), st.floats(-500, 500), st.floats(-500, 500))
def test_neither_size_nor_place_makes_strokes_odd(scale: float, right: float, down: float) -> None:
    for strokes in (SEVEN, LETTERS["M"]):
        moved = [stroke * scale + (right, down) for stroke in strokes]
        assert (odd(stroke_stages(moved)) is None) == (odd(stroke_stages(strokes)) is None)


@given(st.floats(0, 0.9 * PEN), st.floats(0, 0.9 * PEN))
def test_what_is_smaller_than_the_pen_is_a_dot(right: float, down: float) -> None:
    stages = stroke_stages([np.array([(100.0, 100.0), (100 + right, 100 + down)])], PEN)
    assert "a dot" in str(odd(stages))


# --- more than a digit in a picture --------------------------------------------------------------------------------

SURROUNDED = {
    "on a table": on_a_table(),
    "on a table, straight": on_a_table(0),
    "box": in_a_box(),
    "box on a table": on_a_table(paper=in_a_box()),
    "window": in_a_window(),
}


@pytest.mark.parametrize("surroundings", SURROUNDED)
def test_a_digit_is_found_in_its_surroundings_and_the_stages_say_so(surroundings: str) -> None:
    stages = drawing_stages(SURROUNDED[surroundings])
    assert odd(stages) is None
    assert [stage.name for stage in stages[:2]] == ["All ink", "Ink"]
    assert "left out" in stages[1].explanation
    assert load_predictor()(stages[-1].image).argmax() == 7


def test_a_picture_full_of_something_else_is_refused_with_what_a_good_one_looks_like() -> None:
    with pytest.raises(PictureError, match="A good picture shows one digit alone on plain paper"):
        normalize_drawing(full_of_print())


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The file of the shapes of digits, which is not there."""
    monkeypatch.setattr("lab.drawing.likeness.SHAPES", tmp_path / "shapes.safetensors")
    forget_shapes()
    yield tmp_path / "shapes.safetensors"
    forget_shapes()


@pytest.mark.parametrize("content", [None, b"", b"version https://git-lfs.github.com/spec/v1"])
def test_without_the_shapes_of_digits_one_sentence_says_what_to_do(shapes: Path, content: bytes | None) -> None:
    if content is not None:
        shapes.write_bytes(content)
    with pytest.raises(NoShapes, match=r"shapes\.safetensors is missing or damaged: restore it with") as error:
        odd(stroke_stages(SEVEN))
    assert "\n" not in str(error.value)
