"""A drawing -> 28x28: neither place nor size matters, and MNIST's own digits come back."""

from time import process_time

import numpy as np
import pytest
from drawings import EIGHT, SEVEN, Gray, Points, Rgba, canvas, centre_of_mass, likeness, longest_side
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from lab.drawing import BlankDrawing, PictureError, drawing_stages, normalize_drawing, normalize_strokes, stroke_stages
from lab.drawing.pen import BOX
from lab.drawing.stages import CENTRE, centre_by_mass
from lab.mnist import Mnist

strokes_drawn = st.lists(
    st.lists(st.tuples(*[st.integers(0, 400)] * 2), min_size=1, max_size=10).map(
        lambda points: np.array(points, dtype=np.float64)
    ),
    min_size=1,
    max_size=4,
)
"""Up to four strokes on a canvas of 400 pixels, dots among them."""


def upon(image: Gray, side: int, at: tuple[int, int]) -> Rgba:
    """400x400 black pixels with a 28x28 `image` enlarged to `side` pixels, its corner at (x, y)."""
    picture = Image.new("L", (400, 400))
    digit = Image.fromarray((image * 255).astype(np.uint8))
    picture.paste(digit.resize((side, side), Image.Resampling.BICUBIC), at)
    return np.asarray(picture.convert("RGBA"))


@pytest.mark.parametrize("way", ["strokes", "picture"])
def test_every_stage_is_an_image_with_a_sentence(way: str) -> None:
    stages = stroke_stages(SEVEN) if way == "strokes" else drawing_stages(canvas(SEVEN))
    for stage in stages:
        assert stage.image.dtype == np.float32
        assert stage.image.ndim == 2
        assert stage.image.min() >= 0
        assert stage.image.max() == 1
        assert stage.name
        assert stage.explanation.endswith(".")
    assert len({stage.name for stage in stages}) == len(stages)
    assert [max(stage.image.shape) for stage in stages[-2:]] == [20, 28]


def test_the_last_stage_is_what_the_network_sees() -> None:
    picture = canvas(SEVEN)
    assert np.array_equal(drawing_stages(picture)[-1].image, normalize_drawing(picture))
    assert np.array_equal(stroke_stages(SEVEN)[-1].image, normalize_strokes(SEVEN))


@pytest.mark.parametrize("digit", [SEVEN, EIGHT], ids=["seven", "eight"])
def test_strokes_and_a_large_picture_of_them_agree(digit: list[Points]) -> None:
    assert likeness(normalize_strokes(digit), normalize_drawing(canvas(digit, pen=8))) > 0.95


@given(strokes_drawn)
def test_strokes_become_28x28_pixels_from_0_to_1(strokes: list[Points]) -> None:
    image = normalize_strokes(strokes)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() == 1


@given(strokes_drawn, st.floats(1e-3, 1e3), st.tuples(*[st.floats(-1e3, 1e3)] * 2))
def test_neither_size_nor_place_of_strokes_matters(
    strokes: list[Points], scale: float, shift: tuple[float, float]
) -> None:
    moved = [stroke * scale + np.array(shift) * scale for stroke in strokes]
    np.testing.assert_allclose(normalize_strokes(moved), normalize_strokes(strokes), atol=1e-4)


@given(strokes_drawn)
def test_the_longest_side_of_strokes_is_20_pixels(strokes: list[Points]) -> None:
    assume(np.ptp(np.concatenate(strokes), axis=0).max() > 0)
    assert longest_side(normalize_strokes(strokes)) == BOX


@given(strokes_drawn)
def test_the_centre_of_mass_is_mnists_unless_ink_would_be_lost(strokes: list[Points]) -> None:
    image = normalize_strokes(strokes)
    at_the_edge = [image[[0, -1]].any(), image[:, [0, -1]].any()]
    for centre, stopped in zip(centre_of_mass(image), at_the_edge, strict=True):
        assert abs(centre - CENTRE) < 0.51 or stopped


@pytest.mark.parametrize("rounding", [-1e-6, 0, 1e-6])
def test_what_is_as_high_above_its_middle_as_below_it_lies_in_the_same_place_whatever_rounding_says(
    rounding: float,
) -> None:
    """Its centre lies half a pixel beside a pixel's: as many digits' would, one pixel higher or lower by chance."""
    boxed = np.ones((BOX, BOX), np.float64)
    boxed[0] += rounding
    centred = centre_by_mass(boxed.astype(np.float32))
    assert [int(ink.argmax()) for ink in (centred.any(axis=1), centred.any(axis=0))] == [4, 4]


