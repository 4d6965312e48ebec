"""The pen: strokes are drawn with MNIST's, and a picture's is brought to MNIST's."""

import tracemalloc

import numpy as np
import pytest
from drawings import BLACK, EIGHT, SEVEN, WHITE, Points, canvas, centre_of_mass, likeness, longest_side, loops
from PIL import Image, ImageDraw
from scipy import ndimage

from lab.drawing import normalize_drawing, normalize_strokes
from lab.drawing.pen import BOX, PEN, draw_in_box
from lab.mnist import Mnist


@pytest.mark.parametrize("end", [(1, 0), (0, 1)], ids=["horizontal", "vertical"])
def test_a_straight_line_is_20_pixels_long_and_as_wide_as_the_pen(end: tuple[int, int]) -> None:
    image = normalize_strokes([np.array([(0, 0), end])])
    assert longest_side(image) == 20
    # a bar and two half discs: 17.6 * 2.4 + pi * 1.2^2
    assert image.sum() == pytest.approx((BOX - PEN) * PEN + np.pi * (PEN / 2) ** 2, rel=0.05)


def test_no_rounding_makes_the_box_larger() -> None:
    """17.6 / 273.85... * 273.85... + 2.4 is a little more than 20."""
    assert draw_in_box([np.array([(0, 0), (273.8512263286428, 0)])], BOX).shape == (3, BOX)


def test_a_single_tap_is_a_dot_in_the_middle() -> None:
    image = normalize_strokes([[(123.0, 45.0)]])
    assert longest_side(image) == 3
    assert centre_of_mass(image) == pytest.approx((14, 14))
    assert np.array_equal(image, normalize_strokes([[(7, 7), (7, 7)], [(7, 7)]]))


def test_a_dot_beside_a_stroke_is_drawn() -> None:
    line, dot = np.array([[0.0, 0.0], [0.0, 10.0]]), np.array([[5.0, 5.0]])
    assert ndimage.label(normalize_strokes([line]) > 0.5)[1] == 1
    assert ndimage.label(normalize_strokes([line, dot]) > 0.5)[1] == 2


def test_the_longest_scribble_takes_little_memory() -> None:
    """4,000 points, each on the other side of the canvas than the one before."""
    scribble = np.column_stack([np.arange(4000) % 2 * 100.0, np.linspace(0, 100, 4000)])
    tracemalloc.start()
    try:
        draw_in_box([scribble], 100)
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


def test_a_thick_pen_fills_a_small_eight_and_its_strokes_keep_both_loops() -> None:
    small = canvas(EIGHT, height=40, pen=20)
    assert loops(small[..., 0] / 255) == 0
    assert loops(normalize_strokes([stroke * 40 for stroke in EIGHT])) == 2


@pytest.mark.parametrize("pen", [2, 5, 10, 20, 26])
def test_a_pictures_loops_are_neither_closed_nor_opened(pen: float) -> None:
    for digit, expected in ((SEVEN, 0), (EIGHT, 2)):
        assert loops(normalize_drawing(canvas(digit, height=150, pen=pen))) == expected


@pytest.mark.parametrize("digit", [SEVEN, EIGHT], ids=["seven", "eight"])
@pytest.mark.parametrize("pen", [2, 5, 20, 30])
def test_the_pens_width_hardly_matters(digit: list[Points], pen: float) -> None:
    usual = normalize_drawing(canvas(digit, pen=24))  # 2.0 pixels of 28 in the result
    other = normalize_drawing(canvas(digit, pen=pen))
    assert other.sum() == pytest.approx(usual.sum(), rel=0.15)
    assert likeness(other, usual) > 0.9


def test_the_ink_of_strokes_is_about_as_much_as_mnists(mnist: Mnist) -> None:
    """Sevens and eights, whose paths are known here."""
    for digit, label in ((SEVEN, 7), (EIGHT, 8)):
        images = mnist.train_images[mnist.train_labels == label][:300].numpy() / 255
        low, high = np.percentile(images.sum(axis=(1, 2, 3)), [10, 90])
        assert low < normalize_strokes(digit).sum() < high


def test_a_thin_line_in_a_large_picture_is_not_lost() -> None:
    large = Image.new("RGBA", (2400, 1800), WHITE)
    ImageDraw.Draw(large).line([(300, 200), (1900, 250), (1100, 1700)], fill=BLACK, width=3)
    image = normalize_drawing(np.asarray(large))
    assert longest_side(image) == BOX
    assert ndimage.label(image > 0.5)[1] == 1  # in one piece
