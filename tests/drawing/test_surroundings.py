"""What is around a digit in a picture: found without looking at the whole picture for every spot in it."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from lab.drawing.surroundings import framed, is_crowded


def page_of_spots(many: int) -> np.ndarray:
    """Ink (800, 800) with `many` x `many` spots, as a page of text has letters."""
    cell = np.zeros((800 // many, 800 // many), np.float32)
    third = len(cell) // 3
    cell[third : 2 * third, third : 2 * third] = 1
    return np.tile(cell, (many, many))


def test_a_page_of_letters_is_looked_through_once_and_not_once_for_every_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels, fill_holes = [], ndimage.binary_fill_holes

    def counted(picture: np.ndarray, **given: Any) -> Any:
        pixels.append(picture.size)
        return fill_holes(picture, **given)

    monkeypatch.setattr(ndimage, "binary_fill_holes", counted)
    page = page_of_spots(10)
    assert list(framed(page)) == []
    assert len(pixels) == 100
    assert sum(pixels) <= page.size


def test_what_a_frame_holds_keeps_its_place() -> None:
    ink = np.zeros((60, 80), np.float32)
    ink[5:50, 10:60] = 1
    ink[8:47, 13:57] = 0  # a frame of three pixels
    ink[15:40, 30:34] = 0.5  # a line in it
    ink[2:4, 70:75] = 1  # and a spot beside it
    (found,) = framed(ink)
    expected = np.zeros_like(ink)
    expected[15:40, 30:34] = 1
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("high", "frames"), [(5, []), (15, [1.0])])
def test_what_a_frame_holds_is_a_quarter_as_high_at_least(high: int, frames: list[float]) -> None:
    """A window of a house is no digit in a frame."""
    ink = np.zeros((60, 80), np.float32)
    ink[5:50, 10:60] = 1
    ink[8:47, 13:57] = 0
    ink[15 : 15 + high, 30:34] = 1
    assert [found.max() for found in framed(ink)] == frames


@pytest.mark.parametrize(("long", "crowded"), [(20, False), (60, True)])
def test_ink_along_a_tenth_of_the_border_is_more_than_a_digit_that_touches_it(long: int, crowded: bool) -> None:
    ink = np.zeros((100, 100), np.float32)
    ink[0, 20 : 20 + long] = 1
    assert is_crowded(ink) == crowded