@given(strokes_drawn)
def test_neither_order_nor_direction_of_strokes_matters(strokes: list[Points]) -> None:
    other = [stroke[::-1] for stroke in reversed(strokes)]
    np.testing.assert_allclose(normalize_strokes(other), normalize_strokes(strokes), atol=1e-4)


@pytest.mark.parametrize(("length", "is_dot"), [(17.0, True), (19.0, False)])
def test_what_is_smaller_than_the_pen_that_drew_it_is_a_dot_wherever_it_stands(length: float, is_dot: bool) -> None:
    dash = [np.array([(200.0, 60.0), (200.0 + length, 60.0)])]
    dot = normalize_strokes([[(0.0, 0.0)]])
    assert np.array_equal(normalize_strokes(dash, pen=18.0), dot) == is_dot


def test_empty_strokes_change_nothing() -> None:
    mixed = [np.empty((0, 2)), *SEVEN, np.array([])]
    assert np.array_equal(normalize_strokes(mixed), normalize_strokes(SEVEN))


@pytest.mark.parametrize("strokes", [[], [np.empty((0, 2))]], ids=["none", "empty"])
def test_no_stroke_is_a_blank_drawing(strokes: list[Points]) -> None:
    with pytest.raises(BlankDrawing, match=r"There is no ink in the picture: it has to show a digit\."):
        normalize_strokes(strokes)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_coordinate_that_is_not_finite_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="every coordinate must be finite"):
        normalize_strokes([[(0.0, 1.0), (wrong, 2.0)]])


@pytest.mark.parametrize("shape", [(2,), (4, 3), (1, 2, 2)])
def test_a_stroke_that_is_not_a_list_of_pairs_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"it must be \(points, 2\)"):
        normalize_strokes([np.ones(shape)])


@settings(max_examples=10)
@given(st.floats(100, 300), st.floats(15, 75), st.floats(15, 75))
def test_neither_size_nor_place_in_a_picture_matters(height: float, x: float, y: float) -> None:
    small = normalize_drawing(canvas(SEVEN, height, pen=height / 12, at=(x, y)))
    assert longest_side(small) == BOX
    assert centre_of_mass(small) == pytest.approx((CENTRE, CENTRE), abs=0.51)
    assert likeness(small, normalize_drawing(canvas(SEVEN, 200, pen=200 / 12))) > 0.93


@pytest.mark.parametrize("side", [280, 80, 28])
def test_mnists_own_digits_come_back_from_any_size_and_place(mnist: Mnist, side: int) -> None:
    images = mnist.test_images[:20, 0].numpy() / np.float32(255)
    results = [normalize_drawing(upon(image, side, at=(400 - side - 5, 3))) for image in images]
    alike = [likeness(result, image) for result, image in zip(results, images, strict=True)]
    assert min(alike) > 0.85  # the boldest pens come back thinner
    assert np.mean(alike) > 0.95
    for result in results:
        assert longest_side(result) == pytest.approx(BOX, abs=1)
        assert centre_of_mass(result) == pytest.approx((CENTRE, CENTRE), abs=0.51)


def test_mnists_centre_of_mass_and_box_are_what_the_module_says(mnist: Mnist) -> None:
    images = mnist.train_images[:, 0].numpy()
    profiles = [images.sum(axis=axis, dtype=np.float64) for axis in (1, 2)]  # along x and y, (60000, 28)
    centres = np.array([profile @ np.arange(28) / profile.sum(axis=1) for profile in profiles])
    assert (round(centres.min(), 2), round(centres.max(), 2)) == (13.48, 14.50)
    assert np.abs(centres - CENTRE).max() < 0.53
    sides = [28 - (ink.argmax(axis=1) + ink[:, ::-1].argmax(axis=1)) for ink in (profile > 0 for profile in profiles)]
    assert round(np.mean(np.maximum(*sides) == BOX), 4) == 0.9998


def test_a_picture_of_12_megapixels_takes_well_under_a_second() -> None:
    huge = np.asarray(Image.fromarray(canvas(SEVEN)).resize((4000, 4000)).crop((0, 0, 4000, 3000)))
    started = process_time()
    image = normalize_drawing(huge)
    assert process_time() - started < 1
    assert likeness(image, normalize_drawing(canvas(SEVEN))) > 0.97


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (2, 2), (5, 400), (800, 3)])
def test_pictures_of_odd_shapes_are_read_or_refused(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 4), 255, np.uint8)
    picture[shape[0] // 2, shape[1] // 2, :3] = 0
    try:
        assert normalize_drawing(picture).max() > 0.5
    except PictureError:  # so small that one pixel is a good part of the border
        assert max(shape) <= 3
